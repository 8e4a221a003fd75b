/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_LINKS_H
#define SKOPOS_LINKS_H

#include "failure.h"

struct reader;

int links_start(struct reader *reader, struct failure *failure);
void links_stop(struct reader *reader);

#endif
