/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP keys follow Community ID v1: a type and its counterpart stand for the ports, so that a request and its reply are
 * one flow; a type without counterpart goes with its code. */
#ifndef SKOPOS_FLOW_ICMP_H
#define SKOPOS_FLOW_ICMP_H

#include "cursor.h"

#define NO_COUNTERPART 0x100

static __always_inline __u16 icmp_counterpart(__u8 type)
{
	switch (type) {
	case 8: return 0;   /* echo */
	case 0: return 8;
	case 13: return 14; /* timestamp */
	case 14: return 13;
	case 15: return 16; /* information */
	case 16: return 15;
	case 17: return 18; /* address mask */
	case 18: return 17;
	case 10: return 9;  /* router solicitation, advertisement */
	case 9: return 10;
	default: return NO_COUNTERPART;
	}
}

static __always_inline __u16 icmpv6_counterpart(__u8 type)
{
	/* echo; MLD query and report; router and neighbour discovery; node information; home agent discovery */
	switch (type) {
	case 128: return 129;
	case 129: return 128;
	case 130: return 131;
	case 131: return 130;
	case 133: return 134;
	case 134: return 133;
	case 135: return 136;
	case 136: return 135;
	case 139: return 140;
	case 140: return 139;
	case 144: return 145;
	case 145: return 144;
	default: return NO_COUNTERPART;
	}
}

static __always_inline int walk_icmp(struct __sk_buff *skb, struct cursor *cursor, struct packet *packet)
{
	struct {
		__u8 type;
		__u8 code;
		__be16 checksum;
		__be16 id;
		__be16 sequence;
	} icmp;
	__u8 request, reply;
	__u16 counterpart;

	if (!fits(cursor, sizeof(icmp)) || bpf_skb_load_bytes(skb, cursor->offset, &icmp, sizeof(icmp)))
		return FLOW_TRUNCATED;
	if (cursor->protocol == IPPROTO_ICMP) {
		counterpart = icmp_counterpart(icmp.type);
		request = 8;
		reply = 0;
	} else {
		counterpart = icmpv6_counterpart(icmp.type);
		request = 128;
		reply = 129;
	}
	cursor->source_port = bpf_htons(icmp.type);
	cursor->destination_port = bpf_htons(counterpart == NO_COUNTERPART ? icmp.code : counterpart);
	commit(cursor, packet);
	packet->icmp_type = icmp.type;
	packet->icmp_code = icmp.code;
	if (track_latency && !cursor->fragment && (icmp.type == request || icmp.type == reply)) {
		packet->ack = (__u32)bpf_ntohs(icmp.id) << 16 | bpf_ntohs(icmp.sequence);
		packet->transaction = icmp.type == request ? REQUEST : RESPONSE;
	}
	return PARSED;
}

#endif
