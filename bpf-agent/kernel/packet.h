/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What parsing a packet yields, and how its key is normalised. */
#ifndef SKOPOS_FLOW_PACKET_H
#define SKOPOS_FLOW_PACKET_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "layout.h"

/*
 * A function of its own to the verifier: checked once for any arguments, instead of once for each path that calls it
 * (inlined, the walk has more than a million). Pointers come as "memory or null".
 */
#define VERIFIED_ALONE __attribute__((noinline))

/* Not an enum flow_cause: the packet has a key. */
#define PARSED FLOW_CAUSES
/* The fast path does not handle this packet. */
#define TAKE_WALK (FLOW_CAUSES + 1)

enum transaction { NO_TRANSACTION, REQUEST, RESPONSE };

struct packet {
	struct flow_key key;
	__u32 direction;
	__u32 packets; /* segments of a GSO packet */
	__u32 bytes;
	__u32 headers; /* IP and transport: what each segment has */
	__u32 overhead; /* what a tunnel adds to each */
	__u32 flow_label;
	__u32 seq;     /* TCP; SPI of ESP and AH */
	__u32 ack;     /* TCP; transaction id of DNS and ICMP echo */
	__u32 payload; /* TCP payload bytes */
	__u32 marks;   /* FLOW_MARK_CE and FLOW_MARK_FRAGMENT, already shifted by direction */
	__u8 tcp_flags;
	__u8 tos;
	__u8 ttl;
	__u8 icmp_type;
	__u8 icmp_code; /* DNS: the response code */
	__u8 transaction;
	__u8 tunnel_depth; /* above 0: the scratch has the tunnel */
	__u16 vlan;
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

static __always_inline void address_v4(struct flow_address *address, __be32 v4)
{
	address->halves[0] = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	address->halves[1] = (__u64)v4 << 32 | 0xffff0000;
#else
	address->halves[1] = 0xffff00000000ULL | v4;
#endif
}

/* Everything behind the addresses in one store: the hash and the fingerprint read four and eight bytes at once, and would wait for
 * smaller stores to reach the cache. */
static __always_inline void key_rest(struct flow_key *key, __be16 low_port, __be16 high_port, __u32 protocol)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u64 rest = low_port | (__u32)high_port << 16 | (__u64)protocol << 32;
#else
	__u64 rest = (__u64)low_port << 48 | (__u64)high_port << 32 | protocol;
#endif

	__builtin_memcpy(&key->low_port, &rest, sizeof(rest));
}

/* The same packet seen from a key with its ends the other way round. */
static __always_inline void packet_reverse(struct packet *packet)
{
	const __u32 forward = FLOW_MARK_CE(0) | FLOW_MARK_FRAGMENT(0);

	packet->direction ^= 1;
	packet->marks = (packet->marks & forward) << 1 | (packet->marks >> 1 & forward);
}

/* The smaller end is `low`, by address then port as big-endian numbers (the order of Community ID v1). */
static __always_inline __u32 key_v4(struct flow_key *key, __be32 source, __be32 destination, __be16 source_port,
				    __be16 destination_port, __u32 protocol)
{
	__u64 from = (__u64)bpf_ntohl(source) << 16 | bpf_ntohs(source_port);
	__u64 to = (__u64)bpf_ntohl(destination) << 16 | bpf_ntohs(destination_port);

	if (from <= to) {
		address_v4(&key->low, source);
		address_v4(&key->high, destination);
		key_rest(key, source_port, destination_port, protocol);
		return FLOW_LOW_TO_HIGH;
	}
	address_v4(&key->low, destination);
	address_v4(&key->high, source);
	key_rest(key, destination_port, source_port, protocol);
	return FLOW_HIGH_TO_LOW;
}

static __always_inline __u32 key_v6(struct flow_key *key, const struct flow_address *source,
				    const struct flow_address *destination, __be16 source_port,
				    __be16 destination_port, __u32 protocol)
{
	__u64 from = bpf_be64_to_cpu(source->halves[0]), to = bpf_be64_to_cpu(destination->halves[0]);
	__u32 reversed;

	if (from == to) {
		from = bpf_be64_to_cpu(source->halves[1]);
		to = bpf_be64_to_cpu(destination->halves[1]);
		if (from == to) {
			from = bpf_ntohs(source_port);
			to = bpf_ntohs(destination_port);
		}
	}
	reversed = from > to;
	if (reversed) {
		key->low = *destination;
		key->high = *source;
		key_rest(key, destination_port, source_port, protocol);
	} else {
		key->low = *source;
		key->high = *destination;
		key_rest(key, source_port, destination_port, protocol);
	}
	return reversed;
}

/* Told apart from the hash's own jhash, which BPF cannot see: five odd multipliers (from SplitMix64 and xxHash64). */
static __always_inline __u32 key_fingerprint(const struct flow_key *key)
{
	const __u64 *words = (const __u64 *)key;
	__u64 sum = words[0] * 0x9e3779b97f4a7c15ULL + words[1] * 0xbf58476d1ce4e5b9ULL +
		    words[2] * 0x94d049bb133111ebULL + words[3] * 0xc2b2ae3d27d4eb4fULL +
		    words[4] * 0x165667b19e3779f9ULL;

	return sum >> 32;
}

/* What a flow's reference in the hash must say: it fits this key, this slot and this life of the slot only. */
static __always_inline __u32 reference_tag(__u32 fingerprint, __u32 slot, __u32 generation)
{
	return fingerprint ^ slot << 12 ^ generation;
}

/* ICMP is none of them: its keys have no identifier, so one translated key could stand for many. */
static __always_inline int has_ports(__u32 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

#endif
