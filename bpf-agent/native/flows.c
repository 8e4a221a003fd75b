/* SPDX-License-Identifier: Apache-2.0 */
/* The flows thread: sleeps on the ring, a drain timer and the command queue. */
#include "flows.h"

#include "reader.h"
#include "slots.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool is_stopping(struct reader *reader)
{
	bool stopping;

	pthread_mutex_lock(&reader->lock);
	stopping = reader->stopping;
	pthread_mutex_unlock(&reader->lock);
	return stopping;
}

static struct command *command_take(struct reader *reader)
{
	struct command *command;

	pthread_mutex_lock(&reader->lock);
	command = reader->first_command;
	if (command) {
		reader->first_command = command->following;
		if (!reader->first_command)
			reader->last_command = NULL;
	}
	pthread_mutex_unlock(&reader->lock);
	return command;
}

static void command_run(struct reader *reader, const struct command *command)
{
	struct batch done = { .kind = BATCH_DONE, .command = command->id };

	slots_drain(reader);
	switch (command->kind) {
	case COMMAND_SCAN:
		slots_scan(reader, command);
		return;
	case COMMAND_END:
		slots_end(reader, command);
		return;
	case COMMAND_DRAIN:
		reader->deliver(reader, &done);
		return;
	}
}

static void *flows_run(void *context)
{
	struct reader *reader = context;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event wake = { .events = EPOLLIN }, happened[2];

	epoll_ctl(epoll, EPOLL_CTL_ADD, reader->flows_wake, &wake);
	epoll_ctl(epoll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(reader->ring), &wake);
	while (!is_stopping(reader)) {
		struct command *command;
		uint64_t ignored;

		epoll_wait(epoll, happened, 2, reader->options.drain_ms);
		if (read(reader->flows_wake, &ignored, sizeof(ignored)) < 0 && errno != EAGAIN)
			break;
		slots_drain(reader);
		while (!is_stopping(reader) && (command = command_take(reader))) {
			command_run(reader, command);
			free(command);
		}
	}
	close(epoll);
	return NULL;
}

int flows_start(struct reader *reader, struct failure *failure)
{
	int error;

	reader->flows_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = pthread_create(&reader->flows_thread, NULL, flows_run, reader);
	if (error)
		return fail(failure, "THREAD_FAILED", error, "the flows thread cannot be started");
	reader->flows_running = true;
	return 0;
}

void flows_command(struct reader *reader, struct command *command)
{
	uint64_t one = 1;

	pthread_mutex_lock(&reader->lock);
	if (reader->last_command)
		reader->last_command->following = command;
	else
		reader->first_command = command;
	reader->last_command = command;
	pthread_mutex_unlock(&reader->lock);
	if (write(reader->flows_wake, &one, sizeof(one)) < 0)
		return; /* the counter is full only when the thread is awake already */
}

void flows_stop(struct reader *reader)
{
	struct command *command;
	uint64_t one = 1;

	if (!reader->flows_running) {
		if (reader->flows_wake >= 0)
			close(reader->flows_wake);
		reader->flows_wake = -1;
		return;
	}
	pthread_mutex_lock(&reader->lock);
	reader->stopping = true;
	pthread_mutex_unlock(&reader->lock);
	double_buffer_stop(&reader->events);
	double_buffer_stop(&reader->records);
	if (write(reader->flows_wake, &one, sizeof(one)) < 0)
		return;
	pthread_join(reader->flows_thread, NULL);
	reader->flows_running = false;
	close(reader->flows_wake);
	reader->flows_wake = -1;
	while ((command = command_take(reader)))
		free(command);
}
