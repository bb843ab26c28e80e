/* SPDX-License-Identifier: ISC */
/* The demo's clients with kernel sockets: downloads (curl too, where it is), echoes, many idle connections. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/demo.h"

int
demo_connect(uint16_t port, bool is_patient)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (is_patient ? 0 : SOCK_NONBLOCK), 0);

	inet_pton(AF_INET, DEMO_ADDR, &to.sin_addr);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && (is_patient || errno != EINPROGRESS)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
fail(struct demo_result *r, const char *what)
{
	snprintf(r->why, sizeof(r->why), "%s: %s", what, strerror(errno));
}

/* Feed a reader from a descriptor until the body is whole. */
static void
read_response(int fd, const struct demo_job *job, struct demo_result *r)
{
	static uint8_t piece[65536];
	static struct demo_reader reader;
	ssize_t n = 0;

	demo_reader_init(&reader, job->drops_an_octet);
	while (!demo_reader_is_done(&reader) && (n = read(fd, piece, sizeof(piece))) > 0) {
		if (!demo_reader_take(&reader, piece, (size_t)n)) {
			snprintf(r->why, sizeof(r->why), "not the response that was asked for");
			return;
		}
	}
	r->octets = reader.got;
	SHA256End(&reader.sha, r->hash);
	r->ok = demo_reader_is_done(&reader);
	if (!r->ok)
		n < 0 ? fail(r, "read") : (void)snprintf(r->why, sizeof(r->why), "the body ended early");
}

void
demo_download(const struct demo_job *job, struct demo_result *r)
{
	char request[256];
	int fd = demo_connect(DEMO_HTTP, true);
	int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n",
	                   job->path);

	if (fd < 0)
		fail(r, "connect");
	else if (write(fd, request, (size_t)len) != len)
		fail(r, "write");
	else
		read_response(fd, job, r);
}

void
demo_download_curl(const struct demo_job *job, struct demo_result *r)
{
	char url[256];
	int ends[2];

	snprintf(url, sizeof(url), "http://" DEMO_ADDR "%s", job->path);
	if (pipe(ends) != 0) {
		fail(r, "pipe");
		return;
	}
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("curl", "curl", "-q", "-s", "-S", "-i", "--noproxy", "*", url, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	read_response(ends[0], job, r);
	(void)waitpid(pid, NULL, 0); /* the hash says whether it did its work */
}

/* Send the stream and read it back at the same time. */
static bool
echo_loop(int fd, const struct demo_job *job, SHA256_CTX *sha, struct demo_result *r)
{
	static uint8_t out[65536], in[65536];
	uint64_t sent = 0;

	while (r->octets < job->amount) {
		struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (sent < job->amount ? POLLOUT : 0))};
		if (poll(&p, 1, DEMO_JOB_SECONDS * 1000) <= 0)
			return false;
		if ((p.revents & POLLOUT) != 0) {
			size_t k = (size_t)PL_MIN(sizeof(out), job->amount - sent);
			demo_fill(job->seed, sent, out, k);
			ssize_t n = send(fd, out, k, MSG_DONTWAIT | MSG_NOSIGNAL);
			sent += n > 0 ? (uint64_t)n : 0;
		}
		if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
			ssize_t n = recv(fd, in, sizeof(in), MSG_DONTWAIT);
			if (n == 0 || (n < 0 && errno != EAGAIN))
				return false;
			SHA256Update(sha, in, n > 0 ? (size_t)n : 0);
			r->octets += n > 0 ? (uint64_t)n : 0;
		}
	}
	return true;
}

void
demo_echo(const struct demo_job *job, struct demo_result *r)
{
	SHA256_CTX sha;
	int fd = demo_connect(DEMO_ECHO, true);

	SHA256Init(&sha);
	r->ok = fd >= 0 && echo_loop(fd, job, &sha, r);
	if (!r->ok)
		fail(r, fd < 0 ? "connect" : "echo");
	SHA256End(&sha, r->hash);
}

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer connections then, which is told */
	}
}

/* Does the connection still answer? */
static bool
is_answering(int fd)
{
	char c = 'x';

	return fd >= 0 && send(fd, &c, 1, MSG_NOSIGNAL) == 1 && recv(fd, &c, 1, 0) == 1 && c == 'x';
}

void
demo_many_idle(const struct demo_job *job, struct demo_result *r)
{
	static int fds[20000];
	uint64_t n = PL_MIN(job->amount, PL_COUNT(fds));
	struct timeval patience = {.tv_sec = 5};

	raise_file_limit();
	for (uint64_t i = 0; i < n; i++) {
		fds[i] = demo_connect(DEMO_ECHO, true);
		if (fds[i] >= 0)
			(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &patience,
			                 sizeof(patience)); /* else it waits longer */
	}
	usleep((useconds_t)(job->hold_seconds * 1e6));
	for (uint64_t i = 0; i < n; i++)
		r->count += is_answering(fds[i]);
	r->ok = r->count == n;
	if (!r->ok)
		snprintf(r->why, sizeof(r->why), "%llu of %llu answered", (unsigned long long)r->count,
		         (unsigned long long)n);
}
