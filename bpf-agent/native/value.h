/* SPDX-License-Identifier: Apache-2.0 */
/* Short forms of the Node-API calls the addon makes over and over. */
#ifndef SKOPOS_VALUE_H
#define SKOPOS_VALUE_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>

#include "failure.h"

/* Throws a JavaScript Error with `code` and returns NULL. */
napi_value throw_failure(napi_env env, const struct failure *failure);

napi_value number(napi_env env, double value);
napi_value string(napi_env env, const char *value);
void set(napi_env env, napi_value object, const char *name, napi_value value);
/* Undefined properties come as the fallback. */
double get_number(napi_env env, napi_value object, const char *name, double fallback);
bool get_bool(napi_env env, napi_value object, const char *name, bool fallback);
/* Returns false when absent or not a string that fits. */
bool get_string(napi_env env, napi_value object, const char *name, char *buffer, size_t size);
/* The bytes of a typed array; NULL when the value is none. */
void *bytes_of(napi_env env, napi_value value, size_t *length);

#endif
