/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this kernel keeps a packet's conntrack entry: read from its BTF in /sys/kernel/btf, which anybody may read, and
 * set as constants of the flow program. The module's BTF is asked too, where conntrack is no part of the kernel itself.
 */
#include "reader.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static int32_t struct_find(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
}

/* Where `path` (names with dots between) lies in the struct, in bytes; -1 when the kernel has no such member. `size`, if
 * not NULL, becomes that of the member, or of one element where it is an array. */
static int32_t offset_of(const struct btf *btf, int32_t id, const char *path, int32_t *size)
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

/* kernel/conntrack.h has the tuple as a struct of its own. */
static bool tuple_is_as_expected(const struct btf *btf)
{
	static const struct {
		const char *path;
		int32_t offset;
	} expected[] = { { "src.u3", 0 }, { "src.u", 16 }, { "src.l3num", 18 },
			 { "dst.u3", 20 }, { "dst.u", 36 }, { "dst.protonum", 38 } };
	int32_t tuple = struct_find(btf, "nf_conntrack_tuple");

	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		if (offset_of(btf, tuple, expected[i].path, NULL) != expected[i].offset)
			return false;
	return true;
}

static const char *learn(const struct btf *kernel, const struct btf *conntrack, int32_t entry,
			 struct conntrack_offsets *offsets)
{
	int32_t stride = 0;

	offsets->entry = offset_of(kernel, struct_find(kernel, "sk_buff"), "_nfct", NULL);
	offsets->status = offset_of(conntrack, entry, "status", NULL);
	offsets->tuples[0] = offset_of(conntrack, entry, "tuplehash.tuple", NULL);
	if (offset_of(conntrack, entry, "tuplehash", &stride) < 0 || stride <= 0 || offsets->entry < 0 ||
	    offsets->status < 0 || offsets->tuples[0] < 0 || btf__pointer_size(kernel) != sizeof(uint64_t) ||
	    !tuple_is_as_expected(conntrack))
		return "this kernel's connection tracking has another layout than the flow program knows";
	offsets->tuples[1] = offsets->tuples[0] + stride;
	return NULL;
}

const char *conntrack_learn(struct conntrack_offsets *offsets)
{
	struct btf *kernel = btf__load_vmlinux_btf(), *module = NULL;
	const struct btf *conntrack = kernel;
	const char *problem;
	int32_t entry;

	if (!kernel)
		return "the kernel has no type information (/sys/kernel/btf/vmlinux)";
	entry = struct_find(kernel, "nf_conn");
	if (entry < 0) {
		conntrack = module = btf__load_module_btf("nf_conntrack", kernel);
		entry = module ? struct_find(module, "nf_conn") : -1;
	}
	problem = entry < 0 ? "connection tracking is not loaded (/sys/kernel/btf/nf_conntrack)" :
			      learn(kernel, conntrack, entry, offsets);
	btf__free(module);
	btf__free(kernel);
	return problem;
}

int conntrack_configure(struct bpf_object *object, const struct conntrack_offsets *offsets, struct failure *failure)
{
	const struct {
		const char *name;
		int32_t value;
	} constants[] = { { "skb_conntrack_offset", offsets->entry },
			  { "conntrack_status_offset", offsets->status },
			  { "conntrack_original_offset", offsets->tuples[0] },
			  { "conntrack_reply_offset", offsets->tuples[1] } };

	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		if (constant_set(object, constants[i].name, constants[i].value, failure))
			return -1;
	return 0;
}
