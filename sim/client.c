/* SPDX-License-Identifier: ISC */
/* Legit clients: see client.h. */
#include "sim/client.h"

#include "sim/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#define RECONNECT PL_SEC(1)
#define SLOW_RATE 32000u /* octets per second: 256 kbit/s */
#define SPANS 64u

static const char *const kind_names[] = {
#define SIM_X(name, text) #name,
	SIM_CLIENT_KINDS(SIM_X)
#undef SIM_X
};

const char *
sim_client_kind_name(unsigned kind)
{
	return kind < SIM_N_CLIENT_KINDS ? kind_names[kind] : NULL;
}

static const pl_time periods[SIM_N_CLIENT_KINDS] = {
	[SIM_CLIENT_download] = RECONNECT, [SIM_CLIENT_upload] = RECONNECT, [SIM_CLIENT_request] = PL_MS(200),
	[SIM_CLIENT_brief] = PL_SEC(1),    [SIM_CLIENT_idle] = PL_SEC(30),  [SIM_CLIENT_slow] = PL_MS(100),
	[SIM_CLIENT_greeted] = PL_SEC(1),  [SIM_CLIENT_crowd] = PL_MS(300),
};

static const uint16_t ports[SIM_N_CLIENT_KINDS] = {
	[SIM_CLIENT_download] = SIM_PORT_DOWNLOAD, [SIM_CLIENT_upload] = SIM_PORT_UPLOAD,
	[SIM_CLIENT_request] = SIM_PORT_REQUEST,   [SIM_CLIENT_brief] = SIM_PORT_REQUEST,
	[SIM_CLIENT_idle] = SIM_PORT_IDLE,         [SIM_CLIENT_slow] = SIM_PORT_DOWNLOAD,
	[SIM_CLIENT_greeted] = SIM_PORT_GREETING,  [SIM_CLIENT_crowd] = SIM_PORT_CROWD,
};

uint32_t
sim_spans_add(struct sim_spans *s, pl_time at)
{
	if (s->n == s->room) {
		s->room = s->room > 0 ? s->room * 2 : 1024;
		s->span = realloc(s->span, s->room * sizeof *s->span);
		if (s->span == NULL) {
			fprintf(stderr, "plim sim: no memory for %u spans\n", s->room);
			abort();
		}
	}
	s->span[s->n] = (struct sim_span){at, PL_TIME_NEVER};
	return ++s->n;
}

static void
span_end(struct sim_spans *s, uint32_t *span, pl_time now)
{
	if (*span > 0)
		s->span[*span - 1].took = now - s->span[*span - 1].at;
	*span = 0;
}

static pl_time
now_of(const struct sim_client *c)
{
	return c->host->w->now;
}

/* ---- connections ---- */

static struct sim_cconn *
conn_for_new(struct sim_client *c)
{
	struct sim_cconn *oldest = &c->conn[0];

	for (unsigned i = 0; i < c->n_conns; i++) {
		if (!c->conn[i].in_use)
			return &c->conn[i];
		if (c->conn[i].began < oldest->began)
			oldest = &c->conn[i];
	}
	plim_tcp_abort(c->host->s, oldest->h); /* so long without an answer: the client gives up */
	return oldest;
}

/* Does it make new connections all the time? */
static bool
is_brief(const struct sim_client *c)
{
	return c->kind == SIM_CLIENT_brief || c->kind == SIM_CLIENT_greeted || c->kind == SIM_CLIENT_crowd;
}

/* A crowd's client waits for its connections; a brief one has given up the oldest by then. */
static bool
may_open(const struct sim_client *c)
{
	if (c->kind != SIM_CLIENT_crowd)
		return is_brief(c) || !c->conn[0].in_use;
	for (unsigned i = 0; i < c->n_conns; i++)
		if (!c->conn[i].in_use)
			return true;
	return false;
}

static void
conn_open(struct sim_client *c)
{
	struct plim_endpoint to = {sim_server_addr(0), c->port};
	struct sim_cconn *k = conn_for_new(c);
	struct plim_addr me = sim_client_addr(c->host->number);
	int64_t port = 0;

	*k = (struct sim_cconn){.began = now_of(c)};
	k->handshake = sim_spans_add(&c->tally->handshakes, now_of(c));
	if (is_brief(c))
		k->exchange = sim_spans_add(&c->tally->exchanges[c->kind], now_of(c));
	if (plim_tcp_connect(c->host->s, &to, NULL, (uint32_t)(k - c->conn), &k->h) != PLIM_OK)
		return;
	plim_get(c->host->s, k->h, PLIM_O_LOCAL_PORT, &port);
	k->in_use = true;
	k->stream[0] = sim_stream(&me, (uint16_t)port, false);
	k->stream[1] = sim_stream(&me, (uint16_t)port, true);
}

static void
conn_close(struct sim_client *c, struct sim_cconn *k)
{
	plim_tcp_close(c->host->s, k->h);
	k->in_use = k->is_open = false;
}

static void
note_ended(struct sim_client *c, int error)
{
	struct sim_tally *t = c->tally;

	if (t->ended < SIM_MAX_ENDED)
		t->first_ended[t->ended] = (struct sim_ended){now_of(c), c->host->number, (uint8_t)c->kind, error};
	t->ended++;
}

/* ---- writing and reading ---- */

static void
conn_write(struct sim_client *c, struct sim_cconn *k)
{
	while (k->tx < k->tx_want) {
		size_t n = (size_t)PL_MIN(k->tx_want - k->tx, SIM_PATTERN_RUN);
		int64_t rc = plim_send(c->host->s, k->h, sim_pattern(k->stream[0], k->tx), n, 0);

		if (rc <= 0)
			return;
		k->tx += (uint64_t)rc;
	}
}

static void
compare(struct sim_client *c, const struct sim_cconn *k, const struct plim_span *span, size_t n)
{
	uint64_t at = k->rx;

	for (; n > 0; span++) {
		size_t part = PL_MIN(n, span->len);

		c->tally->corrupt += memcmp(span->data, sim_pattern(k->stream[1], at), part) != 0;
		at += part;
		n -= part;
	}
}

static void
conn_read(struct sim_client *c, struct sim_cconn *k, uint64_t most)
{
	struct plim_span spans[SPANS];

	while (most > 0) {
		int64_t n = plim_rx_peek(c->host->s, k->h, spans, SPANS);

		if (n <= 0)
			return;
		n = (int64_t)PL_MIN((uint64_t)n, most);
		compare(c, k, spans, (size_t)n);
		plim_rx_consume(c->host->s, k->h, (size_t)n);
		k->rx += (uint64_t)n;
		c->rx += (uint64_t)n;
		c->tally->good += (uint64_t)n;
		most -= (uint64_t)n;
	}
}

/* ---- what each kind does when something has come, and when its time has ---- */

static void
ask_for_object(struct sim_cconn *k)
{
	if (k->rx < k->rx_want)
		return;
	k->tx_want += SIM_DOWNLOAD_REQUEST;
	k->rx_want += SIM_DOWNLOAD_OBJECT;
}

static void
request_begin(struct sim_client *c, struct sim_cconn *k)
{
	k->tx_want += SIM_REQUEST_UP;
	k->rx_want += SIM_REQUEST_DOWN;
	k->span = sim_spans_add(&c->tally->requests, now_of(c));
}

static void
work_download(struct sim_client *c, struct sim_cconn *k)
{
	conn_read(c, k, UINT64_MAX);
	ask_for_object(k);
}

static void
work_upload(struct sim_client *c, struct sim_cconn *k)
{
	(void)c;
	k->tx_want = UINT64_MAX;
}

static void
work_request(struct sim_client *c, struct sim_cconn *k)
{
	conn_read(c, k, UINT64_MAX);
	if (k->span > 0 && k->rx >= k->rx_want)
		span_end(&c->tally->requests, &k->span, now_of(c));
}

static void
work_exchange(struct sim_client *c, struct sim_cconn *k, uint64_t up, uint64_t down)
{
	k->tx_want = up;
	k->rx_want = down;
	conn_read(c, k, UINT64_MAX);
	if (k->rx < k->rx_want)
		return;
	span_end(&c->tally->exchanges[c->kind], &k->exchange, now_of(c));
	conn_close(c, k);
}

static void
work_brief(struct sim_client *c, struct sim_cconn *k)
{
	work_exchange(c, k, SIM_REQUEST_UP, SIM_REQUEST_DOWN);
}

static void
work_greeted(struct sim_client *c, struct sim_cconn *k)
{
	work_exchange(c, k, 0, SIM_GREETING_OCTETS);
}

static void
work_crowd(struct sim_client *c, struct sim_cconn *k)
{
	work_exchange(c, k, SIM_DOWNLOAD_REQUEST, SIM_CROWD_OBJECT);
}

static void
work_idle(struct sim_client *c, struct sim_cconn *k)
{
	(void)c;
	if (k->tx_want == 0)
		k->tx_want = SIM_HEARTBEAT;
}

static void
work_slow(struct sim_client *c, struct sim_cconn *k)
{
	(void)c;
	ask_for_object(k);
}

static void (*const work_of[SIM_N_CLIENT_KINDS])(struct sim_client *, struct sim_cconn *) = {
	[SIM_CLIENT_download] = work_download, [SIM_CLIENT_upload] = work_upload, [SIM_CLIENT_request] = work_request,
	[SIM_CLIENT_brief] = work_brief,       [SIM_CLIENT_idle] = work_idle,     [SIM_CLIENT_slow] = work_slow,
	[SIM_CLIENT_greeted] = work_greeted,   [SIM_CLIENT_crowd] = work_crowd,
};

static void
conn_work(struct sim_client *c, struct sim_cconn *k)
{
	if (k->is_open)
		work_of[c->kind](c, k);
	if (k->is_open)
		conn_write(c, k);
}

static void
tick_open(struct sim_client *c, struct sim_cconn *k)
{
	if (c->kind == SIM_CLIENT_request && k->span == 0)
		request_begin(c, k);
	if (c->kind == SIM_CLIENT_idle)
		k->tx_want += SIM_HEARTBEAT;
	if (c->kind == SIM_CLIENT_slow)
		conn_read(c, k, SLOW_RATE * c->period / 1000000000u);
	conn_work(c, k);
}

static void
on_wake(struct sim_host *h)
{
	struct sim_client *c = h->ctx;
	struct sim_cconn *k = &c->conn[0];

	if (c->next > h->w->now) {
		sim_host_wake_at(h, c->next);
		return;
	}
	c->next = h->w->now + c->period;
	if (h->w->now < c->until) {
		if (may_open(c))
			conn_open(c);
		else if (k->is_open)
			tick_open(c, k);
	}
	sim_host_wake_at(h, c->next);
}

/* ---- events ---- */

static void
on_closed(struct sim_client *c, struct sim_cconn *k)
{
	int64_t error = 0;

	plim_get(c->host->s, k->h, PLIM_O_ERROR, &error);
	if (k->is_open && error != 0)
		note_ended(c, (int)error);
	else if (!k->is_open)
		c->tally->refused++;
	conn_close(c, k);
	c->next = PL_MAX(c->next, now_of(c) + RECONNECT);
}

static void
on_event(struct sim_host *h, const struct plim_event *ev)
{
	struct sim_client *c = h->ctx;
	struct sim_cconn *k = &c->conn[ev->cookie % SIM_CLIENT_MOST];

	if (!k->in_use || k->h.index != ev->h.index || k->h.generation != ev->h.generation)
		return;
	if (ev->bits & PLIM_EV_CONNECTED) {
		k->is_open = true;
		span_end(&c->tally->handshakes, &k->handshake, h->w->now);
	}
	if (ev->bits & PLIM_EV_CLOSED) {
		conn_read(c, k, UINT64_MAX);
		on_closed(c, k);
		return;
	}
	conn_work(c, k);
}

/* ---- made and ended ---- */

struct sim_client *
sim_client_add(struct sim_world *w, const struct sim_access *a, enum sim_client_kind kind, struct sim_tally *tally,
               pl_time begin)
{
	struct sim_client *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	*c = (struct sim_client){.kind = kind, .tally = tally, .period = periods[kind], .port = ports[kind]};
	c->n_conns = kind == SIM_CLIENT_crowd ? SIM_CLIENT_MOST : SIM_CLIENT_CONNS;
	c->until = PL_TIME_NEVER;
	c->next = begin;
	c->host = sim_world_add_client(w, a, (struct sim_app){on_event, on_wake}, c);
	if (c->host == NULL) {
		free(c);
		return NULL;
	}
	c->host->linux_rule = c->host->number % 2 == 1;
	sim_host_wake_at(c->host, begin);
	return c;
}

void
sim_client_leave(struct sim_client *c)
{
	c->until = 0;
	for (unsigned i = 0; i < c->n_conns; i++) {
		if (!c->conn[i].in_use)
			continue;
		plim_tcp_abort(c->host->s, c->conn[i].h);
		c->conn[i].in_use = c->conn[i].is_open = false;
	}
	sim_host_wake_at(c->host, c->host->w->now);
}

void
sim_client_free(struct sim_client *c)
{
	free(c);
}
