/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this kernel keeps a packet's conntrack entry: read from its BTF in /sys/kernel/btf, which anybody may read, and
 * set as constants of the flow program. The module's BTF is asked too, where conntrack is no part of the kernel itself.
 */
#include "conntrack.h"

#include "btf.h"

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
	offsets->inner = offset_of(kernel, struct_find(kernel, "sk_buff"), "inner_network_header", NULL);
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
	const struct constant constants[] = { { "skb_conntrack_offset", offsets->entry },
					      { "skb_inner_offset", offsets->inner < 0 ? 0 : offsets->inner },
					      { "conntrack_status_offset", offsets->status },
					      { "conntrack_original_offset", offsets->tuples[0] },
					      { "conntrack_reply_offset", offsets->tuples[1] } };

	return constants_set(object, constants, sizeof(constants) / sizeof(*constants), failure);
}
