/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The configured filter. Asked when a flow would be created, so that packets of a flow that passed cost nothing.
 * In each dimension a DENY on either end refuses; where `allow` has the dimension, one end must say ALLOW.
 */
#ifndef SKOPOS_FLOW_FILTER_H
#define SKOPOS_FLOW_FILTER_H

#include "maps.h"
#include "packet.h"
#include "scratch.h"

/* Two verdicts (0 for none) of one dimension. */
static __always_inline int refuses(__u32 allow, __u32 dimension, __u8 one, __u8 other)
{
	if (one == FLOW_DENY || other == FLOW_DENY)
		return 1;
	return (allow & dimension) && one != FLOW_ALLOW && other != FLOW_ALLOW;
}

static __always_inline __u8 verdict(void *map, const void *key)
{
	__u8 *value = bpf_map_lookup_elem(map, key);

	return value ? *value : 0;
}

/* A rule for the protocol's port wins over one for the port of any protocol. */
static __always_inline __u8 port_verdict(__u32 protocol, __be16 port)
{
	__u32 any = bpf_ntohs(port), exact = protocol << 16 | any;
	__u8 found = verdict(&filter_ports, &exact);

	return found ? found : verdict(&filter_ports, &any);
}

static __always_inline __u8 cidr_verdict(const struct flow_address *address)
{
	struct flow_cidr cidr = { .prefix_length = 128 };

	__builtin_memcpy(cidr.address, address, sizeof(cidr.address));
	return verdict(&filter_cidrs, &cidr);
}

/* What the filter says of the scratch's packet. */
VERIFIED_ALONE int filter_refuses(__u32 rules, __u32 allow, __u32 ifindex)
{
	struct scratch *memory = scratch_get();
	const struct flow_key *key;
	__u32 protocol;

	if (!memory)
		return 0;
	key = &memory->packet.key;
	protocol = key->protocol_vni & 0xff;
	if ((rules & FLOW_FILTER_INTERFACE) &&
	    refuses(allow, FLOW_FILTER_INTERFACE, verdict(&filter_interfaces, &ifindex), 0))
		return 1;
	if ((rules & FLOW_FILTER_PROTOCOL) &&
	    refuses(allow, FLOW_FILTER_PROTOCOL, verdict(&filter_protocols, &protocol), 0))
		return 1;
	if ((rules & FLOW_FILTER_PORT) && refuses(allow, FLOW_FILTER_PORT, port_verdict(protocol, key->low_port),
						  port_verdict(protocol, key->high_port)))
		return 1;
	return (rules & FLOW_FILTER_CIDR) &&
	       refuses(allow, FLOW_FILTER_CIDR, cidr_verdict(&key->low), cidr_verdict(&key->high));
}

/* True when the packet is to be in no flow. */
static __always_inline int filtered(struct __sk_buff *skb, const struct packet *packet)
{
	__u32 zero = 0, generation, *before;
	struct flow_filter *state = bpf_map_lookup_elem(&filter_state, &zero);

	if (!state || !state->rules)
		return 0;
	generation = state->generation;
	before = bpf_map_lookup_elem(&refused, &packet->key);
	if (before && *before == generation)
		return 1;
	if (!filter_refuses(state->rules, state->allow, skb->ifindex))
		return 0;
	bpf_map_update_elem(&refused, &packet->key, &generation, BPF_ANY);
	return 1;
}

#endif
