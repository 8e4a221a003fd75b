/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native reader: loads the flow programs, keeps them attached, drains the ring, scans the slots.
 * Threads of its own follow interfaces (links.c) and read flows (flows.c). JavaScript's thread only starts commands and
 * receives batches.
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
#include "slots.h"

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

	/* By slot. The ring's drainer writes the first two, the thread that ends flows the third; each before what it makes visible. */
	struct flow_key *keys;
	uint32_t *known;              /* generation whose key is in `keys` */
	uint32_t *ended;              /* generation that was ended last */
	uint64_t ring_full_seen;

	pthread_t drain_thread, links_thread;
	bool draining, links_running;
	struct worker scanner, ender;
	int flows_wake, links_wake;   /* eventfds: the threads that do not wait for commands stop */
	pthread_mutex_t lock;
	bool stopping;                /* under lock */
	pthread_mutex_t drain_lock;   /* of the ring, whoever drains it */
	struct double_buffer events, records, finals;
	struct filling new_events;    /* under drain_lock */

	/* Owned by the links thread. */
	struct interface *interfaces;
	int netlink;
	uint32_t dump;                /* the last one asked for */
	bool dump_interrupted, ask_again, first_dump_done, has_tunnels;
	bool disturbed; /* a message of this round speaks of interfaces, or of what others do at hooks */
	int instance, instance_fd;
	uint32_t dead_instances;      /* bits: filters of these are leftovers */

	/* Hands a batch (copied) to JavaScript's thread. Returns false once that is closing. */
	bool (*deliver)(struct reader *reader, const struct batch *batch);
	void *javascript;
};

#endif
