/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The general parser: any header chain, headers anywhere in the skb (bpf_skb_load_bytes also reads paged data),
 * link by link and layer by layer: link -> [VLAN] -> IP -> transport -> [tunnel -> IP -> transport]... */
#ifndef SKOPOS_FLOW_WALK_H
#define SKOPOS_FLOW_WALK_H

#include <linux/if_ether.h>
#include "fragment.h"
#include "ip.h"
#include "scratch.h"
#include "tunnel.h"

/* IP layers followed: the outermost and two inside it. */
#define MAX_IP_LAYERS 3
#define MAX_VLAN_TAGS 3

/* Reads EtherType and VLAN tags; leaves the cursor at the network header. */
static __always_inline int walk_ethernet(struct __sk_buff *skb, struct cursor *cursor)
{
	__be16 type;
	int tags;

	if (cursor->offset + ETH_HLEN > cursor->end)
		return FLOW_TRUNCATED;
	if (bpf_skb_load_bytes(skb, cursor->offset + 12, &type, sizeof(type)))
		return FLOW_TRUNCATED;
	cursor->offset += ETH_HLEN;
	for (tags = 0; tags < MAX_VLAN_TAGS; tags++) {
		struct {
			__be16 control;
			__be16 type;
		} tag;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (cursor->offset + sizeof(tag) > cursor->end ||
		    bpf_skb_load_bytes(skb, cursor->offset, &tag, sizeof(tag)))
			return FLOW_TRUNCATED;
		cursor->vlan = bpf_ntohs(tag.control) & 0xfff;
		cursor->offset += sizeof(tag);
		type = tag.type;
	}
	cursor->ethertype = bpf_ntohs(type);
	return PARSED;
}

/* One IP layer and its transport, committed to `packet` only when the whole of it is sound. */
VERIFIED_ALONE int walk_layer(struct __sk_buff *skb, struct cursor *cursor, struct packet *packet)
{
	int result;

	if (!cursor || !packet)
		return FLOW_TRUNCATED;
	if (cursor->ethertype == ETH_P_IP)
		result = walk_ipv4(skb, cursor);
	else if (cursor->ethertype == ETH_P_IPV6)
		result = walk_ipv6(skb, cursor);
	else
		return FLOW_NOT_IP;
	if (result != PARSED)
		return result;
	if (cursor->fragment_offset)
		return fragment_later(cursor, packet);
	result = walk_transport(skb, cursor, packet);
	if (result != PARSED)
		return result;
	if (cursor->fragment && join_fragments)
		fragment_first(cursor, packet);
	return PARSED;
}

/* `inside`: look into tunnels. */
VERIFIED_ALONE int walk(struct __sk_buff *skb, struct packet *packet, __u32 link, __u32 inside)
{
	struct scratch *memory = scratch_get();
	struct flow_tunnel *candidate;
	struct cursor *cursor;
	__u32 outermost = 0;
	int layer, result;

	if (!packet || !memory)
		return FLOW_TRUNCATED;
	cursor = &memory->cursor;
	candidate = &memory->candidate;
	__builtin_memset(cursor, 0, sizeof(*cursor));
	cursor->end = skb->len;
	if (link) {
		result = walk_ethernet(skb, cursor);
		if (result != PARSED)
			return result;
		/* An Ethernet program on a device without link header: the frame's type is not the skb's. */
		if (bpf_htons(cursor->ethertype) != skb->protocol && cursor->offset == ETH_HLEN &&
		    (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6)))
			link = 0;
	}
	if (!link) {
		cursor->offset = 0;
		cursor->ethertype = bpf_ntohs(skb->protocol);
	}
	for (layer = 0; layer < MAX_IP_LAYERS; layer++) {
		result = walk_layer(skb, cursor, packet);
		if (result != PARSED) {
			if (layer == 0)
				return result;
			count(FLOW_TUNNEL_OPAQUE, packet->bytes);
			return PARSED;
		}
		if (layer) {
			memory->tunnel = *candidate;
			packet->tunnel_depth = layer;
			packet->overhead = cursor->network - outermost;
		} else {
			outermost = cursor->network;
		}
		if (!inside || cursor->fragment || !tunnel_enter(skb, cursor, candidate))
			return PARSED;
		if (cursor->ethertype == ETH_P_TEB && walk_ethernet(skb, cursor) != PARSED) {
			count(FLOW_TUNNEL_OPAQUE, packet->bytes);
			return PARSED;
		}
	}
	count(FLOW_TUNNEL_OPAQUE, packet->bytes);
	return PARSED;
}

#endif
