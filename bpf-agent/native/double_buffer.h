/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_DOUBLE_BUFFER_H
#define SKOPOS_DOUBLE_BUFFER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A typed array over a SharedArrayBuffer, in two halves: one is filled while JavaScript reads the other. */
struct double_buffer {
	uint8_t *data;
	size_t half_bytes;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	bool busy[2];                 /* handed to JavaScript; under lock */
	bool stopping;                /* under lock */
	uint64_t waits;               /* times that both halves were taken; under lock */
	int next;
};

void double_buffer_init(struct double_buffer *buffer);
void double_buffer_destroy(struct double_buffer *buffer);
/* Waits for a free half; -1 once the buffer is stopped. */
int double_buffer_acquire(struct double_buffer *buffer);
/* Whether JavaScript has not the half. */
bool double_buffer_is_free(struct double_buffer *buffer, int half);
/* The half belongs to JavaScript until it is released. */
void double_buffer_hand_over(struct double_buffer *buffer, int half);
void double_buffer_release(struct double_buffer *buffer, int half);
/* Nobody waits any more. */
void double_buffer_stop(struct double_buffer *buffer);
uint64_t double_buffer_waits(struct double_buffer *buffer);

#endif
