/* SPDX-License-Identifier: ISC */
/*
 * A peer with kernel sockets, for what the ordinary programs do not do.
 *
 *   peer hold ADDR PORT N     open N connections, print "held K" and wait for a line on standard input;
 *                             then ask each for an echo and print "answered K"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64 /* connections being opened at the same time */
#define PATIENCE_MS 20000

static int
open_one(const char *addr, int port)
{
	struct sockaddr_storage to = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&to;
	int is_v6 = strchr(addr, ':') != NULL;

	if (is_v6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((unsigned short)port);
		inet_pton(AF_INET6, addr, &v6->sin6_addr);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((unsigned short)port);
		inet_pton(AF_INET, addr, &v4->sin_addr);
	}
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
is_open(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	return fd >= 0 && poll(&p, 1, PATIENCE_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
	       error == 0;
}

static int
is_answering(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char c = 'x';

	return send(fd, &c, 1, MSG_NOSIGNAL) == 1 && poll(&p, 1, PATIENCE_MS) == 1 && recv(fd, &c, 1, 0) == 1 &&
	       c == 'x';
}

static int
hold(const char *addr, int port, int n)
{
	int *fds = calloc((size_t)n, sizeof(*fds)), held = 0, answered = 0;
	char line[16];

	for (int i = 0; fds != NULL && i < n; i += AT_ONCE) {
		int end = i + AT_ONCE < n ? i + AT_ONCE : n;
		for (int k = i; k < end; k++)
			fds[k] = open_one(addr, port);
		for (int k = i; k < end; k++)
			held += is_open(fds[k]);
	}
	printf("held %d\n", held);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return 1;
	for (int i = 0; fds != NULL && i < n; i++)
		answered += is_answering(fds[i]);
	printf("answered %d\n", answered);
	free(fds);
	return answered == n ? 0 : 1;
}

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* too few will show in what is held */
	}
}

int
main(int argc, char **argv)
{
	raise_file_limit();
	if (argc == 5 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2], atoi(argv[3]), atoi(argv[4]));
	fprintf(stderr, "usage: peer hold ADDR PORT N\n");
	return 2;
}
