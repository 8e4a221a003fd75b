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
	bool early;                   /* filters stand in for links that are still to come */
	int link_fd[2];               /* by hook, egress last; -1 for none */
	bool filter[2];
};
int attach_open(struct reader *reader, uint32_t ifindex, bool no_link_header, struct attachment *attachment);
void attach_close(struct attachment *attachment, bool interface_exists);
/* Makes the next of an early attachment's links. When the last is made, early becomes false: mark the early observer as
 * gone, then call attach_retire(). Returns 0 or an errno. */
int attach_hand_over(struct reader *reader, struct attachment *attachment);
void attach_retire(struct attachment *attachment);

#endif
