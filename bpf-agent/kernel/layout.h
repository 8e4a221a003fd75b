/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Everything that crosses the kernel/user boundary: keys, slots, events, counters.
 * Compiled into the BPF object and into the native reader; src/layout.ts mirrors it and a test compares the two.
 */
#ifndef SKOPOS_FLOW_LAYOUT_H
#define SKOPOS_FLOW_LAYOUT_H

#include <linux/types.h>

/* Flows held at once unless the loader resizes the maps. */
#define FLOW_DEFAULT_CAPACITY 131072
/* New-flow events in flight unless the loader resizes the ring: 4 MiB, 43,690 events. */
#define FLOW_DEFAULT_RING (4 << 20)

/* An IPv6 address, or an IPv4 one as ::ffff:a.b.c.d (no wire packet may carry that form: see walk.h). */
struct flow_address {
	union {
		__u8 bytes[16];
		__be32 words[4];
		__u64 halves[2];
	};
};

/* Normalised 5-tuple: `low` is the smaller address (then port) in network byte order, as Community ID orders them. */
struct flow_key {
	struct flow_address low;
	struct flow_address high;
	__be16 low_port;
	__be16 high_port;
	/* Protocol in bits 0-7; the tunnel's VNI in bits 8-31 when keying by VNI is on, else 0. */
	__u32 protocol_vni;
};

/* The value in the `flows` hash: where the flow's counters are. */
struct flow_ref {
	__u32 slot; /* its number, with FLOW_REF bits where the key is an alias */
	/* reference_tag(): a hash element may be given to another key while a packet still looks at it. */
	__u32 tag;
};

/* The key is another tuple of the flow, by which NAT shows its packets elsewhere: see `translations`. */
#define FLOW_REF_ALIAS (1u << 31)
/* ... and its low end is the high end of the flow's own key. */
#define FLOW_REF_SWAPPED (1u << 30)
#define FLOW_REF_SLOT (FLOW_REF_SWAPPED - 1)

/* Direction of a packet relative to the key. */
#define FLOW_LOW_TO_HIGH 0
#define FLOW_HIGH_TO_LOW 1

/* flow_hot.marks; where two bits are named by one macro, the argument is the direction. */
#define FLOW_MARK_TCP_FLAGS(dir) (8 * (dir))      /* shift: the eight TCP flag bits seen that way */
#define FLOW_MARK_CE(dir) (1u << (16 + (dir)))    /* ECN congestion experienced */
#define FLOW_MARK_FRAGMENT(dir) (1u << (18 + (dir)))
#define FLOW_MARK_INITIATOR_HIGH (1u << 20)       /* the first packet came from the high end */
#define FLOW_MARK_PROBE (1u << 21)                /* a latency sample is under way */
#define FLOW_MARK_PROBE_HIGH (1u << 22)           /* ... begun by the high end */
#define FLOW_MARK_PROBE_ACKED (1u << 23)          /* ... acknowledged, its answer still to come */
#define FLOW_MARK_HANDSHAKE (1u << 24)            /* SYN seen, handshake not finished */
#define FLOW_MARK_TUNNEL (1u << 25)               /* seen inside a tunnel at least once: see `tunnels` */
#define FLOW_MARK_TRANSLATED(n) (1u << (26 + (n))) /* the n-th of FLOW_TRANSLATIONS in `translations` is there */
#define FLOW_MARK_ABSORBED (1u << 30)             /* void: another flow of the same connection counts its packets */
#define FLOW_MARK_EXTRAS (1u << 31)               /* `processes` or `drops` has something */

/*
 * The observer is a clsact filter that stands in until the TCX link is there. To the rule that each direction has one
 * observer it is another hook: while both see a packet it is counted once, and the link takes over without a gap.
 */
#define FLOW_OBSERVER_EARLY (1u << 31)

/* One cache line, all that a packet of a known flow touches. */
struct flow_hot {
	struct {
		__u64 packets;
		__u64 bytes; /* IP total length: no link header, no padding */
	} sent[2];
	/* Who counts each direction: ifindex << 1 | egress [| FLOW_OBSERVER_EARLY]; 0 while no packet came. */
	__u32 observer[2];
	/* Low 32 bits of jiffies at the last counted packet each way. */
	__u32 last_jiffies[2];
	/* TCP: the sequence number expected next. ESP and AH: the SPI. Else 0. */
	__u32 next_seq[2];
	__u32 marks;
	/* 0 while the slot was never used; grows by one at each reuse. */
	__u32 generation;
};

/* What the first packet of a direction said. */
struct flow_side {
	__u8 tos; /* DSCP << 2 | ECN */
	__u8 ttl;
	__u8 icmp_type;
	__u8 icmp_code;
	__u32 label_vlan; /* IPv6 flow label in bits 0-19, VLAN id in bits 20-31 */
};

/* The other cache line: written at creation, at a direction's first packet, and by latency samples. */
struct flow_cold {
	__u64 first_ns; /* CLOCK_MONOTONIC */
	struct flow_side side[2];
	__u32 retransmits[2]; /* segments that brought nothing beyond next_seq */
	/* Microseconds; 0 while unknown. */
	__u32 syn_to_synack_us;
	__u32 synack_to_ack_us;
	__u32 rtt_us;           /* data to acknowledgement; ICMP echo to reply */
	__u32 rtt_jitter_us;    /* RFC 3550 smoothed */
	__u32 service_us;       /* request to first answer byte; DNS query to response */
	__u32 service_jitter_us;
	__u32 probe_us;         /* when the sample under way began, modulo 2^32 */
	__u32 probe_id;         /* TCP: sequence number to be acknowledged. DNS, ICMP: transaction id */
};

struct flow_slot {
	struct flow_hot hot;
	struct flow_cold cold;
};

#include "attributes.h"

/* Ring buffer record: one for each new flow, none for later packets. */
struct flow_event {
	struct flow_key key;
	__u64 first_ns;
	__u32 slot;
	__u32 generation;
	__u32 observer;
	__u32 bytes;
	__u32 type_vni; /* as in flow_tunnel */
	struct flow_side side;
	__u8 direction;
	__u8 tcp_flags;
	__u16 reserved;
};

/* Why a packet is in no flow, or what else there is to know about it. Index into the `counters` map. */
enum flow_cause {
	/* No flow holds the packet: */
	FLOW_NOT_IP = 0,        /* ARP, LLDP, MPLS, ...: not ours to key */
	FLOW_TRUNCATED,         /* a header runs past the packet */
	FLOW_BAD_IPV4,          /* version, header length or total length impossible */
	FLOW_BAD_IPV6,          /* version, payload length or a v4-mapped source */
	FLOW_BAD_TRANSPORT,     /* TCP data offset or UDP length impossible */
	FLOW_HEADER_CHAIN,      /* more IPv6 extension headers than the walk follows */
	FLOW_FILTERED,          /* refused by the configured filter */
	FLOW_MAP_FULL,          /* no slot or hash element free */
	FLOW_CONTENDED,         /* insertion kept failing for another reason (EBUSY) */
	/* Counted elsewhere: */
	FLOW_DUPLICATE,         /* seen again on another interface or hook; its observer counted it */
	/* Counted in a flow, with something missing: */
	FLOW_RING_FULL,         /* flow created, its event lost: a scan finds it */
	FLOW_FRAGMENT_ORPHAN,   /* later fragment without its first: keyed without ports */
	FLOW_TUNNEL_OPAQUE,     /* the tunnel's inside cannot be keyed: the outer tuple is */
	FLOW_TUNNEL_FULL,       /* `tunnels` had no room: attributes lost, packets counted */
	FLOW_TRANSLATION_FULL,  /* no room for a translated tuple: the connection is two flows */
	FLOW_EXTRAS_FULL,       /* `processes` or `drops` had no room: the flow is counted without */
	FLOW_CAUSES,
};

struct flow_counter {
	__u64 packets;
	__u64 bytes; /* skb->len: link header included */
};

/* Slot allocator, shared with the reader through mmap. Indices only ever grow; use modulo capacity. */
struct flow_allocator {
	__u32 fresh;         /* slots handed out for the first time */
	__u32 recycled_head; /* taken by the kernel */
	__u32 recycled_tail; /* given back by the reader */
	__u32 reserved;
};

/* The reader runs `flow_clock` to relate jiffies to CLOCK_MONOTONIC. */
struct flow_clock {
	__u64 jiffies;
	__u64 monotonic_ns;
};

enum flow_verdict { FLOW_ALLOW = 1, FLOW_DENY = 2 };

/* Key of the CIDR filter (LPM trie): IPv4 prefixes are 96 bits longer. */
struct flow_cidr {
	__u32 prefix_length;
	__u8 address[16];
};

/* Dimensions of the filter, bits of `filter_rules` and `filter_allow`. */
#define FLOW_FILTER_CIDR (1u << 0)
#define FLOW_FILTER_PORT (1u << 1)
#define FLOW_FILTER_PROTOCOL (1u << 2)
#define FLOW_FILTER_INTERFACE (1u << 3)

#endif
