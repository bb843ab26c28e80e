/* SPDX-License-Identifier: ISC */
/*
 * What is asked of the stack: every frame it sends is well formed and carries the octets
 * the application gave, every invariant holds, it comes to rest, and gives all back.
 */
#include "parts.h"

#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static void
check_text(const struct flow *fl, const struct pl_tcp_seg *s)
{
	uint32_t at = s->seq - fl->iss - 1;

	if (f.tainted || !fl->known || s->text.len == 0 || s->flags & PL_TH_SYN)
		return;
	if (s->text.len == 1 && at + 1 == 0)
		return; /* a keepalive's octet below SND.UNA */
	MUST(at + s->text.len <= fl->queued || at > 0x80000000u);
	if (at < 0x80000000u)
		MUST(memcmp(s->text.p, text_from(at), s->text.len) == 0);
}

static void
learn(const struct pl_tcp_seg *s, const struct plim_addr *dst)
{
	unsigned flow = s->dport - 4000u;
	struct flow *fl = &f.flows[flow % FLOWS];
	struct plim_addr peer = them(flow % FLOWS);

	if (flow >= FLOWS || s->sport != 80 + (flow & 1) || !pl_addr_equal(&peer, dst) || s->flags & PL_TH_RST)
		return;
	if (s->flags & PL_TH_SYN) {
		if (fl->known && fl->iss != s->seq)
			fl->queued = 0;
		fl->iss = s->seq;
		fl->known = true;
		fl->shift = s->opt.has & PL_OPT_WSCALE ? s->opt.wscale : 0;
	}
	check_text(fl, s);
	if (s->flags & PL_TH_SYN || pl_seq_lt(fl->rcv, s->seq + s->len))
		fl->rcv = s->seq + s->len;
	fl->edge = s->ack + (s->wnd << (s->flags & PL_TH_SYN ? 0 : fl->shift));
	if (s->opt.has & PL_OPT_TS)
		fl->tsval = s->opt.tsval;
}

static void
take_frame(const struct plim_frame *out)
{
	struct pl_cur c = pl_cur_of(out->data, out->len);
	struct pl_span l4 = {0};
	struct pl_tcp_seg s;
	struct pl_eth eth;
	struct pl_ip4 ip4;
	struct pl_ip6 ip6;
	uint8_t proto = 0;

	MUST(pl_eth_parse(&c, &eth));
	f.last_out_len = PL_MIN(out->len, (uint32_t)sizeof f.last_out);
	memcpy(f.last_out, out->data, f.last_out_len);
	if (eth.type == PL_ETH_TYPE_IP4) {
		MUST(pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip4) == PL_PARSED);
		proto = ip4.proto;
		l4 = ip4.payload;
	} else if (eth.type == PL_ETH_TYPE_IP6) {
		MUST(pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip6) == PL_PARSED);
		proto = ip6.proto;
		l4 = ip6.payload;
	}
	if (proto != 6)
		return;
	MUST(pl_tcp_parse(l4, &s));
	learn(&s, eth.type == PL_ETH_TYPE_IP4 ? &ip4.dst : &ip6.dst);
}

void
drain(void)
{
	static struct guarded room;
	unsigned n = 0;

	if (!room.start)
		room = guarded_room(FRAME_CAP);
	uint8_t *data = guarded_last(&room, f.out_cap);

	for (;;) {
		struct plim_frame out = {.data = data, .cap = f.out_cap};
		int rc = plim_output(f.s, &out, 1, f.now);

		MUST(rc >= 0);
		if (rc == 0)
			return;
		MUST(++n < 50000); /* the stack talks without end */
		take_frame(&out);
	}
}

static void
tick(void)
{
	unsigned rounds = 0;

	while (plim_poll(f.s, f.now, 500))
		MUST(++rounds < 10000);
	drain();
}

static void
run_to(plim_time to)
{
	unsigned still = 0;

	drain();
	for (unsigned steps = 0; steps < 3000; steps++) {
		plim_time next = plim_next_deadline(f.s);

		if (next > to)
			break;
		still = next <= f.now ? still + 1 : 0;
		MUST(still < 100); /* a deadline that never passes */
		f.now = PL_MAX(f.now, next);
		tick();
	}
	f.now = PL_MAX(f.now, to);
	tick();
}

void
op_time(void)
{
	static const plim_time steps[] = {0, 1, 5, 40, 200, 1000, 3000, 10000, 70000, 130000, 7300000};

	run_to(f.now + MS(steps[u8() % PL_COUNT(steps)]));
}

/* What holds nothing may be given back to the system and read as anything. */
static void
spoil_free_spans(void)
{
	struct plim_span spans[4];
	uint32_t cursor = 0;

	do {
		size_t n = plim_free_spans(f.s, &cursor, spans, 4);

		for (size_t i = 0; i < n; i++)
			memset(spans[i].data, 0xa7, spans[i].len);
	} while (cursor != 0);
}

void
check(void)
{
	const char *why = "?";

	if (plim_check(f.s, &why) != 0)
		broken(__FILE__, __LINE__, why);
	spoil_free_spans();
}

/* Everything closed: after its deadlines nothing is held any more. */
void
finish(void)
{
	static const unsigned gone[] = {PLIM_CLASS_record, PLIM_CLASS_stream, PLIM_CLASS_index,    PLIM_CLASS_app,
	                                PLIM_CLASS_syn,    PLIM_CLASS_udp,    PLIM_CLASS_timewait, PLIM_CLASS_fragment};
	struct plim_event ev[4];
	struct plim_stats stats;

	for (unsigned i = 0; i < HANDLES; i++)
		if (f.held[i].h.generation)
			let_go(&f.held[i], i & 1);
	world_grant_all();
	for (unsigned minute = 0; minute < 30; minute++)
		run_to(f.now + MS(60000));
	while (plim_events(f.s, ev, 4) > 0)
		;
	check();
	plim_stats(f.s, &stats);
	for (unsigned i = 0; i < PL_COUNT(gone); i++)
		if (stats.by_class[gone[i]] != 0)
			broken(__FILE__, __LINE__, plim_class_name(gone[i]));
}
