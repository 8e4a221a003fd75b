/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of the slow path, one for each CPU: TC programs run with bottom halves off and do not interrupt each other. It spares
 * the stack (512 bytes for a whole call chain), and kernels before 6.2 take no pointer that came as an argument for a map's key.
 */
#ifndef SKOPOS_FLOW_SCRATCH_H
#define SKOPOS_FLOW_SCRATCH_H

#include "cursor.h"

struct scratch {
	struct packet packet;
	struct flow_translation translation;
	struct cursor cursor;
	struct flow_tunnel tunnel;    /* of a packet with tunnel_depth */
	struct flow_tunnel candidate; /* what the walk stands in, until what is inside turns out sound */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

static __always_inline struct scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

#endif
