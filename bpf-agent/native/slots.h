/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_SLOTS_H
#define SKOPOS_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "../kernel/layout.h"
#include "batch.h"
#include "double_buffer.h"

struct command;
struct reader;

/* One scanned flow, as JavaScript reads it. */
struct record {
	struct flow_key key;
	uint32_t slot;
	uint32_t reserved;
	struct flow_slot flow;
};

/* What an ended flow had beside its counters, read with its final record. They fill a half of the buffer from its end. */
enum attribute_kind { ATTRIBUTE_TUNNEL = 0, ATTRIBUTE_TRANSLATION = 1, ATTRIBUTE_PROCESSES = 2, ATTRIBUTE_DROPS = 3 };

struct attribute {
	uint32_t kind;
	uint32_t record;              /* its flow's place in the batch */
	union {
		struct flow_tunnel tunnel;
		struct flow_translation translation;
		struct flow_processes processes;
		struct flow_drops drops;
	};
};

/* The most attributes a flow can have. */
#define MOST_ATTRIBUTES (FLOW_TRANSLATIONS + 3)

/* The half of a buffer being filled, and what it holds. */
struct filling {
	struct reader *reader;
	struct double_buffer *buffer;
	enum batch_kind kind;
	uint32_t command;
	size_t element;
	int half;                     /* -1: none yet */
	uint32_t count;
	uint32_t attributes;          /* at the half's end */
};

void slots_init(struct reader *reader);
/* Takes the events out of the ring; any thread. `deliver`: also those that could wait for more to come. */
void slots_drain(struct reader *reader, bool deliver);
/* On the thread that scans, and on the one that ends. */
/* The kernel's clocks and how much waits in the ring. */
struct flow_clock slots_clock(struct reader *reader);
void slots_scan(struct reader *reader, const struct command *command);
void slots_end(struct reader *reader, const struct command *command);
/* libbpf's callback for each record of the ring. */
int event_received(void *context, void *data, size_t size);

#endif
