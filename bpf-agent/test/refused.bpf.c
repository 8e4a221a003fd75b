// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The flow program with one that no verifier accepts: it reads a packet without looking at its end. */
#include "../kernel/flow.bpf.c"

SEC("tc")
int reads_anywhere(struct __sk_buff *skb)
{
	return *(__u8 *)(long)skb->data;
}
