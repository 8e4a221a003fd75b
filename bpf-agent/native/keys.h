/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_KEYS_H
#define SKOPOS_KEYS_H

#include <stdint.h>

#include "../kernel/layout.h"

struct reader;

/* On the thread that scans: learns the keys of slots whose event was lost, by reading the hash. */
int keys_recover(struct reader *reader);
/* On the thread that ends flows: takes `count` keys out of the hash. Returns 0 or an errno; a key that is already out is no error. */
int keys_delete(struct reader *reader, const struct flow_key *keys, uint32_t count);

#endif
