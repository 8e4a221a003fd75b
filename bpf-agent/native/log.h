/* SPDX-License-Identifier: Apache-2.0 */
/* What libbpf says, kept for the error that follows: the verifier's own words are among it. */
#ifndef SKOPOS_LOG_H
#define SKOPOS_LOG_H

#include <bpf/libbpf.h>
#include <stdarg.h>

/* libbpf's print function. With SKOPOS_LIBBPF_LOG set, warnings also go to standard error. */
int log_take(enum libbpf_print_level level, const char *format, va_list arguments);
/* The calling thread's last lines. */
const char *log_end(void);

#endif
