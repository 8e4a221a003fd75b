/* SPDX-License-Identifier: Apache-2.0 */
/* The links thread: follows interfaces by rtnetlink and keeps the programs on those whose names match. */
#define _GNU_SOURCE
#include "links.h"

#include "netlink.h"
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* As in kernel/maps.h. */
#define GONE_INTERFACES 16384

/* Interfaces must have been quiet so long before one of them goes over to TCX. */
#define QUIET_MS 200

struct interface {
	struct interface *following;
	char name[NAME_SIZE];
	struct attachment attachment;
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static bool matches(const struct options *options, const char *name)
{
	for (int i = 0; i < options->excludes; i++)
		if (!fnmatch(options->exclude[i], name, 0))
			return false;
	for (int i = 0; i < options->includes; i++)
		if (!fnmatch(options->include[i], name, 0))
			return true;
	return false;
}

static struct interface **interface_find(struct reader *reader, uint32_t ifindex)
{
	struct interface **place = &reader->interfaces;

	while (*place && (*place)->attachment.ifindex != ifindex)
		place = &(*place)->following;
	return place;
}

/* Tells the kernel program that flows of this observer need another one; 0 for none of the interface. */
static void gone_set(struct reader *reader, uint32_t ifindex, uint32_t observer)
{
	uint32_t index = ifindex % GONE_INTERFACES, value = observer >> 1;

	bpf_map_update_elem(reader->gone_fd, &index, &value, BPF_ANY);
}

static void report(struct reader *reader, const struct interface *interface, bool attached, int error,
		   uint64_t took_ns)
{
	struct batch batch = {
		.kind = BATCH_INTERFACE,
		.ifindex = interface->attachment.ifindex,
		.attached = attached,
		.tcx = interface->attachment.link_fd[1] >= 0,
		.error = error,
		.took_ns = took_ns,
	};

	memcpy(batch.name, interface->name, NAME_SIZE);
	reader->deliver(reader, &batch);
}

static void interface_remove(struct reader *reader, struct interface **place, bool exists)
{
	struct interface *interface = *place;

	*place = interface->following;
	attach_close(&interface->attachment, exists);
	gone_set(reader, interface->attachment.ifindex,
		 interface->attachment.ifindex << 1 | (interface->attachment.early ? FLOW_OBSERVER_EARLY : 0));
	report(reader, interface, false, 0, 0);
	free(interface);
}

static void interface_add(struct reader *reader, uint32_t ifindex, const char *name, bool no_link_header,
			  uint64_t since_ns)
{
	struct interface *interface = calloc(1, sizeof(*interface));
	int error;

	if (!interface)
		return;
	memcpy(interface->name, name, NAME_SIZE);
	gone_set(reader, ifindex, 0);
	error = attach_open(reader, ifindex, no_link_header, &interface->attachment);
	report(reader, interface, !error, error, monotonic_ns() - since_ns);
	if (error) {
		free(interface);
		return;
	}
	interface->following = reader->interfaces;
	reader->interfaces = interface;
}

static void link_message(struct reader *reader, const struct nlmsghdr *header, uint64_t since_ns)
{
	const struct ifinfomsg *info = NLMSG_DATA(header);
	const struct rtattr *attribute = IFLA_RTA(info);
	int left = IFLA_PAYLOAD(header);
	struct interface **place = interface_find(reader, info->ifi_index);
	char name[NAME_SIZE] = "";

	/* AF_BRIDGE messages speak of a bridge port, not of an interface's life. */
	if (info->ifi_family != AF_UNSPEC)
		return;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == IFLA_IFNAME)
			snprintf(name, sizeof(name), "%s", (const char *)RTA_DATA(attribute));
	if (header->nlmsg_type == RTM_DELLINK) {
		if (*place)
			interface_remove(reader, place, false);
		return;
	}
	if (*place && !matches(&reader->options, name))
		interface_remove(reader, place, true); /* renamed */
	else if (!*place && matches(&reader->options, name))
		interface_add(reader, info->ifi_index, name,
			      info->ifi_type != ARPHRD_ETHER && info->ifi_type != ARPHRD_LOOPBACK, since_ns);
}

/* After a lost message: interfaces that no longer exist are dropped, and all are asked for again. */
static void links_resync(struct reader *reader)
{
	struct interface **place = &reader->interfaces;
	char name[IF_NAMESIZE];

	while (*place) {
		if (if_indextoname((*place)->attachment.ifindex, name))
			place = &(*place)->following;
		else
			interface_remove(reader, place, false);
	}
	netlink_ask(reader);
}

static int links_receive(struct reader *reader)
{
	static __thread char buffer[65536] __attribute__((aligned(8)));
	ssize_t length = recv(reader->netlink, buffer, sizeof(buffer), MSG_DONTWAIT);
	uint64_t since_ns = monotonic_ns();
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	int left = (int)length;

	if (length < 0 && errno == ENOBUFS) {
		links_resync(reader);
		return 1;
	}
	if (length <= 0)
		return 0;
	for (; NLMSG_OK(header, (unsigned int)left); header = NLMSG_NEXT(header, left))
		if (header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_DELLINK)
			link_message(reader, header, since_ns);
	return 1;
}

static struct interface *early_find(struct reader *reader)
{
	struct interface *interface = reader->interfaces;

	while (interface && !interface->attachment.early)
		interface = interface->following;
	return interface;
}

/*
 * One more TCX link. With the last of an interface the early observer is marked as gone before its filters are removed:
 * from the mark on the link claims each flow at its next packet, which the filter behind it then finds counted.
 */
static void hand_over(struct reader *reader, struct interface *interface)
{
	uint64_t since_ns = monotonic_ns();
	uint32_t ifindex = interface->attachment.ifindex;
	int error = attach_hand_over(reader, &interface->attachment);

	if (error) {
		interface->attachment.early = false; /* the filters stay */
		if (error == EINVAL)
			reader->options.tcx = false; /* no TCX in this kernel */
	} else if (!interface->attachment.early) {
		gone_set(reader, ifindex, ifindex << 1 | FLOW_OBSERVER_EARLY);
		attach_retire(&interface->attachment);
		report(reader, interface, true, 0, monotonic_ns() - since_ns);
	}
}

static void *links_run(void *context)
{
	struct reader *reader = context;
	struct pollfd ready[2] = { { .fd = reader->netlink, .events = POLLIN },
				   { .fd = reader->links_wake, .events = POLLIN } };

	if (reader->options.netns[0]) {
		int fd = open(reader->options.netns, O_RDONLY | O_CLOEXEC);

		/* Checked by links_start; attaching acts in the calling thread's namespace. */
		if (fd < 0 || setns(fd, CLONE_NEWNET))
			return NULL;
		close(fd);
	}
	netlink_ask(reader);
	for (;;) {
		struct interface *early = reader->options.tcx ? early_find(reader) : NULL;
		int happened = poll(ready, 2, early ? QUIET_MS : -1);

		if (ready[1].revents || (happened < 0 && errno != EINTR))
			break;
		if (happened == 0 && early)
			hand_over(reader, early);
		while (links_receive(reader))
			;
	}
	while (reader->interfaces)
		interface_remove(reader, &reader->interfaces, true);
	return NULL;
}

int links_start(struct reader *reader, struct failure *failure)
{
	int error;

	reader->netlink = -1;
	if (netlink_open(reader, failure))
		return -1;
	reader->links_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = pthread_create(&reader->links_thread, NULL, links_run, reader);
	if (error)
		return fail(failure, "THREAD_FAILED", error, "the links thread cannot be started");
	reader->links_running = true;
	return 0;
}

void links_stop(struct reader *reader)
{
	uint64_t one = 1;

	if (!reader->links_running)
		return;
	if (write(reader->links_wake, &one, sizeof(one)) < 0)
		return;
	pthread_join(reader->links_thread, NULL);
	reader->links_running = false;
	close(reader->links_wake);
	close(reader->netlink);
}
