/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The IPv4 and IPv6 headers and IPv6's extension headers. */
#ifndef SKOPOS_FLOW_IP_H
#define SKOPOS_FLOW_IP_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include "cursor.h"
#include "transport.h"

/* RFC 8200 allows each header once, destination options twice: a real chain has at most seven. */
#define MAX_EXTENSION_HEADERS 8
/* struct hop_jumbo_hdr */
#define JUMBO_OPTION 8

static __always_inline void set_v4(struct cursor *cursor, const struct iphdr *ip)
{
	address_v4(&cursor->source, ip->saddr);
	address_v4(&cursor->destination, ip->daddr);
	cursor->protocol = ip->protocol;
	cursor->tos = ip->tos;
	cursor->ttl = ip->ttl;
	cursor->flow_label = 0;
	cursor->fragment_id = bpf_ntohs(ip->id);
	cursor->fragment_protocol = ip->protocol;
	cursor->fragment_offset = bpf_ntohs(ip->frag_off) & 0x1fff;
	cursor->fragment = (ip->frag_off & bpf_htons(0x3fff)) != 0;
}

static __always_inline int walk_ipv4(struct __sk_buff *skb, struct cursor *cursor)
{
	struct iphdr ip;
	__u32 header, total;

	if (!fits(cursor, sizeof(ip)) || bpf_skb_load_bytes(skb, cursor->offset, &ip, sizeof(ip)))
		return FLOW_TRUNCATED;
	cursor->network = cursor->offset;
	header = ip.ihl * 4;
	total = bpf_ntohs(ip.tot_len);
	/* A GSO packet above 64 KiB (BIG TCP) says 0; inside a tunnel nothing may. */
	if (total == 0 && !cursor->nested)
		total = cursor->end - cursor->offset;
	if (ip.version != 4 || header < sizeof(ip) || total < header)
		return FLOW_BAD_IPV4;
	if (!fits(cursor, total))
		return FLOW_TRUNCATED;
	set_v4(cursor, &ip);
	cursor->bytes = total;
	cursor->end = cursor->offset + total;
	cursor->offset += header;
	return PARSED;
}

static __always_inline int is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_DSTOPTS ||
	       protocol == IPPROTO_FRAGMENT;
}

/* Leaves the cursor at the transport header, or at a later fragment's data. */
VERIFIED_ALONE int walk_extensions(struct __sk_buff *skb, struct cursor *cursor)
{
	int i;

	if (!cursor)
		return FLOW_TRUNCATED;
	for (i = 0; i < MAX_EXTENSION_HEADERS; i++) {
		struct {
			__u8 next;
			__u8 length;
			__be16 fragment;
			__be32 id;
		} header;
		__u32 size = 8;

		if (!is_extension(cursor->protocol))
			return PARSED;
		if (!fits(cursor, sizeof(header)) ||
		    bpf_skb_load_bytes(skb, cursor->offset, &header, sizeof(header)))
			return FLOW_TRUNCATED;
		if (cursor->protocol == IPPROTO_FRAGMENT) {
			cursor->fragment_offset = bpf_ntohs(header.fragment) >> 3;
			cursor->fragment = (header.fragment & bpf_htons(0xfff9)) != 0;
			cursor->fragment_id = bpf_ntohl(header.id);
			cursor->fragment_protocol = header.next;
		} else {
			size = (header.length + 1) * 8;
		}
		if (!fits(cursor, size))
			return FLOW_TRUNCATED;
		cursor->offset += size;
		cursor->protocol = header.next;
		if (cursor->fragment_offset)
			return PARSED;
	}
	return is_extension(cursor->protocol) ? FLOW_HEADER_CHAIN : PARSED;
}

static __always_inline int walk_ipv6(struct __sk_buff *skb, struct cursor *cursor)
{
	struct ipv6hdr ip;
	__u32 total;

	if (!fits(cursor, sizeof(ip)) || bpf_skb_load_bytes(skb, cursor->offset, &ip, sizeof(ip)))
		return FLOW_TRUNCATED;
	total = sizeof(ip) + bpf_ntohs(ip.payload_len);
	cursor->network = cursor->offset;
	/* A jumbogram (RFC 2675) carries its length in a hop-by-hop option. BIG TCP did so too, and since Linux 6.19 has none; the
	 * segments that go on the wire never have one. */
	if (ip.payload_len == 0 && (ip.nexthdr == IPPROTO_HOPOPTS || (skb->gso_size && !cursor->nested)))
		total = cursor->end - cursor->offset;
	__builtin_memcpy(&cursor->source, &ip.saddr, sizeof(cursor->source));
	__builtin_memcpy(&cursor->destination, &ip.daddr, sizeof(cursor->destination));
	/* Linux drops a v4-mapped source too (ip6_rcv_core); as a key it would be an IPv4 flow. */
	if (ip.version != 6 || is_v4_mapped(&cursor->source))
		return FLOW_BAD_IPV6;
	if (!fits(cursor, total))
		return FLOW_TRUNCATED;
	cursor->protocol = ip.nexthdr;
	cursor->tos = bpf_ntohs(*(__be16 *)&ip) >> 4;
	cursor->ttl = ip.hop_limit;
	cursor->flow_label = bpf_ntohl(*(__be32 *)&ip) & 0xfffff;
	cursor->fragment_offset = 0;
	cursor->fragment = 0;
	cursor->bytes = total;
	cursor->end = cursor->offset + total;
	if (ip.payload_len == 0 && ip.nexthdr == IPPROTO_HOPOPTS && skb->gso_size) {
		cursor->bytes -= JUMBO_OPTION;
		cursor->network += JUMBO_OPTION;
	}
	cursor->offset += sizeof(ip);
	return walk_extensions(skb, cursor);
}

#endif
