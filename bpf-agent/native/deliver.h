/* SPDX-License-Identifier: Apache-2.0 */
/* From the reader's threads to JavaScript's. */
#ifndef SKOPOS_DELIVER_H
#define SKOPOS_DELIVER_H

#include <node_api.h>

#include "reader.h"

/* A reader and what it holds of JavaScript's. */
struct session {
	struct reader reader;
	napi_env env;
	napi_threadsafe_function callback;
	napi_ref buffers[3];
	bool closed;                  /* or being closed */
	bool closing;                 /* `closer` runs, or has run and was not joined */
	pthread_t closer;
};

/* Keeps the shared buffers of events, records and final records alive and the callback callable until deliver_stop(). */
int deliver_start(napi_env env, struct session *session, const napi_value *buffers, napi_value callback,
		  struct failure *failure);
void deliver_stop(struct session *session);

#endif
