/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_TRANSLATIONS_H
#define SKOPOS_TRANSLATIONS_H

#include <stdbool.h>
#include <stdint.h>

struct reader;

/* On the thread that ends flows. Takes the other keys of ending slots out of the hash. Returns whether there were any. */
bool translations_end(struct reader *reader, const uint32_t *slots, uint32_t count);
/* Forgets them, once no CPU can be adding one: a key is written after what says where it is. */
void translations_free(struct reader *reader, const uint32_t *slots, uint32_t count);

#endif
