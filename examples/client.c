/* SPDX-License-Identifier: ISC */
/*
 * A client behind a TAP: connects, sends its standard input, prints what comes, closes.
 *
 *   client TAP ADDRESS REMOTE PORT <FILE >FILE     such as: client plim0 10.77.0.2 10.77.0.1 7000
 *
 * Standard input is best a file: reading it holds the loop up.
 */
#include "host.h"

#include <poll.h>

#define LEAVE_WITHIN 5000000000u /* ns to wait for the last acknowledgement */

static _Alignas(64) uint8_t region[2 << 20];
static plim *stack;
static plim_h conn;
static bool is_all_sent, is_all_received;

/* Read straight into the send queue as long as it lends room; at the end of the input send FIN. */
static int
send_more(void)
{
	struct plim_span out;
	int64_t room;

	while (!is_all_sent && (room = plim_tx_reserve(stack, conn, 65536, &out, 1)) != PLIM_EAGAIN) {
		if (room < 0)
			return (int)room;
		ssize_t n = read(STDIN_FILENO, out.data, out.len);
		host_must(n >= 0, "standard input");
		int code = n > 0 ? plim_tx_commit(stack, conn, (size_t)n, 0) : plim_tcp_shutdown(stack, conn);
		if (code != PLIM_OK)
			return code;
		is_all_sent = n == 0;
	}
	return PLIM_OK; /* PLIM_EV_WRITABLE calls again */
}

/* Write from the receive queue; what is not taken stays there, and the peer waits. */
static int
receive_more(void)
{
	struct plim_span in;
	int64_t came;

	while (!is_all_received && (came = plim_rx_peek(stack, conn, &in, 1)) != PLIM_EAGAIN) {
		if (came < 0)
			return (int)came;
		ssize_t n = came > 0 ? write(STDOUT_FILENO, in.data, in.len) : 0;
		host_must(n >= 0, "standard output");
		plim_rx_consume(stack, conn, (size_t)n);
		is_all_received = came == 0;
	}
	return PLIM_OK;
}

static int
handle(const struct plim_event *ev)
{
	int64_t error = PLIM_ERESET;
	int code;

	if ((ev->bits & PLIM_EV_LEVEL) != 0)
		return PLIM_OK; /* not of a connection */
	if ((ev->bits & PLIM_EV_CLOSED) != 0 && plim_get(stack, conn, PLIM_O_ERROR, &error) == PLIM_OK && error != 0)
		return (int)error;
	code = receive_more();
	return code == PLIM_OK ? send_more() : code;
}

static int
drain(int tap)
{
	struct plim_event ev[8];
	int code = PLIM_OK, n;

	do {
		host_output(stack, tap);
		n = plim_events(stack, ev, 8);
		for (int i = 0; i < n && code == PLIM_OK; i++)
			code = handle(&ev[i]);
	} while (n > 0);
	return code;
}

static void
await_input(int tap, plim_time until)
{
	struct pollfd p = {.fd = tap, .events = POLLIN};
	plim_time due = plim_next_deadline(stack), now = host_now();

	if (until < due)
		due = until;
	plim_time wait_ms = due <= now ? 0 : (due - now + 999999u) / 1000000u;
	poll(&p, 1, wait_ms < 60000 ? (int)wait_ms : 60000);
}

/* Closed connections still wait to be acknowledged: until none does, there are frames to send. */
static bool
is_closing(void)
{
	struct plim_stats st;

	plim_stats(stack, &st);
	return st.by_state[PLIM_FIN_WAIT_1] + st.by_state[PLIM_FIN_WAIT_2] + st.by_state[PLIM_CLOSING] +
	       st.by_state[PLIM_LAST_ACK];
}

static int
run(int tap)
{
	int code = drain(tap);

	while (code == PLIM_OK && !(is_all_sent && is_all_received)) {
		await_input(tap, PLIM_NEVER);
		host_input(stack, tap);
		code = drain(tap);
	}
	plim_tcp_close(stack, conn);
	for (plim_time leave = host_now() + LEAVE_WITHIN; is_closing() && host_now() < leave;) {
		await_input(tap, leave);
		host_input(stack, tap);
		drain(tap);
	}
	host_output(stack, tap);
	return code;
}

int
main(int argc, char **argv)
{
	struct plim_endpoint remote;

	if (argc != 5) {
		fprintf(stderr, "usage: client TAP ADDRESS REMOTE PORT\n");
		return 2;
	}
	remote = (struct plim_endpoint){host_address(argv[3]), (uint16_t)atoi(argv[4])};
	int tap = host_open_tap(argv[1]);
	stack = host_stack(argv[2], region, sizeof(region));
	host_must_plim(plim_tcp_connect(stack, &remote, NULL, 0, &conn), "plim_tcp_connect");
	host_must_plim(run(tap), "connection");
	return 0;
}
