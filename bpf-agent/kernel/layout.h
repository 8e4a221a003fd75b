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
/* The key leads to another flow: of a later connection with the same ports, or of the same connection where NAT shows it by
 * both tuples. What this flow counted stays its own; nothing is added any more. */
#define FLOW_MARK_SUPERSEDED (1u << 30)
#define FLOW_MARK_EXTRAS (1u << 31)               /* `processes` or `drops` has something */

/* Any TCP flag, of either direction. */
#define FLOW_MARK_ANY_TCP_FLAG(flags) ((flags) | (flags) << 8)

/*
 * What an interface means for counting each packet of the host once: the elements of `roles`. Set by the reader, which knows
 * from netlink how interfaces are stacked.
 */
#define FLOW_COUNT_INGRESS (1u << 0)
#define FLOW_COUNT_EGRESS (1u << 1)
/* What came in by this interface was counted, here or at an interface below it: not again when it leaves. */
#define FLOW_COVERED (1u << 2)
/* The host's tunnels end here: what they carry is the flow. */
#define FLOW_UNDERLAY (1u << 3)
/* Clsact filters stand in for TCX links that are still to come, and both may see a packet. */
#define FLOW_EARLY (1u << 4)

/* Several interfaces have the element: `shared_roles` says each one's. */
#define FLOW_ROLE_SHARED (1u << 7)
/* Elements of `roles`. */
#define FLOW_INTERFACES 65536

/* One cache line, all that a packet of a known flow touches. */
struct flow_hot {
	struct {
		__u64 packets; /* as the wire has them: the segments of a GSO packet are packets */
		__u64 bytes; /* IP total length of each: no link header, no padding */
	} sent[2];
	/* Where each direction's first packet was counted: ifindex << 1 | egress; 0 while no packet came. */
	__u32 hook[2];
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
	__u8 icmp_code; /* DNS: the code of the last response */
	__u32 label_vlan; /* IPv6 flow label in bits 0-19, VLAN id in bits 20-31 */
};

/* The other cache line: written at creation, at a direction's first packet, and by latency samples. */
struct flow_cold {
	__u64 first_ns; /* CLOCK_MONOTONIC */
	struct flow_side side[2];
	__u32 retransmits[2]; /* segments that brought nothing beyond next_seq */
	/* Microseconds; 0 while unknown. */
	/* Least time from a segment in this direction to its acknowledgement: the part of the path beyond the hook that way.
	 * ICMP: echo to reply, in the requester's. With socket_rtt: what the sender's kernel smoothed, of the whole path. */
	__u32 rtt_us[2];
	__u32 rtt_jitter_us;    /* smoothed as in RFC 3550, from the least to each */
	__u32 handshake_us;     /* the last SYN to the ACK of its SYN-ACK */
	__u32 service_us;       /* the initiator's request to the first byte of the answer; DNS query to response */
	__u32 service_jitter_us;
	/* When the sample under way began, modulo 2^32; of an ended flow (FIN, RST, DNS response) when it ended. */
	__u32 probe_us;
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
	__u32 hook;
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
	FLOW_DUPLICATE,         /* seen again on another interface or hook: bytes without the link header */
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

/* The reader runs `flow_clock` to relate jiffies to CLOCK_MONOTONIC and to see how full the ring is. */
struct flow_clock {
	__u64 jiffies;
	__u64 monotonic_ns;
	__u64 ring_bytes; /* waiting to be read */
};

/* Which filter is in force: `filter_state`. */
struct flow_filter {
	__u32 rules;      /* dimensions that have any rule */
	__u32 allow;      /* dimensions where only what is allowed passes */
	__u32 generation; /* grows with each change; what was refused before it is asked again */
	__u32 reserved;
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
