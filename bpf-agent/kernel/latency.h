/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Latency samples. At most one is under way in a flow, and TCP begins at most one a tick and direction, so that a
 * packet rarely pays for a precise clock. Fields are written without locks: two CPUs at once may cost a sample,
 * never a counter.
 */
#ifndef SKOPOS_FLOW_LATENCY_H
#define SKOPOS_FLOW_LATENCY_H

#include "maps.h"
#include "packet.h"

static __always_inline __u32 now_us(void)
{
	return bpf_ktime_get_ns() / 1000;
}

/* 0 means unknown, so a sample is at least 1. */
static __always_inline __u32 elapsed_us(__u32 since, __u32 now)
{
	return now - since ? now - since : 1;
}

/* RFC 3550's smoothing: a sixteenth of each difference. */
static __always_inline void smooth(__u32 *jitter, __u32 one, __u32 other)
{
	__s32 difference = one > other ? one - other : other - one;

	*jitter += (difference - (__s32)*jitter) >> 4;
}

/* The least of the samples: an acknowledgement may be delayed, none comes before its time. */
static __always_inline void sample_rtt(struct flow_slot *slot, __u32 direction, __u32 took)
{
	__u32 least = slot->cold.rtt_us[direction & 1];

	if (!least || took < least)
		slot->cold.rtt_us[direction & 1] = took;
	if (least)
		smooth(&slot->cold.rtt_jitter_us, took, least);
}

static __always_inline void sample_service(struct flow_slot *slot, __u32 took)
{
	if (slot->cold.service_us)
		smooth(&slot->cold.service_jitter_us, took, slot->cold.service_us);
	slot->cold.service_us = took;
}

static __always_inline void probe_begin(struct flow_slot *slot, __u32 direction, __u32 id, __u32 now)
{
	__u32 marks = FLOW_MARK_PROBE | (direction ? FLOW_MARK_PROBE_HIGH : 0);

	slot->cold.probe_us = now;
	slot->cold.probe_id = id;
	__sync_fetch_and_and(&slot->hot.marks, ~(FLOW_MARK_PROBE_HIGH | FLOW_MARK_PROBE_ACKED));
	__sync_fetch_and_or(&slot->hot.marks, marks);
}

static __always_inline void probe_end(struct flow_slot *slot)
{
	__sync_fetch_and_and(&slot->hot.marks, ~(FLOW_MARK_PROBE | FLOW_MARK_PROBE_ACKED | FLOW_MARK_HANDSHAKE));
}

static __always_inline int probe_is_from(__u32 marks, __u32 direction)
{
	return !(marks & FLOW_MARK_PROBE_HIGH) == !direction;
}

static __always_inline int is_initiator(__u32 marks, __u32 direction)
{
	return !(marks & FLOW_MARK_INITIATOR_HIGH) == !direction;
}

/* SYN to SYN-ACK is the round trip to the responder, SYN-ACK to ACK the one to the initiator. Each counts from the last of its
 * kind: one that was lost on the way times nothing. */
static __noinline void latency_handshake(struct flow_slot *slot, const struct packet *packet, __u32 marks)
{
	__u32 initiator = !!(marks & FLOW_MARK_INITIATOR_HIGH), now = now_us();
	__u8 flags = packet->tcp_flags & (TCP_SYN | TCP_ACK);
	__u32 to_responder = slot->cold.rtt_us[initiator];

	if (flags == TCP_SYN && packet->direction == initiator && !to_responder) {
		slot->cold.probe_us = now;
	} else if (flags == (TCP_SYN | TCP_ACK) && packet->direction != initiator) {
		/* Of a flow that began with the SYN-ACK, nobody knows when the SYN went. */
		if (!to_responder && slot->hot.hook[initiator])
			sample_rtt(slot, initiator, elapsed_us(slot->cold.probe_us, now));
		slot->cold.probe_us = now;
	} else if (flags == TCP_ACK && packet->direction == initiator &&
		   (slot->hot.marks & TCP_SYN << FLOW_MARK_TCP_FLAGS(!initiator))) {
		__u32 took = elapsed_us(slot->cold.probe_us, now);

		sample_rtt(slot, !initiator, took);
		if (to_responder)
			slot->cold.handshake_us = to_responder + took;
		__sync_fetch_and_and(&slot->hot.marks, ~FLOW_MARK_HANDSHAKE);
	}
}

/* Data to acknowledgement is a round trip; the initiator's request to the first byte of the answer is the service's time. */
static __noinline void latency_answer(struct flow_slot *slot, const struct packet *packet, __u32 marks)
{
	__u32 sender = !packet->direction, took;

	if (!(packet->tcp_flags & TCP_ACK) || (__s32)(packet->ack - slot->cold.probe_id) < 0)
		return;
	took = elapsed_us(slot->cold.probe_us, now_us());
	if (!(marks & FLOW_MARK_PROBE_ACKED)) {
		if (!socket_rtt)
			sample_rtt(slot, sender, took);
		__sync_fetch_and_or(&slot->hot.marks, FLOW_MARK_PROBE_ACKED);
	}
	if (packet->payload && is_initiator(marks, sender))
		sample_service(slot, took);
	if (packet->payload || !is_initiator(marks, sender))
		__sync_fetch_and_and(&slot->hot.marks, ~(FLOW_MARK_PROBE | FLOW_MARK_PROBE_ACKED));
}

/* What the sender's own kernel smoothed (srtt_us is eight times it), while the packet still carries its socket. */
static __noinline void latency_socket(struct __sk_buff *skb, struct flow_slot *slot, __u32 direction)
{
	struct bpf_sock *sender = skb->sk, *socket;
	struct bpf_tcp_sock *tcp;
	__u32 smoothed;

	if (!sender)
		return;
	socket = bpf_sk_fullsock(sender);
	if (!socket)
		return;
	tcp = bpf_tcp_sock(socket);
	if (!tcp)
		return;
	smoothed = tcp->srtt_us >> 3;
	if (!smoothed)
		return;
	if (slot->cold.rtt_us[direction & 1])
		smooth(&slot->cold.rtt_jitter_us, smoothed, slot->cold.rtt_us[direction & 1]);
	slot->cold.rtt_us[direction & 1] = smoothed;
}

/* `advanced`: the segment carries data beyond what was seen (Karn: a retransmission times nothing). `fresh_tick`: it is
 * this direction's first in this tick. */
static __always_inline void latency_tcp(struct __sk_buff *skb, struct flow_slot *slot, const struct packet *packet,
					__u32 marks, int advanced, int fresh_tick)
{
	const __u32 end = FLOW_MARK_ANY_TCP_FLAG(TCP_FIN | TCP_RST);

	if (unlikely((marks & end) || (packet->tcp_flags & (TCP_FIN | TCP_RST)))) {
		if (fresh_tick || (packet->tcp_flags & (TCP_FIN | TCP_RST)))
			slot->cold.probe_us = now_us();
		if (marks & (FLOW_MARK_PROBE | FLOW_MARK_HANDSHAKE))
			probe_end(slot);
		return;
	}
	if (unlikely(marks & FLOW_MARK_HANDSHAKE)) {
		latency_handshake(slot, packet, marks);
		if (!packet->payload)
			return;
	}
	if (socket_rtt && fresh_tick)
		latency_socket(skb, slot, packet->direction);
	if (marks & FLOW_MARK_PROBE) {
		if (!probe_is_from(marks, packet->direction)) {
			if (!(marks & FLOW_MARK_PROBE_ACKED) || packet->payload)
				latency_answer(slot, packet, marks);
			return;
		}
		if (!(marks & FLOW_MARK_PROBE_ACKED)) {
			if (unlikely(packet->payload && !advanced))
				__sync_fetch_and_and(&slot->hot.marks, ~FLOW_MARK_PROBE);
			return;
		}
	}
	/* A short connection may end within the tick: the first data each way is timed in any case. */
	if (advanced && packet->payload &&
	    (fresh_tick || !(is_initiator(marks, packet->direction) ? slot->cold.service_us :
								      slot->cold.rtt_us[packet->direction & 1])))
		probe_begin(slot, packet->direction, packet->seq + packet->payload, now_us());
}

/* DNS and ICMP echo: a response carries its request's id. */
static __noinline void latency_transaction(struct flow_slot *slot, const struct packet *packet)
{
	__u32 marks = slot->hot.marks, now = now_us(), took;

	if (packet->transaction == REQUEST) {
		probe_begin(slot, packet->direction, packet->ack, now);
		return;
	}
	if ((packet->key.protocol_vni & 0xff) == IPPROTO_UDP)
		slot->cold.side[packet->direction & 1].icmp_code = packet->icmp_code;
	if (!(marks & FLOW_MARK_PROBE) || probe_is_from(marks, packet->direction) ||
	    packet->ack != slot->cold.probe_id)
		return;
	took = elapsed_us(slot->cold.probe_us, now);
	if ((packet->key.protocol_vni & 0xff) == IPPROTO_UDP)
		sample_service(slot, took);
	else
		sample_rtt(slot, !packet->direction, took);
	slot->cold.probe_us = now;
	__sync_fetch_and_and(&slot->hot.marks, ~FLOW_MARK_PROBE);
}

#endif
