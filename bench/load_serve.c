/* SPDX-License-Identifier: ISC */
/*
 * The kernel's own TCP as a server: discard at PORT, chargen at PORT + 1, echo at PORT + 2. One thread, epoll.
 *
 * Prints "ready" when it listens, ends when its standard input does.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load.h"

#define SERVICES 3
#define EVENTS 64
#define BACKLOG 1024

enum service { DISCARD, CHARGEN, ECHO, LISTENER = 8, INPUT = 255 };

static char chunk[LOAD_CHUNK];

static uint64_t
tag(int fd, unsigned service)
{
	return (uint64_t)service << 32 | (uint32_t)fd;
}

static bool
watch(int epoll, int fd, uint32_t events, unsigned service)
{
	struct epoll_event e = {.events = events, .data.u64 = tag(fd, service)};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool
listen_at(int epoll, const struct load_target *at, unsigned service)
{
	struct sockaddr_storage addr = at->addr;
	in_port_t *port = addr.ss_family == AF_INET ? &((struct sockaddr_in *)&addr)->sin_port
	                                            : &((struct sockaddr_in6 *)&addr)->sin6_port;
	int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	if (fd >= 0)
		load_use_cubic(fd); /* connections inherit it */
	*port = htons((uint16_t)(ntohs(*port) + service));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd >= 0 && bind(fd, (struct sockaddr *)&addr, at->len) == 0 && listen(fd, BACKLOG) == 0 &&
	       watch(epoll, fd, EPOLLIN, LISTENER + service);
}

static void
accept_all(int epoll, int listener, unsigned service)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (!watch(epoll, fd, service == CHARGEN ? EPOLLOUT | EPOLLIN : EPOLLIN, service))
			close(fd);
	}
}

/* False: the connection is over. */
static bool
serve_one(int fd, unsigned service, uint32_t events)
{
	ssize_t n;

	if (service == CHARGEN && !(events & EPOLLIN)) {
		n = send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL);
		return n > 0 || errno == EAGAIN;
	}
	n = recv(fd, chunk, sizeof(chunk), 0);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	return service != ECHO || send(fd, chunk, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool
handle(int epoll, const struct epoll_event *e)
{
	int fd = (int)(uint32_t)e->data.u64;
	unsigned service = (unsigned)(e->data.u64 >> 32);

	if (service == INPUT)
		return false;
	if (service >= LISTENER)
		accept_all(epoll, fd, service - LISTENER);
	else if (!serve_one(fd, service, e->events))
		close(fd);
	return true;
}

int
load_serve(const struct load_target *at)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(0);
	bool go_on = epoll >= 0 && watch(epoll, STDIN_FILENO, EPOLLIN, INPUT);

	for (unsigned service = 0; go_on && service < SERVICES; service++)
		go_on = listen_at(epoll, at, service);
	if (!go_on) {
		fprintf(stderr, "load: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (go_on) {
		int n = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < n && go_on; i++)
			go_on = handle(epoll, &events[i]);
	}
	return 0;
}
