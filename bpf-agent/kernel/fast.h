/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The four common shapes, straight from the packet: IPv4 without options or IPv6 without extensions, TCP or UDP.
 * Whatever else there is about a packet, it says TAKE_WALK; it never counts a cause. */
#ifndef SKOPOS_FLOW_FAST_H
#define SKOPOS_FLOW_FAST_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include "maps.h"
#include "packet.h"

static __always_inline int is_v4_mapped(const struct flow_address *address)
{
	return address->halves[0] == 0 && address->words[2] == bpf_htonl(0xffff);
}

static __always_inline int is_tunnel_port(__u16 port)
{
	return port == vxlan_port || port == vxlan_port_also || port == geneve_port;
}

/* Reads the transport header at `l4`; `room` is what the IP header says is left from there on. */
static __always_inline int fast_transport(struct packet *packet, void *l4, void *end, __u32 room, __u32 protocol, __u32 inside,
					  __be16 *source_port, __be16 *destination_port)
{
	if (protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;
		__u32 length;

		if (unlikely((void *)(tcp + 1) > end))
			return TAKE_WALK;
		length = tcp->doff * 4;
		if (unlikely(length < sizeof(*tcp) || length > room))
			return TAKE_WALK;
		packet->tcp_flags = ((__u8 *)tcp)[13];
		packet->seq = bpf_ntohl(tcp->seq);
		packet->ack = bpf_ntohl(tcp->ack_seq);
		packet->payload = room - length;
		packet->headers += length;
		*source_port = tcp->source;
		*destination_port = tcp->dest;
		return PARSED;
	}
	if (protocol == IPPROTO_UDP) {
		struct udphdr *udp = l4;
		__u16 to, length;

		if (unlikely((void *)(udp + 1) > end))
			return TAKE_WALK;
		length = bpf_ntohs(udp->len);
		to = bpf_ntohs(udp->dest);
		if (unlikely(length < sizeof(*udp) || length > room))
			return TAKE_WALK;
		if (unlikely((inside && is_tunnel_port(to)) ||
			     (track_latency && (to == 53 || udp->source == bpf_htons(53)))))
			return TAKE_WALK;
		packet->headers += sizeof(*udp);
		*source_port = udp->source;
		*destination_port = udp->dest;
		return PARSED;
	}
	return TAKE_WALK;
}

static __always_inline int fast_parse(struct __sk_buff *skb, struct packet *packet, const __u32 link, __u32 inside)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	__be16 source_port, destination_port;
	__u32 room = skb->len - link;

	if (data + link + sizeof(struct iphdr) > end)
		return TAKE_WALK;
	if (link ? ((struct ethhdr *)data)->h_proto == bpf_htons(ETH_P_IP) : skb->protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = data + link;
		__u32 total = bpf_ntohs(ip->tot_len);

		if (unlikely(*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(0x3fff)))
			return TAKE_WALK;
		if (unlikely(total < sizeof(*ip) || total > room))
			return TAKE_WALK;
		packet->bytes = total;
		packet->headers = sizeof(*ip);
		packet->tos = ip->tos;
		packet->ttl = ip->ttl;
		if (fast_transport(packet, ip + 1, end, total - sizeof(*ip), ip->protocol, inside, &source_port,
				   &destination_port) != PARSED)
			return TAKE_WALK;
		packet->direction = key_v4(&packet->key, ip->saddr, ip->daddr, source_port, destination_port,
					   ip->protocol);
	} else {
		struct ipv6hdr *ip = data + link;
		struct flow_address *source, *destination;
		__u32 payload;

		if (link ? ((struct ethhdr *)data)->h_proto != bpf_htons(ETH_P_IPV6) :
			   skb->protocol != bpf_htons(ETH_P_IPV6))
			return TAKE_WALK;
		if ((void *)(ip + 1) > end)
			return TAKE_WALK;
		payload = bpf_ntohs(ip->payload_len);
		source = (struct flow_address *)&ip->saddr;
		destination = (struct flow_address *)&ip->daddr;
		if (unlikely(*(__u8 *)ip >> 4 != 6 || payload == 0 || payload + sizeof(*ip) > room ||
			     is_v4_mapped(source)))
			return TAKE_WALK;
		packet->bytes = payload + sizeof(*ip);
		packet->headers = sizeof(*ip);
		packet->tos = bpf_ntohs(*(__be16 *)ip) >> 4;
		packet->ttl = ip->hop_limit;
		packet->flow_label = bpf_ntohl(*(__be32 *)ip) & 0xfffff;
		if (fast_transport(packet, ip + 1, end, payload, ip->nexthdr, inside, &source_port, &destination_port) !=
		    PARSED)
			return TAKE_WALK;
		packet->direction = key_v6(&packet->key, source, destination, source_port, destination_port,
					   ip->nexthdr);
	}
	if (unlikely((packet->tos & 3) == 3))
		packet->marks = FLOW_MARK_CE(packet->direction);
	return PARSED;
}

#endif
