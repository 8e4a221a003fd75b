/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct failure *failure, const char *code, int error, const char *format, ...)
{
	va_list arguments;
	int length;

	snprintf(failure->code, sizeof(failure->code), "%s", code);
	va_start(arguments, format);
	length = vsnprintf(failure->message, sizeof(failure->message), format, arguments);
	va_end(arguments);
	if (error && length >= 0 && (size_t)length < sizeof(failure->message))
		snprintf(failure->message + length, sizeof(failure->message) - length, ": %s", strerror(error));
	return -1;
}
