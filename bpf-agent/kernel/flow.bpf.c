// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The flow programs: TC classifiers (clsact) and TCX programs alike. They look, count, and always say TC_ACT_UNSPEC, so
 * that whatever else is on the hook decides.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "create.h"
#include "fast.h"
#include "walk.h"

#define INGRESS 0
#define EGRESS 1

static __always_inline int flow(struct __sk_buff *skb, const __u32 hook, const __u32 link)
{
	struct packet packet = {}; /* whole: kernels before 6.3 take no half-written stack as an argument */
	struct flow_slot *slot;
	__u32 me = skb->ifindex << 1 | hook, index, fingerprint;
	int result = TAKE_WALK;

	if (fast_path)
		result = fast_parse(skb, &packet, link);
	if (unlikely(result != PARSED)) {
		result = walk(skb, &packet, link);
		if (result != PARSED) {
			count(result, skb->len);
			return TC_ACT_UNSPEC;
		}
	}
	fingerprint = key_fingerprint(&packet.key);
	slot = flow_find(&packet, fingerprint, &index);
	if (unlikely(!slot)) {
		if (flow_create(skb, &packet, me) != ALREADY_THERE)
			return TC_ACT_UNSPEC;
		slot = flow_find(&packet, fingerprint, &index);
		if (!slot) {
			count(FLOW_CONTENDED, packet.bytes);
			return TC_ACT_UNSPEC;
		}
	}
	flow_account(skb, slot, index, &packet, me);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int flow_ingress(struct __sk_buff *skb)
{
	return flow(skb, INGRESS, ETH_HLEN);
}

SEC("tc")
int flow_egress(struct __sk_buff *skb)
{
	return flow(skb, EGRESS, ETH_HLEN);
}

/* For devices whose packets begin with the IP header: tun, WireGuard, ipip, gre, sit. */
SEC("tc")
int flow_ingress_l3(struct __sk_buff *skb)
{
	return flow(skb, INGRESS, 0);
}

SEC("tc")
int flow_egress_l3(struct __sk_buff *skb)
{
	return flow(skb, EGRESS, 0);
}

/* As clsact filters, until TCX links take over. */
SEC("tc")
int flow_ingress_early(struct __sk_buff *skb)
{
	return flow(skb, INGRESS | FLOW_OBSERVER_EARLY, ETH_HLEN);
}

SEC("tc")
int flow_egress_early(struct __sk_buff *skb)
{
	return flow(skb, EGRESS | FLOW_OBSERVER_EARLY, ETH_HLEN);
}

/* Run by the reader through BPF_PROG_TEST_RUN, never attached. */
SEC("tc")
int flow_clock(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct flow_clock *now = bpf_map_lookup_elem(&clock, &zero);

	if (now) {
		now->jiffies = bpf_jiffies64();
		now->monotonic_ns = bpf_ktime_get_ns();
	}
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
