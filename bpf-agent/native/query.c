/* SPDX-License-Identifier: Apache-2.0 */
/* What JavaScript's thread reads from the kernel by itself: counters, attributes by slot, drops, what does not run. */
#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "value.h"

struct session *session_of(napi_env env, napi_value value)
{
	struct session *session = NULL;

	if (napi_get_value_external(env, value, (void **)&session) != napi_ok || !session || session->closed) {
		napi_throw_error(env, "CLOSED", "the reader is closed");
		return NULL;
	}
	return session;
}

/* counters(reader, Float64Array of FLOW_CAUSES pairs): packets and bytes by cause, summed over CPUs */
napi_value reader_counters(napi_env env, napi_callback_info info)
{
	napi_value arguments[2];
	size_t count = 2, bytes;
	struct session *session;
	int cpus = libbpf_num_possible_cpus();
	struct flow_counter *each;
	double *into;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	session = session_of(env, arguments[0]);
	if (!session)
		return NULL;
	into = bytes_of(env, arguments[1], &bytes);
	each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	for (uint32_t cause = 0; each && into && cause < FLOW_CAUSES && (cause + 1) * 16 <= bytes; cause++) {
		into[2 * cause] = into[2 * cause + 1] = 0;
		if (bpf_map_lookup_elem(session->reader.counters_fd, &cause, each))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++) {
			into[2 * cause] += each[cpu].packets;
			into[2 * cause + 1] += each[cpu].bytes;
		}
	}
	free(each);
	return NULL;
}

/* waits(reader): how often both halves were taken, of events, records and final records */
napi_value reader_waits(napi_env env, napi_callback_info info)
{
	napi_value argument, result;
	size_t count = 1;
	struct session *session;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	session = session_of(env, argument);
	if (!session)
		return NULL;
	napi_create_array_with_length(env, 3, &result);
	napi_set_element(env, result, 0, number(env, (double)double_buffer_waits(&session->reader.events)));
	napi_set_element(env, result, 1, number(env, (double)double_buffer_waits(&session->reader.records)));
	napi_set_element(env, result, 2, number(env, (double)double_buffer_waits(&session->reader.finals)));
	return result;
}

/* Reads `each` elements a slot from a hash by slot; zeros where there is none. */
static void attributes_read(napi_env env, napi_value keys, napi_value values, int map, uint32_t each, size_t size)
{
	size_t slot_bytes, into_bytes;
	const uint32_t *slots = bytes_of(env, keys, &slot_bytes);
	uint8_t *into = bytes_of(env, values, &into_bytes);

	for (size_t i = 0; slots && into && i < slot_bytes / 4 * each && (i + 1) * size <= into_bytes; i++) {
		uint32_t key = slots[i / each] * each + i % each;

		if (bpf_map_lookup_elem(map, &key, into + i * size))
			memset(into + i * size, 0, size);
	}
}

/* attributes(reader, map, slots: Uint32Array, into: Uint8Array): the map's elements of each slot, one after another */
napi_value reader_attributes(napi_env env, napi_callback_info info)
{
	napi_value arguments[4];
	size_t count = 4, length;
	char name[16] = "";
	struct session *session;
	const struct reader *reader;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	session = session_of(env, arguments[0]);
	if (!session)
		return NULL;
	reader = &session->reader;
	const struct {
		const char *name;
		int map;
		uint32_t each;
		size_t size;
	} kinds[] = {
		{ "tunnels", reader->tunnels_fd, 1, sizeof(struct flow_tunnel) },
		{ "translations", reader->translations_fd, FLOW_TRANSLATIONS, sizeof(struct flow_translation) },
		{ "processes", reader->processes_fd, 1, sizeof(struct flow_processes) },
		{ "drops", reader->drops_fd, 1, sizeof(struct flow_drops) },
	};

	napi_get_value_string_utf8(env, arguments[1], name, sizeof(name), &length);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name))
			attributes_read(env, arguments[2], arguments[3], kinds[i].map, kinds[i].each, kinds[i].size);
	return NULL;
}

/* dropReasons(reader): [code, packets, bytes] by reason, summed over CPUs, one after another */
napi_value drop_reasons(napi_env env, napi_callback_info info)
{
	napi_value argument, result;
	size_t count = 1;
	struct session *session;
	int cpus = libbpf_num_possible_cpus();
	struct flow_counter *each;
	uint32_t code, *previous = NULL, last, at = 0;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	session = session_of(env, argument);
	if (!session)
		return NULL;
	napi_create_array(env, &result);
	each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	while (each && !bpf_map_get_next_key(session->reader.drop_reasons_fd, previous, &code)) {
		double packets = 0, bytes = 0;

		if (!bpf_map_lookup_elem(session->reader.drop_reasons_fd, &code, each))
			for (int cpu = 0; cpu < cpus; cpu++) {
				packets += each[cpu].packets;
				bytes += each[cpu].bytes;
			}
		napi_set_element(env, result, at++, number(env, code));
		napi_set_element(env, result, at++, number(env, packets));
		napi_set_element(env, result, at++, number(env, bytes));
		last = code;
		previous = &last;
	}
	free(each);
	return result;
}

/* missing(reader): what does not run and why, by name */
napi_value reader_missing(napi_env env, napi_callback_info info)
{
	napi_value argument, result;
	size_t count = 1;
	struct session *session;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	session = session_of(env, argument);
	if (!session)
		return NULL;
	napi_create_object(env, &result);
	if (*session->reader.untranslated)
		set(env, result, "conntrack", string(env, session->reader.untranslated));
	if (*session->reader.processes.missing)
		set(env, result, "processes", string(env, session->reader.processes.missing));
	if (*session->reader.drops.missing)
		set(env, result, "drops", string(env, session->reader.drops.missing));
	return result;
}
