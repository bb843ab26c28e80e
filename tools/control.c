/* SPDX-License-Identifier: ISC */
/* The control socket's server side. */
#include "tools/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/writer.h"

bool
control_default_path(char path[CONTROL_PATH_OCTETS], const char *tap, struct tool_error *e)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;

	if (geteuid() == 0)
		n = snprintf(path, CONTROL_PATH_OCTETS, "/run/plim/%s.sock", tap);
	else if (runtime != NULL && runtime[0] == '/')
		n = snprintf(path, CONTROL_PATH_OCTETS, "%s/plim/%s.sock", runtime, tap);
	else
		return tool_fail(e, "--control is missing, and XDG_RUNTIME_DIR is not set; give --control PATH");
	if (n >= CONTROL_PATH_OCTETS)
		return tool_fail(e, "XDG_RUNTIME_DIR is too long for a socket; give --control PATH");
	return true;
}

static void
close_client(struct control_client *k)
{
	close(k->watch->fd);
	k->watch->fd = -1;
	k->watch = NULL;
}

/* The next connections of a walk, as many as fit. */
static void
walk_on(struct control_client *k)
{
	struct writer w = {k->text, 0, sizeof(k->text), false};
	struct plim_conn_info info[16];

	if (k->cursor == 0)
		writer_add(&w, "[");
	int n = plim_memory_map(k->control->stack, &k->cursor, info, PL_COUNT(info));
	for (int i = 0; i < n; i++) {
		report_conn(&w, &info[i]);
		writer_add(&w, ",\n");
	}
	if (n <= 0) {
		writer_add(&w, "null]\n"); /* ends the list behind the last comma */
		k->is_walking = false;
	}
	k->len = w.len;
	k->sent = 0;
}

static void
send_on(struct control_client *k)
{
	for (;;) {
		if (k->sent == k->len && k->is_walking)
			walk_on(k);
		if (k->sent == k->len)
			break;
		ssize_t n = send(k->watch->fd, k->text + k->sent, k->len - k->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			break;
		k->sent += (size_t)n;
	}
	close_client(k);
}

static void
answer(struct control_client *k, const char *question)
{
	struct writer w = {k->text, 0, sizeof(k->text), false};
	struct plim_stats st;

	k->cursor = 0;
	k->sent = 0;
	k->is_walking = strcmp(question, "ss\n") == 0;
	if (strcmp(question, "stat\n") == 0) {
		plim_stats(k->control->stack, &st);
		report_stats(&w, &st);
	} else if (!k->is_walking) {
		writer_add(&w, "{\"error\":\"ask for stat or ss\"}\n");
	}
	k->len = w.len;
	k->watch->events = POLLOUT;
	send_on(k);
}

static void
client_ready(void *ctx, short revents)
{
	struct control_client *k = ctx;
	char question[16];

	(void)revents;
	if (k->watch->events == POLLOUT) {
		send_on(k);
		return;
	}
	ssize_t n = recv(k->watch->fd, question, sizeof(question) - 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_client(k);
		return;
	}
	question[n] = '\0';
	answer(k, question);
}

static void
listener_ready(void *ctx, short revents)
{
	struct control *c = ctx;

	(void)revents;
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *k = &c->clients[i];
		if (k->watch != NULL)
			continue;
		int fd = accept4(c->watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		k->control = c;
		k->watch = pl_loop_watch(c->loop, fd, POLLIN, client_ready, k);
		if (k->watch == NULL) {
			close(fd);
			return;
		}
	}
}

/* Is somebody listening there already? If not, what lies there is left over and goes. */
static bool
clear_path(const struct sockaddr_un *addr, struct tool_error *e)
{
	struct stat st;

	if (lstat(addr->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return tool_fail(e, "--control %s: exists and is no socket; take another path", addr->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_used = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;
	if (fd >= 0)
		close(fd);
	if (is_used)
		return tool_fail(e, "--control %s: another plim answers there; end it or take another path",
		                 addr->sun_path);
	return unlink(addr->sun_path) == 0 ||
	       tool_fail(e, "--control %s: %s; take another path", addr->sun_path, strerror(errno));
}

static void
make_folder(const char *path)
{
	char folder[CONTROL_PATH_OCTETS];

	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return;
	*slash = '\0';
	(void)mkdir(folder, 0700); /* there already, or bind() will say what is wrong */
}

bool
control_open(struct control *c, struct pl_loop *loop, plim *stack, const char *path, struct tool_error *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	memset(c, 0, sizeof(*c));
	c->loop = loop;
	c->stack = stack;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	make_folder(path);
	if (!clear_path(&addr, e))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before = umask(0177);
	bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 16) == 0;
	umask(before);
	if (!is_bound) {
		tool_fail(e, "--control %s: %s; give --control PATH in a folder that you may write", path,
		          strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	memcpy(c->path, addr.sun_path, sizeof(c->path));
	c->watch = pl_loop_watch(loop, fd, POLLIN, listener_ready, c);
	return true;
}

void
control_close(struct control *c)
{
	if (c->watch == NULL)
		return;
	close(c->watch->fd);
	c->watch->fd = -1;
	(void)unlink(c->path); /* somebody may have taken it away */
}
