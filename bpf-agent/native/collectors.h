/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_COLLECTORS_H
#define SKOPOS_COLLECTORS_H

#include <bpf/libbpf.h>

struct reader;

/* An object that is off unless asked for. */
struct collector {
	struct bpf_object *object;
	struct bpf_link *link;
	char missing[256];            /* why it does not run; "" when it does, or was not asked for */
};

void collectors_start(struct reader *reader);
void collectors_stop(struct reader *reader);

#endif
