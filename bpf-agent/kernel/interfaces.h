/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the reader knows of each interface. */
#ifndef SKOPOS_FLOW_INTERFACES_H
#define SKOPOS_FLOW_INTERFACES_H

#include "maps.h"

/* FLOW_COUNT_INGRESS and so on, by `ifindex % FLOW_INTERFACES`: memory that every packet reads, and the reader writes. */
__u8 roles[FLOW_INTERFACES];

/* Interfaces that share an element of `roles`, by ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} shared_roles SEC(".maps");

static __always_inline __u32 interface_role(__u32 ifindex)
{
	__u32 role = ((volatile __u8 *)roles)[ifindex & (FLOW_INTERFACES - 1)], *own;

	if (unlikely(role & FLOW_ROLE_SHARED)) {
		own = bpf_map_lookup_elem(&shared_roles, &ifindex);
		role = own ? *own : 0;
	}
	return role | every_role;
}

#endif
