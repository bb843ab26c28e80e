/* SPDX-License-Identifier: ISC */
/*
 * New connections per second, so many at a time: open, and as soon as it is established end it and open the next.
 *
 * They end by reset: an orderly close would measure the client's TIME_WAIT, and run out of its ports. With `orderly`
 * the client closes instead, for the sake of comparison.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load.h"

#define MOST_AT_A_TIME 1024
#define EVENTS 64

struct conns {
	const struct load_target *to;
	int epoll;
	bool orderly;
	uint64_t established, failed;
};

static bool
open_one(struct conns *c)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	struct epoll_event e = {.events = EPOLLOUT};
	int fd = socket(c->to->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	if (!c->orderly)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	e.data.fd = fd;
	if ((connect(fd, (const struct sockaddr *)&c->to->addr, c->to->len) == 0 || errno == EINPROGRESS) &&
	    epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &e) == 0)
		return true;
	close(fd);
	return false;
}

static void
end_one(struct conns *c, const struct epoll_event *e)
{
	if (e->events & (EPOLLERR | EPOLLHUP))
		c->failed++;
	else
		c->established++;
	close(e->data.fd);
	if (!open_one(c))
		c->failed++;
}

/* Until `until`. False: nothing happened for a second. */
static bool
run_until(struct conns *c, double until)
{
	struct epoll_event events[EVENTS];

	while (load_now() < until) {
		int n = epoll_wait(c->epoll, events, EVENTS, 1000);
		if (n <= 0)
			return false;
		for (int i = 0; i < n; i++)
			end_one(c, &events[i]);
	}
	return true;
}

int
load_connections(const struct load_target *to, bool orderly)
{
	struct conns c = {.to = to, .epoll = epoll_create1(0), .orderly = orderly};
	int opened = 0;
	double began, ended;

	while (opened < to->at_a_time && opened < MOST_AT_A_TIME && open_one(&c))
		opened++;
	if (opened == 0 || !run_until(&c, load_now() + to->seconds / 5)) {
		fprintf(stderr, "load: no connection: %s\n", strerror(errno));
		return 1;
	}
	c.established = c.failed = 0;
	began = load_now();
	if (!run_until(&c, began + to->seconds * 4 / 5))
		fprintf(stderr, "load: the server stopped answering\n");
	ended = load_now();
	printf("{\"what\":\"connections\",\"at_a_time\":%d,\"per_s\":%.0f,\"failed\":%llu,\"seconds\":%.3f}\n", opened,
	       (double)c.established / (ended - began), (unsigned long long)c.failed, ended - began);
	return 0;
}
