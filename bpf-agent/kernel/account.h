/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet of a known flow. */
#ifndef SKOPOS_FLOW_ACCOUNT_H
#define SKOPOS_FLOW_ACCOUNT_H

#include "find.h"
#include "first.h"
#include "latency.h"
#include "maps.h"
#include "packet.h"

/* The sequence number after this segment: SYN and FIN take one each. */
static __always_inline __u32 tcp_next(const struct packet *packet)
{
	return packet->seq + packet->payload + !!(packet->tcp_flags & (TCP_SYN | TCP_FIN));
}

static __always_inline void account_tcp(struct __sk_buff *skb, struct flow_slot *slot, const struct packet *packet, __u32 direction,
					__u32 marks, __u32 now)
{
	__u32 next = tcp_next(packet);
	int advanced = 0;

	if (next != packet->seq) {
		advanced = (__s32)(next - slot->hot.next_seq[direction]) > 0;
		if (advanced)
			slot->hot.next_seq[direction] = next;
		else
			__sync_fetch_and_add(&slot->cold.retransmits[direction], 1);
	}
	if (track_latency)
		latency_tcp(skb, slot, packet, marks, advanced, slot->hot.last_jiffies[direction] != now);
}

static __always_inline void flow_account(struct __sk_buff *skb, struct flow_slot *slot, __u32 index,
					 struct packet *packet, __u32 me)
{
	__u32 now = bpf_jiffies64();
	__u32 direction = packet->direction & 1;
	__u32 marks, seen;

	if (unlikely(!slot->hot.hook[direction]))
		direction_begin(skb, slot, index, packet, me);
	__sync_fetch_and_add(&slot->hot.sent[direction].packets, packet->packets);
	__sync_fetch_and_add(&slot->hot.sent[direction].bytes, packet->bytes);
	marks = slot->hot.marks;
	seen = packet->marks | (__u32)packet->tcp_flags << FLOW_MARK_TCP_FLAGS(direction);
	if (unlikely(seen & ~marks))
		__sync_fetch_and_or(&slot->hot.marks, seen);
	if (track_tcp && (packet->key.protocol_vni & 0xff) == IPPROTO_TCP)
		account_tcp(skb, slot, packet, direction, marks, now);
	else if (track_latency && unlikely(packet->transaction))
		latency_transaction(slot, packet);
	slot->hot.last_jiffies[direction] = now;
}

#endif
