/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three threads on flows: one drains the ring, one scans, one ends flows. A scan that waits for JavaScript, and an end that waits for
 * the kernel, hold up nothing else.
 */
#ifndef SKOPOS_FLOWS_H
#define SKOPOS_FLOWS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

struct reader;

enum command_kind { COMMAND_SCAN, COMMAND_END, COMMAND_DRAIN };

struct command {
	struct command *following;
	enum command_kind kind;
	uint32_t id;
	uint64_t ring_bytes;           /* what waited in the ring when the command was taken */
	uint32_t changed_since;       /* COMMAND_SCAN: only flows counted at or after these jiffies; 0: all */
	bool attributes;               /* of a scan: also what is known of each flow by its slot */
	uint32_t count;
	uint32_t slots[];             /* COMMAND_END */
};

/* A thread that runs commands one after another. The queue is under reader.lock. */
struct worker {
	struct reader *reader;
	pthread_t thread;
	pthread_cond_t queued;
	bool running;
	struct command *first, *last;
};

int flows_start(struct reader *reader, struct failure *failure);
void flows_stop(struct reader *reader);
/* Queues a command, which its worker frees. */
void flows_command(struct reader *reader, struct command *command);

#endif
