/* SPDX-License-Identifier: Apache-2.0 */
/* The other tuples of translated connections: second keys of a slot that must go when its flow ends. */
#include "translations.h"

#include "reader.h"

#include <errno.h>

/* What is done with a place of `translations` that is taken; the answer says whether it had something to do. */
typedef bool (*visit)(struct reader *reader, uint32_t slot, uint32_t place);

static bool each_place(struct reader *reader, const uint32_t *slots, uint32_t count, visit visit)
{
	bool any = false;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t marks = __atomic_load_n(&reader->slots[slots[i]].hot.marks, __ATOMIC_ACQUIRE);

		for (uint32_t n = 0; n < FLOW_TRANSLATIONS; n++)
			if (marks & FLOW_MARK_TRANSLATED(n))
				any |= visit(reader, slots[i], slots[i] * FLOW_TRANSLATIONS + n);
	}
	return any;
}

/* Out of the hash, unless the key leads to another flow by now. */
static bool alias_delete(struct reader *reader, uint32_t slot, uint32_t place)
{
	struct flow_translation translation;
	const struct flow_key *alias;
	struct flow_ref ref;

	if (bpf_map_lookup_elem(reader->translations_fd, &place, &translation))
		return false;
	alias = translation.flags & FLOW_TRANSLATION_ALIAS_ORIGINAL ? &translation.original : &translation.translated;
	if (bpf_map_lookup_elem(reader->flows_fd, alias, &ref) || !(ref.slot & FLOW_REF_ALIAS) ||
	    (ref.slot & FLOW_REF_SLOT) != slot)
		return false;
	return !bpf_map_delete_elem(reader->flows_fd, alias);
}

static bool place_delete(struct reader *reader, uint32_t slot, uint32_t place)
{
	(void)slot;
	return !bpf_map_delete_elem(reader->translations_fd, &place);
}

bool translations_end(struct reader *reader, const uint32_t *slots, uint32_t count)
{
	return each_place(reader, slots, count, alias_delete);
}

void translations_free(struct reader *reader, const uint32_t *slots, uint32_t count)
{
	each_place(reader, slots, count, place_delete);
}
