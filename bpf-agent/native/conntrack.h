/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_CONNTRACK_H
#define SKOPOS_CONNTRACK_H

#include <bpf/libbpf.h>
#include <stdint.h>

#include "failure.h"

/* Bytes from the beginning of the kernel's structs. */
struct conntrack_offsets {
	int32_t entry, inner, status, tuples[2];
};

/* Returns NULL, or why connection tracking cannot be asked. */
const char *conntrack_learn(struct conntrack_offsets *offsets);
int conntrack_configure(struct bpf_object *object, const struct conntrack_offsets *offsets, struct failure *failure);

#endif
