/* SPDX-License-Identifier: Apache-2.0 */
/* The links thread: follows interfaces by rtnetlink and keeps the programs on those whose names match. */
#define _GNU_SOURCE
#include "links.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/pkt_sched.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "instance.h"
#include "interfaces.h"
#include "netlink.h"
#include "reader.h"

/* Interfaces must have been quiet so long before the first of them goes over to TCX: links hold the lock that new ones wait for. */
#define QUIET_MS 200
/* So often what is attached is looked after, whatever messages say. */
#define HEALTH_MS 10000

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

static void report(struct reader *reader, const struct interface *interface, enum interface_change change, int error,
		   uint64_t took_ns)
{
	const struct attachment *attachment = &interface->attachment;
	struct batch batch = {
		.kind = BATCH_INTERFACE,
		.change = change,
		.facts = interface->facts,
		.attached = interface->attached,
		.tcx = interface->attached && attachment->link_fd[1] >= 0,
		.problem = interface->attached ? attachment->problem : NULL,
		.error = error,
		.took_ns = took_ns,
	};

	reader->deliver(reader, &batch);
}

static void interface_attach(struct reader *reader, struct interface *interface, enum interface_change change,
			     uint64_t since_ns)
{
	bool no_link_header = interface->facts.type != ARPHRD_ETHER && interface->facts.type != ARPHRD_LOOPBACK;
	int error = attach_open(reader, interface->facts.ifindex, no_link_header, &interface->attachment);

	interface->wanted = false;
	interface->attached = !error;
	report(reader, interface, error ? INTERFACE_FAILED : change, error, monotonic_ns() - since_ns);
}

static void interface_detach(struct reader *reader, struct interface *interface, bool exists)
{
	interface->wanted = false;
	if (!interface->attached)
		return;
	attach_close(reader, &interface->attachment, exists);
	interface->attached = false;
	report(reader, interface, INTERFACE_DETACHED, 0, 0);
}

static void interface_remove(struct reader *reader, struct interface **place, bool exists)
{
	struct interface *interface = *place;

	interface_detach(reader, interface, exists);
	*place = interface->following; /* before its role goes: it is no neighbour of others' any more */
	role_forget(reader, interface->facts.ifindex);
	free(interface);
}

static bool is_changed(const struct link_facts *one, const struct link_facts *other)
{
	return strcmp(one->name, other->name) || memcmp(one->mac, other->mac, MAC_SIZE) || one->master != other->master ||
	       one->link != other->link;
}

/* The first message of a veth that is made comes before it has a peer; the peer's own names it. */
static void veth_pair(struct reader *reader, const struct link_facts *facts)
{
	struct interface *peer = facts->link ? *interface_find(reader, facts->link) : NULL;

	if (peer && !strcmp(facts->kind, "veth") && !strcmp(peer->facts.kind, "veth"))
		peer->facts.link = facts->ifindex;
}

static void link_message(struct reader *reader, const struct nlmsghdr *header)
{
	const struct ifinfomsg *info = NLMSG_DATA(header);
	struct interface **place = interface_find(reader, info->ifi_index), *interface = *place;
	struct link_facts facts;
	bool wanted, changed;

	/* AF_BRIDGE messages speak of a bridge port, not of an interface's life. */
	if (info->ifi_family != AF_UNSPEC)
		return;
	reader->disturbed = true;
	if (header->nlmsg_type == RTM_DELLINK) {
		if (interface)
			interface_remove(reader, place, false);
		return;
	}
	link_facts_read(header, &facts);
	wanted = matches(&reader->options, facts.name);
	if (!interface) {
		interface = *place = calloc(1, sizeof(*interface));
		if (!interface)
			return;
		interface->wanted = wanted;
		/* What a killed agent left is found on interfaces that were there before. */
		if (!reader->first_dump_done)
			attach_sweep(reader, facts.ifindex);
	} else if (strcmp(interface->facts.name, facts.name) && wanted != (interface->attached || interface->wanted)) {
		if (!wanted)
			interface_detach(reader, interface, true);
		interface->wanted = wanted;
	}
	veth_pair(reader, &facts);
	changed = interface->attached && is_changed(&interface->facts, &facts);
	interface->facts = facts;
	interface->dump = reader->dump;
	if (changed)
		report(reader, interface, INTERFACE_CHANGED, 0, 0);
}

/* Whether a message speaks of what agents do by themselves: they add filters, and remove their own once there are links. */
static bool is_agents(const struct reader *reader, const struct nlmsghdr *header, const struct interface *interface)
{
	const struct tcmsg *tc = NLMSG_DATA(header);
	bool egress = tc->tcm_parent == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);

	if (header->nlmsg_type == RTM_DELQDISC || !is_instance_handle(tc->tcm_handle))
		return false;
	return header->nlmsg_type == RTM_NEWTFILTER || tc->tcm_handle != instance_handle(reader->instance) ||
	       !interface->attachment.filter[egress];
}

/* Another program took a qdisc or a filter away, or put a filter where it may come first. */
static void tc_message(struct reader *reader, const struct nlmsghdr *header)
{
	const struct tcmsg *tc = NLMSG_DATA(header);
	struct interface *interface = *interface_find(reader, tc->tcm_ifindex);

	if (interface && !is_agents(reader, header, interface))
		interface->touched = reader->disturbed = true;
}

/* What a whole dump did not name is gone: its DELLINK was lost. */
static void dump_done(struct reader *reader)
{
	struct interface **place = &reader->interfaces;

	reader->disturbed = true;
	if (reader->dump_interrupted) {
		reader->ask_again = true;
		return;
	}
	while (*place) {
		if ((*place)->dump != reader->dump)
			interface_remove(reader, place, false);
		else
			place = &(*place)->following;
	}
	reader->first_dump_done = true;
}

static void message(struct reader *reader, const struct nlmsghdr *header)
{
	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		reader->dump_interrupted = true;
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_message(reader, header);
		break;
	case RTM_DELQDISC:
	case RTM_DELTFILTER:
	case RTM_NEWTFILTER:
		tc_message(reader, header);
		break;
	case NLMSG_DONE:
		dump_done(reader);
		break;
	case NLMSG_ERROR: /* the dump was refused, as when another one is under way */
		reader->ask_again = true;
		break;
	}
}

/* Reads one datagram; false when there is none. After a lost message everything is asked for once the rest was read. */
static bool links_receive(struct reader *reader)
{
	static __thread char buffer[65536] __attribute__((aligned(8)));
	ssize_t length = recv(reader->netlink, buffer, sizeof(buffer), MSG_DONTWAIT);
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	int left = (int)length;

	if (length < 0 && errno == ENOBUFS) {
		reader->ask_again = true;
		return true;
	}
	if (length <= 0)
		return false;
	for (; NLMSG_OK(header, (unsigned int)left); header = NLMSG_NEXT(header, left))
		message(reader, header);
	return true;
}

static void links_ask(struct reader *reader)
{
	reader->dump++;
	reader->dump_interrupted = false;
	reader->ask_again = netlink_ask(reader) != 0;
}

/* Attaches what is new, once every message is read: by then it is known how interfaces are stacked. */
static void links_settle(struct reader *reader, uint64_t since_ns)
{
	if (!reader->disturbed)
		return;
	roles_update(reader);
	if (!reader->first_dump_done)
		return;
	for (struct interface *each = reader->interfaces; each; each = each->following)
		if (each->wanted)
			interface_attach(reader, each, INTERFACE_ATTACHED, since_ns);
	/* Filters that stand in for links, and interfaces that could not be attached. */
	roles_update(reader);
}

static void links_repair(struct reader *reader, bool all)
{
	for (struct interface *each = reader->interfaces; each; each = each->following) {
		int outcome;

		if (!each->attached || !(all || each->touched))
			continue;
		each->touched = false;
		outcome = attach_repair(reader, &each->attachment);
		if (all && !outcome)
			each->attachment.overtaken = 0;
		if (outcome)
			report(reader, each, outcome < 0 ? INTERFACE_FAILED : INTERFACE_REPAIRED, outcome < 0 ? -outcome : 0, 0);
	}
}

/* The next interface that waits for TCX links: first those whose filters may not see every packet. */
static struct interface *early_find(struct reader *reader)
{
	struct interface *found = NULL;

	for (struct interface *each = reader->interfaces; each; each = each->following) {
		if (!each->attached || !each->attachment.early)
			continue;
		if (each->attachment.problem)
			return each;
		if (!found)
			found = each;
	}
	return found;
}

/* One more TCX link. With the last of an interface its filters go; until then each packet is the link's where there is one. */
static void hand_over(struct reader *reader, struct interface *interface)
{
	uint64_t since_ns = monotonic_ns();
	int error = attach_hand_over(reader, &interface->attachment);

	if (error) {
		interface->attachment.early = false; /* the filters stay */
		if (error == EINVAL)
			reader->options.tcx = false; /* no TCX in this kernel */
		role_update(reader, interface);
	} else if (!interface->attachment.early) {
		attach_retire(reader, &interface->attachment);
		interface->attachment.kind = PROGRAM_LINK;
		role_update(reader, interface);
		report(reader, interface, INTERFACE_ATTACHED, 0, monotonic_ns() - since_ns);
	}
}

static bool enter_namespace(const struct reader *reader)
{
	int fd;

	if (!reader->options.netns[0])
		return true;
	fd = open(reader->options.netns, O_RDONLY | O_CLOEXEC);
	/* Checked by links_start; attaching acts in the calling thread's namespace. */
	if (fd < 0)
		return false;
	if (setns(fd, CLONE_NEWNET)) {
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

static void *links_run(void *context)
{
	struct reader *reader = context;
	struct pollfd ready[2] = { { .fd = reader->netlink, .events = POLLIN },
				   { .fd = reader->links_wake, .events = POLLIN } };
	uint64_t healthy_ns = monotonic_ns();
	bool quiet = false;

	if (!enter_namespace(reader))
		return NULL;
	links_ask(reader);
	for (;;) {
		struct interface *early = reader->options.tcx ? early_find(reader) : NULL;
		bool urgent = early && early->attachment.problem;
		int happened = poll(ready, 2, early ? (quiet || urgent ? 0 : QUIET_MS) : HEALTH_MS);
		uint64_t since_ns = monotonic_ns();

		if (ready[1].revents || (happened < 0 && errno != EINTR))
			break;
		if (happened == 0 && early)
			hand_over(reader, early);
		/* A TCX link that somebody detaches sends no message; and where messages never cease it is not quiet either. */
		if (since_ns - healthy_ns >= HEALTH_MS * 1000000ull) {
			healthy_ns = since_ns;
			links_repair(reader, true);
		}
		if (happened == 0) {
			quiet = !urgent;
			continue;
		}
		reader->disturbed = false;
		while (links_receive(reader))
			;
		quiet = quiet && !reader->disturbed;
		links_settle(reader, since_ns);
		links_repair(reader, false);
		if (reader->ask_again)
			links_ask(reader);
	}
	while (reader->interfaces)
		interface_remove(reader, &reader->interfaces, true);
	return NULL;
}

int links_start(struct reader *reader, struct failure *failure)
{
	int error;

	if (netlink_open(reader, failure))
		return -1;
	reader->links_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->links_wake < 0)
		return fail(failure, "THREAD_FAILED", errno, "the links thread cannot be woken");
	error = pthread_create(&reader->links_thread, NULL, links_run, reader);
	if (error)
		return fail(failure, "THREAD_FAILED", error, "the links thread cannot be started");
	reader->links_running = true;
	return 0;
}

static void close_once(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void links_stop(struct reader *reader)
{
	uint64_t one = 1;

	if (reader->links_running) {
		if (write(reader->links_wake, &one, sizeof(one)) < 0)
			return;
		pthread_join(reader->links_thread, NULL);
	}
	reader->links_running = false;
	close_once(&reader->links_wake);
	close_once(&reader->netlink);
	close_once(&reader->instance_fd);
}
