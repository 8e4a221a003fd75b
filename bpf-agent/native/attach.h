/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_ATTACH_H
#define SKOPOS_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

struct reader;

enum program_kind { PROGRAM_LINK, PROGRAM_NO_LINK, PROGRAM_EARLY };

/* The programs on one interface. Everything here runs on the links thread, in the watched network namespace. */
struct attachment {
	uint32_t ifindex;
	enum program_kind kind;
	bool early;                   /* filters stand in for links that are still to come */
	int link_fd[2];               /* by hook, egress last; -1 for none */
	uint32_t filter[2];           /* the filter's priority; 0 for none */
	uint32_t overtaken;           /* how often another's filter of the same priority came first */
	const char *problem;          /* what keeps it from seeing every packet; NULL for nothing */
};

/* Returns 0 or an errno; with 0, `problem` says whether something is still in the way. */
int attach_open(struct reader *reader, uint32_t ifindex, bool no_link_header, struct attachment *attachment);
void attach_close(struct reader *reader, struct attachment *attachment, bool interface_exists);
/* Makes the next of an early attachment's links. When the last is made, early becomes false: call attach_retire() then.
 * Returns 0 or an errno. */
int attach_hand_over(struct reader *reader, struct attachment *attachment);
void attach_retire(struct reader *reader, struct attachment *attachment);
/* Puts back what somebody removed. Returns 0 when everything was there, 1 when it is again, or a negative errno. */
int attach_repair(struct reader *reader, struct attachment *attachment);
/* Removes the filters that killed agents left on an interface. */
void attach_sweep(struct reader *reader, uint32_t ifindex);

#endif
