/* SPDX-License-Identifier: ISC */
/* The demo's stage with a TAP: a network namespace of its own, and plim serve as a child in it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/tap.h"
#include "platform/posix/hostif.h"
#include "tools/demo.h"

static bool
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A user namespace in which we are root, and a network namespace that belongs to it. */
static bool
enter_as_user(void)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "0 %u 1", (unsigned)geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	(void)write_file("/proc/self/setgroups", "deny"); /* older kernels do not have it */
	return write_file("/proc/self/uid_map", uids) && write_file("/proc/self/gid_map", gids);
}

bool
demo_enter_namespace(char *why, size_t octets)
{
	static _Alignas(8) uint8_t buffers[64 << 10];
	struct pl_tap probe;

	if (unshare(CLONE_NEWNET) != 0 && !enter_as_user()) {
		snprintf(why, octets, "no network namespace of our own: %s", strerror(errno));
		return false;
	}
	if (pl_tap_open(&probe, "plim0", 1500, false, buffers, why, octets) != 0)
		return false;
	pl_driver_close(&probe.driver);
	(void)pl_hostif_up("lo", 65535); /* not needed by anything here */
	return true;
}

static void
run_server(const char *folder, const char *control, int out)
{
	char path[200], dir[200];
	char *argv[] = {"serve",       dir,
	                "--tap",       "plim0",
	                "--addr",      DEMO_ADDR "/24",
	                "--host-addr", DEMO_HOST_ADDR "/24",
	                "--gateway",   DEMO_HOST_ADDR,
	                "--memory",    DEMO_MEMORY,
	                "--echo",      "7",
	                "--hold",      "1000",
	                "--control",   path,
	                "--log",       "error",
	                NULL};

	snprintf(path, sizeof(path), "%s", control);
	snprintf(dir, sizeof(dir), "%s", folder);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	_exit(tool_serve((int)PL_COUNT(argv) - 1, argv));
}

/* READY on the server's standard output, within five seconds. */
static bool
await_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char line[200] = "";

	return poll(&p, 1, 5000) == 1 && read(fd, line, sizeof(line) - 1) > 0 && strncmp(line, "READY ", 6) == 0;
}

pid_t
demo_start_server(const char *folder, const char *control)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		run_server(folder, control, ends[1]);
	close(ends[1]);
	bool ok = pid > 0 && await_ready(ends[0]);
	close(ends[0]);
	if (pid > 0 && !ok) {
		kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0); /* it is gone either way */
	}
	return ok ? pid : -1;
}
