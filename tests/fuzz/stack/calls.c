/* SPDX-License-Identifier: ISC */
/* Operations of the application: handles, memory, options, UDP, looking. */
#include "parts.h"

void
let_go(struct held *h, bool abort_it)
{
	if (h->is_udp)
		(void)plim_udp_close(f.s, h->h);
	else
		(void)(abort_it ? plim_tcp_abort : plim_tcp_close)(f.s, h->h);
	MUST(plim_tcp_close(f.s, h->h) == PLIM_ESTALE);
	if (h->flow) /* what it had queued does not matter any more */
		h->flow = NULL;
	h->n_lent = 0;
	h->piece = NULL;
	h->charged = 0;
	h->is_udp = false; /* the stale handle stays: calls on it must fail */
}

/* A place for a new handle: what was there is closed. */
static struct held *
new_handle(plim_h h)
{
	struct held *place = any_handle();

	if (place->h.generation)
		let_go(place, false);
	*place = (struct held){.h = h};
	return place;
}

static struct flow *
flow_of(plim_h h)
{
	struct plim_conn_info info;

	if (plim_conn_info(f.s, h, &info) != PLIM_OK || info.remote.port < 4000 || info.remote.port >= 4000 + FLOWS)
		return NULL;
	return &f.flows[info.remote.port - 4000];
}

void
op_listen(void)
{
	uint8_t how = u8();
	struct plim_endpoint local = {.port = (uint16_t)(80 + (how & 1))};
	plim_h h;

	if (how & 2)
		local.addr = how & 4 ? us4 : us6;
	if (plim_tcp_listen(f.s, &local, how, &h) == PLIM_OK)
		(void)new_handle(h);
}

void
op_connect(void)
{
	unsigned flow = u8() % FLOWS, how = u8();
	struct plim_endpoint to = {them(flow), (uint16_t)(4000 + flow)}, from = {us(flow), (uint16_t)(80 + (flow & 1))};
	struct held *place;
	plim_h h;

	if (how & 1)
		to.addr = us(flow); /* to ourselves */
	if (how & 2)
		from.port = 0;
	if (how & 4)
		to.addr.octets[3] ^= (uint8_t)how;
	if (how & 8)
		to.port = from.port;
	if (plim_tcp_connect(f.s, &to, how & 16 ? NULL : &from, how, &h) != PLIM_OK)
		return;
	place = new_handle(h);
	place->flow = how & 0x1f ? NULL : &f.flows[flow];
	if (place->flow) {
		place->flow->known = false;
		place->flow->queued = 0;
	}
}

void
op_accept(void)
{
	struct held *l = any_handle(), *place;
	struct plim_endpoint peer;
	plim_h h;

	if (plim_tcp_accept(f.s, l->h, 7, &h, &peer) != PLIM_OK)
		return;
	place = new_handle(h);
	place->flow = pl_addr_equal(&peer.addr, &peer4) || pl_addr_equal(&peer.addr, &peer6) ? flow_of(h) : NULL;
	if (place->flow) /* a SYN of the same instant has the ISN of the connection before: it tells nothing */
		place->flow->queued = 0;
}

void
op_close(void)
{
	struct held *h = any_handle();
	uint8_t how = u8() % 4;

	if (how < 2)
		let_go(h, how == 1);
	else
		(void)plim_tcp_shutdown(f.s, h->h);
}

void
op_memory(void)
{
	struct held *h = any_handle();
	uint8_t how = u8() % 4;
	uint32_t len = length();

	if (how == 0) {
		void *p = plim_alloc(f.s, h->h, len);

		if (p)
			memset(p, 0xcd, len);
		MUST(plim_free(f.s, h->h, h->piece) == PLIM_OK || !h->piece);
		h->piece = p;
	} else if (how == 1) {
		MUST(plim_free(f.s, f.held[len % HANDLES].h, (uint8_t *)f.s + (size_t)len * 37) != PLIM_OK || !len ||
		     f.held[len % HANDLES].piece);
	} else if (how == 2) {
		h->charged += plim_charge(f.s, h->h, len * 16) == PLIM_OK ? len * 16 : 0;
	} else {
		int rc = plim_uncharge(f.s, h->h, len);

		MUST((rc == PLIM_OK) <= (len <= h->charged));
		h->charged -= rc == PLIM_OK ? len : 0;
	}
}

void
op_option(void)
{
	struct held *h = any_handle();
	uint8_t how = u8();
	enum plim_option o = (enum plim_option)(how < 200 ? how % 16 : 256 + how % 12);
	int64_t value = 0;

	if (plim_set(f.s, h->h, o, length()) == PLIM_OK)
		MUST(plim_get(f.s, h->h, o, &value) == PLIM_OK);
	(void)plim_get(f.s, u8() & 1 ? h->h : (plim_h){0, 0}, o, &value);
}

void
op_udp_call(void)
{
	static uint8_t text[2000];
	unsigned how = u8(), flow = how % FLOWS;
	struct plim_endpoint to = {how & 8 ? us(flow) : them(flow), (uint16_t)(53 + (how >> 4))}, from = {.port = 53};
	struct held *h;
	plim_h udp;

	if (how >= 224) {
		from.port = (uint16_t)(53 + how % 4);
		if (plim_udp_open(f.s, &from, 1, &udp) == PLIM_OK)
			new_handle(udp)->is_udp = true;
		return;
	}
	h = any_handle();
	(void)plim_udp_sendto(f.s, h->h, &to, text, length() % sizeof text);
	(void)plim_udp_recvfrom(f.s, h->h, text, sizeof text, how & 1 ? NULL : &from);
}

void
op_look(void)
{
	struct plim_event ev[4];
	struct plim_stats stats;
	struct plim_conn_info info[7];
	uint64_t cursor = 0;
	unsigned rounds = 0;

	(void)plim_events(f.s, ev, u8() % 5);
	plim_stats(f.s, &stats);
	MUST(stats.used <= stats.target && stats.peak <= stats.target && stats.slack <= stats.used);
	while (plim_memory_map(f.s, &cursor, info, 7) > 0)
		MUST(++rounds < 5000);
}
