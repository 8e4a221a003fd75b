/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_SLOTS_H
#define SKOPOS_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "../kernel/layout.h"

struct command;
struct reader;

/* One scanned flow, as JavaScript reads it. */
struct record {
	struct flow_key key;
	uint32_t slot;
	uint32_t reserved;
	struct flow_slot flow;
};

/* These run on the flows thread. */
void slots_drain(struct reader *reader);
void slots_scan(struct reader *reader, const struct command *command);
void slots_end(struct reader *reader, const struct command *command);
/* libbpf's callback for each record of the ring. */
int event_received(void *context, void *data, size_t size);

#endif
