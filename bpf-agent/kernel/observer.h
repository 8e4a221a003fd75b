/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Each direction of a flow is counted at one hook of one interface: the first to see it. A packet on its way through
 * two veths, a bridge and a tunnel is so counted once; so is one that leaves by the interface it came in by, and one on
 * the loopback. Another hook takes over when the observer's interface is gone, or was silent for takeover_jiffies.
 */
#ifndef SKOPOS_FLOW_OBSERVER_H
#define SKOPOS_FLOW_OBSERVER_H

#include "maps.h"
#include "packet.h"
#include "process.h"
#include "translate.h"

static __always_inline int observer_is_gone(__u32 observer)
{
	__u32 index = observer >> 1 & (GONE_INTERFACES - 1);
	__u32 *found = bpf_map_lookup_elem(&gone, &index);

	return found && *found == observer >> 1;
}

/* A tag that the device or the kernel took off the frame is in the skb. */
static __always_inline void side_write(struct flow_side *side, const struct packet *packet, struct __sk_buff *skb)
{
	__u32 vlan = packet->vlan;

	if (!vlan && skb->vlan_present)
		vlan = skb->vlan_tci & 0xfff;
	side->tos = packet->tos;
	side->ttl = packet->ttl;
	side->icmp_type = packet->icmp_type;
	side->icmp_code = packet->icmp_code;
	side->label_vlan = packet->flow_label | vlan << 20;
}

/* A tunnel is learned from whichever interface shows it. */
static __noinline void tunnel_learn(__u32 index, struct flow_slot *slot, struct packet *packet)
{
	packet->tunnel.generation = slot->hot.generation;
	packet->tunnel.reserved = 0;
	__sync_fetch_and_or(&slot->hot.marks, FLOW_MARK_TUNNEL);
	if (bpf_map_update_elem(&tunnels, &index, &packet->tunnel, BPF_ANY))
		count(FLOW_TUNNEL_FULL, packet->bytes);
}

/* True when `me` counts this direction from now on. */
static __noinline int observer_claim(struct __sk_buff *skb, struct flow_slot *slot, __u32 index,
				     const struct packet *packet, __u32 me)
{
	__u32 direction = packet->direction & 1;
	__u32 observer = slot->hot.observer[direction], before;
	__u32 now = bpf_jiffies64();

	if (observer && now - slot->hot.last_jiffies[direction] <= takeover_jiffies &&
	    !observer_is_gone(observer))
		return 0;
	if (skb_conntrack_offset && translation_learn(skb, slot, index, packet))
		return 0;
	before = __sync_val_compare_and_swap(&slot->hot.observer[direction], observer, me);
	if (before != observer)
		return before == me;
	if (!observer) {
		side_write(&slot->cold.side[direction], packet, skb);
		slot->hot.next_seq[direction] = packet->seq;
		if (track_processes)
			process_learn(skb, slot, index, direction);
	}
	return 1;
}

#endif
