/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the two programs on an interface: TCX links (kernel 6.6), else clsact filters. First on the hook, so that every
 * packet is seen; returning TC_ACT_UNSPEC, so that whatever follows decides.
 */
#include "attach.h"

#include "reader.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/bpf.h of 6.6; older headers and libbpf 1.1 have no name for them. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define MPROG_BEFORE (1U << 3)

/* Ours among the filters of an interface: what a killed predecessor left there is replaced, not doubled. */
#define FILTER_HANDLE 0x5c0
#define FILTER_PRIORITY 1

/* The tail of bpf_attr.link_create with the members that TCX added. */
struct link_create {
	uint32_t prog_fd, target_ifindex, attach_type, flags;
	uint32_t relative_fd, padding;
	uint64_t expected_revision;
};

static int tcx_link(int program_fd, uint32_t ifindex, bool egress)
{
	struct link_create create = {
		.prog_fd = program_fd,
		.target_ifindex = ifindex,
		.attach_type = egress ? TCX_EGRESS : TCX_INGRESS,
		.flags = MPROG_BEFORE,
	};

	return syscall(__NR_bpf, BPF_LINK_CREATE, &create, sizeof(create));
}

static int filter_add(int program_fd, uint32_t ifindex, bool egress)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program_fd, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .flags = BPF_TC_F_REPLACE);
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return error;
	return bpf_tc_attach(&hook, &opts);
}

static void filter_remove(uint32_t ifindex, bool egress)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	bpf_tc_detach(&hook, &opts);
}

/* One hook of an attachment that is not early. */
static int hook_open(struct reader *reader, struct attachment *attachment, bool egress, enum program_kind kind)
{
	int program_fd = reader->program_fd[egress][kind], error = -EINVAL;

	if (reader->options.tcx && kind != PROGRAM_EARLY) {
		attachment->link_fd[egress] = tcx_link(program_fd, attachment->ifindex, egress);
		error = attachment->link_fd[egress] < 0 ? -errno : 0;
	}
	/* EINVAL: the kernel has no TCX, or it is switched off. */
	if (error == -EINVAL) {
		error = filter_add(program_fd, attachment->ifindex, egress);
		attachment->filter[egress] = !error;
	}
	return error;
}

/*
 * A TCX link waits for an RCU grace period under the kernel's rtnl lock, some 10 ms and more for each hook; a clsact
 * filter does not. So an interface begins with filters, and links follow when nothing else is waiting for the lock.
 */
int attach_open(struct reader *reader, uint32_t ifindex, bool no_link_header, struct attachment *attachment)
{
	enum program_kind kind = no_link_header ? PROGRAM_NO_LINK : PROGRAM_LINK;

	*attachment = (struct attachment){ .ifindex = ifindex, .link_fd = { -1, -1 } };
	if (reader->options.tcx && reader->options.handover && kind == PROGRAM_LINK) {
		kind = PROGRAM_EARLY;
		attachment->early = true;
	}
	for (int egress = 0; egress < 2; egress++) {
		int error = hook_open(reader, attachment, egress, kind);

		if (error) {
			attach_close(attachment, true);
			return -error;
		}
	}
	return 0;
}

int attach_hand_over(struct reader *reader, struct attachment *attachment)
{
	bool egress = attachment->link_fd[0] >= 0;

	attachment->link_fd[egress] =
		tcx_link(reader->program_fd[egress][PROGRAM_LINK], attachment->ifindex, egress);
	if (attachment->link_fd[egress] < 0)
		return errno;
	attachment->early = !egress;
	return 0;
}

void attach_retire(struct attachment *attachment)
{
	for (int egress = 0; egress < 2; egress++)
		if (attachment->filter[egress])
			filter_remove(attachment->ifindex, egress);
	attachment->filter[0] = attachment->filter[1] = false;
}

/* The clsact qdisc stays: removing it would take the filters of others with it. */
void attach_close(struct attachment *attachment, bool interface_exists)
{
	for (int egress = 0; egress < 2; egress++) {
		if (attachment->link_fd[egress] >= 0)
			close(attachment->link_fd[egress]);
		attachment->link_fd[egress] = -1;
	}
	if (interface_exists)
		attach_retire(attachment);
}
