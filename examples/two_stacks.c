/* SPDX-License-Identifier: ISC */
/*
 * Two stacks in one process, on a link that is an array: no privileges, no kernel, no clock.
 *
 * Time is a variable, which moves to the next deadline or arrival. So a run is repeated exactly, octet for
 * octet: the last line, a hash over every frame with its time, is always the same.
 */
#include <inttypes.h>
#include <plim/plim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET (1 << 20) /* memory of each stack */
#define TO_SEND 1000000u /* octets, there and back */
#define DELAY 5000000u   /* ns from one stack to the other */
#define QUEUE 256        /* frames under way in one direction; TCP mends what does not fit */
#define FRAME 1514

/* One direction of the link. */
struct wire {
	uint8_t octets[QUEUE][FRAME];
	uint32_t len[QUEUE];
	plim_time due[QUEUE];
	unsigned first, n;
};

struct side {
	plim *stack;
	plim_h conn;
	struct wire *to, *from;
	uint32_t sent, received;
	bool is_over;
};

static _Alignas(64) uint8_t regions[2][TARGET];
static struct wire wires[2];
static struct side client, server;
static plim_h listener;
static plim_time now;
static uint64_t trace = 14695981039346656037u; /* FNV-1a */

static void
must(int64_t code, const char *what)
{
	if (code >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, plim_strerror((int)code));
	exit(1);
}

static void
hash(const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++)
		trace = (trace ^ p[i]) * 1099511628211u;
}

/* The octet that stands at this place of what the client sends. */
static uint8_t
octet_at(uint32_t place)
{
	return (uint8_t)((place + 1) * 2654435761u >> 24);
}

static void
start(struct side *e, uint8_t number)
{
	const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {number}; /* a real program takes unpredictable ones */
	struct plim_config config;

	plim_config_default(&config);
	config.n_ifaces = 1;
	config.ifaces[0] = (struct plim_iface_config){
		.mac = {2, 0, 0, 0, 0, number},
		.mtu = FRAME - 14,
		.addrs = {{{{10, 0, 0, number}, 4}, 24}},
		.n_addrs = 1,
	};
	must(plim_create(&config, regions[number - 1], TARGET, entropy, now, &e->stack), "plim_create");
	e->to = &wires[number - 1];
	e->from = &wires[2 - number];
}

/* ---- the link ---- */

static void
put(struct wire *w, const struct plim_frame *f)
{
	unsigned at = (w->first + w->n) % QUEUE;

	if (w->n == QUEUE)
		return;
	for (unsigned shift = 0; shift < 64; shift += 8)
		hash(&(uint8_t){(uint8_t)(now >> shift)}, 1);
	hash(f->data, f->len);
	memcpy(w->octets[at], f->data, f->len);
	w->len[at] = f->len;
	w->due[at] = now + DELAY;
	w->n++;
}

static void
send_frames(struct side *e)
{
	static uint8_t octets[FRAME];
	struct plim_frame f = {.data = octets, .cap = FRAME};

	while (plim_output(e->stack, &f, 1, now) == 1)
		put(e->to, &f);
}

static void
take_frames(struct side *e)
{
	struct wire *w = e->from;

	while (w->n > 0 && w->due[w->first] <= now) {
		struct plim_frame f = {.data = w->octets[w->first], .len = w->len[w->first]};
		plim_input(e->stack, &f, 1, now);
		w->first = (w->first + 1) % QUEUE;
		w->n--;
	}
	while (plim_poll(e->stack, now, 256) == 1)
		;
}

/* When there is something to do for this side. */
static plim_time
due(const struct side *e)
{
	plim_time deadline = plim_next_deadline(e->stack);
	plim_time arrival = e->from->n > 0 ? e->from->due[e->from->first] : PLIM_NEVER;

	return deadline < arrival ? deadline : arrival;
}

/* ---- the two applications ---- */

static void
client_send(void)
{
	struct plim_span out;
	int64_t room;

	while (client.sent < TO_SEND &&
	       (room = plim_tx_reserve(client.stack, client.conn, TO_SEND - client.sent, &out, 1)) > 0) {
		for (uint32_t i = 0; i < (uint32_t)room; i++)
			out.data[i] = octet_at(client.sent + i);
		must(plim_tx_commit(client.stack, client.conn, (size_t)room, 0), "plim_tx_commit");
		client.sent += (uint32_t)room;
		if (client.sent == TO_SEND)
			must(plim_tcp_shutdown(client.stack, client.conn), "plim_tcp_shutdown");
	}
}

static void
client_receive(void)
{
	uint8_t octets[4096];
	int64_t n;

	while ((n = plim_recv(client.stack, client.conn, octets, sizeof(octets))) > 0)
		for (int64_t i = 0; i < n; i++, client.received++)
			if (octets[i] != octet_at(client.received)) {
				fprintf(stderr, "octet %" PRIu32 " is wrong\n", client.received);
				exit(1);
			}
	if (n == PLIM_EAGAIN)
		return;
	must(n, "the client's connection");
	must(plim_tcp_close(client.stack, client.conn), "plim_tcp_close");
	client.is_over = true;
}

static void
server_echo(void)
{
	struct plim_span in;
	int64_t n;

	while ((n = plim_rx_peek(server.stack, server.conn, &in, 1)) > 0) {
		int64_t taken = plim_send(server.stack, server.conn, in.data, in.len, 0);
		if (taken == PLIM_EAGAIN)
			return; /* what came stays where it is until PLIM_EV_WRITABLE */
		must(taken, "plim_send");
		must(plim_rx_consume(server.stack, server.conn, (size_t)taken), "plim_rx_consume");
		server.received += (uint32_t)taken;
	}
	if (n == PLIM_EAGAIN)
		return;
	must(n, "the server's connection");
	must(plim_tcp_close(server.stack, server.conn), "plim_tcp_close");
	server.is_over = true;
}

/* ---- what happens ---- */

static void
tell(const struct side *e, const char *what)
{
	printf("%8.1f ms  %s: %s\n", (double)now / 1e6, e == &client ? "client" : "server", what);
}

static void
handle(struct side *e, uint32_t bits)
{
	if ((bits & PLIM_EV_ACCEPT) != 0) {
		must(plim_tcp_accept(e->stack, listener, 0, &e->conn, NULL), "plim_tcp_accept");
		tell(e, "accepted a connection");
	}
	if ((bits & PLIM_EV_CONNECTED) != 0)
		tell(e, "connected");
	if ((bits & PLIM_EV_PEER_FIN) != 0)
		tell(e, "the peer will send no more");
	if (e == &client) {
		client_send();
		client_receive();
	} else {
		server_echo();
	}
}

/* After calls into a stack: its frames, then its events, until there are neither. */
static void
drain(struct side *e)
{
	struct plim_event ev[8];
	int n;

	do {
		send_frames(e);
		n = plim_events(e->stack, ev, 8);
		for (int i = 0; i < n; i++)
			if (!e->is_over)
				handle(e, ev[i].bits);
	} while (n > 0);
}

/* Move time to where somebody has something to do. False: both rest for good, or for the 60 s of TIME_WAIT. */
static bool
advance(void)
{
	plim_time a = due(&client), b = due(&server), next = a < b ? a : b;

	if (client.is_over && server.is_over && wires[0].n + wires[1].n == 0)
		return false;
	if (next == PLIM_NEVER)
		return false;
	if (next > now)
		now = next;
	return true;
}

static void
report(const struct side *e)
{
	struct plim_stats st;

	plim_stats(e->stack, &st);
	printf("             %s: %" PRIu64 " frames out, %" PRIu64 " retransmitted, most memory %" PRIu64 " of %" PRIu64
	       "\n",
	       e == &client ? "client" : "server", st.frames_out, st.tcp[PLIM_TCP_retransmitted], st.peak, st.target);
}

int
main(void)
{
	const struct plim_endpoint local = {.port = 7};
	const struct plim_endpoint remote = {{{10, 0, 0, 2}, 4}, 7};

	start(&client, 1);
	start(&server, 2);
	must(plim_tcp_listen(server.stack, &local, 0, &listener), "plim_tcp_listen");
	must(plim_tcp_connect(client.stack, &remote, NULL, 0, &client.conn), "plim_tcp_connect");
	do {
		take_frames(&client);
		take_frames(&server);
		drain(&client);
		drain(&server);
	} while (advance());
	report(&client);
	report(&server);
	if (!client.is_over || !server.is_over || client.received != TO_SEND || server.received != TO_SEND)
		must(PLIM_ENOTCONN, "not everything came back");
	printf("%" PRIu32 " octets went there and back, each as it was sent; trace %016" PRIx64 "\n", client.received,
	       trace);
	return 0;
}
