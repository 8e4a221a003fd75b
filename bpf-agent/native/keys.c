/* SPDX-License-Identifier: Apache-2.0 */
/* The hash from key to slot, read and thinned out in batches where the kernel has them (5.6), one by one elsewhere. */
#include "keys.h"

#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 4096

static void key_learn(struct reader *reader, const struct flow_key *key, const struct flow_ref *ref)
{
	uint32_t slot = ref->slot;

	if (slot >= reader->options.capacity)
		return;
	reader->keys[slot] = *key;
	__atomic_store_n(&reader->known[slot], __atomic_load_n(&reader->slots[slot].hot.generation, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}

static int recover_singly(struct reader *reader)
{
	struct flow_key key, following;
	struct flow_ref ref;
	void *previous = NULL;

	while (!bpf_map_get_next_key(reader->flows_fd, previous, &following)) {
		if (!bpf_map_lookup_elem(reader->flows_fd, &following, &ref))
			key_learn(reader, &following, &ref);
		key = following;
		previous = &key;
	}
	return errno == ENOENT ? 0 : errno;
}

static int recover_batched(struct reader *reader)
{
	struct flow_key *keys = malloc(BATCH * sizeof(*keys));
	struct flow_ref *refs = malloc(BATCH * sizeof(*refs));
	uint64_t position;
	void *from = NULL;
	int error = keys && refs ? 0 : ENOMEM;

	while (!error) {
		uint32_t count = BATCH;

		if (bpf_map_lookup_batch(reader->flows_fd, from, &position, keys, refs, &count, NULL))
			error = errno;
		/* ENOENT ends the last batch, whose count is good. */
		if (!error || error == ENOENT)
			for (uint32_t i = 0; i < count; i++)
				key_learn(reader, &keys[i], &refs[i]);
		from = &position;
	}
	free(keys);
	free(refs);
	return error == ENOENT ? 0 : error;
}

int keys_recover(struct reader *reader)
{
	return reader->options.batch ? recover_batched(reader) : recover_singly(reader);
}

int keys_delete(struct reader *reader, const struct flow_key *keys, uint32_t count)
{
	uint32_t done = 0;

	while (done < count) {
		uint32_t part = count - done;

		if (reader->options.batch) {
			if (!bpf_map_delete_batch(reader->flows_fd, keys + done, &part, NULL)) {
				done += part;
				continue;
			}
			if (errno != ENOENT)
				return errno;
			done += part; /* up to the key that was not there */
		} else if (bpf_map_delete_elem(reader->flows_fd, keys + done) && errno != ENOENT) {
			return errno;
		}
		done++;
	}
	return 0;
}
