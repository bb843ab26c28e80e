/* SPDX-License-Identifier: ISC */
/* Arguments of the load program: see load.h. */
#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

double
load_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool
load_address(const char *addr, const char *port, struct load_target *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&to->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&to->addr;
	uint16_t number = htons((uint16_t)atoi(port));

	memset(&to->addr, 0, sizeof(to->addr));
	if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = number;
		to->len = sizeof(*v4);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = number;
	to->len = sizeof(*v6);
	return inet_pton(AF_INET6, addr, &v6->sin6_addr) == 1;
}

void
load_use_cubic(int fd)
{
	static bool told;

	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) == 0 || told)
		return;
	fprintf(stderr, "load: no CUBIC here: %s\n", strerror(errno));
	told = true;
}

int
load_connect(const struct load_target *to, int rcvbuf)
{
	int fd = socket(to->addr.ss_family, SOCK_STREAM, 0);

	struct timeval patience = {.tv_sec = 5};

	if (fd >= 0) {
		load_use_cubic(fd);
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	}
	if (fd >= 0 && rcvbuf > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to->addr, to->len) != 0) {
		fprintf(stderr, "load: connect: %s\n", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int
usage(void)
{
	fprintf(stderr, "usage: load send ADDR PORT SECONDS\n"
	                "       load receive ADDR PORT SECONDS [RCVBUF]\n"
	                "       load connections ADDR PORT SECONDS AT_A_TIME reset|close\n"
	                "       load round-trips ADDR PORT SECONDS\n"
	                "       load serve ADDR PORT     discard, chargen and echo at PORT, PORT + 1, PORT + 2\n");
	return 2;
}

int
main(int argc, char **argv)
{
	struct load_target to = {0};

	if (argc < 4 || !load_address(argv[2], argv[3], &to))
		return usage();
	to.seconds = argc > 4 ? strtod(argv[4], NULL) : 0;
	to.at_a_time = argc > 5 ? atoi(argv[5]) : 0;
	raise_file_limit();
	if (strcmp(argv[1], "send") == 0)
		return load_send(&to);
	if (strcmp(argv[1], "receive") == 0)
		return load_receive(&to, to.at_a_time);
	if (strcmp(argv[1], "connections") == 0 && argc == 7 && to.at_a_time > 0)
		return load_connections(&to, strcmp(argv[6], "close") == 0);
	if (strcmp(argv[1], "round-trips") == 0)
		return load_round_trips(&to);
	if (strcmp(argv[1], "serve") == 0)
		return load_serve(&to);
	return usage();
}
