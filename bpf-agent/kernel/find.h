/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a key to its flow's slot. */
#ifndef SKOPOS_FLOW_FIND_H
#define SKOPOS_FLOW_FIND_H

#include "maps.h"
#include "packet.h"

/* One load of a reference: slot and tag of one writer. The slot is in the low half. */
static __always_inline __u64 reference_load(const struct flow_ref *ref)
{
	__u64 both = *(volatile __u64 *)ref;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	both = both >> 32 | both << 32;
#endif
	return both;
}

/* The slot `index` when the reference was made for this key and this life of the slot, else 0. */
static __always_inline struct flow_slot *reference_follow(__u64 both, __u32 fingerprint, const __u32 *index)
{
	struct flow_slot *slot = bpf_map_lookup_elem(&slots, index);

	if (!slot || reference_tag(fingerprint, *index, slot->hot.generation) != both >> 32)
		return 0;
	return slot;
}

/* The slot any tuple of a flow leads to, and the reference's FLOW_REF bits. */
static __always_inline struct flow_slot *slot_of(const struct flow_key *key, __u32 *index, __u32 *bits)
{
	struct flow_ref *ref = bpf_map_lookup_elem(&flows, key);
	__u64 both;

	if (!ref)
		return 0;
	both = reference_load(ref);
	*index = (__u32)both & FLOW_REF_SLOT;
	*bits = (__u32)both & ~FLOW_REF_SLOT;
	return reference_follow(both, key_fingerprint(key), index);
}

/* A SYN after the end of the connection: the ports are used again, by another one. */
static __always_inline int starts_over(const struct flow_slot *slot, const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	       (slot->hot.marks & FLOW_MARK_ANY_TCP_FLAG(TCP_FIN | TCP_RST));
}

/* A packet that shows its flow by another tuple; from here on its direction is that of the flow's own key. */
static __noinline struct flow_slot *flow_find_alias(struct packet *packet, __u64 both, __u32 fingerprint, __u32 *index)
{
	struct flow_slot *slot;

	if (!((__u32)both & FLOW_REF_ALIAS))
		return 0;
	*index = (__u32)both & FLOW_REF_SLOT;
	slot = reference_follow(both, fingerprint, index);
	if (slot && ((__u32)both & FLOW_REF_SWAPPED))
		packet_reverse(packet);
	return slot;
}

/* The slot a packet's key leads to, or 0. An alias is no valid slot number: telling it apart costs a flow's own key nothing. */
static __always_inline struct flow_slot *flow_find(struct packet *packet, __u32 fingerprint, __u32 *index)
{
	struct flow_ref *ref = bpf_map_lookup_elem(&flows, &packet->key);
	struct flow_slot *slot;
	__u64 both;

	if (!ref)
		return 0;
	both = reference_load(ref);
	*index = (__u32)both;
	slot = bpf_map_lookup_elem(&slots, index);
	if (unlikely(!slot))
		return flow_find_alias(packet, both, fingerprint, index);
	if (reference_tag(fingerprint, *index, slot->hot.generation) != both >> 32)
		return 0;
	return slot;
}

#endif
