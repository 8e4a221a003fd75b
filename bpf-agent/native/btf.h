/* SPDX-License-Identifier: Apache-2.0 */
/* Where members of the kernel's structs lie, by its BTF: what CO-RE does, without relocations in the object. */
#ifndef SKOPOS_BTF_H
#define SKOPOS_BTF_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <node_api.h>

#include "failure.h"

/* The id of a struct, or a negative errno. */
int32_t struct_find(const struct btf *btf, const char *name);

/* Where `path` (names with dots between) lies in the struct, in bytes; -1 when the kernel has no such member. `size`, if
 * not NULL, becomes that of the member, or of one element where it is an array. */
int32_t offset_of(const struct btf *btf, int32_t id, const char *path, int32_t *size);

/* One load-time constant. */
struct constant {
	const char *name;
	int32_t value;
};
int constants_set(struct bpf_object *object, const struct constant *constants, size_t count, struct failure *failure);

napi_value enum_names(napi_env env, napi_callback_info info);

#endif
