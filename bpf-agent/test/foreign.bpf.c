// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Somebody else's filter: drops UDP over IPv4 to port 9999 and passes the rest, ending the hook's chain. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int foreign(struct __sk_buff *skb)
{
	__be16 port;

	if (bpf_skb_load_bytes(skb, 36, &port, sizeof(port)))
		return TC_ACT_OK;
	return port == bpf_htons(9999) ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
