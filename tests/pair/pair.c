/* SPDX-License-Identifier: ISC */
/* Two stacks on a link: see pair.h. */
#include "pair.h"

#define FRAME_OCTETS (PL_ETH_OCTETS + PL_SUPER_OCTETS)
#define PORT 7

void
pair_defaults(struct pair_config *c)
{
	memset(c, 0, sizeof *c);
	c->target = 4u << 20;
	c->mtu = 1500;
	c->fill = 0xa5;
	c->link = (struct pl_impair_config){.seed = 1, .delay_ns = PL_MS(5), .queue_limit = 1024};
	plim_config_default(&c->stack);
}

static void
start_side(struct pair *p, unsigned n, const struct pair_config *c)
{
	struct side *s = &p->side[n];
	struct plim_config config = c->stack;
	struct plim_iface_config *i = &config.ifaces[0];
	uint8_t entropy[PLIM_ENTROPY_OCTETS];

	s->addr4 = (struct plim_addr){.octets = {10, 0, 0, (uint8_t)(1 + n)}, .family = 4};
	s->addr6 = (struct plim_addr){.octets = {0xfd, [15] = (uint8_t)(1 + n)}, .family = 6};
	s->driver = &p->link.end[n].driver;
	config.n_ifaces = 1;
	memcpy(i->mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(1 + n)}, 6);
	i->mtu = c->mtu;
	i->flags = s->driver->if_flags;
	i->gso_octets = s->driver->gso_octets;
	i->addrs[0] = (struct plim_ifaddr){s->addr4, 24};
	i->addrs[1] = (struct plim_ifaddr){s->addr6, 64};
	i->n_addrs = 2;
	memset(entropy, (int)(n + 1 + c->link.seed), sizeof entropy);
	s->target = c->target;
	s->region = aligned_alloc(64, c->target);
	memset(s->region, c->fill, c->target);
	assert_int_equal(plim_create(&config, s->region, c->target, entropy, p->now, &s->s), PLIM_OK);
}

void
pair_start(struct pair *p, const struct pair_config *c)
{
	memset(p, 0, sizeof *p);
	p->now = PL_SEC(1000);
	p->trace = 1469598103934665603u;
	p->check_every = 1;
	p->link_memory = calloc(1, pl_memlink_octets(&c->link, c->mtu, c->gso_octets));
	pl_memlink_init(&p->link, &c->link, c->mtu, c->gso_octets, p->link_memory);
	for (unsigned i = 0; i < PL_DRIVER_BATCH; i++)
		p->frames[i] = malloc(FRAME_OCTETS);
	start_side(p, 0, c);
	start_side(p, 1, c);
}

void
pair_stop(struct pair *p)
{
	for (unsigned i = 0; i < PL_DRIVER_BATCH; i++)
		free(p->frames[i]);
	free(p->side[0].region);
	free(p->side[1].region);
	free(p->link_memory);
}

void
pair_check(struct pair *p)
{
	for (unsigned n = 0; n < 2; n++) {
		const char *why = "";

		if (plim_check(p->side[n].s, &why) != 0)
			fail_msg("side %u, event %llu: %s", n, (unsigned long long)p->events, why);
	}
}

static void
note_trace(struct pair *p, const struct plim_frame *f)
{
	p->trace = (p->trace ^ p->now) * 1099511628211u;
	for (uint32_t i = 0; i < f->len; i++)
		p->trace = (p->trace ^ f->data[i]) * 1099511628211u;
}

static int
drain(struct pair *p, struct side *s)
{
	struct plim_frame f[PL_DRIVER_BATCH];
	int n;

	for (unsigned i = 0; i < PL_DRIVER_BATCH; i++)
		f[i] = (struct plim_frame){.data = p->frames[i], .cap = FRAME_OCTETS};
	n = plim_output(s->s, f, PL_DRIVER_BATCH, p->now);
	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		note_trace(p, &f[i]);
	if (n > 0)
		pl_driver_tx(s->driver, f, n, p->now);
	return n;
}

int
pair_take(struct pair *p, unsigned side)
{
	struct side *s = &p->side[side];
	struct plim_frame f[PL_DRIVER_BATCH];
	int n = pl_driver_rx(s->driver, f, PL_DRIVER_BATCH, p->now);

	if (n > 0)
		plim_input(s->s, f, (size_t)n, p->now);
	return n;
}

void
pair_settle(struct pair *p)
{
	for (int moved = 1, rounds = 0; moved && rounds < 100000; rounds++) {
		moved = 0;
		for (unsigned n = 0; n < 2; n++)
			moved += pair_take(p, n) + drain(p, &p->side[n]);
	}
}

/* What holds nothing may be given back to the system at any time, and read as anything after that. */
static void
spoil_free_spans(plim *s)
{
	struct plim_span spans[4];
	uint32_t cursor = 0;

	do {
		size_t n = plim_free_spans(s, &cursor, spans, 4);

		for (size_t i = 0; i < n; i++)
			memset(spans[i].data, 0xa7, spans[i].len);
	} while (cursor != 0);
}

bool
pair_step(struct pair *p, plim_time until)
{
	plim_time next = PLIM_NEVER;

	pair_settle(p);
	for (unsigned n = 0; n < 2; n++) {
		next = PL_MIN(next, plim_next_deadline(p->side[n].s));
		next = PL_MIN(next, pl_driver_due(p->side[n].driver));
	}
	if (next > until)
		return false;
	p->now = PL_MAX(p->now, next);
	p->events++;
	for (unsigned n = 0; n < 2; n++)
		while (plim_poll(p->side[n].s, p->now, 1000))
			;
	pair_settle(p);
	spoil_free_spans(p->side[0].s);
	spoil_free_spans(p->side[1].s);
	if (p->check_every && p->events % p->check_every == 0)
		pair_check(p);
	return true;
}

void
pair_run_until(struct pair *p, plim_time until)
{
	while (pair_step(p, until))
		;
	p->now = PL_MAX(p->now, until);
	for (unsigned n = 0; n < 2; n++)
		plim_poll(p->side[n].s, p->now, 1000);
	pair_settle(p);
}

struct plim_endpoint
pair_endpoint(const struct pair *p, unsigned side, unsigned family, uint16_t port)
{
	return (struct plim_endpoint){family == 4 ? p->side[side].addr4 : p->side[side].addr6, port};
}

/* ---- a transfer ---- */

static void
end_send(plim *s, struct end *e)
{
	uint8_t buf[16384];

	while (e->open && e->sent < e->to_send) {
		size_t n = PL_MIN(e->to_send - e->sent, e->piece ? e->piece : sizeof buf);
		int64_t rc;

		for (size_t i = 0; i < n; i++)
			buf[i] = pattern(e->stream_out, e->sent + i);
		rc = plim_send(s, e->h, buf, n, 0);
		if (rc == PLIM_EAGAIN)
			return;
		if (rc < 0) {
			e->error = (int)rc;
			return;
		}
		e->sent += (uint64_t)rc;
	}
	if (e->open && !e->fin_sent && e->error == 0) {
		int rc = plim_tcp_shutdown(s, e->h);

		e->fin_sent = rc == PLIM_OK;
	}
}

static void
end_receive(plim *s, struct end *e)
{
	uint8_t buf[16384];

	while (e->open && !e->got_eof) {
		int64_t rc = plim_recv(s, e->h, buf, sizeof buf);

		if (rc == PLIM_EAGAIN)
			return;
		if (rc < 0) {
			e->error = (int)rc;
			return;
		}
		e->got_eof = rc == 0;
		for (int64_t i = 0; i < rc; i++)
			if (buf[i] != pattern(e->stream_in, e->received + (uint64_t)i))
				fail_msg("octet %llu is wrong", (unsigned long long)(e->received + (uint64_t)i));
		e->received += (uint64_t)rc;
	}
}

void
end_pump(struct pair *p, unsigned side, struct end *e)
{
	end_receive(p->side[side].s, e);
	end_send(p->side[side].s, e);
	if (e->open && (e->error || (e->got_eof && e->fin_sent)) && !e->closed) {
		assert_int_equal(plim_tcp_close(p->side[side].s, e->h), PLIM_OK);
		e->closed = true;
		e->open = false;
	}
}

static void
take_events(struct pair *p, struct transfer *t)
{
	struct plim_event ev[8];
	int n;

	while ((n = plim_events(p->side[0].s, ev, 8)) > 0)
		for (int i = 0; i < n; i++)
			if (ev[i].bits & PLIM_EV_CONNECTED)
				t->client.open = true;
			else if (ev[i].bits & PLIM_EV_CLOSED && !t->client.open)
				t->client.closed = true;
	while ((n = plim_events(p->side[1].s, ev, 8)) > 0)
		for (int i = 0; i < n; i++)
			if (ev[i].bits & PLIM_EV_ACCEPT &&
			    plim_tcp_accept(p->side[1].s, t->listener, 2, &t->server.h, NULL) == 0)
				t->server.open = true;
}

void
pair_transfer(struct pair *p, unsigned family, uint64_t up, uint64_t down, plim_time limit, struct transfer *t)
{
	struct plim_endpoint any = {.port = PORT}, to = pair_endpoint(p, 1, family, PORT);
	plim_time start = p->now, until = p->now + limit;

	memset(t, 0, sizeof *t);
	t->client.to_send = t->server.received = 0;
	t->client.to_send = up;
	t->server.to_send = down;
	t->client.stream_out = t->server.stream_in = 1;
	t->server.stream_out = t->client.stream_in = 2;
	assert_int_equal(plim_tcp_listen(p->side[1].s, &any, 1, &t->listener), PLIM_OK);
	assert_int_equal(plim_tcp_connect(p->side[0].s, &to, NULL, 3, &t->client.h), PLIM_OK);
	while (!(t->client.closed && t->server.closed)) {
		if (!pair_step(p, until))
			break;
		take_events(p, t);
		end_pump(p, 0, &t->client);
		end_pump(p, 1, &t->server);
	}
	t->took = p->now - start;
	assert_int_equal(t->client.error, 0);
	assert_int_equal(t->server.error, 0);
	assert_int_equal(t->server.received, up);
	assert_int_equal(t->client.received, down);
	assert_true(t->client.closed && t->server.closed);
	assert_int_equal(plim_tcp_close(p->side[1].s, t->listener), PLIM_OK);
}
