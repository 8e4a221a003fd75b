/* SPDX-License-Identifier: Apache-2.0 */
#include "btf.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>

#include "load.h"
#include "value.h"

/* A member, or an element of an array member, by its path. */
struct member {
	int32_t offset; /* bytes from the path's beginning */
	uint32_t type;
};

static const struct btf_type *resolve(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *type = btf__type_by_id(btf, *id);

	while (btf_is_mod(type) || btf_is_typedef(type)) {
		*id = type->type;
		type = btf__type_by_id(btf, *id);
	}
	return type;
}

/* Looks for a direct member, also inside anonymous structs and unions. */
static bool member_find(const struct btf *btf, uint32_t id, const char *name, struct member *found)
{
	const struct btf_type *type = resolve(btf, &id);
	const struct btf_member *member;

	if (!btf_is_composite(type))
		return false;
	member = btf_members(type);
	for (uint32_t i = 0; i < btf_vlen(type); i++, member++) {
		const char *called = btf__name_by_offset(btf, member->name_off);
		uint32_t bits = btf_member_bit_offset(type, i);

		found->type = member->type;
		if (!strcmp(called, name)) {
			found->offset += bits / 8;
			return bits % 8 == 0;
		}
		if (!*called && member_find(btf, member->type, name, found)) {
			found->offset += bits / 8;
			return true;
		}
	}
	return false;
}

int32_t struct_find(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
}

int32_t offset_of(const struct btf *btf, int32_t id, const char *path, int32_t *size)
{
	struct member at = { .type = id };
	char names[64], *rest = names, *name;

	if (id < 0 || snprintf(names, sizeof(names), "%s", path) >= (int)sizeof(names))
		return -1;
	while ((name = strsep(&rest, "."))) {
		const struct btf_type *type = resolve(btf, &at.type);
		struct member in = { 0 };

		if (btf_is_array(type))
			at.type = btf_array(type)->type;
		if (!member_find(btf, at.type, name, &in))
			return -1;
		at.offset += in.offset;
		at.type = in.type;
	}
	if (size) {
		const struct btf_type *type = resolve(btf, &at.type);

		*size = btf__resolve_size(btf, btf_is_array(type) ? btf_array(type)->type : at.type);
	}
	return at.offset;
}

int constants_set(struct bpf_object *object, const struct constant *constants, size_t count, struct failure *failure)
{
	for (size_t i = 0; i < count; i++)
		if (constant_set(object, constants[i].name, constants[i].value, failure))
			return -1;
	return 0;
}

/* enumNames(name): an object from number to name, of an enum of the kernel's; empty where it has none. */
napi_value enum_names(napi_env env, napi_callback_info info)
{
	napi_value argument, result;
	size_t count = 1, length;
	char name[64] = "", number[16];
	struct btf *kernel = btf__load_vmlinux_btf();
	int32_t id;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	napi_get_value_string_utf8(env, argument, name, sizeof(name), &length);
	napi_create_object(env, &result);
	id = kernel ? btf__find_by_name_kind(kernel, name, BTF_KIND_ENUM) : -1;
	if (id >= 0) {
		const struct btf_type *type = btf__type_by_id(kernel, id);
		const struct btf_enum *member = btf_enum(type);

		for (uint32_t i = 0; i < btf_vlen(type); i++, member++) {
			snprintf(number, sizeof(number), "%u", (uint32_t)member->val);
			set(env, result, number, string(env, btf__name_by_offset(kernel, member->name_off)));
		}
	}
	btf__free(kernel);
	return result;
}
