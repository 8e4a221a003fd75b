/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../kernel/layout.h"
#include "load.h"
#include "slots.h"
#include "value.h"

static int read_patterns(napi_env env, napi_value object, const char *name,
			 char patterns[MAX_PATTERNS][NAME_SIZE + 16], struct failure *failure)
{
	napi_value list, item;
	uint32_t length = 0;
	size_t bytes;

	if (napi_get_named_property(env, object, name, &list) != napi_ok ||
	    napi_get_array_length(env, list, &length) != napi_ok)
		return 0;
	if (length > MAX_PATTERNS)
		return fail(failure, "BAD_PATTERN", 0, "%s has %u patterns; at most %d are allowed", name, length,
			    MAX_PATTERNS);
	for (uint32_t i = 0; i < length; i++) {
		napi_get_element(env, list, i, &item);
		if (napi_get_value_string_utf8(env, item, NULL, 0, &bytes) != napi_ok || bytes >= NAME_SIZE + 16)
			return fail(failure, "BAD_PATTERN", 0, "%s[%u] is no pattern of at most %d characters", name, i,
				    NAME_SIZE + 15);
		napi_get_value_string_utf8(env, item, patterns[i], NAME_SIZE + 16, &bytes);
	}
	return (int)length;
}

int options_read(napi_env env, napi_value object, struct options *options, struct failure *failure)
{
	if (!get_string(env, object, "object", options->object, sizeof(options->object)))
		return fail(failure, "BAD_OBJECT", 0, "options.object is not the path of a BPF object");
	get_string(env, object, "netns", options->netns, sizeof(options->netns));
	get_string(env, object, "processes", options->processes, sizeof(options->processes));
	get_string(env, object, "drops", options->drops, sizeof(options->drops));
	get_string(env, object, "cgroup", options->cgroup, sizeof(options->cgroup));
	options->includes = read_patterns(env, object, "include", options->include, failure);
	options->excludes = read_patterns(env, object, "exclude", options->exclude, failure);
	if (options->includes < 0 || options->excludes < 0)
		return -1;
	options->capacity = (uint32_t)get_number(env, object, "capacity", FLOW_DEFAULT_CAPACITY);
	options->ring_bytes = (uint32_t)get_number(env, object, "ringBytes", FLOW_DEFAULT_RING);
	options->drain_ms = (uint32_t)get_number(env, object, "drainMs", 100);
	options->netlink_bytes = (uint32_t)get_number(env, object, "netlinkBytes", 4 << 20);
	options->attach = get_bool(env, object, "attach", true);
	options->tcx = get_bool(env, object, "tcx", true);
	options->handover = get_bool(env, object, "handover", true);
	options->events = get_bool(env, object, "events", true);
	options->batch = get_bool(env, object, "batch", true);
	options->conntrack = get_bool(env, object, "conntrack", true);
	return 0;
}

int options_constants(struct bpf_object *object, void *context, struct failure *failure)
{
	const struct configuration *configuration = context;
	napi_env env = configuration->env;
	napi_value constants, names, name, value;
	uint32_t count = 0;
	char buffer[64];
	size_t length;
	double constant;

	if (napi_get_named_property(env, configuration->options, "constants", &constants) != napi_ok ||
	    napi_get_property_names(env, constants, &names) != napi_ok)
		return 0;
	napi_get_array_length(env, names, &count);
	for (uint32_t i = 0; i < count; i++) {
		napi_get_element(env, names, i, &name);
		napi_get_value_string_utf8(env, name, buffer, sizeof(buffer), &length);
		napi_get_property(env, constants, name, &value);
		if (napi_get_value_double(env, value, &constant) != napi_ok)
			return fail(failure, "UNKNOWN_CONSTANT", 0, "constant %s is not a number", buffer);
		if (constant_set(object, buffer, (uint64_t)constant, failure))
			return -1;
	}
	return 0;
}

static int entry_write(napi_env env, napi_value entry, struct bpf_object *object, struct failure *failure)
{
	napi_value name, key, value;
	char map_name[32] = "";
	size_t length, key_bytes, value_bytes;
	const void *key_data, *value_data;
	struct bpf_map *map;

	napi_get_element(env, entry, 0, &name);
	napi_get_element(env, entry, 1, &key);
	napi_get_element(env, entry, 2, &value);
	napi_get_value_string_utf8(env, name, map_name, sizeof(map_name), &length);
	key_data = bytes_of(env, key, &key_bytes);
	value_data = bytes_of(env, value, &value_bytes);
	map = bpf_object__find_map_by_name(object, map_name);
	if (!map || !key_data || key_bytes != bpf_map__key_size(map) ||
	    (value_data && value_bytes != bpf_map__value_size(map)))
		return fail(failure, "BAD_ENTRY", 0, "map \"%s\" has no such key and value sizes", map_name);
	if (value_data ? bpf_map_update_elem(bpf_map__fd(map), key_data, value_data, BPF_ANY) :
			 bpf_map_delete_elem(bpf_map__fd(map), key_data) && errno != ENOENT)
		return fail(failure, "BAD_ENTRY", errno, "map \"%s\" refused an entry", map_name);
	return 0;
}

int entries_write(napi_env env, napi_value entries, struct bpf_object *object, struct failure *failure)
{
	napi_value entry;
	uint32_t count = 0;

	if (napi_get_array_length(env, entries, &count) != napi_ok)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		napi_get_element(env, entries, i, &entry);
		if (entry_write(env, entry, object, failure))
			return -1;
	}
	return 0;
}

int options_entries(const struct configuration *configuration, struct bpf_object *object, struct failure *failure)
{
	napi_value entries;

	if (napi_get_named_property(configuration->env, configuration->options, "entries", &entries) != napi_ok)
		return 0;
	return entries_write(configuration->env, entries, object, failure);
}

/* What of the layout BTF does not say: the addon's own record, and the kernel's tick. */
napi_value layout(napi_env env, napi_callback_info info)
{
	static const struct {
		const char *name;
		size_t value;
	} facts[] = {
		{ "record", sizeof(struct record) },
		{ "record.slot", offsetof(struct record, slot) },
		{ "record.flow", offsetof(struct record, flow) },
		{ "attribute", sizeof(struct attribute) },
		{ "attribute.value", offsetof(struct attribute, tunnel) },
	};
	napi_value result;
	struct timespec tick = { 0 };

	(void)info;
	napi_create_object(env, &result);
	/* The coarse clock advances by the kernel's tick. */
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	set(env, result, "tickNs", number(env, tick.tv_nsec));
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		set(env, result, facts[i].name, number(env, (double)facts[i].value));
	return result;
}
