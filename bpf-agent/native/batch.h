/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_BATCH_H
#define SKOPOS_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../kernel/layout.h"
#include "options.h"

enum batch_kind { BATCH_EVENTS = 0, BATCH_RECORDS = 1, BATCH_DONE = 2, BATCH_INTERFACE = 3 };

/* What a thread hands to JavaScript's. */
struct batch {
	enum batch_kind kind;
	int half;                     /* of the double buffer, to be freed after the callback */
	uint32_t offset, count;       /* bytes into the double buffer, elements */
	uint32_t command;             /* id of the scan or end it belongs to */
	struct flow_clock clock;      /* BATCH_DONE */
	int error;                    /* BATCH_DONE, BATCH_INTERFACE: errno or 0 */
	uint32_t ifindex;             /* BATCH_INTERFACE */
	char name[NAME_SIZE];
	bool attached, tcx;
	uint64_t took_ns;             /* from the netlink message to both hooks attached */
};

#endif
