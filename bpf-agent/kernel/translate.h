/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A connection that NAT translates (a ClusterIP, a masquerade) shows two tuples. Once a packet has passed netfilter its
 * skb points at a conntrack entry that has both, so at egress the one can be told from the other. It is asked when a
 * flow is new and when a hook becomes an observer, never for the packets between: the other tuple is made an alias, a
 * second key of the same slot, and the observer rule counts the packet once wherever it is seen.
 */
#ifndef SKOPOS_FLOW_TRANSLATE_H
#define SKOPOS_FLOW_TRANSLATE_H

#include <linux/errno.h>
#include "conntrack.h"
#include "find.h"

static __always_inline const struct flow_key *alias_key(const struct flow_translation *translation)
{
	return translation->flags & FLOW_TRANSLATION_ALIAS_ORIGINAL ? &translation->original :
								       &translation->translated;
}

/*
 * Makes a key an alias of the slot. What the reader needs to take it back is written first: no alias is ever without.
 * BPF_NOEXIST or BPF_ANY says whether a reference already there is replaced. Returns 0 or a negative errno.
 */
VERIFIED_ALONE int alias_add(struct flow_slot *slot, __u32 index, struct flow_translation *translation, __u64 how)
{
	const __u32 high = FLOW_TRANSLATION_ORIGINAL_HIGH | FLOW_TRANSLATION_TRANSLATED_HIGH;
	const struct flow_key *alias;
	int n, error = -ENOSPC;
	struct flow_ref ref;
	__u32 ends;

	if (!slot || !translation)
		return error;
	alias = alias_key(translation);
	ends = translation->flags & high;
	ref.slot = index | FLOW_REF_ALIAS | (ends && ends != high ? FLOW_REF_SWAPPED : 0);
	ref.tag = reference_tag(key_fingerprint(alias), index, slot->hot.generation);
	translation->generation = slot->hot.generation;
	for (n = 0; n < FLOW_TRANSLATIONS; n++) {
		__u32 place = index * FLOW_TRANSLATIONS + n;

		if (slot->hot.marks & FLOW_MARK_TRANSLATED(n))
			continue;
		error = bpf_map_update_elem(&translations, &place, translation, BPF_NOEXIST);
		if (error == -EEXIST) /* another CPU is at it */
			continue;
		if (error)
			break;
		__sync_fetch_and_or(&slot->hot.marks, FLOW_MARK_TRANSLATED(n));
		error = bpf_map_update_elem(&flows, alias, &ref, how);
		if (error) {
			__sync_fetch_and_and(&slot->hot.marks, ~FLOW_MARK_TRANSLATED(n));
			bpf_map_delete_elem(&translations, &place);
		}
		break;
	}
	if (error && error != -EEXIST)
		count(FLOW_TRANSLATION_FULL, 0);
	return error;
}

/* A flow the tuples of one connection lead to: `flips` says that the initiator is the high end of the flow's own key. */
static __always_inline struct flow_slot *side_of(const struct flow_key *key, __u32 high, __u32 *index, __u32 *bits,
						 __u32 *flips)
{
	struct flow_slot *slot = slot_of(key, index, bits);

	*flips = !!high ^ !!(*bits & FLOW_REF_SWAPPED);
	return slot;
}

/*
 * Both tuples began a flow, each at an ingress, where conntrack is not known yet: the agent came in the middle of the
 * connection, or two CPUs were at it. What the younger flow counted at its ingress the older one counted too, when the
 * packet came by on its way out; so the older stays, and the key of the other becomes its alias.
 */
static __always_inline void absorb(struct flow_slot *kept, __u32 kept_index, struct flow_slot *gone,
				   struct flow_translation *translation)
{
	if (__sync_fetch_and_or(&gone->hot.marks, FLOW_MARK_ABSORBED) & FLOW_MARK_ABSORBED)
		return;
	if (alias_add(kept, kept_index, translation, BPF_ANY))
		__sync_fetch_and_and(&gone->hot.marks, ~FLOW_MARK_ABSORBED);
}

/*
 * Brings the packet's other tuple to its slot, `slot`, in which the packet goes in `direction`. True when the packet is
 * counted already: at the other tuple's hook, in the other tuple's flow.
 */
VERIFIED_ALONE int unite(struct flow_slot *slot, __u32 index, enum wire_tuple wire,
			 struct flow_translation *translation, __u32 direction)
{
	__u32 other_index = 0, ignored = 0, bits = 0, other_bits = 0, flips, other_flips, turn;
	int is_original = wire == WIRE_ORIGINAL;
	struct flow_slot *other;

	if (!slot || !translation)
		return 0;
	if (is_original) {
		side_of(&translation->original, translation->flags & FLOW_TRANSLATION_ORIGINAL_HIGH, &ignored, &bits,
			&flips);
		other = side_of(&translation->translated, translation->flags & FLOW_TRANSLATION_TRANSLATED_HIGH,
				&other_index, &other_bits, &other_flips);
	} else {
		side_of(&translation->translated, translation->flags & FLOW_TRANSLATION_TRANSLATED_HIGH, &ignored,
			&bits, &flips);
		other = side_of(&translation->original, translation->flags & FLOW_TRANSLATION_ORIGINAL_HIGH,
				&other_index, &other_bits, &other_flips);
	}
	if (other && other_index == index)
		return 0;
	if (!other) {
		translation->flags |= is_original ? 0 : FLOW_TRANSLATION_ALIAS_ORIGINAL;
		alias_add(slot, index, translation, BPF_NOEXIST);
		return 0;
	}
	turn = flips ^ other_flips;
	/* The same observer: the younger flow goes on where the reader is ending the older, or where another connection
	 * had the tuple. Each keeps what it counted. */
	if ((slot->hot.observer[0] && slot->hot.observer[0] == other->hot.observer[turn]) ||
	    (slot->hot.observer[1] && slot->hot.observer[1] == other->hot.observer[!turn]))
		return other->hot.observer[(direction ^ turn) & 1] != 0;
	if (slot->cold.first_ns < other->cold.first_ns ||
	    (slot->cold.first_ns == other->cold.first_ns && index < other_index)) {
		translation->flags |= is_original ? 0 : FLOW_TRANSLATION_ALIAS_ORIGINAL;
		if (!(other_bits & FLOW_REF_ALIAS))
			absorb(slot, index, other, translation);
		return 0;
	}
	translation->flags |= is_original ? FLOW_TRANSLATION_ALIAS_ORIGINAL : 0;
	if (!(bits & FLOW_REF_ALIAS))
		absorb(other, other_index, slot, translation);
	return 1;
}

/* At a hook that is about to count a direction. True when it must not: the packet is counted in another flow. */
VERIFIED_ALONE int translation_learn(struct __sk_buff *skb, struct flow_slot *slot, __u32 index,
				     const struct packet *packet)
{
	struct flow_translation translation = {};
	enum wire_tuple wire = translation_read(skb, packet, &translation);

	return packet && wire != WIRE_NEITHER && unite(slot, index, wire, &translation, packet->direction);
}

/* For a packet without a flow: true when its other tuple has one and the packet's key is now an alias of it. */
VERIFIED_ALONE int translation_join(enum wire_tuple wire, struct flow_translation *translation)
{
	int is_original = wire == WIRE_ORIGINAL, error;
	struct flow_slot *slot;
	__u32 index = 0, bits = 0;

	if (!translation)
		return 0;
	slot = slot_of(is_original ? &translation->translated : &translation->original, &index, &bits);
	if (!slot)
		return 0;
	translation->flags |= is_original ? FLOW_TRANSLATION_ALIAS_ORIGINAL : 0;
	error = alias_add(slot, index, translation, BPF_NOEXIST);
	return !error || error == -EEXIST;
}

#endif
