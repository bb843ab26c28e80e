/* SPDX-License-Identifier: ISC */
/*
 * An echo server behind a TAP: the stack in a loop of one's own, with epoll.
 *
 *   echo TAP ADDRESS PORT        such as: echo plim0 10.77.0.2 7
 *
 * host.h holds what any program on Linux needs; this file is what belongs to this one.
 */
#include "host.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

static _Alignas(64) uint8_t region[4 << 20]; /* all memory of the stack, whatever peers do */
static plim *stack;
static plim_h listener;
static int tap;

/* Move one run of octets from the receive to the send queue. What does not fit stays where it is. */
static int64_t
echo_run(plim_h h)
{
	struct plim_span in, out;
	int64_t n = plim_rx_peek(stack, h, &in, 1);

	if (n > 0)
		n = plim_tx_reserve(stack, h, in.len, &out, 1);
	if (n <= 0)
		return n;
	size_t len = in.len < out.len ? in.len : out.len;
	memcpy(out.data, in.data, len);
	int code = plim_tx_commit(stack, h, len, 0);
	if (code == PLIM_OK)
		code = plim_rx_consume(stack, h, len);
	return code == PLIM_OK ? n : code;
}

/*
 * PLIM_EAGAIN: nothing to read, or no room to send. In the second case what came stays unread, so the
 * peer's window closes; PLIM_EV_WRITABLE brings us back. 0: end of stream. Else the connection ended.
 */
static void
echo(plim_h h, uint32_t bits)
{
	int64_t n;

	while ((n = echo_run(h)) > 0)
		;
	if (n != PLIM_EAGAIN || (bits & PLIM_EV_CLOSED) != 0)
		plim_tcp_close(stack, h); /* what is queued is still sent, and then FIN */
}

/* One pass over what happened. Returns how much that was. */
static int
serve(void)
{
	struct plim_event ev[64];
	int n = plim_events(stack, ev, 64), accepted = 0;
	plim_h h;

	for (int i = 0; i < n; i++)
		if ((ev[i].bits & (PLIM_EV_ACCEPT | PLIM_EV_LEVEL)) == 0) /* those two are not of a connection */
			echo(ev[i].h, ev[i].bits);
	for (; plim_tcp_accept(stack, listener, 0, &h, NULL) == PLIM_OK; accepted++)
		echo(h, 0); /* octets may have come before it was accepted */
	return n + accepted;
}

/* After calls into the stack: its frames, then its events, until there are neither; then the deadline. */
static void
drain(int timer)
{
	struct itimerspec due = {0};
	plim_time deadline;

	do
		host_output(stack, tap);
	while (serve() > 0);
	deadline = plim_next_deadline(stack);
	if (deadline != PLIM_NEVER) { /* all zero stops the timer */
		due.it_value.tv_sec = (time_t)(deadline / 1000000000u);
		due.it_value.tv_nsec = (long)(deadline % 1000000000u);
	}
	host_must(timerfd_settime(timer, TFD_TIMER_ABSTIME, &due, NULL) == 0, "timerfd_settime");
}

static int
watch(int epoll, int fd)
{
	struct epoll_event wanted = {.events = EPOLLIN};

	host_must(fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) == 0, "epoll_ctl");
	return fd;
}

int
main(int argc, char **argv)
{
	struct plim_endpoint local = {.port = (uint16_t)(argc == 4 ? atoi(argv[3]) : 0)};
	struct epoll_event ready[2];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (argc != 4) {
		fprintf(stderr, "usage: echo TAP ADDRESS PORT\n");
		return 2;
	}
	tap = watch(epoll, host_open_tap(argv[1]));
	int timer = watch(epoll, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	stack = host_stack(argv[2], region, sizeof(region));
	host_must_plim(plim_tcp_listen(stack, &local, 0, &listener), "plim_tcp_listen");
	printf("listening on %s port %u\n", argv[2], local.port);
	fflush(stdout);
	for (;;) {
		bool more = host_input(stack, tap);
		drain(timer);
		epoll_wait(epoll, ready, 2, more ? 0 : -1);
	}
}
