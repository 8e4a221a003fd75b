/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* VXLAN (RFC 7348), Geneve (RFC 8926), GRE (RFC 2784, 2890) and IP in IP: finds the packet inside. */
#ifndef SKOPOS_FLOW_TUNNEL_H
#define SKOPOS_FLOW_TUNNEL_H

#include <linux/if_ether.h>
#include <linux/udp.h>
#include "cursor.h"

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_VERSION 0x0007

/* Whether a device of this host takes the tunnel's packets. Any other is somebody's payload: a pod cannot hide in it. */
static __always_inline int tunnel_is_known(__u32 type_vni)
{
	__u32 any = type_vni | FLOW_ANY_VNI;

	return !check_tunnels || bpf_map_lookup_elem(&tunnel_ids, &type_vni) || bpf_map_lookup_elem(&tunnel_ids, &any);
}

/* Sets what lies inside; `header` bytes lie between the cursor and it. */
static __always_inline int tunnel_set(struct cursor *cursor, struct flow_tunnel *tunnel, __u32 type, __u32 vni,
				      __u32 header, __u16 ethertype)
{
	if (!fits(cursor, header) || !tunnel_is_known(type | vni << 8))
		return 0;
	if (ethertype != ETH_P_TEB && ethertype != ETH_P_IP && ethertype != ETH_P_IPV6)
		return 0;
	tunnel->source = cursor->source;
	tunnel->destination = cursor->destination;
	tunnel->source_port = cursor->source_port;
	tunnel->destination_port = cursor->destination_port;
	tunnel->type_vni = type | vni << 8;
	cursor->vni = vni & 0xffffff;
	cursor->offset += header;
	cursor->ethertype = ethertype;
	cursor->nested = 1;
	return 1;
}

static __always_inline int tunnel_udp(struct __sk_buff *skb, struct cursor *cursor, struct flow_tunnel *tunnel)
{
	__u16 port = bpf_ntohs(cursor->destination_port);
	__be32 words[2];

	if (!is_tunnel_port(port))
		return 0;
	if (!fits(cursor, sizeof(struct udphdr) + sizeof(words)) ||
	    bpf_skb_load_bytes(skb, cursor->offset + sizeof(struct udphdr), words, sizeof(words)))
		return 0;
	words[0] = bpf_ntohl(words[0]);
	words[1] = bpf_ntohl(words[1]);
	if (port == geneve_port) {
		if (words[0] >> 30) /* version */
			return 0;
		return tunnel_set(cursor, tunnel, FLOW_TUNNEL_GENEVE, words[1] >> 8,
				  sizeof(struct udphdr) + 8 + (words[0] >> 24 & 0x3f) * 4, words[0] & 0xffff);
	}
	if (!(words[0] & 0x08000000)) /* VNI present */
		return 0;
	return tunnel_set(cursor, tunnel, FLOW_TUNNEL_VXLAN, words[1] >> 8, sizeof(struct udphdr) + 8, ETH_P_TEB);
}

static __always_inline int tunnel_gre(struct __sk_buff *skb, struct cursor *cursor, struct flow_tunnel *tunnel)
{
	__be16 head[2];
	__be32 key = 0;
	__u32 header = 4;
	__u16 flags;

	if (!fits(cursor, sizeof(head)) || bpf_skb_load_bytes(skb, cursor->offset, head, sizeof(head)))
		return 0;
	flags = bpf_ntohs(head[0]);
	if (flags & (GRE_ROUTING | GRE_VERSION))
		return 0;
	if (flags & GRE_CHECKSUM)
		header += 4;
	if (flags & GRE_KEY) {
		if (!fits(cursor, header + 4) || bpf_skb_load_bytes(skb, cursor->offset + header, &key, sizeof(key)))
			return 0;
		header += 4;
	}
	if (flags & GRE_SEQUENCE)
		header += 4;
	return tunnel_set(cursor, tunnel, FLOW_TUNNEL_GRE, bpf_ntohl(key), header, bpf_ntohs(head[1]));
}

/* True when the layer just parsed carries another packet; the cursor then stands at its first header. */
VERIFIED_ALONE int tunnel_enter(struct __sk_buff *skb, struct cursor *cursor, struct flow_tunnel *tunnel)
{
	if (!cursor || !tunnel)
		return 0;
	switch (cursor->protocol) {
	case IPPROTO_UDP:
		return tunnel_udp(skb, cursor, tunnel);
	case IPPROTO_GRE:
		return tunnel_gre(skb, cursor, tunnel);
	case IPPROTO_IPIP:
		return tunnel_set(cursor, tunnel, FLOW_TUNNEL_IPIP, 0, 0, ETH_P_IP);
	case IPPROTO_IPV6:
		return tunnel_set(cursor, tunnel, FLOW_TUNNEL_IPIP, 0, 0, ETH_P_IPV6);
	default:
		return 0;
	}
}

#endif
