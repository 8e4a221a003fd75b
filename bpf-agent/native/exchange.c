/* SPDX-License-Identifier: Apache-2.0 */
/* Two halves of a shared buffer: the flows thread waits rather than overwrite what JavaScript is reading. */
#include "reader.h"

int exchange_acquire(struct reader *reader, struct exchange *exchange)
{
	int half;

	pthread_mutex_lock(&reader->lock);
	half = exchange->next;
	while (exchange->busy[half] && !reader->stopping)
		pthread_cond_wait(&reader->freed, &reader->lock);
	if (reader->stopping)
		half = -1;
	else
		exchange->next = !half;
	pthread_mutex_unlock(&reader->lock);
	return half;
}

void exchange_release(struct reader *reader, struct exchange *exchange, int half)
{
	pthread_mutex_lock(&reader->lock);
	exchange->busy[half] = false;
	pthread_cond_signal(&reader->freed);
	pthread_mutex_unlock(&reader->lock);
}
