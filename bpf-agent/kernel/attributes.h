/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What some flows have and most have not, in hashes by slot: the values of `tunnels`, `translations`, `processes`
 * and `drops`. Part of layout.h. */
#ifndef SKOPOS_FLOW_ATTRIBUTES_H
#define SKOPOS_FLOW_ATTRIBUTES_H

enum flow_tunnel_type {
	FLOW_TUNNEL_NONE = 0,
	FLOW_TUNNEL_VXLAN = 1,
	FLOW_TUNNEL_GENEVE = 2,
	FLOW_TUNNEL_GRE = 3,
	FLOW_TUNNEL_IPIP = 4,
};

/* The tunnel that carried the keyed packet, by slot. */
struct flow_tunnel {
	struct flow_address source;
	struct flow_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u32 type_vni; /* enum flow_tunnel_type in bits 0-7, VNI or GRE key (low 24 bits) in bits 8-31 */
	__u32 generation; /* of the slot it belongs to */
	__u32 reserved;
	/* Packets of the flow seen inside the tunnel at its underlay, and their bytes with the tunnel's headers. */
	__u64 packets;
	__u64 bytes;
};

/* Tuples that one flow can be joined with: a UDP socket may be sent to one backend after another. */
#define FLOW_TRANSLATIONS 4

/* flow_translation.flags: which way the initiator's packets go, relative to each key; and which of the keys is the alias. */
#define FLOW_TRANSLATION_ORIGINAL_HIGH 1u
#define FLOW_TRANSLATION_TRANSLATED_HIGH 2u
#define FLOW_TRANSLATION_ALIAS_ORIGINAL 4u

/* The two tuples of a connection that NAT translates. One is the flow's own key, the other an alias in the hash. */
struct flow_translation {
	struct flow_key original;   /* what the initiator sends: to the ClusterIP */
	struct flow_key translated; /* what arrives: at the pod behind it */
	__u32 flags;
	__u32 generation; /* of the slot it belongs to */
};

/* Who sends a flow's packets each way, as far as the socket is on this node: `processes`. */
struct flow_process {
	__u64 cgroup; /* id of the maker's cgroup v2 when it made the socket: its container's */
	__u32 pid;    /* 0: unknown */
	char name[16];
	__u32 reserved;
};

struct flow_processes {
	struct flow_process sender[2]; /* by direction */
	__u32 generation;
	__u32 reserved;
};

/* Packets of a flow that the kernel dropped: `drops`. */
struct flow_drops {
	__u64 packets;
	__u64 bytes;  /* IP total length */
	__u32 reason; /* of the last one: enum skb_drop_reason */
	__u32 generation;
};

#endif
