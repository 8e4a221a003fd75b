/* SPDX-License-Identifier: Apache-2.0 */
#include "flows.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "reader.h"
#include "slots.h"

static bool is_stopping(struct reader *reader)
{
	bool stopping;

	pthread_mutex_lock(&reader->lock);
	stopping = reader->stopping;
	pthread_mutex_unlock(&reader->lock);
	return stopping;
}

/* The next command, once there is one; NULL when the reader is stopping. */
static struct command *command_take(struct worker *worker)
{
	struct reader *reader = worker->reader;
	struct command *command = NULL;

	pthread_mutex_lock(&reader->lock);
	while (!worker->first && !reader->stopping)
		pthread_cond_wait(&worker->queued, &reader->lock);
	if (!reader->stopping) {
		command = worker->first;
		worker->first = command->following;
		if (!worker->first)
			worker->last = NULL;
	}
	pthread_mutex_unlock(&reader->lock);
	return command;
}

static void command_run(struct reader *reader, struct command *command)
{
	struct batch done = { .kind = BATCH_DONE, .command = command->id };

	command->ring_bytes = slots_clock(reader).ring_bytes;
	/* A flow's event comes before its records. */
	slots_drain(reader, true);
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

static void *worker_run(void *context)
{
	struct worker *worker = context;
	struct command *command;

	while ((command = command_take(worker))) {
		command_run(worker->reader, command);
		free(command);
	}
	return NULL;
}

static void *drain_run(void *context)
{
	struct reader *reader = context;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event wake = { .events = EPOLLIN }, happened[2];

	epoll_ctl(epoll, EPOLL_CTL_ADD, reader->flows_wake, &wake);
	epoll_ctl(epoll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(reader->ring), &wake);
	while (!is_stopping(reader)) {
		epoll_wait(epoll, happened, 2, reader->options.drain_ms);
		slots_drain(reader, false);
	}
	close(epoll);
	return NULL;
}

static int worker_start(struct reader *reader, struct worker *worker)
{
	int error;

	worker->reader = reader;
	pthread_cond_init(&worker->queued, NULL);
	error = pthread_create(&worker->thread, NULL, worker_run, worker);
	worker->running = !error;
	return error;
}

int flows_start(struct reader *reader, struct failure *failure)
{
	int error;

	/* Without it the thread could not be stopped. */
	reader->flows_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->flows_wake < 0)
		return fail(failure, "THREAD_FAILED", errno, "the thread that drains events cannot be woken");
	error = pthread_create(&reader->drain_thread, NULL, drain_run, reader);
	reader->draining = !error;
	if (!error)
		error = worker_start(reader, &reader->scanner);
	if (!error)
		error = worker_start(reader, &reader->ender);
	return error ? fail(failure, "THREAD_FAILED", error, "the threads that read flows cannot be started") : 0;
}

void flows_command(struct reader *reader, struct command *command)
{
	struct worker *worker = command->kind == COMMAND_END ? &reader->ender : &reader->scanner;

	pthread_mutex_lock(&reader->lock);
	if (worker->last)
		worker->last->following = command;
	else
		worker->first = command;
	worker->last = command;
	pthread_cond_signal(&worker->queued);
	pthread_mutex_unlock(&reader->lock);
}

static void worker_stop(struct worker *worker)
{
	struct command *command;

	if (!worker->running)
		return;
	pthread_join(worker->thread, NULL);
	worker->running = false;
	pthread_cond_destroy(&worker->queued);
	while ((command = worker->first)) {
		worker->first = command->following;
		free(command);
	}
}

void flows_stop(struct reader *reader)
{
	uint64_t one = 1;

	pthread_mutex_lock(&reader->lock);
	reader->stopping = true;
	if (reader->scanner.running)
		pthread_cond_broadcast(&reader->scanner.queued);
	if (reader->ender.running)
		pthread_cond_broadcast(&reader->ender.queued);
	pthread_mutex_unlock(&reader->lock);
	double_buffer_stop(&reader->events);
	double_buffer_stop(&reader->records);
	double_buffer_stop(&reader->finals);
	if (reader->draining && write(reader->flows_wake, &one, sizeof(one)) == sizeof(one))
		pthread_join(reader->drain_thread, NULL);
	reader->draining = false;
	worker_stop(&reader->scanner);
	worker_stop(&reader->ender);
	if (reader->flows_wake >= 0)
		close(reader->flows_wake);
	reader->flows_wake = -1;
}
