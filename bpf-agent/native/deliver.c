/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slots.h"
#include "value.h"

static void describe_interface(napi_env env, napi_value object, const struct batch *batch)
{
	const struct link_facts *facts = &batch->facts;
	napi_value flag;
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", facts->mac[0], facts->mac[1], facts->mac[2],
		 facts->mac[3], facts->mac[4], facts->mac[5]);
	set(env, object, "change", number(env, batch->change));
	set(env, object, "ifindex", number(env, facts->ifindex));
	set(env, object, "name", string(env, facts->name));
	set(env, object, "interfaceKind", string(env, facts->kind));
	set(env, object, "mac", string(env, mac));
	set(env, object, "master", number(env, facts->master));
	set(env, object, "link", number(env, facts->link));
	set(env, object, "tookNs", number(env, batch->took_ns));
	set(env, object, "problem", string(env, batch->problem ? batch->problem : ""));
	napi_get_boolean(env, batch->attached, &flag);
	set(env, object, "attached", flag);
	napi_get_boolean(env, batch->tcx, &flag);
	set(env, object, "tcx", flag);
}

static napi_value describe(napi_env env, const struct batch *batch)
{
	napi_value object;

	napi_create_object(env, &object);
	set(env, object, "kind", number(env, batch->kind));
	set(env, object, "command", number(env, batch->command));
	set(env, object, "offset", number(env, batch->offset));
	set(env, object, "count", number(env, batch->count));
	set(env, object, "attributes", number(env, batch->attributes));
	set(env, object, "errno", number(env, batch->error));
	if (batch->kind == BATCH_DONE) {
		set(env, object, "jiffies", number(env, batch->clock.jiffies));
		set(env, object, "monotonicNs", number(env, batch->clock.monotonic_ns));
		set(env, object, "realtimeOffsetNs", number(env, batch->realtime_offset_ns));
		set(env, object, "ringBytes", number(env, batch->clock.ring_bytes));
	} else if (batch->kind == BATCH_INTERFACE) {
		describe_interface(env, object, batch);
	}
	return object;
}

static struct double_buffer *buffer_of(struct session *session, enum batch_kind kind)
{
	return kind == BATCH_EVENTS  ? &session->reader.events :
	       kind == BATCH_RECORDS ? &session->reader.records :
				       &session->reader.finals;
}

/* On JavaScript's thread: one call a batch; the half is free again when the callback has returned. */
static void call(napi_env env, napi_value callback, void *context, void *data)
{
	struct session *session = context;
	struct batch *batch = data;
	napi_value undefined, argument;
	napi_handle_scope scope;

	if (!env) { /* the callback was released: the session may be gone too */
		free(batch);
		return;
	}
	if (!session->closed || batch->kind == BATCH_CLOSED) {
		napi_open_handle_scope(env, &scope);
		napi_get_undefined(env, &undefined);
		argument = describe(env, batch);
		/* An exception thrown by the callback is the process's uncaught exception, as in any event handler. */
		if (napi_call_function(env, undefined, callback, 1, &argument, NULL) == napi_pending_exception) {
			napi_value error;

			napi_get_and_clear_last_exception(env, &error);
			napi_fatal_exception(env, error);
		}
		napi_close_handle_scope(env, scope);
	}
	if (batch->count && !session->closed)
		double_buffer_release(buffer_of(session, batch->kind), batch->half);
	if (batch->kind == BATCH_CLOSED)
		deliver_stop(session);
	free(batch);
}

static bool deliver(struct reader *reader, const struct batch *batch)
{
	struct session *session = reader->javascript;
	struct batch *copy = malloc(sizeof(*copy));

	if (!copy)
		return false;
	*copy = *batch;
	if (napi_call_threadsafe_function(session->callback, copy, napi_tsfn_nonblocking) == napi_ok)
		return true;
	free(copy);
	return false;
}

static int hold(napi_env env, struct session *session, int index, napi_value memory, struct double_buffer *buffer,
		size_t element, struct failure *failure)
{
	size_t bytes;

	buffer->data = bytes_of(env, memory, &bytes);
	buffer->half_bytes = bytes / 2 / 8 * 8;
	if (!buffer->data || buffer->half_bytes < element)
		return fail(failure, "BAD_BUFFER", 0, "the shared buffer holds no element in each half");
	napi_create_reference(env, memory, 1, &session->buffers[index]);
	return 0;
}

int deliver_start(napi_env env, struct session *session, const napi_value *buffers, napi_value callback,
		  struct failure *failure)
{
	const size_t record_bytes = sizeof(struct record) + MOST_ATTRIBUTES * sizeof(struct attribute);
	napi_value name = string(env, "flow reader");

	session->env = env;
	session->reader.deliver = deliver;
	session->reader.javascript = session;
	if (hold(env, session, 0, buffers[0], &session->reader.events, sizeof(struct flow_event), failure) ||
	    hold(env, session, 1, buffers[1], &session->reader.records, record_bytes, failure) ||
	    hold(env, session, 2, buffers[2], &session->reader.finals, record_bytes, failure))
		return -1;
	if (napi_create_threadsafe_function(env, callback, NULL, name, 0, 1, NULL, NULL, session, call,
					    &session->callback) != napi_ok)
		return fail(failure, "THREAD_FAILED", 0, "no thread-safe callback could be made");
	return 0;
}

void deliver_stop(struct session *session)
{
	if (session->closing)
		pthread_join(session->closer, NULL);
	session->closing = false;
	if (session->callback)
		napi_release_threadsafe_function(session->callback, napi_tsfn_abort);
	session->callback = NULL;
	for (int i = 0; i < 3; i++) {
		if (session->buffers[i])
			napi_delete_reference(session->env, session->buffers[i]);
		session->buffers[i] = NULL;
	}
}
