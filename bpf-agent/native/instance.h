/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the agents of one network namespace this is. Each has an abstract socket's name there, which the kernel frees when
 * its process ends however it ends; its clsact filters have a handle by the same number. So agents tell each other's filters from
 * their own, and what a dead one left can be removed.
 */
#ifndef SKOPOS_INSTANCE_H
#define SKOPOS_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

#define INSTANCES 16

struct reader;

/* The handle of an instance's filters. */
static inline uint32_t instance_handle(int instance)
{
	return 0x5c0 + instance;
}

/* Whether a filter's handle is an agent's. */
static inline bool is_instance_handle(uint32_t handle)
{
	return handle >= instance_handle(0) && handle < instance_handle(INSTANCES);
}

/* Takes a number in the calling thread's network namespace and learns which are free: their filters are leftovers. */
int instance_claim(struct reader *reader, struct failure *failure);

#endif
