/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet carries its sender's socket until the host's own stack takes it in: past the pod's veth, too. */
#ifndef SKOPOS_FLOW_PROCESS_H
#define SKOPOS_FLOW_PROCESS_H

#include "maps.h"

/* Asked at a direction's first packet. */
static __noinline int process_learn(struct __sk_buff *skb, struct flow_slot *slot, __u32 index, __u32 direction)
{
	struct bpf_sock *sender = skb->sk, *socket;
	struct flow_processes fresh = {}, *found;
	struct flow_process *process;

	if (!sender)
		return 0;
	socket = bpf_sk_fullsock(sender);
	if (!socket) /* a SYN-ACK, before the connection has a socket */
		socket = bpf_get_listener_sock(sender);
	if (!socket)
		return 0;
	process = bpf_sk_storage_get(&sockets, socket, 0, 0);
	if (!process)
		return 0;
	found = bpf_map_lookup_elem(&processes, &index);
	if (found && found->generation == slot->hot.generation) {
		found->sender[direction & 1] = *process;
		return 0;
	}
	fresh.generation = slot->hot.generation;
	fresh.sender[direction & 1] = *process;
	__sync_fetch_and_or(&slot->hot.marks, FLOW_MARK_EXTRAS);
	if (bpf_map_update_elem(&processes, &index, &fresh, BPF_ANY))
		count(FLOW_EXTRAS_FULL, 0);
	return 0;
}

#endif
