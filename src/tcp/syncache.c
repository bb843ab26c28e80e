/* SPDX-License-Identifier: ISC */
/* Half-open connections: answering SYNs, repeating SYN-ACKs. See syncache.h; entries and buckets are in synstore.c. */
#include "tcp/tcp.h"

#include "base/addr.h"
#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/admit.h"
#include "tcp/cookie.h"
#include "tcp/credit.h"
#include "tcp/decide.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/listener.h"
#include "tcp/open.h"
#include "tcp/reply.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/window.h"

#define RETRIES_PRESSED 2u     /* from level 2 */
#define SWEEP_SPACING_NS 1000u /* per entry: sweeps cost at most about a fiftieth of a core */

/* ---- answering ---- */

/* The cache, or this prefix's bucket, is half full, or entries do not stay for long: the handshake must survive its entry. */
static bool
is_cookie_time(const struct pl_tcp *t, const struct pl_syn_bucket *b)
{
	uint64_t mode = PL_WITHOUT(t->core, syn_cookies) ? 0 : t->core->conf.syn_cookies;

	if (mode != 1)
		return mode == 2;
	return t->syn.n >= t->syn.half || b->n > PL_SYN_BUCKET_DEPTH / 2 || pl_level(t->core) >= PL_L2;
}

/* SYN-ACK: its timestamp carries the options whenever its ISS may be a cookie. */
void
pl_syn_send(struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_syn *e)
{
	struct pl_tuple k = pl_syn_tuple(e);
	struct pl_tcp_reply r = {.lport = k.lport, .rport = k.rport, .flags = PL_TH_SYN | PL_TH_ACK};

	r.seq = e->iss;
	r.ack = pl_seq_add(e->irs, 1);
	pl_tcp_syn_options(t, &k, true, e->opts, &r);
	r.wnd = pl_tcp_window_syn(t, pl_tcp_send_mss(t, &k, e->mss), e->segments);
	if (r.opt_has & PL_OPT_TS) {
		r.tsecr = e->tsval;
		if (e->is_cookie)
			r.tsval = pl_cookie_ts(r.tsval, e->opts, e->wscale);
	}
	(void)pl_tcp_reply_push(t, &k, pkt, &r); /* a full ring: it is sent again */
}

static void
fill_entry(struct pl_tcp *t, struct pl_syn *e, const struct pl_tuple *k, const struct pl_tcp_seg *seg)
{
	e->live = 1;
	e->laddr = k->laddr;
	e->family = k->raddr.family;
	e->lport = k->lport;
	e->rport = k->rport;
	memcpy(e->raddr, k->raddr.octets, pl_addr_len(e->family));
	e->irs = seg->seq;
	e->tsval = seg->opt.tsval;
	e->opts = pl_tcp_agreed(t, &seg->opt);
	e->wscale = seg->opt.wscale & 15;
	e->mss = seg->opt.has & PL_OPT_MSS ? seg->opt.mss : 0;
	e->segments = pl_tcp_credit_synack(t, pl_tcp_send_mss(t, k, e->mss)) & 15;
	e->tries = 1;
}

static void
note_deadline(struct pl_tcp *t, pl_time at)
{
	if (at < t->syn.next)
		t->syn.next = at;
	if (t->syn.sweeping && at < t->syn.found)
		t->syn.found = at;
}

/* What the cookie carries: without the option the default of the family (MUST-15). */
static uint16_t
cookie_mss(const struct pl_syn *e)
{
	if (e->mss)
		return e->mss;
	return e->family == 4 ? 536 : 1220;
}

/* Nothing is remembered: everything is in the cookie. */
static void
answer_with_cookie(struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_tuple *k, const struct pl_tcp_seg *seg)
{
	/* Room for an IPv6 address behind the struct. */
	union {
		struct pl_syn e;
		uint8_t room[sizeof(struct pl_syn) + 12];
	} u = {0};

	if (t->core->conf.syn_cookies == 0 || PL_WITHOUT(t->core, syn_cookies)) {
		(void)PL_DROP(t->core, syn_cache_full);
		return;
	}
	if (!pl_bucket_take(&t->cookie_bucket, t->core->now)) {
		(void)PL_DROP(t->core, syn_limited);
		return;
	}
	fill_entry(t, &u.e, k, seg);
	u.e.is_cookie = true;
	u.e.segments = PL_COOKIE_SEGMENTS;
	u.e.iss = pl_cookie_make(t, k, seg->seq, cookie_mss(&u.e));
	pl_syn_send(t, pkt, &u.e);
	PL_ACTION(t->core, cookie_sent);
}

static void
remember(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_syn *e, const struct pl_tuple *k,
         const struct pl_tcp_seg *seg, pl_seq iss_floor)
{
	pl_time due = t->core->now + PL_MS(t->core->conf.rto_initial_ms);

	fill_entry(t, e, k, seg);
	e->is_cookie = iss_floor == 0 && is_cookie_time(t, pl_syn_bucket_for(t, &k->raddr));
	if (e->is_cookie)
		e->segments = PL_MIN(e->segments, PL_COOKIE_SEGMENTS) & 15;
	e->iss = e->is_cookie ? pl_cookie_make(t, k, seg->seq, cookie_mss(e)) : pl_tcp_isn(t, k);
	if (iss_floor && !pl_seq_lt(iss_floor, e->iss))
		e->iss = pl_seq_add(iss_floor, 1u + ((uint32_t)pl_rng_next(&t->core->rng) & 0xffff));
	e->born_ms = pl_tcp_ms(t->core->now);
	e->due_ms = pl_tcp_ms(due);
	note_deadline(t, due);
	pl_syn_send(t, pkt, e);
}

/* What the rules of SYN-RECEIVED look at. */
struct pl_rcv_view
pl_syn_rcv_view(const struct pl_syn *e, uint32_t rcv_wnd)
{
	pl_seq rcv_nxt = pl_seq_add(e->irs, 1);

	return (struct pl_rcv_view){rcv_nxt, pl_seq_add(rcv_nxt, rcv_wnd), rcv_nxt};
}

uint32_t
pl_syn_rcv_wnd(const struct pl_tcp *t, const struct pl_syn *e)
{
	struct pl_tuple k = pl_syn_tuple(e);

	return pl_tcp_window_syn(t, pl_tcp_send_mss(t, &k, e->mss), e->segments);
}

/*
 * A SYN for a half-open connection. True: it is answered. Out of the window it may be older than the one we
 * hold (9293:3.10.7.4/1); a client that began again resets by our answer, and its next SYN finds no entry.
 */
static bool
is_answered_syn(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_syn *e, const struct pl_tcp_seg *seg)
{
	struct pl_rcv_view v = pl_syn_rcv_view(e, pl_syn_rcv_wnd(t, e));
	struct pl_tuple k = pl_syn_tuple(e);

	if (e->irs == seg->seq) { /* the peer sent it again */
		e->tsval = seg->opt.tsval;
		pl_syn_send(t, pkt, e);
		return true;
	}
	if (pl_tcp_is_acceptable(&v, seg->seq, seg->len))
		return false; /* 9293:3.10.7.4/4: back to LISTEN */
	(void)PL_DROP(t->core, tcp_outside_window);
	if (pl_tcp_may_challenge(t, &k))
		pl_syn_send(t, pkt, e);
	return true;
}

void
pl_syncache_syn(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg,
                pl_seq iss_floor)
{
	struct pl_tuple k = {.raddr = pkt->src, .lport = seg->dport, .rport = seg->sport, .laddr = pkt->laddr};
	struct pl_syn *e = pl_syncache_find(t, &k);

	if (pl_tcp_listener_is_full(l)) {
		(void)PL_DROP(t->core, syn_backlog);
		return;
	}
	if (e && is_answered_syn(t, pkt, e, seg))
		return;
	if (!pl_tcp_may_begin(t, &k.raddr, k.rport))
		return;
	if (e)
		pl_syn_remove(t, e);
	e = t->core->conf.syn_cookies == 2 && iss_floor == 0
	            ? NULL
	            : pl_syn_new(t, pl_syn_bucket_for(t, &k.raddr), k.raddr.family);
	if (e)
		remember(t, pkt, e, &k, seg, iss_floor);
	else if (iss_floor == 0)
		answer_with_cookie(t, pkt, &k, seg);
	else
		(void)PL_DROP(t->core, syn_cache_full); /* never a cookie for a tuple in TIME_WAIT */
}

/* ---- time ---- */

/* Fewer under pressure. */
static uint64_t
most_retries(const struct pl_tcp *t)
{
	uint64_t most = t->core->conf.synack_retries;

	return pl_level(t->core) >= PL_L2 ? PL_MIN(most, RETRIES_PRESSED) : most;
}

/* What is due for one entry; false: it is to be freed. */
static bool
visit(struct pl_tcp *t, struct pl_syn *e, pl_time now)
{
	const struct plim_config *conf = &t->core->conf;
	uint32_t age = pl_tcp_ms(now) - e->born_ms;
	uint64_t wait;

	if ((int32_t)(pl_tcp_ms(now) - e->due_ms) < 0)
		return true;
	if (!pl_tcp_table_listener(t, e->laddr, e->family, e->lport))
		return false; /* closed since */
	if ((e->tries > most_retries(t) || age >= conf->synack_timeout_ms) &&
	    !PL_WITHOUT(t->core, deadline_syn_received))
		return false;
	wait = PL_MIN(conf->rto_initial_ms << e->tries, conf->rto_max_ms);
	e->tries++;
	e->due_ms = pl_tcp_ms(now) + (uint32_t)wait;
	pl_syn_send(t, NULL, e);
	PL_TCP_COUNT(t->core, retransmitted);
	return true;
}

static void
sweep_bucket(struct pl_tcp *t, struct pl_syn_bucket *b, pl_time now, unsigned *budget)
{
	pl_id before = 0, id = b->oldest;

	while (id) {
		struct pl_syn *e = pl_syn_at(t, id);
		pl_id next = e->next;

		PL_WORK(t->core, 1);
		*budget -= *budget > 0;
		if (visit(t, e, now)) {
			pl_time due = now + PL_MS(e->due_ms - pl_tcp_ms(now));

			t->syn.found = PL_MIN(t->syn.found, due);
			before = id;
		} else {
			pl_syn_free(t, b, before, id);
			PL_TCP_COUNT(t->core, failed_opens);
		}
		id = next;
	}
}

void
pl_syncache_poll(struct pl_tcp *t, pl_time now, unsigned *budget)
{
	struct pl_syncache *s = &t->syn;

	if (!s->sweeping && now < s->next)
		return;
	if (!s->sweeping) {
		s->sweeping = true;
		s->sweep = 0;
		s->found = PL_TIME_NEVER;
	}
	while (s->sweep <= s->mask && *budget > 0) {
		*budget -= 1;
		sweep_bucket(t, &s->buckets[s->sweep++], now, budget);
	}
	if (s->sweep <= s->mask) {
		s->next = now;
		return;
	}
	s->sweeping = false;
	s->next = s->n == 0 ? PL_TIME_NEVER : PL_MAX(s->found, now + (pl_time)(s->n + s->mask) * SWEEP_SPACING_NS);
}

pl_time
pl_syncache_deadline(const struct pl_tcp *t)
{
	return t->syn.next;
}
