/* SPDX-License-Identifier: Apache-2.0 */
#include "interfaces.h"

#include <bpf/bpf.h>
#include <net/if_arp.h>
#include <string.h>

#include "reader.h"

struct interface **interface_find(struct reader *reader, uint32_t ifindex)
{
	struct interface **place = &reader->interfaces;

	while (*place && (*place)->facts.ifindex != ifindex)
		place = &(*place)->following;
	return place;
}

static struct interface *known(struct reader *reader, uint32_t ifindex)
{
	return ifindex ? *interface_find(reader, ifindex) : NULL;
}

static bool is_kind(const struct interface *interface, const char *kind)
{
	return interface && !strcmp(interface->facts.kind, kind);
}

/* Devices that take every packet of those below them, and give them every packet they send. */
static bool is_bond(const struct interface *interface)
{
	return is_kind(interface, "bond") || is_kind(interface, "team");
}

/* Devices that share another one: what they carry is seen there too. */
static bool is_shared(const struct interface *interface)
{
	static const char *const kinds[] = { "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (is_kind(interface, kinds[i]))
			return true;
	return false;
}

/* Attached, or about to be. */
static bool is_watched(const struct interface *interface)
{
	return interface && (interface->attached || interface->wanted);
}

static bool has_watched_port(struct reader *reader, uint32_t master)
{
	for (struct interface *each = reader->interfaces; each; each = each->following)
		if (each->facts.master == master && is_watched(each))
			return true;
	return false;
}

/* Whether what comes in by the interface is counted there or at one below it. Stacks are not deep; a loop there cannot be. */
static bool is_covered(struct reader *reader, struct interface *interface, int depth)
{
	if (is_watched(interface))
		return true;
	if (!interface || depth > 8)
		return false;
	if (is_shared(interface))
		return is_covered(reader, known(reader, interface->facts.link), depth + 1);
	return (is_kind(interface, "bridge") || is_bond(interface)) && has_watched_port(reader, interface->facts.ifindex);
}

/* Where a tunnel's packets go in and out: the interface it names, else every one that is neither a pod's nor virtual itself. */
static bool is_underlay_of(const struct interface *interface, const struct interface *tunnel)
{
	if (tunnel->facts.link)
		return tunnel->facts.link == interface->facts.ifindex;
	return !interface->facts.tunnel_id && !is_kind(interface, "veth") && !is_kind(interface, "dummy") &&
	       interface->facts.type == ARPHRD_ETHER;
}

static bool is_underlay(struct reader *reader, const struct interface *interface)
{
	if (!reader->has_tunnels)
		return false;
	for (struct interface *each = reader->interfaces; each; each = each->following)
		if (each->facts.tunnel_id && is_underlay_of(interface, each))
			return true;
	return false;
}

static bool has_watched_underlay(struct reader *reader, const struct interface *tunnel)
{
	for (struct interface *each = reader->interfaces; each; each = each->following)
		if (is_watched(each) && is_underlay_of(each, tunnel))
			return true;
	return false;
}

static uint32_t role_of(struct reader *reader, struct interface *interface)
{
	struct interface *master = known(reader, interface->facts.master);
	struct interface *link = known(reader, interface->facts.link);
	uint32_t role = is_covered(reader, interface, 0) ? FLOW_COVERED : 0;

	if (interface->attached && interface->attachment.early)
		role |= FLOW_EARLY;
	if (is_underlay(reader, interface))
		role |= FLOW_UNDERLAY;
	if (!is_watched(interface) || is_kind(interface, "vrf"))
		return role;
	/* What leaves by the loopback comes in by it at once. */
	if (interface->facts.type == ARPHRD_LOOPBACK)
		return role | FLOW_COUNT_EGRESS;
	/* Counted at the bond, and at the device that is shared. */
	if ((is_bond(master) && is_watched(master)) || (is_shared(interface) && is_covered(reader, link, 0)))
		return role;
	role |= FLOW_COUNT_INGRESS | FLOW_COUNT_EGRESS;
	/* What the host sends by a bridge is counted at the bridge; what comes in by one, at the port. */
	if (is_kind(master, "bridge") && is_watched(master))
		role &= ~FLOW_COUNT_EGRESS;
	if (is_kind(interface, "bridge") && has_watched_port(reader, interface->facts.ifindex))
		role &= ~FLOW_COUNT_INGRESS;
	/* Both ends are here: what comes in left by the other. */
	if (is_kind(interface, "veth") && is_watched(link))
		role &= ~FLOW_COUNT_INGRESS;
	if (interface->facts.tunnel_id && has_watched_underlay(reader, interface))
		role &= ~FLOW_COUNT_INGRESS;
	return role;
}

/* Every interface that has the element is to be looked up where there are several. */
static void role_write(struct reader *reader, uint32_t ifindex)
{
	uint32_t index = ifindex % FLOW_INTERFACES, count = 0;
	uint8_t role = 0;

	for (struct interface *each = reader->interfaces; each; each = each->following) {
		if (each->facts.ifindex % FLOW_INTERFACES != index)
			continue;
		bpf_map_update_elem(reader->shared_roles_fd, &each->facts.ifindex, &each->role, BPF_ANY);
		role = count++ ? FLOW_ROLE_SHARED : each->role;
	}
	__atomic_store_n(&reader->roles[index], role, __ATOMIC_RELEASE);
	for (struct interface *each = reader->interfaces; each && count < 2; each = each->following)
		if (each->facts.ifindex % FLOW_INTERFACES == index)
			bpf_map_delete_elem(reader->shared_roles_fd, &each->facts.ifindex);
}

void role_forget(struct reader *reader, uint32_t ifindex)
{
	bpf_map_delete_elem(reader->shared_roles_fd, &ifindex);
	role_write(reader, ifindex);
}

/* The tunnels of devices that are there; those of others are taken out. */
static void tunnels_write(struct reader *reader)
{
	uint32_t id, stale[64], count;

	for (struct interface *each = reader->interfaces; each; each = each->following) {
		uint32_t watched = is_watched(each);

		if (each->facts.tunnel_id)
			bpf_map_update_elem(reader->tunnel_ids_fd, &each->facts.tunnel_id, &watched, BPF_ANY);
	}
	do {
		uint32_t *previous = NULL, last;

		count = 0;
		while (count < 64 && !bpf_map_get_next_key(reader->tunnel_ids_fd, previous, &id)) {
			bool found = false;

			for (struct interface *each = reader->interfaces; each && !found; each = each->following)
				found = each->facts.tunnel_id == id;
			if (!found)
				stale[count++] = id;
			last = id;
			previous = &last;
		}
		for (uint32_t i = 0; i < count; i++)
			bpf_map_delete_elem(reader->tunnel_ids_fd, &stale[i]);
	} while (count == 64);
}

void role_update(struct reader *reader, struct interface *interface)
{
	uint32_t role = role_of(reader, interface);

	if (role == interface->role)
		return;
	interface->role = role;
	role_write(reader, interface->facts.ifindex);
}

void roles_update(struct reader *reader)
{
	bool had_tunnels = reader->has_tunnels;

	reader->has_tunnels = false;
	for (struct interface *each = reader->interfaces; each; each = each->following)
		reader->has_tunnels |= each->facts.tunnel_id != 0;
	for (struct interface *each = reader->interfaces; each; each = each->following)
		role_update(reader, each);
	if (had_tunnels || reader->has_tunnels)
		tunnels_write(reader);
}
