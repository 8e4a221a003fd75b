/* SPDX-License-Identifier: Apache-2.0 */
/* The flows themselves: events in, records out, ended flows made final and their slots given back. */
#include "slots.h"

#include "keys.h"
#include "reader.h"
#include "translations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Room for one more element, or NULL when the reader is stopping. */
static void *filling_place(struct filling *filling)
{
	if (filling->half < 0) {
		filling->half = double_buffer_acquire(filling->buffer);
		if (filling->half < 0)
			return NULL;
		filling->count = filling->attributes = 0;
	}
	return filling->buffer->data + filling->half * filling->buffer->half_bytes +
	       filling->count * filling->element;
}

static void filling_deliver(struct filling *filling)
{
	struct reader *reader = filling->reader;
	struct batch batch = {
		.kind = filling->kind,
		.half = filling->half,
		.offset = filling->half * filling->buffer->half_bytes,
		.count = filling->count,
		.attributes = filling->attributes,
		.command = filling->command,
	};

	if (filling->half < 0)
		return;
	filling->half = -1;
	if (!batch.count)
		return;
	double_buffer_hand_over(filling->buffer, batch.half);
	reader->deliver(reader, &batch);
}

/* Whether one more element and so many attributes have no room. */
static bool filling_is_full(const struct filling *filling, uint32_t attributes)
{
	return (filling->count + 1) * filling->element + (filling->attributes + attributes) * sizeof(struct attribute) >
	       filling->buffer->half_bytes;
}

static void filling_added(struct filling *filling)
{
	filling->count++;
	if (filling_is_full(filling, 0))
		filling_deliver(filling);
}

int event_received(void *context, void *data, size_t size)
{
	struct reader *reader = context;
	const struct flow_event *event = data;
	void *place;

	if (size < sizeof(*event) || event->slot >= reader->options.capacity)
		return 0;
	reader->keys[event->slot] = event->key;
	__atomic_store_n(&reader->known[event->slot], event->generation, __ATOMIC_RELEASE);
	place = filling_place(&reader->new_events);
	if (!place)
		return -ECANCELED;
	memcpy(place, event, sizeof(*event));
	filling_added(&reader->new_events);
	return 0;
}

void slots_init(struct reader *reader)
{
	reader->new_events = (struct filling){ .reader = reader, .buffer = &reader->events, .kind = BATCH_EVENTS,
					       .element = sizeof(struct flow_event), .half = -1 };
}

/* While JavaScript still has the other half, this one is filled further: a busy main thread gets larger batches, not more. */
void slots_drain(struct reader *reader, bool deliver)
{
	struct filling *filling = &reader->new_events;

	pthread_mutex_lock(&reader->drain_lock);
	ring_buffer__consume(reader->ring);
	if (filling->half >= 0 && (deliver || double_buffer_is_free(filling->buffer, !filling->half)))
		filling_deliver(filling);
	pthread_mutex_unlock(&reader->drain_lock);
}

static uint64_t ring_full(struct reader *reader)
{
	int cpus = libbpf_num_possible_cpus();
	struct flow_counter *each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	uint32_t cause = FLOW_RING_FULL;
	uint64_t total = 0;

	if (each && !bpf_map_lookup_elem(reader->counters_fd, &cause, each))
		for (int i = 0; i < cpus; i++)
			total += each[i].packets;
	free(each);
	return total;
}

/* What to add to CLOCK_MONOTONIC to have the time of day. */
static double realtime_offset(void)
{
	struct timespec before, real, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &after);
	return (real.tv_sec - before.tv_sec) * 1e9 + real.tv_nsec - (before.tv_nsec + after.tv_nsec) / 2.0 -
	       (after.tv_sec - before.tv_sec) * 5e8;
}

struct flow_clock slots_clock(struct reader *reader)
{
	uint32_t zero = 0;
	struct flow_clock now = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run);

	if (!bpf_prog_test_run_opts(reader->clock_program_fd, &run))
		bpf_map_lookup_elem(reader->clock_fd, &zero, &now);
	return now;
}

/* The clock now; `ring_bytes` is what waited when the command began, before its drain. */
static struct flow_clock clock_of(struct reader *reader, const struct command *command)
{
	struct flow_clock now = slots_clock(reader);

	now.ring_bytes = command->ring_bytes;
	return now;
}

static bool is_live(const struct reader *reader, uint32_t slot)
{
	uint32_t generation = __atomic_load_n(&reader->slots[slot].hot.generation, __ATOMIC_ACQUIRE);

	return generation && generation != __atomic_load_n(&reader->ended[slot], __ATOMIC_ACQUIRE) &&
	       generation == __atomic_load_n(&reader->known[slot], __ATOMIC_ACQUIRE);
}

static void record_write(struct record *record, const struct reader *reader, uint32_t slot)
{
	record->key = reader->keys[slot];
	record->slot = slot;
	record->reserved = 0;
	memcpy(&record->flow, &reader->slots[slot], sizeof(record->flow));
}

static void attribute_read(struct filling *filling, uint32_t kind, int map, uint32_t key)
{
	const struct double_buffer *buffer = filling->buffer;
	uint8_t *end = buffer->data + (filling->half + 1) * buffer->half_bytes;
	struct attribute *place = (struct attribute *)end - (filling->attributes + 1);

	if (bpf_map_lookup_elem(map, &key, &place->tunnel))
		return;
	place->kind = kind;
	place->record = filling->count;
	filling->attributes++;
}

/* What is known of the record that is added next. There is room for all of it: see place_for(). */
static void attributes_read(struct filling *filling, uint32_t slot)
{
	struct reader *reader = filling->reader;
	uint32_t marks = reader->slots[slot].hot.marks;

	if (marks & FLOW_MARK_TUNNEL)
		attribute_read(filling, ATTRIBUTE_TUNNEL, reader->tunnels_fd, slot);
	for (uint32_t n = 0; n < FLOW_TRANSLATIONS; n++)
		if (marks & FLOW_MARK_TRANSLATED(n))
			attribute_read(filling, ATTRIBUTE_TRANSLATION, reader->translations_fd, slot * FLOW_TRANSLATIONS + n);
	if (marks & FLOW_MARK_EXTRAS) {
		attribute_read(filling, ATTRIBUTE_PROCESSES, reader->processes_fd, slot);
		if (reader->drops_fd >= 0)
			attribute_read(filling, ATTRIBUTE_DROPS, reader->drops_fd, slot);
	}
}

/* Room for one more record and so many attributes; NULL when the reader is stopping. */
static struct record *place_for(struct filling *filling, uint32_t attributes)
{
	if (filling->half >= 0 && filling_is_full(filling, attributes))
		filling_deliver(filling);
	return filling_place(filling);
}

/* A live flow's record; false when the reader is stopping. A flow that is ended meanwhile is left out: its slot may be another's. */
static bool record_add(struct filling *filling, uint32_t slot, bool attributes)
{
	struct record *record = place_for(filling, attributes ? MOST_ATTRIBUTES : 0);
	uint32_t before = filling->attributes;

	if (!record)
		return false;
	record_write(record, filling->reader, slot);
	if (attributes)
		attributes_read(filling, slot);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (is_live(filling->reader, slot))
		filling_added(filling);
	else
		filling->attributes = before;
	return true;
}

/* A final record, with what is known of the flow by its slot: afterwards the slot is another's. */
static bool final_add(struct filling *filling, uint32_t slot)
{
	struct record *record = place_for(filling, MOST_ATTRIBUTES);

	if (!record)
		return false;
	attributes_read(filling, slot);
	record_write(record, filling->reader, slot);
	filling_added(filling);
	return true;
}

static bool has_changed(const struct flow_hot *hot, uint32_t since)
{
	for (int direction = 0; direction < 2; direction++)
		if (hot->hook[direction] && (int32_t)(hot->last_jiffies[direction] - since) >= 0)
			return true;
	return false;
}

void slots_scan(struct reader *reader, const struct command *command)
{
	struct filling filling = { .reader = reader, .buffer = &reader->records, .kind = BATCH_RECORDS,
				   .command = command->id, .element = sizeof(struct record), .half = -1 };
	struct batch done = { .kind = BATCH_DONE, .command = command->id, .clock = clock_of(reader, command),
			      .realtime_offset_ns = realtime_offset() };
	uint32_t fresh = __atomic_load_n(&reader->allocator->fresh, __ATOMIC_ACQUIRE);
	uint64_t lost = ring_full(reader);

	if (lost != reader->ring_full_seen || !reader->options.events) {
		done.error = keys_recover(reader);
		if (!done.error)
			reader->ring_full_seen = lost;
	}
	if (fresh > reader->options.capacity)
		fresh = reader->options.capacity;
	for (uint32_t slot = 0; slot < fresh; slot++) {
		if (!is_live(reader, slot))
			continue;
		if (command->changed_since && !has_changed(&reader->slots[slot].hot, command->changed_since))
			continue;
		if (!record_add(&filling, slot, command->attributes))
			return;
	}
	filling_deliver(&filling);
	reader->deliver(reader, &done);
}

static void slot_give_back(struct reader *reader, uint32_t slot)
{
	uint32_t tail = reader->allocator->recycled_tail;

	reader->recycled[tail & reader->recycled_mask] = slot;
	__atomic_store_n(&reader->allocator->recycled_tail, tail + 1, __ATOMIC_RELEASE);
}

/* Returns when no CPU can still be adding to what it found in the hash before. */
static int grace(struct reader *reader)
{
	uint32_t zero = 0;

	return bpf_map_update_elem(reader->grace_fd, &zero, &reader->grace_inner_fd, BPF_ANY) ? errno : 0;
}

/* Whether the key leads to the slot: a superseded flow's may lead to another one by now. */
static bool owns_key(struct reader *reader, uint32_t slot)
{
	struct flow_ref ref;

	return !(reader->slots[slot].hot.marks & FLOW_MARK_SUPERSEDED) ||
	       (!bpf_map_lookup_elem(reader->flows_fd, &reader->keys[slot], &ref) && ref.slot == slot);
}

/*
 * Out of the hash first, so that no packet finds the slot any more; then a grace period, after which no CPU that had
 * found it before is still adding; then the final read; then the slot may be used again. Nothing is lost between.
 * A CPU that had found it may also have given it another key meanwhile: such a key goes too, and grace is waited again.
 */
void slots_end(struct reader *reader, const struct command *command)
{
	struct filling filling = { .reader = reader, .buffer = &reader->finals, .kind = BATCH_FINALS,
				   .command = command->id, .element = sizeof(struct record), .half = -1 };
	struct batch done = { .kind = BATCH_DONE, .command = command->id };
	struct flow_key *keys = malloc((command->count + 1) * sizeof(*keys));
	uint32_t *slots = malloc((command->count + 1) * sizeof(*slots));
	uint32_t count = 0, owned = 0;

	if (!keys || !slots)
		done.error = ENOMEM;
	for (uint32_t i = 0; !done.error && i < command->count; i++) {
		uint32_t slot = command->slots[i];

		if (slot >= reader->options.capacity || !is_live(reader, slot))
			continue;
		/* A slot named twice is ended once, and a scan leaves it out from here on. */
		__atomic_store_n(&reader->ended[slot], reader->known[slot], __ATOMIC_RELEASE);
		if (owns_key(reader, slot))
			keys[owned++] = reader->keys[slot];
		slots[count++] = slot;
	}
	if (!done.error && count) {
		done.error = keys_delete(reader, keys, owned);
		translations_end(reader, slots, count);
	}
	if (!done.error && count)
		done.error = grace(reader);
	while (!done.error && translations_end(reader, slots, count))
		done.error = grace(reader);
	for (uint32_t i = 0; !done.error && i < count; i++) {
		if (!final_add(&filling, slots[i]))
			break;
		translations_free(reader, &slots[i], 1);
		if (reader->slots[slots[i]].hot.marks & FLOW_MARK_TUNNEL)
			bpf_map_delete_elem(reader->tunnels_fd, &slots[i]);
		if (reader->slots[slots[i]].hot.marks & FLOW_MARK_EXTRAS) {
			bpf_map_delete_elem(reader->processes_fd, &slots[i]);
			bpf_map_delete_elem(reader->drops_fd, &slots[i]);
		}
		slot_give_back(reader, slots[i]);
	}
	/* Nothing was given back: the flows live on, and can be ended again. */
	for (uint32_t i = 0; done.error && i < count; i++)
		reader->ended[slots[i]] = 0;
	free(keys);
	free(slots);
	filling_deliver(&filling);
	done.clock = clock_of(reader, command);
	done.realtime_offset_ns = realtime_offset();
	reader->deliver(reader, &done);
}
