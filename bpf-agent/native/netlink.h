/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink in the watched network namespace: which interfaces there are, and how they are stacked. */
#ifndef SKOPOS_NETLINK_H
#define SKOPOS_NETLINK_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "options.h"

struct reader;

#define KIND_SIZE 16
#define MAC_SIZE 6

/* What a link message says of an interface. */
struct link_facts {
	uint32_t ifindex;
	char name[NAME_SIZE];
	char kind[KIND_SIZE];         /* "veth", "bridge", ...; "" for hardware */
	uint8_t mac[MAC_SIZE];
	uint16_t type;                /* ARPHRD */
	uint32_t master;              /* the bridge or bond it belongs to; 0 for none */
	uint32_t link;                /* the interface below, or a veth's peer, when it is in this namespace; else 0 */
	uint32_t tunnel_id;           /* of a tunnel: as flow_tunnel.type_vni; else 0 */
};

/* Opens the socket in the watched namespace and claims the instance; the calling thread is back in its own afterwards. */
int netlink_open(struct reader *reader, struct failure *failure);
/* Asks for all links; the answer comes as NEWLINK messages like any other. Returns 0 or an errno. */
int netlink_ask(struct reader *reader);
void link_facts_read(const struct nlmsghdr *header, struct link_facts *facts);

/* The qdisc at an interface's ingress. The one called ingress has no egress side and stands where clsact would. */
enum ingress_qdisc { QDISC_NONE, QDISC_INGRESS, QDISC_CLSACT };
enum ingress_qdisc netlink_qdisc(uint32_t ifindex);
/* The handle of the filter that runs first among those of a priority at a hook of clsact; 0 for none. */
uint32_t netlink_first_filter(uint32_t ifindex, bool egress, uint32_t priority);

#endif
