/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/pkt_sched.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "instance.h"
#include "reader.h"

int netlink_ask(struct reader *reader)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};

	return send(reader->netlink, &request, sizeof(request), 0) < 0 ? errno : 0;
}

static int socket_open(struct reader *reader, struct failure *failure)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_TC };
	int bytes = (int)reader->options.netlink_bytes;

	reader->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (reader->netlink < 0 || bind(reader->netlink, (struct sockaddr *)&address, sizeof(address)))
		return fail(failure, "NETLINK_FAILED", errno, "interfaces cannot be followed by rtnetlink");
	if (setsockopt(reader->netlink, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(reader->netlink, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return instance_claim(reader, failure);
}

int netlink_open(struct reader *reader, struct failure *failure)
{
	int own = -1, watched = -1, result;

	if (reader->options.netns[0]) {
		own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		watched = open(reader->options.netns, O_RDONLY | O_CLOEXEC);
		if (own < 0 || watched < 0 || setns(watched, CLONE_NEWNET)) {
			result = fail(failure, "NO_NETNS", errno, "network namespace %s cannot be entered",
				      reader->options.netns);
			goto out;
		}
	}
	result = socket_open(reader, failure);
	if (own >= 0 && setns(own, CLONE_NEWNET))
		result = fail(failure, "NO_NETNS", errno, "the own network namespace cannot be entered again");
out:
	if (own >= 0)
		close(own);
	if (watched >= 0)
		close(watched);
	return result;
}

static uint32_t number_of(const struct rtattr *attribute)
{
	uint32_t value = 0;

	memcpy(&value, RTA_DATA(attribute), RTA_PAYLOAD(attribute) < sizeof(value) ? RTA_PAYLOAD(attribute) : sizeof(value));
	return value;
}

/* `into` gets the nested attributes by type. */
static void nested(const struct rtattr *parent, const struct rtattr **into, int most)
{
	const struct rtattr *attribute = RTA_DATA(parent);
	int left = RTA_PAYLOAD(parent);

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if ((attribute->rta_type & NLA_TYPE_MASK) <= most)
			into[attribute->rta_type & NLA_TYPE_MASK] = attribute;
}

#define ANY_VNI 0xffffff00u

/* The tunnels that kernel/tunnel.h looks into, by the kind of their device. */
static uint32_t tunnel_of(const char *kind, const struct rtattr *data, uint32_t *link)
{
	static const struct {
		const char *kind;
		uint32_t type;
	} kinds[] = { { "vxlan", FLOW_TUNNEL_VXLAN },   { "geneve", FLOW_TUNNEL_GENEVE }, { "gre", FLOW_TUNNEL_GRE },
		      { "gretap", FLOW_TUNNEL_GRE },    { "ip6gre", FLOW_TUNNEL_GRE },	  { "ip6gretap", FLOW_TUNNEL_GRE },
		      { "ipip", FLOW_TUNNEL_IPIP },     { "sit", FLOW_TUNNEL_IPIP },	  { "ip6tnl", FLOW_TUNNEL_IPIP } };
	const struct rtattr *facts[64] = { NULL };
	uint32_t type = 0;
	bool external;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].kind, kind))
			type = kinds[i].type;
	if (data)
		nested(data, facts, 63);
	/* The other kinds say it as IFLA_LINK. */
	if (type == FLOW_TUNNEL_VXLAN && facts[IFLA_VXLAN_LINK])
		*link = number_of(facts[IFLA_VXLAN_LINK]);
	if (type != FLOW_TUNNEL_VXLAN && type != FLOW_TUNNEL_GENEVE)
		return type ? type | ANY_VNI : 0;
	external = type == FLOW_TUNNEL_VXLAN ?
			   facts[IFLA_VXLAN_COLLECT_METADATA] && number_of(facts[IFLA_VXLAN_COLLECT_METADATA]) :
			   facts[IFLA_GENEVE_COLLECT_METADATA] != NULL;
	/* IFLA_VXLAN_ID and IFLA_GENEVE_ID are one number. */
	if (external || !facts[IFLA_VXLAN_ID])
		return type | ANY_VNI;
	return type | number_of(facts[IFLA_VXLAN_ID]) << 8;
}

void link_facts_read(const struct nlmsghdr *header, struct link_facts *facts)
{
	const struct ifinfomsg *info = NLMSG_DATA(header);
	const struct rtattr *attribute = IFLA_RTA(info), *kinds[IFLA_INFO_MAX + 1] = { NULL };
	int left = IFLA_PAYLOAD(header);
	bool link_is_elsewhere = false;

	*facts = (struct link_facts){ .ifindex = info->ifi_index, .type = info->ifi_type };
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		switch (attribute->rta_type & NLA_TYPE_MASK) {
		case IFLA_IFNAME:
			snprintf(facts->name, sizeof(facts->name), "%s", (const char *)RTA_DATA(attribute));
			break;
		case IFLA_ADDRESS:
			if (RTA_PAYLOAD(attribute) == MAC_SIZE)
				memcpy(facts->mac, RTA_DATA(attribute), MAC_SIZE);
			break;
		case IFLA_MASTER:
			facts->master = number_of(attribute);
			break;
		case IFLA_LINK:
			facts->link = number_of(attribute);
			break;
		case IFLA_LINK_NETNSID:
			link_is_elsewhere = true;
			break;
		case IFLA_LINKINFO:
			nested(attribute, kinds, IFLA_INFO_MAX);
			break;
		}
	}
	if (link_is_elsewhere || facts->link == facts->ifindex)
		facts->link = 0;
	if (kinds[IFLA_INFO_KIND])
		snprintf(facts->kind, sizeof(facts->kind), "%s", (const char *)RTA_DATA(kinds[IFLA_INFO_KIND]));
	facts->tunnel_id = tunnel_of(facts->kind, kinds[IFLA_INFO_DATA], &facts->link);
}

static enum ingress_qdisc qdisc_kind(const struct nlmsghdr *header)
{
	const struct rtattr *attribute = (void *)((char *)NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(struct tcmsg)));
	int left = NLMSG_PAYLOAD(header, sizeof(struct tcmsg));

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == TCA_KIND)
			return strcmp(RTA_DATA(attribute), "ingress") ? QDISC_CLSACT : QDISC_INGRESS;
	return QDISC_NONE;
}

struct tc_request {
	struct nlmsghdr header;
	struct tcmsg tc;
};

/* Asks in the calling thread's namespace, and hands each message of the answer to `take`. */
static void ask(const struct tc_request *request, void (*take)(const struct nlmsghdr *header, void *context), void *context)
{
	const struct timeval limit = { .tv_sec = 1 };
	char answer[8192] __attribute__((aligned(8)));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool ended;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ended = send(fd, request, sizeof(*request), 0) < 0;
	while (!ended) {
		ssize_t length = recv(fd, answer, sizeof(answer), 0);
		struct nlmsghdr *header = (struct nlmsghdr *)answer;

		ended = length <= 0;
		for (; length > 0 && NLMSG_OK(header, (unsigned int)length); header = NLMSG_NEXT(header, length)) {
			take(header, context);
			ended = ended || header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE;
		}
	}
	close(fd);
}

static void qdisc_take(const struct nlmsghdr *header, void *found)
{
	if (header->nlmsg_type == RTM_NEWQDISC)
		*(enum ingress_qdisc *)found = qdisc_kind(header);
}

enum ingress_qdisc netlink_qdisc(uint32_t ifindex)
{
	const struct tc_request request = {
		/* An acknowledgement comes in any case, and last. */
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETQDISC,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ECHO | NLM_F_ACK },
		.tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = TC_H_INGRESS },
	};
	enum ingress_qdisc found = QDISC_NONE;

	ask(&request, qdisc_take, &found);
	return found;
}

/* The kernel lists filters in the order in which they run; the first message of a priority describes no filter. */
static void filter_take(const struct nlmsghdr *header, void *first)
{
	const struct tcmsg *tc = NLMSG_DATA(header);

	if (header->nlmsg_type == RTM_NEWTFILTER && tc->tcm_handle && !*(uint32_t *)first)
		*(uint32_t *)first = tc->tcm_handle;
}

uint32_t netlink_first_filter(uint32_t ifindex, bool egress, uint32_t priority)
{
	const struct tc_request request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETTFILTER,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex,
			.tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS),
			.tcm_info = TC_H_MAKE(priority << 16, 0) },
	};
	uint32_t first = 0;

	ask(&request, filter_take, &first);
	return first;
}
