/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_NETLINK_H
#define SKOPOS_NETLINK_H

#include "failure.h"

struct reader;

int netlink_open(struct reader *reader, struct failure *failure);
int netlink_ask(struct reader *reader);

#endif
