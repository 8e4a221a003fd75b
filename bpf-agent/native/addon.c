/* SPDX-License-Identifier: Apache-2.0 */
/* The addon's surface: src/native.ts types it and says what each call does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"
#include "deliver.h"
#include "flows.h"
#include "links.h"
#include "load.h"
#include "log.h"
#include "options.h"
#include "query.h"
#include "slots.h"
#include "value.h"

static void session_end(struct session *session)
{
	links_stop(&session->reader);
	flows_stop(&session->reader);
	reader_unload(&session->reader);
}

/* Detaching waits for the kernel, some 10 ms an interface: not on JavaScript's thread. */
static void *closer_run(void *context)
{
	struct session *session = context;
	struct batch closed = { .kind = BATCH_CLOSED };

	session_end(session);
	session->reader.deliver(&session->reader, &closed);
	return NULL;
}

/* Where JavaScript's thread ends, or opening failed: everything is closed afterwards. */
static void session_close(void *context)
{
	struct session *session = context;

	if (!session->closed)
		session_end(session);
	session->closed = true;
	deliver_stop(session);
}

static void session_free(napi_env env, void *data, void *hint)
{
	struct session *session = data;

	(void)hint;
	napi_remove_env_cleanup_hook(env, session_close, session);
	session_close(session);
	pthread_mutex_destroy(&session->reader.lock);
	double_buffer_destroy(&session->reader.events);
	double_buffer_destroy(&session->reader.records);
	double_buffer_destroy(&session->reader.finals);
	pthread_mutex_destroy(&session->reader.drain_lock);
	free(session);
}

/* open(options, eventBuffer, recordBuffer, finalBuffer, onBatch) */
static napi_value reader_open(napi_env env, napi_callback_info info)
{
	napi_value arguments[5], external;
	size_t count = 5;
	struct failure failure = { 0 };
	struct options *options = calloc(1, sizeof(*options));
	struct session *session = calloc(1, sizeof(*session));
	struct configuration configuration = { .env = env };

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	configuration.options = arguments[0];
	if (!options || !session) {
		fail(&failure, "OUT_OF_MEMORY", ENOMEM, "no memory for a reader");
		goto failed;
	}
	pthread_mutex_init(&session->reader.lock, NULL);
	double_buffer_init(&session->reader.events);
	double_buffer_init(&session->reader.records);
	double_buffer_init(&session->reader.finals);
	pthread_mutex_init(&session->reader.drain_lock, NULL);
	slots_init(&session->reader);
	session->reader.flows_wake = session->reader.links_wake = session->reader.netlink = session->reader.instance_fd = -1;
	session->reader.grace_fd = session->reader.grace_inner_fd = -1;
	if (options_read(env, arguments[0], options, &failure) ||
	    deliver_start(env, session, arguments + 1, arguments[4], &failure) ||
	    reader_load(&session->reader, options, options_constants, &configuration, &failure) ||
	    options_entries(&configuration, session->reader.object, &failure) ||
	    flows_start(&session->reader, &failure) ||
	    (options->attach && links_start(&session->reader, &failure)))
		goto failed;
	free(options);
	napi_create_external(env, session, session_free, NULL, &external);
	napi_add_env_cleanup_hook(env, session_close, session);
	return external;
failed:
	if (session)
		session_close(session);
	free(options);
	free(session);
	return throw_failure(env, &failure);
}

/* close(reader): a BATCH_CLOSED follows */
static napi_value reader_close(napi_env env, napi_callback_info info)
{
	napi_value argument;
	size_t count = 1;
	struct session *session = NULL;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	if (napi_get_value_external(env, argument, (void **)&session) != napi_ok || !session || session->closed)
		return NULL;
	session->closed = true;
	session->closing = !pthread_create(&session->closer, NULL, closer_run, session);
	if (!session->closing)
		closer_run(session);
	return NULL;
}

static void command_queue(struct session *session, enum command_kind kind, uint32_t id, uint32_t since,
			  bool attributes, const uint32_t *slots, uint32_t count)
{
	struct command *command = calloc(1, sizeof(*command) + count * sizeof(*slots));

	if (!command)
		return;
	command->kind = kind;
	command->id = id;
	command->changed_since = since;
	command->attributes = attributes;
	command->count = count;
	if (count)
		memcpy(command->slots, slots, count * sizeof(*slots));
	flows_command(&session->reader, command);
}

/* scan(reader, id, changedSince, attributes) */
static napi_value reader_scan(napi_env env, napi_callback_info info)
{
	napi_value arguments[4];
	size_t count = 4;
	uint32_t id = 0, since = 0;
	bool attributes = false;
	struct session *session;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	session = session_of(env, arguments[0]);
	if (!session)
		return NULL;
	napi_get_value_uint32(env, arguments[1], &id);
	napi_get_value_uint32(env, arguments[2], &since);
	napi_get_value_bool(env, arguments[3], &attributes);
	command_queue(session, COMMAND_SCAN, id, since, attributes, NULL, 0);
	return NULL;
}

/* end(reader, id, slots) */
static napi_value reader_end(napi_env env, napi_callback_info info)
{
	napi_value arguments[3];
	size_t count = 3, bytes;
	uint32_t id = 0;
	struct session *session;
	const uint32_t *slots;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	session = session_of(env, arguments[0]);
	if (!session)
		return NULL;
	napi_get_value_uint32(env, arguments[1], &id);
	slots = bytes_of(env, arguments[2], &bytes);
	command_queue(session, COMMAND_END, id, 0, true, slots, bytes / sizeof(*slots));
	return NULL;
}

/* drain(reader, id) */
static napi_value reader_drain(napi_env env, napi_callback_info info)
{
	napi_value arguments[2];
	size_t count = 2;
	uint32_t id = 0;
	struct session *session;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	session = session_of(env, arguments[0]);
	if (!session)
		return NULL;
	napi_get_value_uint32(env, arguments[1], &id);
	command_queue(session, COMMAND_DRAIN, id, 0, false, NULL, 0);
	return NULL;
}

/* update(reader, entries) */
static napi_value reader_update(napi_env env, napi_callback_info info)
{
	napi_value arguments[2];
	size_t count = 2;
	struct failure failure = { 0 };
	struct session *session;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	session = session_of(env, arguments[0]);
	if (session && entries_write(env, arguments[1], session->reader.object, &failure))
		return throw_failure(env, &failure);
	return NULL;
}

/* descriptors(reader): file descriptors of the programs and maps, by name */
static napi_value reader_descriptors(napi_env env, napi_callback_info info)
{
	napi_value argument, result;
	size_t count = 1;
	struct session *session;
	struct bpf_program *program;
	struct bpf_map *map;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	session = session_of(env, argument);
	if (!session)
		return NULL;
	napi_create_object(env, &result);
	bpf_object__for_each_program(program, session->reader.object)
		set(env, result, bpf_program__name(program), number(env, bpf_program__fd(program)));
	bpf_object__for_each_map(map, session->reader.object)
		set(env, result, bpf_map__name(map), number(env, bpf_map__fd(map)));
	return result;
}

NAPI_MODULE_INIT()
{
	static const struct {
		const char *name;
		napi_callback call;
	} calls[] = {
		{ "open", reader_open },       { "close", reader_close },
		{ "scan", reader_scan },       { "end", reader_end },
		{ "drain", reader_drain },     { "counters", reader_counters },
		{ "attributes", reader_attributes }, { "missing", reader_missing },
		{ "dropReasons", drop_reasons }, { "descriptors", reader_descriptors },
		{ "waits", reader_waits },     { "update", reader_update },
		{ "layout", layout },          { "enumNames", enum_names },
	};

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(log_take);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		napi_value function;

		napi_create_function(env, calls[i].name, NAPI_AUTO_LENGTH, calls[i].call, NULL, &function);
		set(env, exports, calls[i].name, function);
	}
	return exports;
}
