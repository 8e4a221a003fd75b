/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A connection that NAT translates (a ClusterIP, a masquerade) shows two tuples. Once a packet has passed netfilter its skb
 * points at a conntrack entry that has both, so at egress the one can be told from the other. There the other tuple is made an
 * alias, a second key of the same slot, so that answers find the flow of what they answer.
 */
#ifndef SKOPOS_FLOW_TRANSLATE_H
#define SKOPOS_FLOW_TRANSLATE_H

#include <linux/errno.h>
#include "conntrack.h"
#include "find.h"
#include "scratch.h"

/*
 * Makes the tuple that the scratch's translation says is the alias lead to the slot. What the reader needs to take it back is
 * written first: no alias is ever without. BPF_NOEXIST or BPF_ANY says whether a reference already there is replaced.
 * Returns 0 or a negative errno.
 */
VERIFIED_ALONE int alias_add(__u32 index, __u32 alias_original, __u64 how)
{
	const __u32 high = FLOW_TRANSLATION_ORIGINAL_HIGH | FLOW_TRANSLATION_TRANSLATED_HIGH;
	struct flow_slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct scratch *memory = scratch_get();
	struct flow_translation *translation;
	const struct flow_key *alias;
	int n, error = -ENOSPC;
	struct flow_ref ref;
	__u32 ends;

	if (!slot || !memory)
		return error;
	translation = &memory->translation;
	ends = translation->flags & high;
	translation->flags = ends | (alias_original ? FLOW_TRANSLATION_ALIAS_ORIGINAL : 0);
	translation->generation = slot->hot.generation;
	alias = alias_original ? &translation->original : &translation->translated;
	ref.slot = index | FLOW_REF_ALIAS | (ends && ends != high ? FLOW_REF_SWAPPED : 0);
	ref.tag = reference_tag(key_fingerprint(alias), index, slot->hot.generation);
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
		error = alias_original ? bpf_map_update_elem(&flows, &translation->original, &ref, how) :
					 bpf_map_update_elem(&flows, &translation->translated, &ref, how);
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

/* Where one of the connection's tuples leads to. */
struct side {
	struct flow_slot *slot;
	__u32 index;
	__u32 is_own; /* the tuple is the flow's own key, and no later flow's */
};

static __always_inline void side_read(const struct flow_key *key, struct side *side)
{
	__u32 bits = 0;

	side->slot = slot_of(key, &side->index, &bits);
	side->is_own = side->slot && !(bits & FLOW_REF_ALIAS) && !(side->slot->hot.marks & FLOW_MARK_SUPERSEDED);
}

/*
 * Makes both tuples of the scratch's connection lead to one flow. Where each began a flow (the agent came in the middle of the
 * connection, or two CPUs saw both directions at once) the older one goes on; the other keeps what it counted. An alias of a
 * flow that has this connection no longer, because its port was given to another one, is replaced.
 */
VERIFIED_ALONE int translation_unite(__u32 is_syn)
{
	struct side original = {}, translated = {};
	struct scratch *memory = scratch_get();
	int keep_original;

	if (!memory)
		return 0;
	side_read(&memory->translation.original, &original);
	side_read(&memory->translation.translated, &translated);
	if (!original.slot) {
		if (!translated.slot)
			return 0;
		return alias_add(translated.index, 1, BPF_NOEXIST);
	}
	if (!translated.slot)
		return alias_add(original.index, 0, BPF_NOEXIST);
	if (original.index == translated.index)
		return 0;
	if (is_syn || original.is_own != translated.is_own)
		keep_original = original.is_own || !translated.is_own;
	else
		keep_original = !original.is_own || original.slot->cold.first_ns <= translated.slot->cold.first_ns;
	if (keep_original ? translated.is_own : original.is_own) {
		struct flow_slot *gone = keep_original ? translated.slot : original.slot;

		if (__sync_fetch_and_or(&gone->hot.marks, FLOW_MARK_SUPERSEDED) & FLOW_MARK_SUPERSEDED)
			return 0;
		if (alias_add(keep_original ? original.index : translated.index, !keep_original, BPF_ANY))
			__sync_fetch_and_and(&gone->hot.marks, ~FLOW_MARK_SUPERSEDED);
		return 0;
	}
	return alias_add(keep_original ? original.index : translated.index, !keep_original, BPF_ANY);
}

/* For a packet without a flow: true when its other tuple has one and the packet's key is now an alias of it. */
VERIFIED_ALONE int translation_join(__u32 wire)
{
	struct scratch *memory = scratch_get();
	__u32 index = 0, bits = 0;
	struct flow_slot *slot;
	int error;

	if (!memory)
		return 0;
	if (wire == WIRE_ORIGINAL)
		slot = slot_of(&memory->translation.translated, &index, &bits);
	else
		slot = slot_of(&memory->translation.original, &index, &bits);
	if (!slot || starts_over(slot, &memory->packet))
		return 0;
	error = alias_add(index, wire == WIRE_ORIGINAL, BPF_NOEXIST);
	return !error || error == -EEXIST;
}

#endif
