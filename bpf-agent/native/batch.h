/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_BATCH_H
#define SKOPOS_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../kernel/layout.h"
#include "netlink.h"

enum batch_kind { BATCH_EVENTS = 0, BATCH_RECORDS = 1, BATCH_DONE = 2, BATCH_INTERFACE = 3, BATCH_CLOSED = 4, BATCH_FINALS = 5 };

enum interface_change {
	INTERFACE_ATTACHED = 0,
	INTERFACE_DETACHED = 1,
	INTERFACE_FAILED = 2,
	INTERFACE_CHANGED = 3,        /* name, address or place among the others */
	INTERFACE_REPAIRED = 4,       /* somebody had taken the programs away */
};

/* What a thread hands to JavaScript's. */
struct batch {
	enum batch_kind kind;
	int half;                     /* of the double buffer, to be freed after the callback */
	uint32_t offset, count;       /* bytes into the double buffer, elements */
	uint32_t attributes;          /* at the half's end */
	uint32_t command;             /* id of the scan or end it belongs to */
	struct flow_clock clock;      /* BATCH_DONE */
	double realtime_offset_ns;    /* BATCH_DONE: CLOCK_REALTIME less CLOCK_MONOTONIC */
	int error;                    /* BATCH_DONE, BATCH_INTERFACE: errno or 0 */
	enum interface_change change; /* BATCH_INTERFACE */
	struct link_facts facts;
	const char *problem;          /* what keeps it from seeing every packet, or NULL */
	bool attached, tcx;
	uint64_t took_ns;             /* from the netlink message to both hooks attached */
};

#endif
