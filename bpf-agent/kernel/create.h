/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet of a flow not seen before: a slot, a hash element, an event. */
#ifndef SKOPOS_FLOW_CREATE_H
#define SKOPOS_FLOW_CREATE_H

#include "account.h"
#include "filter.h"
#include "translate.h"

#define NO_SLOT 0xffffffff
#define CREATED 0
/* Another CPU inserted the key first: account there. */
#define ALREADY_THERE 1

/* Tries of the lock-free pop before the ring counts as empty; each failure means another CPU succeeded. */
#define POP_TRIES 8

static __always_inline __u32 slot_take(void)
{
	__u32 zero = 0, slot;
	struct flow_allocator *state = bpf_map_lookup_elem(&allocator, &zero);
	__u32 *mine = bpf_map_lookup_elem(&spare, &zero);
	int i;

	if (mine && *mine) {
		slot = *mine - 1;
		*mine = 0;
		return slot;
	}
	if (!state)
		return NO_SLOT;
	for (i = 0; i < POP_TRIES; i++) {
		__u32 head = *(volatile __u32 *)&state->recycled_head, index;
		__u64 *given;

		if (head == *(volatile __u32 *)&state->recycled_tail)
			break;
		/* Again, as a full barrier: what the reader wrote before the tail is read after it. */
		if (head == __sync_fetch_and_add(&state->recycled_tail, 0))
			break;
		index = head & recycled_mask;
		given = bpf_map_lookup_elem(&recycled, &index);
		if (!given)
			break;
		slot = *(volatile __u64 *)given;
		if (__sync_val_compare_and_swap(&state->recycled_head, head, head + 1) == head)
			return slot;
	}
	slot = *(volatile __u32 *)&state->fresh;
	if (!bpf_map_lookup_elem(&slots, &slot))
		return NO_SLOT;
	return __sync_fetch_and_add(&state->fresh, 1);
}

/* Kept for this CPU's next new flow. */
static __always_inline void slot_return(__u32 slot)
{
	__u32 zero = 0;
	__u32 *mine = bpf_map_lookup_elem(&spare, &zero);

	if (mine)
		*mine = slot + 1;
}

/* Every field but the generation: the slot may have held another flow. */
static __always_inline void slot_fill(struct __sk_buff *skb, struct flow_slot *slot, const struct packet *packet,
				      __u32 me, __u64 now_ns)
{
	__u32 direction = packet->direction & 1, other = direction ^ 1;
	__u32 handshake = packet->tcp_flags & (TCP_SYN | TCP_ACK);
	int is_answer = handshake == (TCP_SYN | TCP_ACK) || packet->transaction == RESPONSE;
	__u32 marks = packet->marks | (__u32)packet->tcp_flags << FLOW_MARK_TCP_FLAGS(direction) |
		      (direction != is_answer ? FLOW_MARK_INITIATOR_HIGH : 0);

	if (track_latency) {
		if (packet->transaction == REQUEST)
			marks |= FLOW_MARK_PROBE | (direction ? FLOW_MARK_PROBE_HIGH : 0);
		if (handshake & TCP_SYN)
			marks |= FLOW_MARK_HANDSHAKE;
	}
	slot->hot.sent[direction].packets = packet->packets;
	slot->hot.sent[direction].bytes = packet->bytes;
	slot->hot.sent[other].packets = 0;
	slot->hot.sent[other].bytes = 0;
	slot->hot.hook[direction] = me;
	slot->hot.hook[other] = 0;
	slot->hot.last_jiffies[direction] = bpf_jiffies64();
	slot->hot.last_jiffies[other] = 0;
	slot->hot.next_seq[direction] = tcp_next(packet);
	slot->hot.next_seq[other] = 0;
	slot->hot.marks = marks;
	__builtin_memset(&slot->cold, 0, sizeof(slot->cold));
	slot->cold.first_ns = now_ns;
	slot->cold.probe_us = now_ns / 1000;
	slot->cold.probe_id = packet->ack;
	side_write(&slot->cold.side[direction], packet, skb);
}

static __always_inline void event_emit(const struct scratch *memory, const struct flow_slot *slot, __u32 index,
				       __u32 me)
{
	const struct packet *packet = &memory->packet;
	struct flow_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	__u64 waiting;

	if (!event) {
		count(FLOW_RING_FULL, packet->bytes);
		return;
	}
	event->key = packet->key;
	event->first_ns = slot->cold.first_ns;
	event->slot = index;
	event->generation = slot->hot.generation;
	event->hook = me;
	event->bytes = packet->bytes;
	event->type_vni = packet->tunnel_depth ? memory->tunnel.type_vni : 0;
	event->side = slot->cold.side[packet->direction & 1];
	event->direction = packet->direction;
	event->tcp_flags = packet->tcp_flags;
	event->reserved = 0;
	/* The reader drains the ring on a timer. It is woken when much is waiting, by the record that crosses a multiple of
	 * the threshold: waking for each one past it would cost 5 us a flow just when there are many. */
	waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(event, waiting >= ring_wakeup_bytes &&
				  (waiting & (ring_wakeup_bytes - 1)) < sizeof(*event) + BPF_RINGBUF_HDR_SZ ?
				  BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

/* Puts the slot's reference where packets find it. `before` is the slot whose key it was, NO_SLOT for none. */
static __always_inline long reference_write(const struct packet *packet, __u32 index, __u32 generation, __u32 before)
{
	struct flow_ref ref = { .slot = index,
				.tag = reference_tag(key_fingerprint(&packet->key), index, generation) };
	struct flow_slot *old = before == NO_SLOT ? 0 : bpf_map_lookup_elem(&slots, &before);

	if (!old)
		return bpf_map_update_elem(&flows, &packet->key, &ref, BPF_NOEXIST);
	if (__sync_fetch_and_or(&old->hot.marks, FLOW_MARK_SUPERSEDED) & FLOW_MARK_SUPERSEDED)
		return -EEXIST;
	return bpf_map_update_elem(&flows, &packet->key, &ref, BPF_ANY);
}

/* A flow of the scratch's packet; `before` is the one of the ended connection that had the same ports, NO_SLOT for none. */
VERIFIED_ALONE int flow_create(struct __sk_buff *skb, __u32 me, __u32 before)
{
	struct scratch *memory = scratch_get();
	__u32 wire = WIRE_NEITHER;
	struct flow_slot *slot;
	struct packet *packet;
	__u32 index;
	long error;

	if (!memory)
		return CREATED;
	packet = &memory->packet;
	if (skb_conntrack_offset) {
		wire = translation_read(skb);
		/* A flow that passed the filter by one tuple is not refused by the other. */
		if (wire != WIRE_NEITHER && before == NO_SLOT && translation_join(wire))
			return ALREADY_THERE;
	}
	if (filtered(skb, packet)) {
		count(FLOW_FILTERED, packet->bytes);
		return CREATED;
	}
	index = slot_take();
	slot = bpf_map_lookup_elem(&slots, &index);
	if (!slot) {
		if (before != NO_SLOT)
			return ALREADY_THERE;
		count(FLOW_MAP_FULL, packet->bytes);
		return CREATED;
	}
	slot_fill(skb, slot, packet, me, bpf_ktime_get_ns());
	/* The exchange orders the fields above before the generation, which makes the slot the reader's to see. */
	__sync_lock_test_and_set(&slot->hot.generation, slot->hot.generation + 1);
	error = reference_write(packet, index, slot->hot.generation, before);
	if (error) {
		slot_return(index);
		if (error == -EEXIST)
			return ALREADY_THERE;
		count(error == -E2BIG ? FLOW_MAP_FULL : FLOW_CONTENDED, packet->bytes);
		return CREATED;
	}
	if (packet->tunnel_depth)
		tunnel_learn(index);
	if (track_processes)
		process_learn(skb, slot, index, packet->direction & 1);
	if (emit_events)
		event_emit(memory, slot, index, me);
	if (wire != WIRE_NEITHER)
		translation_unite((packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN);
	return CREATED;
}

#endif
