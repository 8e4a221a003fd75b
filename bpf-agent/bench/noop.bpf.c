// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The least a TC program can do: what every flow program's cost is divided by. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int noop(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
