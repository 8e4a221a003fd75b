/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SKOPOS_FAILURE_H
#define SKOPOS_FAILURE_H

/* What went wrong, for a JavaScript Error: a stable code and a sentence with the reason. */
struct failure {
	char code[32];
	char message[2048];
};

/* Fills `failure` and returns -1. `error` is a positive errno, or 0 for none. */
int fail(struct failure *failure, const char *code, int error, const char *format, ...);

#endif
