/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_LOAD_H
#define SKOPOS_LOAD_H

#include <bpf/libbpf.h>
#include <stdint.h>

#include "failure.h"
#include "options.h"

struct reader;

/* Called between opening and loading: sets constants. */
typedef int (*configure_call)(struct bpf_object *object, void *context, struct failure *failure);
int reader_load(struct reader *reader, const struct options *options, configure_call configure, void *context,
		struct failure *failure);
void reader_unload(struct reader *reader);
int constant_set(struct bpf_object *object, const char *name, uint64_t value, struct failure *failure);
int map_fd(struct bpf_object *object, const char *name);

#endif
