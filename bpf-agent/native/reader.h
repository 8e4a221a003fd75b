/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native reader: loads the flow programs, keeps them attached, drains the ring, scans the slots.
 * Two threads of its own: `links` follows interfaces, `flows` owns everything about slots. JavaScript's thread only
 * starts commands and receives batches.
 */
#ifndef SKOPOS_READER_H
#define SKOPOS_READER_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../kernel/layout.h"

#define MAX_PATTERNS 64
#define NAME_SIZE 16

/* What went wrong, for a JavaScript Error: a stable code and a sentence with the reason. */
struct failure {
	char code[32];
	char message[512];
};

/* Fills `failure` and returns -1. `error` is a positive errno, or 0 for none. */
int fail(struct failure *failure, const char *code, int error, const char *format, ...);

struct options {
	char object[4096];
	char netns[4096];             /* path, or "" for the process's own */
	char processes[4096];         /* path of the object, or "" when not wanted */
	char drops[4096];             /* likewise */
	char cgroup[4096];            /* root of cgroup v2, or "" for the usual places */
	char include[MAX_PATTERNS][NAME_SIZE + 16];
	char exclude[MAX_PATTERNS][NAME_SIZE + 16];
	int includes, excludes;
	uint32_t capacity;            /* flows */
	uint32_t ring_bytes;          /* a power of two */
	uint32_t drain_ms;
	bool attach;                  /* false: load only */
	bool tcx;                     /* false: clsact even where TCX is there */
	bool handover;                /* begin with clsact, go over to TCX when interfaces are quiet */
	bool events;                  /* the program announces new flows */
	bool batch;                   /* false: no BPF_MAP_*_BATCH calls */
	bool conntrack;               /* false: connection tracking is not asked */
};

/* A typed array over a SharedArrayBuffer, in two halves: one is filled while JavaScript reads the other. */
struct exchange {
	uint8_t *data;
	size_t half_bytes;
	bool busy[2];                 /* handed to JavaScript; under reader.lock */
	int next;
};

enum batch_kind { BATCH_EVENTS = 0, BATCH_RECORDS = 1, BATCH_DONE = 2, BATCH_INTERFACE = 3 };

/* What a thread hands to JavaScript's. */
struct batch {
	enum batch_kind kind;
	int half;                     /* of the exchange, to be freed after the callback */
	uint32_t offset, count;       /* bytes into the exchange, elements */
	uint32_t command;             /* id of the scan or end it belongs to */
	struct flow_clock clock;      /* BATCH_DONE */
	int error;                    /* BATCH_DONE, BATCH_INTERFACE: errno or 0 */
	uint32_t ifindex;             /* BATCH_INTERFACE */
	char name[NAME_SIZE];
	bool attached, tcx;
	uint64_t took_ns;             /* from the netlink message to both hooks attached */
};

/* One scanned flow, as JavaScript reads it. */
struct record {
	struct flow_key key;
	uint32_t slot;
	uint32_t reserved;
	struct flow_slot flow;
};

enum command_kind { COMMAND_SCAN, COMMAND_END, COMMAND_DRAIN };

struct command {
	struct command *following;
	enum command_kind kind;
	uint32_t id;
	uint32_t changed_since;       /* COMMAND_SCAN: only flows counted at or after these jiffies; 0: all */
	uint32_t count;
	uint32_t slots[];             /* COMMAND_END */
};

enum program_kind { PROGRAM_LINK, PROGRAM_NO_LINK, PROGRAM_EARLY };

/* Bytes from the beginning of the kernel's structs: native/conntrack.c. */
struct conntrack_offsets {
	int32_t entry, status, tuples[2];
};

/* An object that is off unless asked for. */
struct collector {
	struct bpf_object *object;
	struct bpf_link *link;
	char missing[256];            /* why it does not run; "" when it does, or was not asked for */
};

struct interface;

struct reader {
	struct options options;
	struct bpf_object *object;
	struct ring_buffer *ring;
	char untranslated[256];       /* why translated connections are not joined; "" when they are */
	int flows_fd, tunnels_fd, translations_fd, counters_fd, clock_fd, gone_fd, grace_fd, grace_inner_fd;
	struct collector processes, drops;
	int processes_fd, drops_fd, drop_reasons_fd;
	int clock_program_fd;
	int program_fd[2][3];         /* [egress][enum program_kind] */

	/* Shared with the kernel. */
	const struct flow_slot *slots;
	struct flow_allocator *allocator;
	uint64_t *recycled;
	uint32_t recycled_mask;
	size_t slots_bytes, allocator_bytes, recycled_bytes;

	/* Owned by the flows thread, by slot. */
	struct flow_key *keys;
	uint32_t *known;              /* generation whose key is in `keys` */
	uint32_t *ended;              /* generation that was ended last */
	uint64_t ring_full_seen;

	pthread_t flows_thread, links_thread;
	bool flows_running, links_running;
	int flows_wake, links_wake;   /* eventfds */
	pthread_mutex_t lock;
	pthread_cond_t freed;
	bool stopping;                /* under lock */
	struct command *first_command, *last_command; /* under lock */
	struct exchange events, records;

	struct interface *interfaces; /* owned by the links thread */
	int netlink;

	/* Hands a batch (copied) to JavaScript's thread. Returns false once that is closing. */
	bool (*deliver)(struct reader *reader, const struct batch *batch);
	void *javascript;
};

/* load.c */
/* Called between opening and loading: sets constants. */
typedef int (*configure_call)(struct bpf_object *object, void *context, struct failure *failure);
int reader_load(struct reader *reader, const struct options *options, configure_call configure, void *context,
		struct failure *failure);
void reader_unload(struct reader *reader);
int constant_set(struct bpf_object *object, const char *name, uint64_t value, struct failure *failure);
int map_fd(struct bpf_object *object, const char *name);

/* flows.c */
int flows_start(struct reader *reader, struct failure *failure);
void flows_stop(struct reader *reader);
void flows_command(struct reader *reader, struct command *command);

/* exchange.c */
/* Waits for a free half; -1 when the reader is stopping. */
int exchange_acquire(struct reader *reader, struct exchange *exchange);
void exchange_release(struct reader *reader, struct exchange *exchange, int half);

/* slots.c; run on the flows thread */
void slots_drain(struct reader *reader);
void slots_scan(struct reader *reader, const struct command *command);
void slots_end(struct reader *reader, const struct command *command);
int event_received(void *context, void *data, size_t size);

/* keys.c; run on the flows thread */
/* Learns the keys of slots whose event was lost, by reading the hash. */
int keys_recover(struct reader *reader);
/* Takes `count` keys out of the hash. Returns 0 or an errno; a key that is already out is no error. */
int keys_delete(struct reader *reader, const struct flow_key *keys, uint32_t count);

/* translations.c; run on the flows thread */
/* Takes the other keys of ending slots out of the hash. Returns whether there were any. */
bool translations_end(struct reader *reader, const uint32_t *slots, uint32_t count);
/* Forgets them, once no CPU can be adding one: a key is written after what says where it is. */
void translations_free(struct reader *reader, const uint32_t *slots, uint32_t count);

/* conntrack.c */
/* Returns NULL, or why connection tracking cannot be asked. */
const char *conntrack_learn(struct conntrack_offsets *offsets);
int conntrack_configure(struct bpf_object *object, const struct conntrack_offsets *offsets, struct failure *failure);

/* collectors.c */
void collectors_start(struct reader *reader);
void collectors_stop(struct reader *reader);

/* links.c */
int links_start(struct reader *reader, struct failure *failure);
void links_stop(struct reader *reader);

/* netlink.c */
int netlink_open(struct reader *reader, struct failure *failure);
int netlink_ask(struct reader *reader);

/* attach.c; run on the links thread, in the watched network namespace */
struct attachment {
	uint32_t ifindex;
	bool early;                   /* filters stand in for links that are still to come */
	int link_fd[2];               /* by hook, egress last; -1 for none */
	bool filter[2];
};
int attach_open(struct reader *reader, uint32_t ifindex, bool no_link_header, struct attachment *attachment);
void attach_close(struct attachment *attachment, bool interface_exists);
/* Makes the next of an early attachment's links. When the last is made, early becomes false: mark the early observer as
 * gone, then call attach_retire(). Returns 0 or an errno. */
int attach_hand_over(struct reader *reader, struct attachment *attachment);
void attach_retire(struct attachment *attachment);

#endif
