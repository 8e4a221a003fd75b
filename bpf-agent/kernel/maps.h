/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps and load-time constants. The loader may resize flows = slots, recycled (the next power of
 * two) and events. */
#ifndef SKOPOS_FLOW_MAPS_H
#define SKOPOS_FLOW_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layout.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Key to slot. Preallocated: inserting in softirq context cannot fail for want of memory. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOW_DEFAULT_CAPACITY);
	__type(key, struct flow_key);
	__type(value, struct flow_ref);
} flows SEC(".maps");

/* The flows themselves. An array, so that the reader maps it and scans it without a system call, and so that a slot
 * taken out of `flows` stays readable until no CPU can still be adding to it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_DEFAULT_CAPACITY);
	__type(key, __u32);
	__type(value, struct flow_slot);
} slots SEC(".maps");

/* Ring of slots the reader has given back. Eight bytes each: an array's elements are never smaller. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_DEFAULT_CAPACITY);
	__type(key, __u32);
	__type(value, __u64);
} recycled SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_allocator);
} allocator SEC(".maps");

/* A slot that lost the race for its key waits here for this CPU's next new flow. Value: slot + 1, 0 for none. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} spare SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FLOW_DEFAULT_RING);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FLOW_CAUSES);
	__type(key, __u32);
	__type(value, struct flow_counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32); /* slot */
	__type(value, struct flow_tunnel);
} tunnels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, __u32); /* slot * FLOW_TRANSLATIONS + n */
	__type(value, struct flow_translation);
} translations SEC(".maps");

/* The process that made a socket; those a listener accepts inherit it. It goes with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct flow_process);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32); /* slot */
	__type(value, struct flow_processes);
} processes SEC(".maps");

/* First fragments, so that the later ones find the ports. LRU: losing an entry is counted as FLOW_FRAGMENT_ORPHAN. */
struct fragment_key {
	struct flow_address source;
	struct flow_address destination;
	__u32 id;
	__u32 protocol_vni;
};

struct fragment_value {
	struct flow_key key;
	__u32 direction;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct fragment_key);
	__type(value, struct fragment_value);
} fragments SEC(".maps");

/* The hook at which a TCX program of ours just ran on this CPU, for the filter that still stands behind it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} ran SEC(".maps");

/* The host's tunnels, by type and VNI as in flow_tunnel.type_vni; FLOW_ANY_VNI where a device takes every VNI. The value says
 * whether the tunnel's device is watched: then it, or what is behind it, counts what the host sends. */
#define FLOW_ANY_VNI 0xffffff00u
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} tunnel_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_clock);
} clock SEC(".maps");

/* Filter rules: values are enum flow_verdict. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct flow_cidr);
	__type(value, __u8);
} filter_cidrs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* protocol << 16 | port in host order; protocol 0 stands for any */
	__type(value, __u8);
} filter_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u8);
} filter_protocols SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* ifindex */
	__type(value, __u8);
} filter_interfaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_filter);
} filter_state SEC(".maps");

/* Keys that the filter refused, with the filter's generation: their packets are not asked about one by one. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct flow_key);
	__type(value, __u32);
} refused SEC(".maps");

/* Load-time constants: a branch on one that is off costs nothing, the verifier removes it. */
const volatile __u32 recycled_mask = FLOW_DEFAULT_CAPACITY - 1;
const volatile __u32 ring_wakeup_bytes = FLOW_DEFAULT_RING / 8; /* a power of two */
/* Added to every interface's role: where the programs are attached nowhere, and packets are put through them. */
const volatile __u8 every_role = 0;
const volatile __u16 vxlan_port = 4789;     /* IANA */
const volatile __u16 vxlan_port_also = 8472; /* Linux's default: flannel, Cilium */
const volatile __u16 geneve_port = 6081;
const volatile _Bool track_tcp = 1;      /* flags, retransmissions */
const volatile _Bool track_latency = 1;  /* handshake, round trip, service, DNS, ICMP echo */
const volatile _Bool dedup = 1;          /* off: every sighting of a packet counts */
const volatile _Bool decapsulate = 1;
const volatile _Bool check_tunnels = 0;  /* only `tunnel_ids`, else whatever looks like a tunnel */
const volatile _Bool key_by_vni = 0;
const volatile _Bool key_by_vlan = 0;
const volatile _Bool socket_rtt = 0;     /* the round trip as the sender's kernel has it */
const volatile _Bool emit_events = 1;
const volatile _Bool join_fragments = 1;
const volatile _Bool track_processes = 0; /* needs process.bpf.o attached */
const volatile _Bool fast_path = 1;      /* off: every packet takes the general walk; the results are the same */
/* Where this kernel keeps a packet's conntrack entry and what it says; 0: unknown, conntrack is not asked. */
const volatile __u32 skb_conntrack_offset = 0; /* sk_buff._nfct */
const volatile __u32 conntrack_status_offset = 0;
const volatile __u32 conntrack_original_offset = 0; /* the tuple of the way there */
const volatile __u32 conntrack_reply_offset = 0;    /* ... and back */
const volatile __u32 skb_inner_offset = 0; /* sk_buff.inner_network_header; 0: unknown */

static __always_inline void count_packets(__u32 cause, __u32 packets, __u64 bytes)
{
	struct flow_counter *counter = bpf_map_lookup_elem(&counters, &cause);

	if (!counter)
		return;
	counter->packets += packets;
	counter->bytes += bytes;
}

static __always_inline void count(__u32 cause, __u32 bytes)
{
	count_packets(cause, 1, bytes);
}

#endif
