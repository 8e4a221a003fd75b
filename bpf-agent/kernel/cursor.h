/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SKOPOS_FLOW_CURSOR_H
#define SKOPOS_FLOW_CURSOR_H

#include "maps.h"
#include "packet.h"

/* Transparent Ethernet bridging: what GRE and Geneve call an Ethernet frame inside. */
#define ETH_P_TEB 0x6558

/* Where the walk stands, and what the current IP header said. */
struct cursor {
	__u32 offset; /* of the next unread header */
	__u32 network; /* of the current IP header */
	__u32 end;    /* where the enclosing headers say the data ends */
	struct flow_address source;
	struct flow_address destination;
	__u32 bytes;
	__u32 flow_label;
	__u32 fragment_id;
	__u32 vni;
	__be16 source_port;
	__be16 destination_port;
	__u16 ethertype;
	__u16 vlan;
	__u16 fragment_offset;
	__u8 fragment; /* a fragment, first or later */
	__u8 fragment_protocol;
	__u8 protocol;
	__u8 tos;
	__u8 ttl;
	__u8 nested; /* inside a tunnel */
};

/* True when `length` bytes at the cursor lie inside the packet as its headers describe it. */
static __always_inline int fits(const struct cursor *cursor, __u32 length)
{
	return cursor->offset + length <= cursor->end;
}

/* Writes the key and the attributes of the layer just parsed. */
VERIFIED_ALONE int commit(const struct cursor *cursor, struct packet *packet)
{
	__u32 protocol_vni;

	if (!cursor || !packet)
		return 0;
	protocol_vni = cursor->protocol | (key_by_vni ? cursor->vni << 8 : 0);

	packet->direction = key_v6(&packet->key, &cursor->source, &cursor->destination, cursor->source_port,
				   cursor->destination_port, protocol_vni);
	packet->bytes = cursor->bytes;
	packet->headers = cursor->offset - cursor->network;
	packet->tos = cursor->tos;
	packet->ttl = cursor->ttl;
	packet->flow_label = cursor->flow_label;
	packet->marks = ((cursor->tos & 3) == 3 ? FLOW_MARK_CE(packet->direction) : 0) |
			(cursor->fragment ? FLOW_MARK_FRAGMENT(packet->direction) : 0);
	packet->vlan = cursor->vlan;
	packet->seq = 0;
	packet->ack = 0;
	packet->payload = 0;
	packet->tcp_flags = 0;
	packet->icmp_type = 0;
	packet->icmp_code = 0;
	packet->tunnel_depth = 0;
	packet->transaction = NO_TRANSACTION;
	return 0;
}

#endif
