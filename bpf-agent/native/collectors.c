/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is off unless asked for: process names and drop reasons. Each is an object of its own that shares the flow
 * program's maps. One that cannot run leaves its reason, and the rest runs without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "btf.h"
#include "load.h"
#include "reader.h"

/* Opens an object whose maps are those of the flow program where they have the same name. */
static struct bpf_object *open_sharing(struct reader *reader, const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *map, *shared;

	if (!object)
		return NULL;
	bpf_object__for_each_map(map, object) {
		shared = bpf_object__find_map_by_name(reader->object, bpf_map__name(map));
		if (shared && bpf_map__reuse_fd(map, bpf_map__fd(shared))) {
			bpf_object__close(object);
			return NULL;
		}
	}
	return object;
}

static void stays_off(struct collector *collector, const char *why, int error)
{
	bpf_link__destroy(collector->link);
	bpf_object__close(collector->object);
	collector->link = NULL;
	collector->object = NULL;
	snprintf(collector->missing, sizeof(collector->missing), "%s%s%s", why, error ? ": " : "",
		 error ? strerror(error) : "");
}

static bool is_cgroup2(const char *path)
{
	struct statfs about;

	return !statfs(path, &about) && about.f_type == CGROUP2_SUPER_MAGIC;
}

/* The root of the unified hierarchy: as told, or where systemd mounts it, alone or beside version 1. */
static int cgroup_open(const char *told)
{
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

	if (*told)
		return is_cgroup2(told) ? open(told, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (is_cgroup2(usual[i]))
			return open(usual[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return -1;
}

static void processes_start(struct reader *reader)
{
	struct collector *collector = &reader->processes;
	int cgroup = cgroup_open(reader->options.cgroup), error;

	if (cgroup < 0) {
		stays_off(collector, "no cgroup v2 hierarchy is mounted there: mount it, or name its root as `cgroup`", 0);
		return;
	}
	collector->object = open_sharing(reader, reader->options.processes);
	error = collector->object ? -bpf_object__load(collector->object) : errno;
	if (error) {
		stays_off(collector, "the kernel refused the program on sockets", error);
	} else {
		struct bpf_program *program = bpf_object__find_program_by_name(collector->object, "flow_socket");

		collector->link = bpf_program__attach_cgroup(program, cgroup);
		if (!collector->link)
			stays_off(collector, "the program on sockets cannot be attached to the cgroup", errno);
	}
	close(cgroup);
}

/* Where sk_buff has what the drop program reads. */
static int drops_configure(struct bpf_object *object)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	int32_t skb = kernel ? struct_find(kernel, "sk_buff") : -1;
	const struct constant constants[] = {
		{ "skb_head_offset", kernel ? offset_of(kernel, skb, "head", NULL) : -1 },
		{ "skb_len_offset", kernel ? offset_of(kernel, skb, "len", NULL) : -1 },
		{ "skb_network_header_offset", kernel ? offset_of(kernel, skb, "network_header", NULL) : -1 },
	};
	struct failure ignored;
	bool known = true;

	btf__free(kernel);
	for (size_t i = 0; i < 3; i++)
		known = known && constants[i].value >= 0;
	return known ? constants_set(object, constants, 3, &ignored) : -1;
}

static void drops_start(struct reader *reader)
{
	struct collector *collector = &reader->drops;
	struct bpf_program *program;
	int error;

	collector->object = open_sharing(reader, reader->options.drops);
	if (!collector->object) {
		stays_off(collector, "the drop program cannot be opened", errno);
		return;
	}
	if (drops_configure(collector->object)) {
		stays_off(collector, "the kernel has no type information (/sys/kernel/btf/vmlinux)", 0);
		return;
	}
	error = -bpf_object__load(collector->object);
	if (error) {
		stays_off(collector, "the kernel refused the drop program", error);
		return;
	}
	program = bpf_object__find_program_by_name(collector->object, "flow_drop");
	collector->link = bpf_program__attach_raw_tracepoint(program, "kfree_skb");
	if (!collector->link) {
		stays_off(collector, "the tracepoint skb:kfree_skb gives no reason (before 5.17) or is refused", errno);
		return;
	}
	reader->drops_fd = map_fd(collector->object, "drops");
	reader->drop_reasons_fd = map_fd(collector->object, "drop_reasons");
}

void collectors_start(struct reader *reader)
{
	reader->drops_fd = reader->drop_reasons_fd = -1;
	if (*reader->options.processes)
		processes_start(reader);
	if (*reader->options.drops)
		drops_start(reader);
}

void collectors_stop(struct reader *reader)
{
	struct collector *const all[] = { &reader->processes, &reader->drops };

	for (size_t i = 0; i < 2; i++) {
		bpf_link__destroy(all[i]->link);
		bpf_object__close(all[i]->object);
		all[i]->link = NULL;
		all[i]->object = NULL;
	}
}
