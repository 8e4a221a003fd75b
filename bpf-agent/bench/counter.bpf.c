// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The least that counts by flow, written as plainly as flow agents write it: a 5-tuple key of 38 bytes, one hash look-up, two atomic
 * additions and the time. A miss costs one insertion and one event. No normalised direction, no options or extension headers, no
 * tunnels, no TCP state, no latency, no NAT, no filter, and nothing that keeps a packet from being counted twice.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct key {
	__u8 source[16];
	__u8 destination[16];
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 version;
} __attribute__((packed));

struct value {
	__u64 packets;
	__u64 bytes;
	__u64 first_ns;
	__u64 last_ns;
	__u32 ifindex;
};

struct event {
	struct key key;
	struct value value;
};

/* As many flows as the flow program's default, preallocated as its own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct key);
	__type(value, struct value);
} counted SEC(".maps");

/* Nobody reads it: it holds what a run of the benchmark emits. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} created SEC(".maps");

static __always_inline int parse(struct __sk_buff *skb, struct key *key, __u64 *bytes)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end, *l4;
	struct ethhdr *ethernet = data;
	__be16 *ports;

	if ((void *)(ethernet + 1) > end)
		return 0;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(ethernet + 1);

		if ((void *)(ip + 1) > end)
			return 0;
		__builtin_memcpy(key->source + 12, &ip->saddr, 4);
		__builtin_memcpy(key->destination + 12, &ip->daddr, 4);
		key->protocol = ip->protocol;
		key->version = 4;
		*bytes = bpf_ntohs(ip->tot_len);
		l4 = ip + 1;
	} else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(ethernet + 1);

		if ((void *)(ip + 1) > end)
			return 0;
		__builtin_memcpy(key->source, &ip->saddr, 16);
		__builtin_memcpy(key->destination, &ip->daddr, 16);
		key->protocol = ip->nexthdr;
		key->version = 6;
		*bytes = bpf_ntohs(ip->payload_len) + sizeof(*ip);
		l4 = ip + 1;
	} else {
		return 0;
	}
	if (key->protocol == IPPROTO_TCP || key->protocol == IPPROTO_UDP) {
		ports = l4;
		if ((void *)(ports + 2) > end)
			return 0;
		key->source_port = ports[0];
		key->destination_port = ports[1];
	}
	return 1;
}

SEC("tc")
int counter(struct __sk_buff *skb)
{
	__u64 bytes = 0, now = bpf_ktime_get_ns();
	struct event *event;
	struct value *found;
	struct key key = {};

	if (!parse(skb, &key, &bytes))
		return TC_ACT_UNSPEC;
	found = bpf_map_lookup_elem(&counted, &key);
	if (!found) {
		struct value first = { .packets = 1, .bytes = bytes, .first_ns = now, .last_ns = now, .ifindex = skb->ifindex };

		if (!bpf_map_update_elem(&counted, &key, &first, BPF_NOEXIST)) {
			event = bpf_ringbuf_reserve(&created, sizeof(*event), 0);
			if (event) {
				event->key = key;
				event->value = first;
				bpf_ringbuf_submit(event, 0);
			}
			return TC_ACT_UNSPEC;
		}
		found = bpf_map_lookup_elem(&counted, &key);
		if (!found)
			return TC_ACT_UNSPEC;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, bytes);
	found->last_ns = now;
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
