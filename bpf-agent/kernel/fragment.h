/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Only a datagram's first fragment has ports: it leaves its key for those that follow. */
#ifndef SKOPOS_FLOW_FRAGMENT_H
#define SKOPOS_FLOW_FRAGMENT_H

#include "cursor.h"

static __always_inline void fragment_key(const struct cursor *cursor, struct fragment_key *key)
{
	key->source = cursor->source;
	key->destination = cursor->destination;
	key->id = cursor->fragment_id;
	key->protocol_vni = cursor->fragment_protocol | cursor->vni << 8;
}

static __always_inline void fragment_first(const struct cursor *cursor, const struct packet *packet)
{
	struct fragment_value value = { .key = packet->key, .direction = packet->direction };
	struct fragment_key key;

	fragment_key(cursor, &key);
	bpf_map_update_elem(&fragments, &key, &value, BPF_ANY);
}

static __always_inline int fragment_later(struct cursor *cursor, struct packet *packet)
{
	struct fragment_value *first = 0;
	struct fragment_key key;

	cursor->source_port = 0;
	cursor->destination_port = 0;
	commit(cursor, packet);
	if (join_fragments) {
		fragment_key(cursor, &key);
		first = bpf_map_lookup_elem(&fragments, &key);
	}
	if (!first) {
		count(FLOW_FRAGMENT_ORPHAN, cursor->bytes);
		return PARSED;
	}
	packet->key = first->key;
	packet->direction = first->direction & 1;
	packet->marks = ((cursor->tos & 3) == 3 ? FLOW_MARK_CE(packet->direction) : 0) |
			FLOW_MARK_FRAGMENT(packet->direction);
	return PARSED;
}

#endif
