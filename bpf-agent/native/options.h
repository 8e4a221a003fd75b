/* SPDX-License-Identifier: Apache-2.0 */
/* The options object of open(), and the layout the TypeScript side is checked against. */
#ifndef SKOPOS_OPTIONS_H
#define SKOPOS_OPTIONS_H

#include <node_api.h>
#include <stdarg.h>

#include "reader.h"

struct configuration {
	napi_env env;
	napi_value options;
};

int options_read(napi_env env, napi_value object, struct options *options, struct failure *failure);

/* Sets options.constants in the object; reader_load() calls it before loading. The context is a configuration. */
int options_constants(struct bpf_object *object, void *context, struct failure *failure);

/* Writes options.entries, [map, key, value] each, into the loaded maps: the filter, before anything is attached. */
int options_entries(const struct configuration *configuration, struct bpf_object *object, struct failure *failure);

/* libbpf's warnings go to standard error when SKOPOS_LIBBPF_LOG is set; errors reach the caller as exceptions. */
int options_log(enum libbpf_print_level level, const char *format, va_list arguments);

napi_value layout(napi_env env, napi_callback_info info);

#endif
