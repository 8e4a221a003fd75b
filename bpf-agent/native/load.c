/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the BPF object, sizes its maps, sets its constants, loads it and maps the shared memory. */
#include "load.h"

#include "conntrack.h"
#include "log.h"
#include "reader.h"
#include "slots.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int map_fd(struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

/* Where .rodata holds the constant, by the object's own BTF. */
static void *constant_find(struct bpf_object *object, const char *name, size_t *size)
{
	struct bpf_map *map = NULL;
	const struct btf *btf = bpf_object__btf(object);
	int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *type;
	const struct btf_var_secinfo *variable;
	size_t bytes;
	uint8_t *values = NULL;

	bpf_object__for_each_map(map, object) {
		const char *map_name = bpf_map__name(map);
		size_t length = strlen(map_name);

		if (length >= 7 && !strcmp(map_name + length - 7, ".rodata"))
			values = (uint8_t *)bpf_map__initial_value(map, &bytes);
	}
	if (section < 0 || !values)
		return NULL;
	type = btf__type_by_id(btf, section);
	variable = btf_var_secinfos(type);
	for (int i = 0; i < btf_vlen(type); i++, variable++) {
		const struct btf_type *declared = btf__type_by_id(btf, variable->type);

		if (!strcmp(btf__name_by_offset(btf, declared->name_off), name)) {
			*size = variable->size;
			return values + variable->offset;
		}
	}
	return NULL;
}

int constant_set(struct bpf_object *object, const char *name, uint64_t value, struct failure *failure)
{
	size_t size;
	void *place = constant_find(object, name, &size);

	if (!place || size > sizeof(value))
		return fail(failure, "UNKNOWN_CONSTANT", 0, "the BPF object has no scalar constant \"%s\"", name);
	/* Little end first on every machine: copy the low bytes. */
	for (size_t i = 0; i < size; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		((uint8_t *)place)[i] = value >> (8 * i);
#else
		((uint8_t *)place)[size - 1 - i] = value >> (8 * i);
#endif
	return 0;
}

static int map_resize(struct reader *reader, const char *name, uint32_t entries, struct failure *failure)
{
	struct bpf_map *map = bpf_object__find_map_by_name(reader->object, name);

	if (!map)
		return fail(failure, "BAD_OBJECT", 0, "no map %s in the BPF object", name);
	if (bpf_map__set_max_entries(map, entries))
		return fail(failure, "BAD_CAPACITY", errno, "map %s cannot have a size of %u", name, entries);
	return 0;
}

static int resize(struct reader *reader, struct failure *failure)
{
	const struct options *options = &reader->options;

	reader->recycled_mask = 1;
	while (reader->recycled_mask < options->capacity)
		reader->recycled_mask = reader->recycled_mask << 1 | 1;
	if (map_resize(reader, "flows", options->capacity, failure) ||
	    map_resize(reader, "slots", options->capacity, failure) ||
	    map_resize(reader, "recycled", reader->recycled_mask + 1, failure) ||
	    map_resize(reader, "events", options->ring_bytes, failure) ||
	    (!*options->processes && map_resize(reader, "processes", 1, failure)))
		return -1;
	/* Attached nowhere, it counts whatever is put through the programs. */
	if (constant_set(reader->object, "check_tunnels", options->attach, failure) ||
	    (!options->attach && constant_set(reader->object, "every_role",
					      FLOW_COUNT_INGRESS | FLOW_COUNT_EGRESS | FLOW_COVERED | FLOW_UNDERLAY, failure)) ||
	    constant_set(reader->object, "track_processes", *options->processes != 0, failure) ||
	    constant_set(reader->object, "recycled_mask", reader->recycled_mask, failure))
		return -1;
	return constant_set(reader->object, "ring_wakeup_bytes", options->ring_bytes / 8, failure);
}

static void *map_shared(struct reader *reader, const char *name, size_t bytes, int protection)
{
	void *place = mmap(NULL, bytes, protection, MAP_SHARED, map_fd(reader->object, name), 0);

	return place == MAP_FAILED ? NULL : place;
}

static size_t pages(size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

/* The program's only variable, which .bss therefore begins with. */
static uint8_t *map_roles(struct reader *reader)
{
	struct bpf_map *map;
	void *place;

	bpf_object__for_each_map(map, reader->object) {
		const char *name = bpf_map__name(map);

		if (strlen(name) < 4 || strcmp(name + strlen(name) - 4, ".bss") || bpf_map__value_size(map) < FLOW_INTERFACES)
			continue;
		place = mmap(NULL, FLOW_INTERFACES, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
		return place == MAP_FAILED ? NULL : place;
	}
	return NULL;
}

static int map_memory(struct reader *reader, struct failure *failure)
{
	uint32_t capacity = reader->options.capacity;

	reader->slots_bytes = pages((size_t)capacity * sizeof(struct flow_slot));
	reader->recycled_bytes = pages(((size_t)reader->recycled_mask + 1) * sizeof(*reader->recycled));
	reader->allocator_bytes = pages(sizeof(struct flow_allocator));
	reader->slots = map_shared(reader, "slots", reader->slots_bytes, PROT_READ);
	reader->recycled = map_shared(reader, "recycled", reader->recycled_bytes, PROT_READ | PROT_WRITE);
	reader->allocator = map_shared(reader, "allocator", reader->allocator_bytes, PROT_READ | PROT_WRITE);
	reader->roles = map_roles(reader);
	if (!reader->slots || !reader->recycled || !reader->allocator || !reader->roles)
		return fail(failure, "MMAP_FAILED", errno, "the flow maps cannot be mapped into memory");
	reader->keys = calloc(capacity, sizeof(*reader->keys));
	reader->known = calloc(capacity, sizeof(*reader->known));
	reader->ended = calloc(capacity, sizeof(*reader->ended));
	if (!reader->keys || !reader->known || !reader->ended)
		return fail(failure, "OUT_OF_MEMORY", ENOMEM, "no memory for %u flows", capacity);
	return 0;
}

/* Replacing an element of a map of maps returns only when no BPF program can still be using the old one
 * (maybe_wait_bpf_programs in the kernel's syscall.c): that is the grace period after which a slot is final. */
static int make_grace(struct reader *reader, struct failure *failure)
{
	reader->grace_inner_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "flow_grace_in", 4, 4, 1, NULL);
	if (reader->grace_inner_fd >= 0) {
		LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = reader->grace_inner_fd);

		reader->grace_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "flow_grace", 4, 4, 1, &opts);
	}
	if (reader->grace_fd < 0)
		return fail(failure, "LOAD_FAILED", errno, "the map of maps used as a grace period cannot be made");
	return 0;
}

static int find_programs(struct reader *reader, struct failure *failure)
{
	static const char *const names[2][3] = { { "flow_ingress", "flow_ingress_l3", "flow_ingress_early" },
						 { "flow_egress", "flow_egress_l3", "flow_egress_early" } };
	struct bpf_program *program;

	for (int egress = 0; egress < 2; egress++) {
		for (int kind = 0; kind < 3; kind++) {
			program = bpf_object__find_program_by_name(reader->object, names[egress][kind]);
			if (!program)
				return fail(failure, "BAD_OBJECT", 0, "no program %s in the BPF object",
					    names[egress][kind]);
			reader->program_fd[egress][kind] = bpf_program__fd(program);
		}
	}
	program = bpf_object__find_program_by_name(reader->object, "flow_clock");
	if (!program)
		return fail(failure, "BAD_OBJECT", 0, "no program flow_clock in the BPF object");
	reader->clock_program_fd = bpf_program__fd(program);
	return 0;
}

/* Opens, configures and loads the object; `conntrack` is NULL where it is not to be asked. Returns 0, -1 for a failure, or
 * the kernel's refusal as a positive errno. */
static int load(struct reader *reader, configure_call configure, void *context,
		const struct conntrack_offsets *conntrack, struct failure *failure)
{
	reader->object = bpf_object__open_file(reader->options.object, NULL);
	if (!reader->object)
		return fail(failure, "BAD_OBJECT", errno, "%s cannot be opened", reader->options.object);
	if (resize(reader, failure) || configure(reader->object, context, failure) ||
	    (conntrack && conntrack_configure(reader->object, conntrack, failure)))
		return -1;
	return -bpf_object__load(reader->object);
}

/* With connection tracking where it can be asked, else without, and the reason kept. */
static int load_either_way(struct reader *reader, configure_call configure, void *context, struct failure *failure)
{
	struct conntrack_offsets offsets;
	const char *problem = reader->options.conntrack ? conntrack_learn(&offsets) : "switched off";
	int error;

	if (!problem) {
		error = load(reader, configure, context, &offsets, failure);
		if (error <= 0 || error == EPERM)
			return error;
		bpf_object__close(reader->object);
		problem = "the kernel refuses a flow program that reads its memory";
	}
	snprintf(reader->untranslated, sizeof(reader->untranslated), "%s", problem);
	return load(reader, configure, context, NULL, failure);
}

int reader_load(struct reader *reader, const struct options *options, configure_call configure, void *context,
		struct failure *failure)
{
	int error;

	reader->options = *options;
	error = load_either_way(reader, configure, context, failure);
	if (error < 0)
		return -1;
	if (error == EPERM)
		return fail(failure, "NO_PRIVILEGE", EPERM,
			    "the kernel refused the flow program: it needs the capabilities BPF, PERFMON and NET_ADMIN");
	if (error)
		return fail(failure, "LOAD_FAILED", 0, "the kernel refused the flow program: %s; its verifier says:\n%s",
			    strerror(error), log_end());
	reader->flows_fd = map_fd(reader->object, "flows");
	reader->tunnels_fd = map_fd(reader->object, "tunnels");
	reader->translations_fd = map_fd(reader->object, "translations");
	reader->processes_fd = map_fd(reader->object, "processes");
	reader->counters_fd = map_fd(reader->object, "counters");
	reader->clock_fd = map_fd(reader->object, "clock");
	reader->shared_roles_fd = map_fd(reader->object, "shared_roles");
	reader->tunnel_ids_fd = map_fd(reader->object, "tunnel_ids");
	collectors_start(reader);
	if (find_programs(reader, failure) || make_grace(reader, failure) || map_memory(reader, failure))
		return -1;
	reader->ring = ring_buffer__new(map_fd(reader->object, "events"), event_received, reader, NULL);
	if (!reader->ring)
		return fail(failure, "MMAP_FAILED", errno, "the event ring cannot be mapped into memory");
	return 0;
}

void reader_unload(struct reader *reader)
{
	collectors_stop(reader);
	ring_buffer__free(reader->ring);
	if (reader->slots)
		munmap((void *)reader->slots, reader->slots_bytes);
	if (reader->recycled)
		munmap(reader->recycled, reader->recycled_bytes);
	if (reader->allocator)
		munmap(reader->allocator, reader->allocator_bytes);
	if (reader->roles)
		munmap(reader->roles, FLOW_INTERFACES);
	if (reader->grace_fd >= 0)
		close(reader->grace_fd);
	if (reader->grace_inner_fd >= 0)
		close(reader->grace_inner_fd);
	bpf_object__close(reader->object);
	free(reader->keys);
	free(reader->known);
	free(reader->ended);
	reader->ring = NULL;
	reader->object = NULL;
	reader->slots = NULL;
	reader->recycled = NULL;
	reader->allocator = NULL;
	reader->roles = NULL;
	reader->keys = NULL;
	reader->known = reader->ended = NULL;
}
