/* SPDX-License-Identifier: Apache-2.0 */
/* The other tuples of translated connections: second keys of a slot that must go when its flow ends. */
#include "reader.h"

#include <errno.h>

/* Out of the hash, unless the key leads to another flow by now. */
static void alias_delete(struct reader *reader, uint32_t slot, const struct flow_translation *translation)
{
	const struct flow_key *alias = translation->flags & FLOW_TRANSLATION_ALIAS_ORIGINAL ?
					       &translation->original :
					       &translation->translated;
	struct flow_ref ref;

	if (!bpf_map_lookup_elem(reader->flows_fd, alias, &ref) && (ref.slot & FLOW_REF_ALIAS) &&
	    (ref.slot & FLOW_REF_SLOT) == slot)
		bpf_map_delete_elem(reader->flows_fd, alias);
}

bool translations_end(struct reader *reader, const uint32_t *slots, uint32_t count)
{
	struct flow_translation translation;
	bool found = false;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t marks = __atomic_load_n(&reader->slots[slots[i]].hot.marks, __ATOMIC_ACQUIRE);

		for (uint32_t n = 0; n < FLOW_TRANSLATIONS; n++) {
			uint32_t place = slots[i] * FLOW_TRANSLATIONS + n;

			if (!(marks & FLOW_MARK_TRANSLATED(n)) ||
			    bpf_map_lookup_elem(reader->translations_fd, &place, &translation))
				continue;
			alias_delete(reader, slots[i], &translation);
			bpf_map_delete_elem(reader->translations_fd, &place);
			found = true;
		}
	}
	return found;
}
