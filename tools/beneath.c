/* SPDX-License-Identifier: ISC */
/*
 * openat2(RESOLVE_BENEATH): the kernel itself refuses what leads outside, also through links and renames
 * under way. Where the kernel has no openat2, each part is opened on its own without following links.
 */
#include "tools/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAGS (O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

int
beneath_open_by_parts(int root, const char *path)
{
	char part[256];
	int at = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* an offset of its own */

	if (at < 0)
		return -errno;
	for (;;) {
		path += strspn(path, "/");
		size_t len = strcspn(path, "/");
		if (len == 0)
			return at;
		int error = len >= sizeof(part)                            ? ENAMETOOLONG
		            : len == 2 && path[0] == '.' && path[1] == '.' ? EXDEV
		                                                           : 0;
		int next = -1;
		if (error == 0) {
			memcpy(part, path, len);
			part[len] = '\0';
			next = openat(at, part, FLAGS | O_NOFOLLOW);
			error = errno;
		}
		close(at);
		if (next < 0)
			return -error;
		at = next;
		path += len;
	}
}

int
beneath_open(int root, const char *path)
{
	struct open_how how = {.flags = FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, root, path[0] != '\0' ? path : ".", &how, sizeof(how));

	if (fd >= 0)
		return (int)fd;
	return errno == ENOSYS || errno == EPERM ? beneath_open_by_parts(root, path) : -errno;
}
