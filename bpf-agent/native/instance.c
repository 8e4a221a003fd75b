/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "reader.h"

/* Returns a socket that has the instance's name, or a negative errno. */
static int name_take(int instance)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "skopos-flow-agent-%d", instance);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length))
		return fd;
	error = errno;
	close(fd);
	return -error;
}

int instance_claim(struct reader *reader, struct failure *failure)
{
	reader->dead_instances = 0;
	for (int n = 0; n < INSTANCES; n++) {
		int fd = name_take(n);

		if (fd < 0 && fd != -EADDRINUSE)
			return fail(failure, "NO_INSTANCE", -fd, "the name that tells agents apart cannot be taken");
		if (fd < 0)
			continue;
		reader->dead_instances |= 1u << n;
		if (reader->instance_fd < 0) {
			reader->instance_fd = fd;
			reader->instance = n;
		} else {
			close(fd);
		}
	}
	if (reader->instance_fd < 0)
		return fail(failure, "NO_INSTANCE", 0, "%d flow agents run in this network namespace already", INSTANCES);
	return 0;
}
