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
#include "interfaces.h"
#include "walk.h"

#define INGRESS 0
#define EGRESS 1

/* A clsact filter and a TCX link of ours may both stand at a hook. The link's program comes first, and the packet is its. */
static __always_inline int has_run(__u32 me)
{
	__u32 zero = 0, *before = bpf_map_lookup_elem(&ran, &zero);

	if (!before || *before != me)
		return 0;
	*before = 0;
	return 1;
}

static __always_inline void note_run(__u32 me)
{
	__u32 zero = 0, *before = bpf_map_lookup_elem(&ran, &zero);

	if (before)
		*before = me;
}

/*
 * Each packet of the host counts once: where it comes in first, or where it leaves when the host itself sent it. Whatever came
 * in by an interface that counts is not counted again when it leaves.
 */
static __always_inline int counts(struct __sk_buff *skb, const __u32 hook, __u32 role)
{
	__u32 from;

	if (hook == INGRESS)
		return role & FLOW_COUNT_INGRESS;
	if (!(role & FLOW_COUNT_EGRESS))
		return 0;
	from = skb->ingress_ifindex;
	return !from || !(interface_role(from) & FLOW_COVERED);
}

/* What a GSO packet is on the wire: as many packets as it has segments, each with its headers. */
static __always_inline void packet_segment(struct __sk_buff *skb, struct packet *packet)
{
	__u32 size, segments;

	packet->packets = 1;
	/* Two segments of the smallest size there is (TCP_MIN_SND_MSS, 48 bytes) have more than so many bytes. */
	if (likely(packet->bytes <= 2 * 48))
		return;
	size = skb->gso_size;
	if (likely(!size))
		return;
	segments = skb->gso_segs;
	if (!segments) /* a virtual machine's device leaves them to be computed */
		segments = (packet->bytes - packet->headers + size - 1) / size;
	if (segments > 1) {
		packet->packets = segments;
		packet->bytes += (segments - 1) * packet->headers;
	}
}

static __always_inline void key_segment(struct __sk_buff *skb, struct packet *packet)
{
	__u32 vlan = vlan_of(packet, skb);

	/* The VNI's highest bit: no VLAN id is a VNI that anybody uses. */
	if (vlan && !packet->tunnel_depth)
		packet->key.protocol_vni |= 0x80000000u | vlan << 8;
}

/* A packet that is counted elsewhere. Behind netfilter it shows what NAT makes of its connection. */
VERIFIED_ALONE int passed(struct __sk_buff *skb, __u32 hook, __u32 link)
{
	struct scratch *memory = scratch_get();
	__u32 segments = skb->gso_segs;
	struct packet *packet;

	count_packets(FLOW_DUPLICATE, segments ? segments : 1, skb->len - (link & 0xff));
	if (hook != EGRESS || !memory || !is_translated(skb))
		return 0;
	packet = &memory->packet;
	packet->tcp_flags = 0;
	packet->tunnel_depth = 0;
	if ((!fast_path || link != ETH_HLEN || fast_parse(skb, packet, ETH_HLEN, 0) != PARSED) &&
	    walk(skb, packet, link, 0) != PARSED)
		return 0;
	if (key_by_vlan)
		key_segment(skb, packet);
	if (translation_read(skb) != WIRE_NEITHER)
		translation_unite((packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN);
	return 0;
}

/*
 * True when the scratch's packet, leaving by an underlay, comes from a tunnel of this host whose device is watched: it was
 * counted before the tunnel was put around it.
 */
VERIFIED_ALONE int tunnel_sent(void)
{
	struct scratch *memory = scratch_get();
	__u32 id, any, *watched, index = 0, bits = 0;

	if (!memory)
		return 0;
	id = memory->tunnel.type_vni;
	any = id | FLOW_ANY_VNI;
	watched = bpf_map_lookup_elem(&tunnel_ids, &id);
	if (!watched)
		watched = bpf_map_lookup_elem(&tunnel_ids, &any);
	if (!watched || !*watched)
		return 0;
	count_packets(FLOW_DUPLICATE, memory->packet.packets, memory->packet.bytes);
	if (slot_of(&memory->packet.key, &index, &bits))
		tunnel_learn(index);
	return 1;
}

/* Whether a tunnel device made the packet: a process may send what looks like a tunnel, but not with an inner header noted. */
static __always_inline int is_encapsulated(struct __sk_buff *skb)
{
	__u16 inner = 1;

	if (skb_inner_offset)
		bpf_probe_read_kernel(&inner, sizeof(inner), (void *)skb + skb_inner_offset);
	return inner != 0;
}

/* Copied for the slow path, which has no stack to spare. */
static __always_inline int to_scratch(const struct packet *packet)
{
	struct scratch *memory = scratch_get();

	if (memory)
		memory->packet = *packet;
	return memory != 0;
}

static __always_inline int flow(struct __sk_buff *skb, const __u32 hook, const __u32 link, const int stands_in)
{
	struct packet packet = {}; /* whole: kernels before 6.3 take no half-written stack as an argument */
	struct flow_slot *slot;
	__u32 role = interface_role(skb->ifindex);
	__u32 me = skb->ifindex << 1 | hook, index = NO_SLOT, fingerprint, inside;
	int result = TAKE_WALK;

	if (stands_in && has_run(me))
		return TC_ACT_UNSPEC;
	if (!stands_in && unlikely(role & FLOW_EARLY))
		note_run(me);
	if (dedup && !counts(skb, hook, role)) {
		passed(skb, hook, link);
		return TC_ACT_UNSPEC;
	}
	inside = decapsulate && (role & FLOW_UNDERLAY) && (hook == INGRESS || is_encapsulated(skb));
	if (fast_path)
		result = fast_parse(skb, &packet, link, inside);
	if (unlikely(result != PARSED)) {
		result = walk(skb, &packet, link, inside);
		if (result != PARSED) {
			count(result, skb->len);
			return TC_ACT_UNSPEC;
		}
	}
	packet_segment(skb, &packet);
	if (key_by_vlan)
		key_segment(skb, &packet);
	if (unlikely(packet.tunnel_depth)) {
		if (!to_scratch(&packet) || (hook == EGRESS && dedup && check_tunnels && tunnel_sent()))
			return TC_ACT_UNSPEC;
	}
	fingerprint = key_fingerprint(&packet.key);
	slot = flow_find(&packet, fingerprint, &index);
	if (unlikely(!slot || starts_over(slot, &packet))) {
		to_scratch(&packet);
		if (flow_create(skb, me, slot ? index : NO_SLOT) != ALREADY_THERE)
			return TC_ACT_UNSPEC;
		slot = flow_find(&packet, fingerprint, &index);
		if (!slot) {
			count(FLOW_CONTENDED, packet.bytes);
			return TC_ACT_UNSPEC;
		}
	}
	if (unlikely(packet.tunnel_depth))
		tunnel_learn(index);
	flow_account(skb, slot, index, &packet, me);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int flow_ingress(struct __sk_buff *skb)
{
	return flow(skb, INGRESS, ETH_HLEN, 0);
}

SEC("tc")
int flow_egress(struct __sk_buff *skb)
{
	return flow(skb, EGRESS, ETH_HLEN, 0);
}

/* For devices whose packets begin with the IP header: tun, WireGuard, ipip, gre, sit. */
SEC("tc")
int flow_ingress_l3(struct __sk_buff *skb)
{
	return flow(skb, INGRESS, 0, 0);
}

SEC("tc")
int flow_egress_l3(struct __sk_buff *skb)
{
	return flow(skb, EGRESS, 0, 0);
}

/* As clsact filters, until TCX links take over. */
SEC("tc")
int flow_ingress_early(struct __sk_buff *skb)
{
	return flow(skb, INGRESS, ETH_HLEN, 1);
}

SEC("tc")
int flow_egress_early(struct __sk_buff *skb)
{
	return flow(skb, EGRESS, ETH_HLEN, 1);
}

/* Run by the reader through BPF_PROG_TEST_RUN: a program without a packet, whose end would be counted as a drop. */
SEC("syscall")
int flow_clock(void *context)
{
	__u32 zero = 0;
	struct flow_clock *now = bpf_map_lookup_elem(&clock, &zero);

	if (now) {
		now->jiffies = bpf_jiffies64();
		now->monotonic_ns = bpf_ktime_get_ns();
		now->ring_bytes = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	}
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
