/* SPDX-License-Identifier: ISC */
/*
 * plim connect: one connection through our own TCP. What --send names is sent, then FIN; what comes goes to --recv.
 * It ends when both directions are finished.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tools/svc_http.h"
#include "tools/units.h"
#include "tools/world.h"

#define CLOSE_WAIT_NS PL_SEC(10) /* for the last ACK */

static struct connecting {
	struct netopts net;
	const char *send_path, *recv_path;
	int send_fd, recv_fd; /* -1: none */
	struct plim_endpoint remote;
	struct world world;
	plim_h h;
	bool is_connected, is_all_sent, is_all_received, is_closed;
	uint64_t sent, received;
	pl_time close_by;
	int failure; /* a PLIM_E... code, or 1: the line was printed */
	struct plim_span spans[SERVER_SPANS];
} conn;

static bool
set_send(void *ctx, const char *value, struct tool_error *e)
{
	(void)ctx;
	(void)e;
	conn.send_path = value;
	return true;
}

static bool
set_recv(void *ctx, const char *value, struct tool_error *e)
{
	(void)ctx;
	(void)e;
	conn.recv_path = value;
	return true;
}

static const struct args_option options[] = {
	{"send", "FILE", "send this file, then FIN (without it: FIN at once)", set_send},
	{"recv", "FILE", "write what comes to this file (without it: count and forget)", set_recv},
	{NULL, NULL, NULL, NULL},
};

static bool
open_files(struct tool_error *e)
{
	conn.send_fd = conn.recv_fd = -1;
	if (conn.send_path != NULL && (conn.send_fd = open(conn.send_path, O_RDONLY | O_CLOEXEC)) < 0)
		return tool_fail(e, "--send %s: %s; name a file that can be read", conn.send_path, strerror(errno));
	if (conn.recv_path != NULL &&
	    (conn.recv_fd = open(conn.recv_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) < 0)
		return tool_fail(e, "--recv %s: %s; name a file that can be written", conn.recv_path, strerror(errno));
	return true;
}

static bool
read_options(int argc, char **argv, struct args *a, struct tool_error *e)
{
	uint64_t port;

	netopts_init(&conn.net, a);
	if (!args_read(a, argc, argv, e) || a->help)
		return a->help;
	if (a->n_positional < 2)
		return tool_fail(e, "ADDR and PORT are missing; usage: plim %s", a->usage);
	if (!units_addr(a->positional[0], &conn.remote.addr))
		return tool_fail(e, "ADDR %s: not an address; write it like 10.77.0.1 or fd77::1", a->positional[0]);
	if (!units_number(a->positional[1], 1, 65535, &port))
		return tool_fail(e, "PORT %s: use 1 to 65535", a->positional[1]);
	conn.remote.port = (uint16_t)port;
	return netopts_check(&conn.net, e) && open_files(e);
}

static void
end(int failure)
{
	conn.failure = failure;
	conn.world.loop.stop = true;
}

/* A file failed, not the connection: reset it, and say which file. */
static void
end_for_file(const char *option, const char *path)
{
	fprintf(stderr, "plim connect: --%s %s: %s\n", option, path, strerror(errno));
	(void)plim_tcp_abort(conn.world.stack, conn.h); /* it ends either way */
	end(1);
}

static void
finish_sending(void)
{
	int code = plim_tcp_shutdown(conn.world.stack, conn.h);

	conn.is_all_sent = true;
	if (code != PLIM_OK)
		end(code);
}

static void
send_more(void)
{
	static struct iovec iov[SERVER_SPANS];
	int64_t room;

	if (conn.send_fd < 0) {
		finish_sending();
		return;
	}
	while ((room = plim_tx_reserve(conn.world.stack, conn.h, 65536, conn.spans, SERVER_SPANS)) > 0) {
		ssize_t n = readv(conn.send_fd, iov, spans_iov(conn.spans, 0, (size_t)room, iov));
		if (n < 0) {
			end_for_file("send", conn.send_path);
			return;
		}
		int code = plim_tx_commit(conn.world.stack, conn.h, (size_t)n, 0);
		if (code != PLIM_OK) {
			end(code);
			return;
		}
		conn.sent += (uint64_t)n;
		if (n == 0) {
			finish_sending();
			return;
		}
	}
	if (room != PLIM_EAGAIN)
		end((int)room);
}

static void
receive_more(void)
{
	static struct iovec iov[SERVER_SPANS];
	int64_t came;

	while ((came = plim_rx_peek(conn.world.stack, conn.h, conn.spans, SERVER_SPANS)) > 0) {
		ssize_t n = came;
		if (conn.recv_fd >= 0)
			n = writev(conn.recv_fd, iov, spans_iov(conn.spans, 0, (size_t)came, iov));
		if (n <= 0) {
			end_for_file("recv", conn.recv_path);
			return;
		}
		(void)plim_rx_consume(conn.world.stack, conn.h, (size_t)n); /* no more than was shown */
		conn.received += (uint64_t)n;
	}
	if (came == 0)
		conn.is_all_received = true;
	else if (came != PLIM_EAGAIN)
		end((int)came);
}

/* Both directions are done: leave once the last octet and the FIN are acknowledged. */
static void
leave_when_acknowledged(pl_time now)
{
	struct plim_stats st;

	if (!conn.is_closed) {
		(void)plim_tcp_close(conn.world.stack, conn.h); /* gone is gone */
		conn.is_closed = true;
		conn.close_by = now + CLOSE_WAIT_NS;
		conn.world.loop.wake = conn.close_by;
	}
	plim_stats(conn.world.stack, &st);
	uint64_t waiting = st.by_state[PLIM_FIN_WAIT_1] + st.by_state[PLIM_CLOSING] + st.by_state[PLIM_LAST_ACK] +
	                   st.by_state[PLIM_FIN_WAIT_2];
	if (waiting == 0 || now >= conn.close_by)
		end(waiting == 0 ? PLIM_OK : PLIM_ETIMEDOUT);
}

static bool
turn(void *ctx, pl_time now)
{
	struct plim_event ev[4];
	bool is_closed_now = false;

	(void)ctx;
	for (int n; (n = plim_events(conn.world.stack, ev, PL_COUNT(ev))) > 0;)
		for (int i = 0; i < n; i++) {
			conn.is_connected |= (ev[i].bits & PLIM_EV_CONNECTED) != 0;
			is_closed_now |= (ev[i].bits & PLIM_EV_CLOSED) != 0;
		}
	if (conn.is_connected && !conn.is_all_received)
		receive_more();
	if (conn.is_connected && !conn.is_all_sent && !conn.world.loop.stop)
		send_more();
	if (conn.world.loop.stop)
		return false;
	if (conn.is_all_sent && conn.is_all_received) {
		leave_when_acknowledged(now);
	} else if (is_closed_now) {
		int64_t error = PLIM_ERESET;
		(void)plim_get(conn.world.stack, conn.h, PLIM_O_ERROR, &error); /* stale: as if reset */
		end((int)error);
	} else if (world_is_stopping()) {
		(void)plim_tcp_abort(conn.world.stack, conn.h); /* gone is gone */
		end(PLIM_EABORTED);
	}
	return false;
}

static int
run(const char *addr)
{
	char sent[UNITS_SIZE_OCTETS], received[UNITS_SIZE_OCTETS];
	int code = plim_tcp_connect(conn.world.stack, &conn.remote, NULL, 0, &conn.h);

	if (code == PLIM_OK) {
		conn.world.loop.turn = turn;
		world_ready(&conn.world);
		int error = pl_loop_run(&conn.world.loop);
		if (error != 0) {
			fprintf(stderr, "plim connect: --tap %s: the interface is gone: %s\n", conn.net.tap,
			        strerror(-error));
			return TOOL_FAILED;
		}
		code = conn.failure;
	}
	if (code < 0)
		fprintf(stderr, "plim connect: %s port %u: %s\n", addr, conn.remote.port, plim_strerror(code));
	if (code != PLIM_OK)
		return TOOL_FAILED;
	printf("sent %s, received %s\n", units_print_size(sent, conn.sent), units_print_size(received, conn.received));
	return TOOL_OK;
}

int
tool_connect(int argc, char **argv)
{
	struct tool_error e;
	int status;
	struct args a = {
		.usage = "connect ADDR PORT --tap NAME --addr ADDR/LEN [--send FILE] [--recv FILE]",
		.about = "Open one connection through our own TCP; end when both directions are finished.",
		.groups = {{options, NULL}, {netopts_options, &conn.net}},
		.most_positionals = 2,
	};

	if (!read_options(argc, argv, &a, &e))
		return tool_complain("connect", &e, TOOL_USAGE);
	if (a.help)
		return TOOL_OK;
	world_catch_signals();
	if (!world_open(&conn.world, &conn.net, &e, &status)) {
		world_close(&conn.world);
		return tool_complain("connect", &e, status);
	}
	status = run(a.positional[0]);
	world_close(&conn.world);
	return status;
}
