// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts what the kernel drops and why, in every network namespace, by the tracepoint skb:kfree_skb (its reason is there
 * since 5.17). Where the packet shows a flow, that flow's drops are counted too: IPv4 and IPv6 without extensions, with
 * ports, outermost header.
 */
#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_helpers.h>
#include "find.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32); /* enum skb_drop_reason; a subsystem's own above 0xffff */
	__type(value, struct flow_counter);
} drop_reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32); /* slot */
	__type(value, struct flow_drops);
} drops SEC(".maps");

/* Members of struct sk_buff, by the kernel's BTF. */
const volatile __u32 skb_head_offset = 0;
const volatile __u32 skb_len_offset = 0;
const volatile __u32 skb_network_header_offset = 0;

static __always_inline void count_reason(__u32 reason, __u32 bytes)
{
	struct flow_counter first = { .packets = 1, .bytes = bytes }, *counter;

	counter = bpf_map_lookup_elem(&drop_reasons, &reason);
	if (counter) {
		counter->packets += 1;
		counter->bytes += bytes;
	} else {
		bpf_map_update_elem(&drop_reasons, &reason, &first, BPF_NOEXIST);
	}
}

static __always_inline int key_v4_at(void *at, struct flow_key *key, __u32 *bytes)
{
	struct iphdr ip;
	__be16 ports[2];

	if (bpf_probe_read_kernel(&ip, sizeof(ip), at) || ip.ihl < 5 || ip.frag_off & bpf_htons(0x1fff) ||
	    !has_ports(ip.protocol) || bpf_probe_read_kernel(ports, sizeof(ports), at + ip.ihl * 4))
		return 0;
	key_v4(key, ip.saddr, ip.daddr, ports[0], ports[1], ip.protocol);
	*bytes = bpf_ntohs(ip.tot_len);
	return 1;
}

static __always_inline int key_v6_at(void *at, struct flow_key *key, __u32 *bytes)
{
	struct flow_address source, destination;
	struct ipv6hdr ip;
	__be16 ports[2];

	if (bpf_probe_read_kernel(&ip, sizeof(ip), at) || !has_ports(ip.nexthdr) ||
	    bpf_probe_read_kernel(ports, sizeof(ports), at + sizeof(ip)))
		return 0;
	__builtin_memcpy(&source, &ip.saddr, sizeof(source));
	__builtin_memcpy(&destination, &ip.daddr, sizeof(destination));
	key_v6(key, &source, &destination, ports[0], ports[1], ip.nexthdr);
	*bytes = bpf_ntohs(ip.payload_len) + sizeof(ip);
	return 1;
}

static __always_inline void count_flow(const struct flow_key *key, __u32 reason, __u32 bytes)
{
	struct flow_drops *found, first = { .packets = 1, .bytes = bytes, .reason = reason };
	__u32 index = 0, bits = 0;
	struct flow_slot *slot = slot_of(key, &index, &bits);

	if (!slot)
		return;
	first.generation = slot->hot.generation;
	__sync_fetch_and_or(&slot->hot.marks, FLOW_MARK_EXTRAS);
	if (!bpf_map_update_elem(&drops, &index, &first, BPF_NOEXIST))
		return;
	found = bpf_map_lookup_elem(&drops, &index);
	if (!found) {
		count(FLOW_EXTRAS_FULL, bytes);
		return;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, bytes);
	found->reason = reason;
}

SEC("raw_tp/kfree_skb")
int flow_drop(struct bpf_raw_tracepoint_args *context)
{
	void *skb = (void *)context->args[0], *head = 0;
	__u32 reason = context->args[2], length = 0, bytes = 0;
	struct flow_key key;
	__u16 network = 0;
	__u8 version = 0;

	bpf_probe_read_kernel(&length, sizeof(length), skb + skb_len_offset);
	count_reason(reason, length);
	if (bpf_probe_read_kernel(&head, sizeof(head), skb + skb_head_offset) ||
	    bpf_probe_read_kernel(&network, sizeof(network), skb + skb_network_header_offset) || !network ||
	    bpf_probe_read_kernel(&version, sizeof(version), head + network))
		return 0;
	if (version >> 4 == 4 ? key_v4_at(head + network, &key, &bytes) :
				version >> 4 == 6 && key_v6_at(head + network, &key, &bytes))
		count_flow(&key, reason, bytes);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
