/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The header after IP: ports, TCP state, ICMP type and code, SPI, DNS transaction. Ends with commit(). */
#ifndef SKOPOS_FLOW_TRANSPORT_H
#define SKOPOS_FLOW_TRANSPORT_H

#include <linux/tcp.h>
#include <linux/udp.h>
#include "cursor.h"
#include "icmp.h"

#define DNS_PORT 53
#define DNS_HEADER 12

static __always_inline int walk_tcp(struct __sk_buff *skb, struct cursor *cursor, struct packet *packet)
{
	struct tcphdr tcp;
	__u32 length;

	if (!fits(cursor, sizeof(tcp)) || bpf_skb_load_bytes(skb, cursor->offset, &tcp, sizeof(tcp)))
		return FLOW_TRUNCATED;
	length = tcp.doff * 4;
	if (length < sizeof(tcp))
		return FLOW_BAD_TRANSPORT;
	if (!fits(cursor, length))
		return FLOW_TRUNCATED;
	cursor->source_port = tcp.source;
	cursor->destination_port = tcp.dest;
	commit(cursor, packet);
	packet->tcp_flags = ((__u8 *)&tcp)[13];
	packet->seq = bpf_ntohl(tcp.seq);
	packet->ack = bpf_ntohl(tcp.ack_seq);
	packet->payload = cursor->end - cursor->offset - length;
	packet->headers += length;
	return PARSED;
}

/* Notes the transaction id of a DNS message: the QR bit tells query from response, which also has a code. */
static __always_inline void walk_dns(struct __sk_buff *skb, const struct cursor *cursor, struct packet *packet)
{
	__be16 dns[2];

	if (cursor->fragment || !fits(cursor, sizeof(struct udphdr) + DNS_HEADER) ||
	    bpf_skb_load_bytes(skb, cursor->offset + sizeof(struct udphdr), dns, sizeof(dns)))
		return;
	packet->ack = bpf_ntohs(dns[0]);
	packet->transaction = REQUEST;
	if (dns[1] & bpf_htons(0x8000)) {
		packet->transaction = RESPONSE;
		packet->icmp_code = bpf_ntohs(dns[1]) & 0xf;
	}
}

static __always_inline int walk_udp(struct __sk_buff *skb, struct cursor *cursor, struct packet *packet)
{
	struct udphdr udp;
	__u32 length;

	if (!fits(cursor, sizeof(udp)) || bpf_skb_load_bytes(skb, cursor->offset, &udp, sizeof(udp)))
		return FLOW_TRUNCATED;
	length = bpf_ntohs(udp.len);
	/* RFC 2675 jumbograms say 0; a first fragment speaks of the whole datagram. */
	if (length == 0 && cursor->bytes > 0xffff)
		length = sizeof(udp);
	if (length < sizeof(udp))
		return FLOW_BAD_TRANSPORT;
	if (!cursor->fragment && !fits(cursor, length))
		return FLOW_TRUNCATED;
	cursor->source_port = udp.source;
	cursor->destination_port = udp.dest;
	commit(cursor, packet);
	packet->headers += sizeof(udp);
	if (track_latency && (udp.source == bpf_htons(DNS_PORT) || udp.dest == bpf_htons(DNS_PORT)))
		walk_dns(skb, cursor, packet);
	return PARSED;
}

/* `size` is the least header of the protocol, its first four bytes the ports. */
static __always_inline int walk_ports(struct __sk_buff *skb, struct cursor *cursor, struct packet *packet, __u32 size)
{
	__be16 ports[2];

	if (!fits(cursor, size) || bpf_skb_load_bytes(skb, cursor->offset, ports, sizeof(ports)))
		return FLOW_TRUNCATED;
	cursor->source_port = ports[0];
	cursor->destination_port = ports[1];
	commit(cursor, packet);
	return PARSED;
}

/* ESP (RFC 4303) opens with the SPI; AH (RFC 4302) has it after four bytes. */
static __always_inline int walk_ipsec(struct __sk_buff *skb, struct cursor *cursor, struct packet *packet,
				      __u32 spi_offset, __u32 size)
{
	__be32 spi;

	if (!fits(cursor, size) || bpf_skb_load_bytes(skb, cursor->offset + spi_offset, &spi, sizeof(spi)))
		return FLOW_TRUNCATED;
	commit(cursor, packet);
	packet->seq = bpf_ntohl(spi);
	return PARSED;
}

static __always_inline int walk_transport(struct __sk_buff *skb, struct cursor *cursor, struct packet *packet)
{
	cursor->source_port = 0;
	cursor->destination_port = 0;
	switch (cursor->protocol) {
	case IPPROTO_TCP:
		return walk_tcp(skb, cursor, packet);
	case IPPROTO_UDP:
		return walk_udp(skb, cursor, packet);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return walk_icmp(skb, cursor, packet);
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return walk_ports(skb, cursor, packet, 12);
	case IPPROTO_UDPLITE:
		return walk_ports(skb, cursor, packet, 8);
	case IPPROTO_ESP:
		return walk_ipsec(skb, cursor, packet, 0, 8);
	case IPPROTO_AH:
		return walk_ipsec(skb, cursor, packet, 4, 12);
	default:
		commit(cursor, packet);
		return PARSED;
	}
}

#endif
