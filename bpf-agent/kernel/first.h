/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is noted at a direction's first packet, and what the packet's tunnel is. */
#ifndef SKOPOS_FLOW_FIRST_H
#define SKOPOS_FLOW_FIRST_H

#include "maps.h"
#include "packet.h"
#include "process.h"
#include "scratch.h"

/* A tag that the device or the kernel took off the frame is in the skb. */
static __always_inline __u32 vlan_of(const struct packet *packet, struct __sk_buff *skb)
{
	return !packet->vlan && skb->vlan_present ? skb->vlan_tci & 0xfff : packet->vlan;
}

static __always_inline void side_write(struct flow_side *side, const struct packet *packet, struct __sk_buff *skb)
{
	side->tos = packet->tos;
	side->ttl = packet->ttl;
	side->icmp_type = packet->icmp_type;
	side->icmp_code = packet->icmp_code;
	side->label_vlan = packet->flow_label | vlan_of(packet, skb) << 20;
}

/* Notes the tunnel around the scratch's packet, and counts what passed in it. */
VERIFIED_ALONE int tunnel_learn(__u32 index)
{
	struct flow_slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct flow_tunnel *known = bpf_map_lookup_elem(&tunnels, &index);
	struct scratch *memory = scratch_get();
	__u64 bytes;

	if (!slot || !memory)
		return 0;
	bytes = memory->packet.bytes + (__u64)memory->packet.packets * memory->packet.overhead;
	if (known && known->generation == slot->hot.generation) {
		__sync_fetch_and_add(&known->packets, memory->packet.packets);
		__sync_fetch_and_add(&known->bytes, bytes);
		return 0;
	}
	memory->tunnel.generation = slot->hot.generation;
	memory->tunnel.reserved = 0;
	memory->tunnel.packets = memory->packet.packets;
	memory->tunnel.bytes = bytes;
	__sync_fetch_and_or(&slot->hot.marks, FLOW_MARK_TUNNEL);
	if (bpf_map_update_elem(&tunnels, &index, &memory->tunnel, BPF_ANY))
		count(FLOW_TUNNEL_FULL, memory->packet.bytes);
	return 0;
}

static __noinline void direction_begin(struct __sk_buff *skb, struct flow_slot *slot, __u32 index,
				       const struct packet *packet, __u32 me)
{
	__u32 direction = packet->direction & 1;

	if (__sync_val_compare_and_swap(&slot->hot.hook[direction], 0, me))
		return;
	side_write(&slot->cold.side[direction], packet, skb);
	slot->hot.next_seq[direction] = packet->seq;
	if (track_processes)
		process_learn(skb, slot, index, direction);
}

#endif
