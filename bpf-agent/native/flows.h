/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_FLOWS_H
#define SKOPOS_FLOWS_H

#include <stdint.h>

#include "failure.h"

struct reader;

enum command_kind { COMMAND_SCAN, COMMAND_END, COMMAND_DRAIN };

struct command {
	struct command *following;
	enum command_kind kind;
	uint32_t id;
	uint32_t changed_since;       /* COMMAND_SCAN: only flows counted at or after these jiffies; 0: all */
	uint32_t count;
	uint32_t slots[];             /* COMMAND_END */
};

int flows_start(struct reader *reader, struct failure *failure);
void flows_stop(struct reader *reader);
/* Queues a command, which the flows thread frees. */
void flows_command(struct reader *reader, struct command *command);

#endif
