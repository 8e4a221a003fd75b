/* SPDX-License-Identifier: Apache-2.0 */
/* The interfaces of the watched namespace, and what each means for counting a packet once. Everything runs on the links thread. */
#ifndef SKOPOS_INTERFACES_H
#define SKOPOS_INTERFACES_H

#include <stdbool.h>
#include <stdint.h>

#include "attach.h"
#include "netlink.h"

struct reader;

struct interface {
	struct interface *following;
	struct link_facts facts;
	struct attachment attachment; /* when attached */
	bool attached;
	bool wanted;                  /* its name matches, and attaching was not tried yet */
	bool touched;                 /* somebody changed its qdiscs or filters */
	uint32_t role;                /* as in `roles` */
	uint32_t dump;                /* the last one that had it */
};

/* Where the interface is in the list, or the list's end. */
struct interface **interface_find(struct reader *reader, uint32_t ifindex);
/* Works out every interface's role and the host's tunnels, and tells the kernel program what has changed. */
void roles_update(struct reader *reader);
/* The same for one whose change is no other's concern. */
void role_update(struct reader *reader, struct interface *interface);
/* The interface is gone. */
void role_forget(struct reader *reader, uint32_t ifindex);

#endif
