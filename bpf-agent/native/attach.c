/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the two programs on an interface: TCX links (kernel 6.6), else clsact filters. First on the hook, so that every
 * packet is seen; returning TC_ACT_UNSPEC, so that whatever follows decides.
 */
#include "attach.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "instance.h"
#include "netlink.h"
#include "reader.h"

/* From linux/bpf.h of 6.6; older headers and libbpf 1.1 have no name for them. */
#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define MPROG_BEFORE (1U << 3)

/* The first place, and the one behind it where a filter of another kind has the first. */
#define FIRST_PRIORITY 1
#define SECOND_PRIORITY 2

/* So often an attachment puts its filter back before another program's. */
#define MOST_OVERTAKEN 8

static const char behind_another[] = "a filter of another kind comes first and may hide packets";
static const char behind_tcx[] = "until its TCX links are made, another TCX program comes first and may hide packets";
static const char overtaken[] = "another program keeps putting its filter first, which may hide packets";
static const char no_egress[] =
	"an ingress qdisc stands where clsact would: on this kernel what leaves cannot be watched beside it";

/* The tail of bpf_attr.link_create with the members that TCX added. */
struct link_create {
	uint32_t prog_fd, target_ifindex, attach_type, flags;
	uint32_t relative_fd, padding;
	uint64_t expected_revision;
};

/* bpf_attr.query with TCX's members. */
struct program_query {
	uint32_t target_ifindex, attach_type, query_flags, attach_flags;
	uint64_t prog_ids;
	uint32_t count, padding;
	uint64_t prog_attach_flags, link_ids, link_attach_flags, revision;
};

/* bpf_link_info of a TCX link. */
struct link_info {
	uint32_t type, id, prog_id, padding;
	uint32_t ifindex, attach_type;
	uint8_t more[128];
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

/* TCX programs of others run before any filter, and may let no packet on to it. */
static bool is_occupied(uint32_t ifindex)
{
	for (int egress = 0; egress < 2; egress++) {
		struct program_query query = { .target_ifindex = ifindex,
					       .attach_type = egress ? TCX_EGRESS : TCX_INGRESS };

		if (!syscall(__NR_bpf, BPF_PROG_QUERY, &query, sizeof(query)) && query.count)
			return true;
	}
	return false;
}

static bool link_is_gone(int link_fd)
{
	struct link_info info = { 0 };
	uint32_t size = sizeof(info);

	return !bpf_obj_get_info_by_fd(link_fd, &info, &size) && !info.ifindex;
}

static int filter_put(const struct reader *reader, struct attachment *attachment, bool egress, int program_fd,
		      uint32_t priority)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = attachment->ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program_fd, .handle = instance_handle(reader->instance),
		    .priority = priority, .flags = BPF_TC_F_REPLACE);
	int error = bpf_tc_attach(&hook, &opts);

	if (!error)
		attachment->filter[egress] = priority;
	return error;
}

static int filter_add(const struct reader *reader, struct attachment *attachment, bool egress, int program_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = attachment->ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return error;
	if (error && egress && netlink_qdisc(attachment->ifindex) == QDISC_INGRESS) {
		attachment->problem = no_egress;
		return 0;
	}
	error = filter_put(reader, attachment, egress, program_fd, FIRST_PRIORITY);
	if (error == -ENODEV)
		return error;
	if (error) {
		error = filter_put(reader, attachment, egress, program_fd, SECOND_PRIORITY);
		if (!error)
			attachment->problem = behind_another;
	}
	return error;
}

static void filter_remove(uint32_t ifindex, bool egress, uint32_t handle, uint32_t priority)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = priority);

	bpf_tc_detach(&hook, &opts);
}

static bool filter_is_gone(const struct reader *reader, const struct attachment *attachment, bool egress)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = attachment->ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = instance_handle(reader->instance),
		    .priority = attachment->filter[egress]);
	int error = bpf_tc_query(&hook, &opts);

	/* EINVAL: there is no clsact qdisc any more. */
	return error == -ENOENT || error == -EINVAL;
}

/*
 * The newest BPF filter of a priority runs first. Whoever adds one after ours may end the chain before it, so ours is added again;
 * but two programs that both insist would do so for ever.
 */
static bool filter_is_overtaken(struct attachment *attachment, bool egress)
{
	uint32_t first = netlink_first_filter(attachment->ifindex, egress, attachment->filter[egress]);

	if (!first || is_instance_handle(first))
		return false;
	if (attachment->overtaken == MOST_OVERTAKEN) {
		attachment->problem = overtaken;
		return false;
	}
	attachment->overtaken++;
	return true;
}

/* One hook of an attachment. */
static int hook_open(struct reader *reader, struct attachment *attachment, bool egress)
{
	int program_fd = reader->program_fd[egress][attachment->kind], error = -EINVAL;

	if (reader->options.tcx && attachment->kind != PROGRAM_EARLY) {
		attachment->link_fd[egress] = tcx_link(program_fd, attachment->ifindex, egress);
		error = attachment->link_fd[egress] < 0 ? -errno : 0;
	}
	/* EINVAL: the kernel has no TCX, or it is switched off. */
	return error == -EINVAL ? filter_add(reader, attachment, egress, program_fd) : error;
}

/*
 * A TCX link waits for an RCU grace period under the kernel's rtnl lock, some 10 ms and more for each hook; a clsact
 * filter does not. So an interface begins with filters, and links follow when nothing else is waiting for the lock.
 */
int attach_open(struct reader *reader, uint32_t ifindex, bool no_link_header, struct attachment *attachment)
{
	*attachment = (struct attachment){ .ifindex = ifindex, .link_fd = { -1, -1 },
					   .kind = no_link_header ? PROGRAM_NO_LINK : PROGRAM_LINK };
	if (reader->options.tcx && reader->options.handover && attachment->kind == PROGRAM_LINK &&
	    netlink_qdisc(ifindex) != QDISC_INGRESS) {
		attachment->kind = PROGRAM_EARLY;
		attachment->early = true;
		if (is_occupied(ifindex))
			attachment->problem = behind_tcx;
	}
	for (int egress = 0; egress < 2; egress++) {
		int error = hook_open(reader, attachment, egress);

		if (error) {
			attach_close(reader, attachment, true);
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

void attach_retire(struct reader *reader, struct attachment *attachment)
{
	for (int egress = 0; egress < 2; egress++)
		if (attachment->filter[egress])
			filter_remove(attachment->ifindex, egress, instance_handle(reader->instance),
				      attachment->filter[egress]);
	attachment->filter[0] = attachment->filter[1] = 0;
	attachment->problem = NULL;
}

static bool is_gone(struct reader *reader, struct attachment *attachment, bool egress)
{
	if (attachment->link_fd[egress] >= 0)
		return link_is_gone(attachment->link_fd[egress]);
	return attachment->filter[egress] && filter_is_gone(reader, attachment, egress);
}

int attach_repair(struct reader *reader, struct attachment *attachment)
{
	const char *problem = attachment->problem;
	int error = 0;
	bool repaired = false;

	for (int egress = 0; egress < 2 && !error; egress++) {
		bool link = attachment->link_fd[egress] >= 0;

		if (!is_gone(reader, attachment, egress)) {
			if (link || !attachment->filter[egress] || !filter_is_overtaken(attachment, egress))
				continue;
			filter_remove(attachment->ifindex, egress, instance_handle(reader->instance),
				      attachment->filter[egress]);
		}
		if (link)
			close(attachment->link_fd[egress]);
		attachment->link_fd[egress] = -1;
		attachment->filter[egress] = 0;
		error = hook_open(reader, attachment, egress);
		repaired = true;
	}
	return error ? error : repaired || problem != attachment->problem;
}

/* The clsact qdisc stays: removing it would take the filters of others with it. */
void attach_close(struct reader *reader, struct attachment *attachment, bool interface_exists)
{
	for (int egress = 0; egress < 2; egress++) {
		if (attachment->link_fd[egress] >= 0)
			close(attachment->link_fd[egress]);
		attachment->link_fd[egress] = -1;
	}
	if (interface_exists)
		attach_retire(reader, attachment);
}

void attach_sweep(struct reader *reader, uint32_t ifindex)
{
	if (netlink_qdisc(ifindex) != QDISC_CLSACT)
		return;
	for (int other = 0; other < INSTANCES; other++)
		if (reader->dead_instances & 1u << other)
			for (int egress = 0; egress < 2; egress++)
				for (uint32_t priority = FIRST_PRIORITY; priority <= SECOND_PRIORITY; priority++)
					filter_remove(ifindex, egress, instance_handle(other), priority);
}
