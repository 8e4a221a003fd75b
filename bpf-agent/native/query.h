/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_QUERY_H
#define SKOPOS_QUERY_H

#include "deliver.h"

/* The session behind an external value, or NULL (with an exception pending) when it was closed. */
struct session *session_of(napi_env env, napi_value value);

napi_value reader_counters(napi_env env, napi_callback_info info);
napi_value reader_waits(napi_env env, napi_callback_info info);
napi_value reader_attributes(napi_env env, napi_callback_info info);
napi_value reader_missing(napi_env env, napi_callback_info info);
napi_value drop_reasons(napi_env env, napi_callback_info info);

#endif
