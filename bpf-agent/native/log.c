/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 1600

static __thread char kept[KEPT + 1];

/* The verifier's log ends with why; libbpf puts lines of its own after it. */
static void keep_end(const char *text)
{
	static const char end_mark[] = "-- END PROG LOAD LOG --";
	const char *end = strstr(text, end_mark), *begin;

	if (!end)
		return;
	begin = end - text > KEPT ? end - KEPT : text;
	snprintf(kept, sizeof(kept), "%.*s", (int)(end - begin), begin);
}

int log_take(enum libbpf_print_level level, const char *format, va_list arguments)
{
	va_list again;
	char *text;

	if (level == LIBBPF_DEBUG)
		return 0;
	va_copy(again, arguments);
	if (vasprintf(&text, format, again) >= 0) {
		keep_end(text);
		free(text);
	}
	va_end(again);
	return getenv("SKOPOS_LIBBPF_LOG") ? vfprintf(stderr, format, arguments) : 0;
}

const char *log_end(void)
{
	return *kept ? kept : "nothing";
}
