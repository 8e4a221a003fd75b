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
#include <stdint.h>

#include "attach.h"
#include "batch.h"
#include "collectors.h"
#include "double_buffer.h"
#include "flows.h"
#include "options.h"

struct interface;

struct reader {
	struct options options;
	struct bpf_object *object;
	struct ring_buffer *ring;
	char untranslated[256];       /* why translated connections are not joined; "" when they are */
	int flows_fd, tunnels_fd, translations_fd, counters_fd, clock_fd, grace_fd, grace_inner_fd;
	int shared_roles_fd, tunnel_ids_fd;
	uint8_t *roles;               /* by interface; shared with the kernel, owned by the links thread */
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
	bool stopping;                /* under lock */
	struct command *first_command, *last_command; /* under lock */
	struct double_buffer events, records;

	/* Owned by the links thread. */
	struct interface *interfaces;
	int netlink;
	uint32_t dump;                /* the last one asked for */
	bool dump_interrupted, ask_again, first_dump_done, has_tunnels;
	int instance, instance_fd;
	uint32_t dead_instances;      /* bits: filters of these are leftovers */

	/* Hands a batch (copied) to JavaScript's thread. Returns false once that is closing. */
	bool (*deliver)(struct reader *reader, const struct batch *batch);
	void *javascript;
};

#endif
