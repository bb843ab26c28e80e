/* SPDX-License-Identifier: ISC */
/* The server's application: see service.h. */
#include "sim/service.h"

#include "sim/chance.h"
#include "base/bytes.h"
#include "sim/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#define COOKIE_LISTENER 0x80000000u
#define COOKIE_UDP 0x40000000u
#define READ_TICK PL_MS(100)
#define SPANS 64u
#define INDEX 65536u

static plim *
stack_of(const struct sim_services *a)
{
	return a->host->s;
}

static struct sim_service *
service_of(struct sim_services *a, const struct sim_sconn *c)
{
	return &a->service[c->service];
}

/* ---- the table of connections ---- */

static struct sim_sconn *
conn_new(struct sim_services *a)
{
	uint32_t i;

	if (a->free > 0) {
		i = a->free - 1;
		a->free = a->conn[i].next;
	} else {
		if (a->n_conn == a->room) {
			a->room = a->room > 0 ? a->room * 2 : 1024;
			a->conn = realloc(a->conn, a->room * sizeof *a->conn);
			if (a->conn == NULL) {
				fprintf(stderr, "plim sim: no memory for %u connections\n", a->room);
				abort();
			}
		}
		i = a->n_conn++;
	}
	a->conn[i] = (struct sim_sconn){.is_live = true};
	return &a->conn[i];
}

/* ---- the index ---- */

static uint32_t *
place_of(const struct sim_services *a, uint32_t addr, uint16_t port, uint16_t local)
{
	return &a->index[sim_mix((uint64_t)addr << 32 | (uint32_t)port << 16 | local) % INDEX];
}

static uint32_t *
place_of_conn(struct sim_services *a, const struct sim_sconn *c)
{
	return place_of(a, pl_load32(c->peer.octets), c->peer_port, service_of(a, c)->port);
}

static void
index_add(struct sim_services *a, struct sim_sconn *c)
{
	uint32_t *place = place_of_conn(a, c);

	c->chain = *place;
	c->is_indexed = true;
	*place = (uint32_t)(c - a->conn) + 1;
}

static void
index_remove(struct sim_services *a, struct sim_sconn *c)
{
	uint32_t *at, me = (uint32_t)(c - a->conn) + 1;

	if (!c->is_indexed)
		return;
	for (at = place_of_conn(a, c); *at != me; at = &a->conn[*at - 1].chain)
		;
	*at = c->chain;
	c->is_indexed = false;
}

struct sim_sconn *
sim_services_find(const struct sim_services *a, uint32_t addr, uint16_t port, uint16_t local)
{
	for (uint32_t i = *place_of(a, addr, port, local); i > 0; i = a->conn[i - 1].chain) {
		struct sim_sconn *c = &a->conn[i - 1];

		if (c->peer_port == port && pl_load32(c->peer.octets) == addr && a->service[c->service].port == local)
			return c;
	}
	return NULL;
}

/* ---- services ---- */

static void
conn_link(struct sim_services *a, struct sim_sconn *c)
{
	struct sim_service *sv = service_of(a, c);
	uint32_t me = (uint32_t)(c - a->conn) + 1;

	c->next = sv->first;
	if (sv->first > 0)
		a->conn[sv->first - 1].prev = me;
	sv->first = me;
	sv->open++;
	sv->most_open = PL_MAX(sv->most_open, sv->open);
}

static void
conn_drop(struct sim_services *a, struct sim_sconn *c)
{
	struct sim_service *sv = service_of(a, c);

	index_remove(a, c);
	if (c->prev > 0)
		a->conn[c->prev - 1].next = c->next;
	else
		sv->first = c->next;
	if (c->next > 0)
		a->conn[c->next - 1].prev = c->prev;
	sv->open--;
	sv->closed++;
	c->is_live = false;
	c->prev = 0;
	c->next = a->free;
	a->free = (uint32_t)(c - a->conn) + 1;
}

void
sim_services_close(struct sim_services *a, struct sim_sconn *c, bool abort)
{
	if (c->charged > 0)
		plim_uncharge(stack_of(a), c->h, c->charged);
	if (abort)
		plim_tcp_abort(stack_of(a), c->h);
	else
		plim_tcp_close(stack_of(a), c->h);
	conn_drop(a, c);
}

/* The stack told that it has ended. */
static void
conn_ended(struct sim_services *a, struct sim_sconn *c, bool evicted)
{
	struct sim_service *sv = service_of(a, c);
	int64_t error = 0;

	plim_get(stack_of(a), c->h, PLIM_O_ERROR, &error);
	sv->told_evicted += evicted || error == PLIM_EEVICTED;
	sv->told_error += error != 0;
	if (error != 0 && c->client != SIM_HOSTILE)
		a->legit_ended++;
	c->charged = 0; /* goes with the record */
	sim_services_close(a, c, false);
}

/* ---- writing and reading ---- */

/* False: the connection is not there any more. */
static bool
conn_write(struct sim_services *a, struct sim_sconn *c)
{
	struct sim_service *sv = service_of(a, c);

	while (c->tx < c->tx_want) {
		size_t n = (size_t)PL_MIN(c->tx_want - c->tx, SIM_PATTERN_RUN);
		int64_t rc = plim_send(stack_of(a), c->h, sim_pattern(c->stream[1], c->tx), n, 0);

		if (rc <= 0)
			break; /* EAGAIN: an event follows; errors come as CLOSED */
		c->tx += (uint64_t)rc;
		sv->tx += (uint64_t)rc;
	}
	if (c->tx > 0 && sv->closes_early) {
		sim_services_close(a, c, false);
		return false;
	}
	if (c->tx < c->tx_want)
		return true;
	if (c->tx > 0 && sv->shuts_after && !c->was_shut)
		c->was_shut = plim_tcp_shutdown(stack_of(a), c->h) == PLIM_OK;
	if ((c->tx > 0 && sv->closes_after) || (c->got_fin && !sv->keeps_open)) {
		sim_services_close(a, c, false);
		return false;
	}
	return true;
}

/* Octets that the service's habits let it read now. */
static uint64_t
may_read(const struct sim_services *a, const struct sim_service *sv, const struct sim_sconn *c)
{
	(void)a;
	switch (sv->read) {
	case SIM_READ_ALL: return UINT64_MAX;
	case SIM_READ_FIRST: return sv->read_most > c->rx ? sv->read_most - c->rx : 0;
	default: return 0;
	}
}

/* How long it got nothing. */
static void
note_stall(const struct sim_services *a, struct sim_service *sv, struct sim_sconn *c)
{
	pl_time now = a->host->w->now;

	if (c->client != SIM_HOSTILE && now >= sv->stall_from && now < sv->stall_to && c->last_rx > 0)
		sv->most_stall = PL_MAX(sv->most_stall, now - PL_MAX(c->last_rx, sv->stall_from));
	c->last_rx = now;
}

static void
count_read(struct sim_services *a, struct sim_sconn *c, size_t n)
{
	struct sim_service *sv = service_of(a, c);

	note_stall(a, sv, c);
	c->rx += n;
	sv->rx += n;
	if (sv->is_legit && c->client != SIM_HOSTILE)
		a->good += n;
	if (sv->request > 0)
		while ((c->asked + 1) * sv->request <= c->rx) {
			c->asked++;
			c->tx_want += sv->reply;
		}
}

static void
compare(struct sim_services *a, struct sim_sconn *c, const struct plim_span *span, size_t n)
{
	uint64_t at = c->rx;

	if (c->client == SIM_HOSTILE)
		return;
	for (; n > 0; span++) {
		size_t part = PL_MIN(n, span->len);

		for (size_t done = 0; done < part; done += SIM_PATTERN_RUN) {
			size_t run = PL_MIN(part - done, SIM_PATTERN_RUN);

			a->corrupt += memcmp(span->data + done, sim_pattern(c->stream[0], at + done), run) != 0;
		}
		at += part;
		n -= part;
	}
}

/* Read at most this many octets. */
static void
conn_read(struct sim_services *a, struct sim_sconn *c, uint64_t most)
{
	struct plim_span spans[SPANS];

	while (most > 0 && !c->got_fin) {
		int64_t n = plim_rx_peek(stack_of(a), c->h, spans, SPANS);

		if (n < 0)
			return;
		if (n == 0) {
			c->got_fin = true;
			return;
		}
		n = (int64_t)PL_MIN((uint64_t)n, most);
		compare(a, c, spans, (size_t)n);
		plim_rx_consume(stack_of(a), c->h, (size_t)n);
		count_read(a, c, (size_t)n);
		most -= (uint64_t)n;
	}
}

static void
conn_work(struct sim_services *a, struct sim_sconn *c)
{
	conn_read(a, c, may_read(a, service_of(a, c), c));
	conn_write(a, c);
}

/* ---- accepting ---- */

static void
ask_keepalive(struct sim_services *a, const struct sim_service *sv, plim_h h)
{
	if (sv->keepalive_ms == 0)
		return;
	plim_set(stack_of(a), h, PLIM_O_KEEPALIVE_IDLE_MS, sv->keepalive_ms);
	plim_set(stack_of(a), h, PLIM_O_KEEPALIVE_INTERVAL_MS, sv->keepalive_interval_ms);
	plim_set(stack_of(a), h, PLIM_O_KEEPALIVE_PROBES, sv->keepalive_probes);
	plim_set(stack_of(a), h, PLIM_O_KEEPALIVE, 1);
}

static void
conn_greet(struct sim_services *a, struct sim_sconn *c, const struct plim_endpoint *peer)
{
	struct sim_service *sv = service_of(a, c);

	c->peer = peer->addr;
	c->peer_port = peer->port;
	c->client = SIM_HOSTILE;
	if (peer->addr.octets[0] == 10)
		c->client = (uint16_t)((peer->addr.octets[1] - 1) << 8 | peer->addr.octets[2]);
	c->stream[0] = sim_stream(&peer->addr, peer->port, false);
	c->stream[1] = sim_stream(&peer->addr, peer->port, true);
	c->tx_want = sv->greeting;
	ask_keepalive(a, sv, c->h);
	if (sv->charge > 0 && plim_charge(stack_of(a), c->h, sv->charge) == PLIM_OK)
		c->charged = sv->charge;
	else
		sv->charge_refused += sv->charge > 0;
}

/* False: none waits, or there is no room for it. */
static bool
accept_one(struct sim_services *a, struct sim_service *sv)
{
	struct plim_endpoint peer;
	struct sim_sconn *c = conn_new(a);
	uint32_t i = (uint32_t)(c - a->conn);

	c->service = (uint8_t)(sv - a->service);
	conn_link(a, c);
	if (plim_tcp_accept(stack_of(a), sv->listener, i, &c->h, &peer) != PLIM_OK) {
		sv->closed--;
		conn_drop(a, c);
		return false;
	}
	sv->accepted++;
	conn_greet(a, c, &peer);
	index_add(a, c);
	conn_work(a, c);
	return true;
}

static void
accept_all(struct sim_services *a, struct sim_service *sv)
{
	pl_time now = a->host->w->now;

	if (sv->never_accepts)
		return;
	if (sv->accept_per_s == 0) {
		while (accept_one(a, sv))
			;
		return;
	}
	while (sv->next_accept <= now && accept_one(a, sv))
		sv->next_accept = PL_MAX(sv->next_accept, now - PL_SEC(1)) + PL_SEC(1) / sv->accept_per_s;
	sim_host_wake_at(a->host, PL_MAX(sv->next_accept, now + PL_MS(5)));
}

/* ---- events ---- */

static void
udp_read(struct sim_services *a, unsigned i)
{
	uint8_t text[2048];
	struct plim_endpoint from;
	int64_t n;

	while ((n = plim_udp_recvfrom(stack_of(a), a->udp[i], text, sizeof text, &from)) >= 0) {
		a->udp_in++;
		a->udp_read[i]++;
		a->udp_out += plim_udp_sendto(stack_of(a), a->udp[i], &from, text, (size_t)n) >= 0;
		if (a->udp_rate > 0)
			break;
	}
}

static void
on_event(struct sim_host *h, const struct plim_event *ev)
{
	struct sim_services *a = h->ctx;
	struct sim_sconn *c;

	if (ev->bits & PLIM_EV_LEVEL) {
		a->levels_told++;
	} else if (ev->cookie & COOKIE_LISTENER) {
		accept_all(a, &a->service[ev->cookie & 0xff]);
	} else if (ev->cookie & COOKIE_UDP) {
		if (a->udp_rate == 0)
			udp_read(a, ev->cookie & 0xff);
	} else if (ev->cookie < a->n_conn) {
		c = &a->conn[ev->cookie];
		if (!c->is_live || c->h.index != ev->h.index || c->h.generation != ev->h.generation)
			return;
		if (ev->bits & PLIM_EV_CLOSED)
			conn_ended(a, c, ev->bits & PLIM_EV_EVICTED);
		else
			conn_work(a, c);
	}
}

/* A late reader takes everything when the time has come. */
static void
read_late(struct sim_services *a, struct sim_service *sv)
{
	pl_time now = a->host->w->now;
	int64_t n;

	for (uint32_t i = sv->first, next; i > 0; i = next) {
		struct sim_sconn *c = &a->conn[i - 1];

		next = c->next;
		if (c->read_at > 0 && c->read_at <= now) {
			c->read_at = 0;
			conn_read(a, c, UINT64_MAX);
			conn_write(a, c);
		} else if (c->read_at == 0 && plim_get(stack_of(a), c->h, PLIM_O_READABLE, &n) == PLIM_OK && n > 0) {
			c->read_at = now + sv->late_min + sim_mix(i ^ now) % sv->late_min;
		}
	}
}

/* Every connection of a paced reader takes its share of a tick. */
static void
read_paced(struct sim_services *a, struct sim_service *sv)
{
	uint64_t share = (uint64_t)sv->read_rate * READ_TICK / 1000000000u;

	for (uint32_t i = sv->first, next; i > 0; i = next) {
		next = a->conn[i - 1].next;
		conn_read(a, &a->conn[i - 1], share);
		conn_write(a, &a->conn[i - 1]);
	}
}

static void
on_wake(struct sim_host *h)
{
	struct sim_services *a = h->ctx;
	pl_time now = h->w->now;

	for (unsigned i = 0; i < a->n; i++) {
		struct sim_service *sv = &a->service[i];

		if (sv->accept_per_s > 0)
			accept_all(a, sv);
		if (sv->read != SIM_READ_PACED && sv->read != SIM_READ_LATE)
			continue;
		if (sv->next_read <= now) {
			sv->next_read = now + READ_TICK;
			if (sv->read == SIM_READ_PACED)
				read_paced(a, sv);
			else
				read_late(a, sv);
		}
		sim_host_wake_at(h, sv->next_read);
	}
	if (a->udp_rate > 0 && a->next_udp <= now) {
		for (unsigned i = 0; i < a->n_udp; i++)
			udp_read(a, i);
		a->next_udp = now + PL_SEC(1) / a->udp_rate;
	}
	if (a->udp_rate > 0)
		sim_host_wake_at(h, a->next_udp);
}

/* ---- made and ended ---- */

void
sim_services_init(struct sim_services *a, struct sim_host *host)
{
	*a = (struct sim_services){.host = host};
	a->index = calloc(INDEX, sizeof *a->index);
	if (a->index == NULL)
		abort();
	host->app = (struct sim_app){on_event, on_wake};
	host->ctx = a;
}

void
sim_services_free(struct sim_services *a)
{
	free(a->conn);
	free(a->index);
	a->conn = NULL;
	a->index = NULL;
}

struct sim_service *
sim_services_add(struct sim_services *a, const struct sim_service *habits)
{
	struct plim_endpoint local = {.port = habits->port};
	struct sim_service *sv = &a->service[a->n];

	PL_ASSERT(a->n < SIM_MAX_SERVICES);
	*sv = *habits;
	if (plim_tcp_listen(stack_of(a), &local, COOKIE_LISTENER | a->n, &sv->listener) != PLIM_OK)
		return NULL;
	a->n++;
	if (sv->accept_per_s > 0 || sv->read == SIM_READ_PACED || sv->read == SIM_READ_LATE)
		sim_host_wake_at(a->host, a->host->w->now + PL_MS(1));
	return sv;
}

bool
sim_services_udp(struct sim_services *a, uint16_t port)
{
	struct plim_endpoint local = {.port = port};

	if (a->n_udp == SIM_MAX_UDP ||
	    plim_udp_open(stack_of(a), &local, COOKIE_UDP | a->n_udp, &a->udp[a->n_udp]) != PLIM_OK)
		return false;
	a->n_udp++;
	if (a->udp_rate > 0)
		sim_host_wake_at(a->host, a->host->w->now + PL_MS(1));
	return true;
}

int
sim_services_connect(struct sim_services *a, struct sim_service *sv, const struct plim_endpoint *to)
{
	struct sim_sconn *c = conn_new(a);
	uint32_t i = (uint32_t)(c - a->conn);
	int rc;

	c->service = (uint8_t)(sv - a->service);
	c->client = SIM_HOSTILE;
	conn_link(a, c);
	rc = plim_tcp_connect(stack_of(a), to, NULL, i, &c->h);
	if (rc != PLIM_OK) {
		sv->closed--;
		conn_drop(a, c);
	}
	return rc;
}

void
sim_services_kick(struct sim_services *a, struct sim_service *sv)
{
	accept_all(a, sv);
	for (uint32_t i = sv->first, next; i > 0; i = next) {
		next = a->conn[i - 1].next;
		conn_work(a, &a->conn[i - 1]);
	}
	sim_host_wake_at(a->host, a->host->w->now);
}

uint32_t
sim_services_untold(const struct sim_services *a)
{
	int64_t state;

	for (uint32_t i = 0; i < a->n_conn; i++)
		if (a->conn[i].is_live && plim_get(stack_of(a), a->conn[i].h, PLIM_O_STATE, &state) != PLIM_OK)
			return i + 1;
	return 0;
}
