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

/* Keeps the last sample and RFC 3550's smoothed difference between successive ones. */
static __always_inline void sample(__u32 *value, __u32 *jitter, __u32 now)
{
	if (*value) {
		__s32 difference = now > *value ? now - *value : *value - now;

		*jitter += (difference - (__s32)*jitter) >> 4;
	}
	*value = now;
}

static __always_inline void probe_begin(struct flow_slot *slot, __u32 direction, __u32 id, __u32 now)
{
	__u32 marks = FLOW_MARK_PROBE | (direction ? FLOW_MARK_PROBE_HIGH : 0);

	slot->cold.probe_us = now;
	slot->cold.probe_id = id;
	__sync_fetch_and_and(&slot->hot.marks, ~(FLOW_MARK_PROBE_HIGH | FLOW_MARK_PROBE_ACKED));
	__sync_fetch_and_or(&slot->hot.marks, marks);
}

static __always_inline int probe_is_from(__u32 marks, __u32 direction)
{
	return !(marks & FLOW_MARK_PROBE_HIGH) == !direction;
}

/* SYN to SYN-ACK is the far half of the handshake, SYN-ACK to ACK the near one. */
static __noinline void latency_handshake(struct flow_slot *slot, const struct packet *packet, __u32 marks)
{
	__u32 initiator = !!(marks & FLOW_MARK_INITIATOR_HIGH);
	__u8 flags = packet->tcp_flags;
	__u32 now;

	if (flags & TCP_RST) {
		__sync_fetch_and_and(&slot->hot.marks, ~FLOW_MARK_HANDSHAKE);
	} else if ((flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) && packet->direction != initiator) {
		if (slot->cold.syn_to_synack_us)
			return;
		now = now_us();
		slot->cold.syn_to_synack_us = elapsed_us(slot->cold.probe_us, now);
		slot->cold.probe_us = now;
	} else if ((flags & (TCP_SYN | TCP_ACK)) == TCP_ACK && packet->direction == initiator &&
		   slot->cold.syn_to_synack_us) {
		slot->cold.synack_to_ack_us = elapsed_us(slot->cold.probe_us, now_us());
		__sync_fetch_and_and(&slot->hot.marks, ~FLOW_MARK_HANDSHAKE);
	}
}

/* Data to acknowledgement is a round trip; request to the first byte of the answer is the service's time. */
static __noinline void latency_answer(struct flow_slot *slot, const struct packet *packet, __u32 marks)
{
	__u32 took;

	if (!(packet->tcp_flags & TCP_ACK) || (__s32)(packet->ack - slot->cold.probe_id) < 0)
		return;
	took = elapsed_us(slot->cold.probe_us, now_us());
	if (!(marks & FLOW_MARK_PROBE_ACKED)) {
		sample(&slot->cold.rtt_us, &slot->cold.rtt_jitter_us, took);
		__sync_fetch_and_or(&slot->hot.marks, FLOW_MARK_PROBE_ACKED);
	}
	if (packet->payload) {
		sample(&slot->cold.service_us, &slot->cold.service_jitter_us, took);
		__sync_fetch_and_and(&slot->hot.marks, ~(FLOW_MARK_PROBE | FLOW_MARK_PROBE_ACKED));
	}
}

/* `advanced`: the segment carries data beyond what was seen (Karn: a retransmission times nothing). `fresh_tick`: it is
 * this direction's first in this tick. */
static __always_inline void latency_tcp(struct flow_slot *slot, const struct packet *packet, __u32 marks,
					int advanced, int fresh_tick)
{
	if (unlikely(marks & FLOW_MARK_HANDSHAKE))
		latency_handshake(slot, packet, marks);
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
	/* A short connection may end within the tick: its first data is timed in any case. */
	if (advanced && packet->payload && (fresh_tick || !slot->cold.rtt_us))
		probe_begin(slot, packet->direction, packet->seq + packet->payload, now_us());
}

/* DNS and ICMP echo: a response carries its request's id. */
static __noinline void latency_transaction(struct flow_slot *slot, const struct packet *packet)
{
	__u32 marks = slot->hot.marks, took;

	if (packet->transaction == REQUEST) {
		probe_begin(slot, packet->direction, packet->ack, now_us());
		return;
	}
	if (!(marks & FLOW_MARK_PROBE) || probe_is_from(marks, packet->direction) ||
	    packet->ack != slot->cold.probe_id)
		return;
	took = elapsed_us(slot->cold.probe_us, now_us());
	if ((packet->key.protocol_vni & 0xff) == IPPROTO_UDP)
		sample(&slot->cold.service_us, &slot->cold.service_jitter_us, took);
	else
		sample(&slot->cold.rtt_us, &slot->cold.rtt_jitter_us, took);
	__sync_fetch_and_and(&slot->hot.marks, ~FLOW_MARK_PROBE);
}

#endif
