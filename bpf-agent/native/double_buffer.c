/* SPDX-License-Identifier: Apache-2.0 */
#include "double_buffer.h"

void double_buffer_init(struct double_buffer *buffer)
{
	pthread_mutex_init(&buffer->lock, NULL);
	pthread_cond_init(&buffer->freed, NULL);
}

void double_buffer_destroy(struct double_buffer *buffer)
{
	pthread_mutex_destroy(&buffer->lock);
	pthread_cond_destroy(&buffer->freed);
}

int double_buffer_acquire(struct double_buffer *buffer)
{
	int half;

	pthread_mutex_lock(&buffer->lock);
	half = buffer->next;
	if (buffer->busy[half] && !buffer->stopping)
		buffer->waits++;
	while (buffer->busy[half] && !buffer->stopping)
		pthread_cond_wait(&buffer->freed, &buffer->lock);
	if (buffer->stopping)
		half = -1;
	else
		buffer->next = !half;
	pthread_mutex_unlock(&buffer->lock);
	return half;
}

bool double_buffer_is_free(struct double_buffer *buffer, int half)
{
	bool busy;

	pthread_mutex_lock(&buffer->lock);
	busy = buffer->busy[half];
	pthread_mutex_unlock(&buffer->lock);
	return !busy;
}

void double_buffer_hand_over(struct double_buffer *buffer, int half)
{
	pthread_mutex_lock(&buffer->lock);
	buffer->busy[half] = true;
	pthread_mutex_unlock(&buffer->lock);
}

void double_buffer_release(struct double_buffer *buffer, int half)
{
	pthread_mutex_lock(&buffer->lock);
	buffer->busy[half] = false;
	pthread_cond_signal(&buffer->freed);
	pthread_mutex_unlock(&buffer->lock);
}

void double_buffer_stop(struct double_buffer *buffer)
{
	pthread_mutex_lock(&buffer->lock);
	buffer->stopping = true;
	pthread_cond_broadcast(&buffer->freed);
	pthread_mutex_unlock(&buffer->lock);
}

uint64_t double_buffer_waits(struct double_buffer *buffer)
{
	uint64_t waits;

	pthread_mutex_lock(&buffer->lock);
	waits = buffer->waits;
	pthread_mutex_unlock(&buffer->lock);
	return waits;
}
