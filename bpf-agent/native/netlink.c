/* SPDX-License-Identifier: Apache-2.0 */
/* The rtnetlink socket that tells of interfaces, in the watched network namespace. */
#define _GNU_SOURCE
#include "netlink.h"

#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETLINK_BUFFER (4 << 20)

/* Asks for all links; the answer comes as NEWLINK messages like any other. */
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

/* Opens the socket in the watched namespace; the calling thread is back in its own afterwards. */
int netlink_open(struct reader *reader, struct failure *failure)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int own = -1, watched = -1, bytes = NETLINK_BUFFER, result = 0;

	if (reader->options.netns[0]) {
		own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		watched = open(reader->options.netns, O_RDONLY | O_CLOEXEC);
		if (own < 0 || watched < 0 || setns(watched, CLONE_NEWNET)) {
			result = fail(failure, "NO_NETNS", errno, "network namespace %s cannot be entered",
				      reader->options.netns);
			goto out;
		}
	}
	reader->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (reader->netlink < 0 || bind(reader->netlink, (struct sockaddr *)&address, sizeof(address)))
		result = fail(failure, "NETLINK_FAILED", errno, "interfaces cannot be followed by rtnetlink");
	else if (setsockopt(reader->netlink, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(reader->netlink, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (own >= 0 && setns(own, CLONE_NEWNET))
		result = fail(failure, "NO_NETNS", errno, "the own network namespace cannot be entered again");
out:
	if (own >= 0)
		close(own);
	if (watched >= 0)
		close(watched);
	return result;
}
