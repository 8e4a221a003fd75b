// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Notes which process makes a socket. Attached to the root of the cgroup v2 hierarchy, beside whatever else is there. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps.h"

SEC("cgroup/sock_create")
int flow_socket(struct bpf_sock *socket)
{
	struct flow_process *process = bpf_sk_storage_get(&sockets, socket, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (process) {
		process->cgroup = bpf_get_current_cgroup_id();
		process->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(process->name, sizeof(process->name));
	}
	return 1; /* allowed */
}

char _license[] SEC("license") = "Dual BSD/GPL";
