/* SPDX-License-Identifier: ISC */
/* The control socket's client side: which socket, ask, read to the end. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/control.h"

#define ANSWER_MOST ((size_t)256 << 20)

/* The folders where sockets are by default. */
static int
default_folders(char folders[2][CONTROL_PATH_OCTETS])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n = 0;

	if (geteuid() == 0)
		snprintf(folders[n++], CONTROL_PATH_OCTETS, "/run/plim");
	else if (runtime != NULL && runtime[0] == '/')
		snprintf(folders[n++], CONTROL_PATH_OCTETS, "%.90s/plim", runtime);
	return n;
}

static bool
is_socket_name(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".sock") == 0;
}

/* The only socket there. False: none, or several, which are named. */
static bool
find_only(char path[CONTROL_PATH_OCTETS], struct tool_error *e)
{
	char folders[2][CONTROL_PATH_OCTETS], list[300] = "";
	int n = default_folders(folders), found = 0;

	for (int i = 0; i < n; i++) {
		DIR *dir = opendir(folders[i]);
		for (struct dirent *d = dir != NULL ? readdir(dir) : NULL; d != NULL; d = readdir(dir)) {
			if (!is_socket_name(d->d_name))
				continue;
			found++;
			snprintf(path, CONTROL_PATH_OCTETS, "%.60s/%.40s", folders[i], d->d_name);
			size_t used = strlen(list);
			snprintf(list + used, sizeof(list) - used, " %s", path);
		}
		if (dir != NULL)
			closedir(dir);
	}
	if (found == 0)
		return tool_fail(e, "no plim is running here; start plim serve, or give --control PATH");
	return found == 1 || tool_fail(e, "several are running; choose one with --control:%s", list);
}

static char *
read_all(int fd, struct tool_error *e)
{
	size_t len = 0, room = 65536;
	char *text = malloc(room);

	while (text != NULL) {
		ssize_t n = read(fd, text + len, room - len - 1);
		if (n == 0) {
			text[len] = '\0';
			return text;
		}
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
		if (room - len > 1)
			continue;
		char *more = room < ANSWER_MOST ? realloc(text, room * 2) : NULL;
		if (more == NULL)
			break;
		text = more;
		room *= 2;
	}
	free(text);
	tool_fail(e, "the answer broke off");
	return NULL;
}

char *
control_ask(const char *path, const char *question, struct tool_error *e, int *status)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char found[CONTROL_PATH_OCTETS];

	*status = TOOL_USAGE;
	if (path == NULL) {
		if (!find_only(found, e))
			return NULL;
		path = found;
	}
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		tool_fail(e, "--control %s: %s; is plim serve running with that socket?", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	*status = TOOL_FAILED;
	size_t len = strlen(question);
	char *text = write(fd, question, len) == (ssize_t)len ? read_all(fd, e) : NULL;
	if (text == NULL)
		tool_fail(e, "--control %s: no answer", path);
	close(fd);
	return text;
}
