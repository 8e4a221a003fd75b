/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that fail when a test says so: preloaded before Node, and loaded by it as an addon to be told. Only calls by the reader and
 * by libbpf count; Node's own go through.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../native/value.h"

#define NO_COMMAND -1

static uint32_t calls, failing_call;
static int failing_command = NO_COMMAND;
static uint32_t failing_commands;

static bool is_counted(void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) && info.dli_fname &&
	       (strstr(info.dli_fname, "flow_reader") || strstr(info.dli_fname, "libbpf"));
}

/* Whether this call, of all that count, is the one to fail. */
static bool fails(void *caller)
{
	return is_counted(caller) && __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) == failing_call;
}

static bool command_fails(long command)
{
	if (command != __atomic_load_n(&failing_command, __ATOMIC_SEQ_CST))
		return false;
	return (int32_t)__atomic_fetch_sub(&failing_commands, 1, __ATOMIC_SEQ_CST) > 0;
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(error, result)                                                                                            \
	do {                                                                                                           \
		errno = error;                                                                                         \
		return result;                                                                                         \
	} while (0)

__attribute__((visibility("default"))) long syscall(long number, ...)
{
	static typeof(&syscall) real;
	long a[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (!real)
		real = REAL(syscall);
	if (number == __NR_bpf && is_counted(__builtin_return_address(0)) &&
	    (command_fails(a[0]) || fails(__builtin_return_address(0))))
		FAIL(EIO, -1);
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

__attribute__((visibility("default"))) void *mmap(void *address, size_t length, int protection, int flags, int fd,
						  off_t offset)
{
	static typeof(&mmap) real;

	if (!real)
		real = REAL(mmap);
	if (fails(__builtin_return_address(0)))
		FAIL(ENOMEM, MAP_FAILED);
	return real(address, length, protection, flags, fd, offset);
}

__attribute__((visibility("default"))) int socket(int domain, int type, int protocol)
{
	static typeof(&socket) real;

	if (!real)
		real = REAL(socket);
	if (fails(__builtin_return_address(0)))
		FAIL(EMFILE, -1);
	return real(domain, type, protocol);
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
							  void *(*run)(void *), void *context)
{
	static typeof(&pthread_create) real;

	if (!real)
		real = REAL(pthread_create);
	if (fails(__builtin_return_address(0)))
		return EAGAIN;
	return real(thread, attributes, run, context);
}

int eventfd(unsigned int value, int flags);
__attribute__((visibility("default"))) int eventfd(unsigned int value, int flags)
{
	static typeof(&eventfd) real;

	if (!real)
		real = REAL(eventfd);
	if (fails(__builtin_return_address(0)))
		FAIL(EMFILE, -1);
	return real(value, flags);
}

static uint32_t argument_of(napi_env env, napi_callback_info info, uint32_t *second)
{
	napi_value arguments[2];
	size_t count = 2;
	uint32_t first = 0;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	napi_get_value_uint32(env, arguments[0], &first);
	napi_get_value_uint32(env, arguments[1], second);
	return first;
}

/* failCall(n): of the calls from now on the nth fails; 0 for none. */
static napi_value fail_call(napi_env env, napi_callback_info info)
{
	uint32_t unused;

	failing_call = argument_of(env, info, &unused);
	__atomic_store_n(&calls, 0, __ATOMIC_SEQ_CST);
	return NULL;
}

/* failCommand(command, times): so many bpf(2) calls with the command fail. */
static napi_value fail_command(napi_env env, napi_callback_info info)
{
	uint32_t times = 0, command = argument_of(env, info, &times);

	__atomic_store_n(&failing_commands, times, __ATOMIC_SEQ_CST);
	__atomic_store_n(&failing_command, times ? (int)command : NO_COMMAND, __ATOMIC_SEQ_CST);
	return NULL;
}

/* counted(): calls that counted since failCall */
static napi_value counted(napi_env env, napi_callback_info info)
{
	(void)info;
	return number(env, __atomic_load_n(&calls, __ATOMIC_SEQ_CST));
}

NAPI_MODULE_INIT()
{
	napi_value function;

	napi_create_function(env, "failCall", NAPI_AUTO_LENGTH, fail_call, NULL, &function);
	set(env, exports, "failCall", function);
	napi_create_function(env, "failCommand", NAPI_AUTO_LENGTH, fail_command, NULL, &function);
	set(env, exports, "failCommand", function);
	napi_create_function(env, "counted", NAPI_AUTO_LENGTH, counted, NULL, &function);
	set(env, exports, "counted", function);
	return exports;
}
