/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads a packet's conntrack entry. The context of a TC program is the kernel's sk_buff itself, and bpf_probe_read_kernel
 * (CAP_PERFMON) reads from any address; the offsets are load-time constants that the reader finds in the kernel's BTF.
 * So the object has no relocation against a kernel: it loads everywhere, and conntrack may be a module.
 */
#ifndef SKOPOS_FLOW_CONNTRACK_H
#define SKOPOS_FLOW_CONNTRACK_H

#include "maps.h"
#include "packet.h"
#include "scratch.h"

/* linux/netfilter/nf_conntrack_common.h: IPS_SRC_NAT | IPS_DST_NAT. */
#define CONNTRACK_NAT (1 << 4 | 1 << 5)
/* The low bits of sk_buff._nfct are an enum ip_conntrack_info (NFCT_INFOMASK). */
#define CONNTRACK_INFO 7ULL

/* struct nf_conntrack_tuple; the reader has checked that the kernel's looks like this. */
struct tuple {
	__be32 source[4]; /* IPv4: the first */
	__be16 source_port;
	__u16 family;
	__be32 destination[4];
	__be16 destination_port;
	__u8 protocol;
	__u8 direction;
};

/* Which of the two tuples a packet shows. */
enum wire_tuple { WIRE_NEITHER, WIRE_ORIGINAL, WIRE_TRANSLATED };

static __always_inline void tuple_address(struct flow_address *address, const __be32 *words, __u16 family)
{
	if (family == 2 /* AF_INET */)
		address_v4(address, words[0]);
	else
		__builtin_memcpy(address->words, words, sizeof(address->words));
}

static __always_inline int same_key(const struct flow_key *one, const struct flow_key *other)
{
	return one->low.halves[0] == other->low.halves[0] && one->low.halves[1] == other->low.halves[1] &&
	       one->high.halves[0] == other->high.halves[0] && one->high.halves[1] == other->high.halves[1] &&
	       one->low_port == other->low_port && one->high_port == other->high_port &&
	       one->protocol_vni == other->protocol_vni;
}

/* True when NAT translates the packet's connection, as far as the packet has met conntrack. */
static __always_inline int is_translated(struct __sk_buff *skb)
{
	__u64 entry = 0, status = 0;

	return skb_conntrack_offset && !bpf_probe_read_kernel(&entry, sizeof(entry), (void *)skb + skb_conntrack_offset) &&
	       (entry & ~CONNTRACK_INFO) &&
	       !bpf_probe_read_kernel(&status, sizeof(status), (void *)(entry & ~CONNTRACK_INFO) + conntrack_status_offset) &&
	       (status & CONNTRACK_NAT);
}

/*
 * Fills the scratch's translation when NAT translates the connection of its packet and the packet shows one of its tuples.
 * (It shows neither inside a tunnel, where the skb's entry is that of the packet around it.)
 */
VERIFIED_ALONE int translation_read(struct __sk_buff *skb)
{
	struct flow_address source, destination;
	struct scratch *memory = scratch_get();
	struct flow_translation *found;
	struct packet *packet;
	struct tuple tuple;
	__u64 entry = 0;

	if (!memory || !is_translated(skb))
		return WIRE_NEITHER;
	packet = &memory->packet;
	found = &memory->translation;
	if (packet->tunnel_depth || !has_ports(packet->key.protocol_vni))
		return WIRE_NEITHER;
	if (bpf_probe_read_kernel(&entry, sizeof(entry), (void *)skb + skb_conntrack_offset))
		return WIRE_NEITHER;
	entry &= ~CONNTRACK_INFO;
	if (bpf_probe_read_kernel(&tuple, sizeof(tuple), (void *)entry + conntrack_original_offset))
		return WIRE_NEITHER;
	tuple_address(&source, tuple.source, tuple.family);
	tuple_address(&destination, tuple.destination, tuple.family);
	found->flags = key_v6(&found->original, &source, &destination, tuple.source_port, tuple.destination_port,
			      tuple.protocol) ?
			       FLOW_TRANSLATION_ORIGINAL_HIGH :
			       0;
	if (bpf_probe_read_kernel(&tuple, sizeof(tuple), (void *)entry + conntrack_reply_offset))
		return WIRE_NEITHER;
	/* The tuple of the way back: its destination is what the initiator looks like from beyond. */
	tuple_address(&source, tuple.destination, tuple.family);
	tuple_address(&destination, tuple.source, tuple.family);
	if (key_v6(&found->translated, &source, &destination, tuple.destination_port, tuple.source_port,
		   tuple.protocol))
		found->flags |= FLOW_TRANSLATION_TRANSLATED_HIGH;
	if (same_key(&found->original, &found->translated))
		return WIRE_NEITHER;
	if (same_key(&packet->key, &found->original))
		return WIRE_ORIGINAL;
	return same_key(&packet->key, &found->translated) ? WIRE_TRANSLATED : WIRE_NEITHER;
}

#endif
