/* SPDX-License-Identifier: Apache-2.0 */
/* The options object of open(), and the layout the TypeScript side is checked against. */
#ifndef SKOPOS_OPTIONS_H
#define SKOPOS_OPTIONS_H

#include <bpf/libbpf.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

#define MAX_PATTERNS 64
#define NAME_SIZE 16

/* What the reader runs with: the checked and resolved options of open(). */
struct options {
	char object[4096];
	char netns[4096];             /* path, or "" for the process's own */
	char processes[4096];         /* path of the object, or "" when not wanted */
	char drops[4096];             /* likewise */
	char cgroup[4096];            /* root of cgroup v2, or "" for the usual places */
	char include[MAX_PATTERNS][NAME_SIZE + 16];
	char exclude[MAX_PATTERNS][NAME_SIZE + 16];
	int includes, excludes;
	uint32_t capacity;            /* flows */
	uint32_t ring_bytes;          /* a power of two */
	uint32_t drain_ms;
	uint32_t netlink_bytes;       /* of messages about interfaces that may wait */
	bool attach;                  /* false: load only */
	bool tcx;                     /* false: clsact even where TCX is there */
	bool handover;                /* begin with clsact, go over to TCX when interfaces are quiet */
	bool events;                  /* the program announces new flows */
	bool batch;                   /* false: no BPF_MAP_*_BATCH calls */
	bool conntrack;               /* false: connection tracking is not asked */
};

struct configuration {
	napi_env env;
	napi_value options;
};

int options_read(napi_env env, napi_value object, struct options *options, struct failure *failure);

/* Sets options.constants in the object; reader_load() calls it before loading. The context is a configuration. */
int options_constants(struct bpf_object *object, void *context, struct failure *failure);

/* Writes options.entries, [map, key, value] each, into the loaded maps: the filter, before anything is attached. */
int options_entries(const struct configuration *configuration, struct bpf_object *object, struct failure *failure);

/* Writes [map, key, value] each; without a value the key is deleted. */
int entries_write(napi_env env, napi_value entries, struct bpf_object *object, struct failure *failure);

napi_value layout(napi_env env, napi_callback_info info);

#endif
