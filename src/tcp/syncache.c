/* SPDX-License-Identifier: ISC */
/* The SYN cache: see syncache.h. */
#include "tcp/syncache.h"

#include "base/addr.h"
#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/admit.h"
#include "tcp/cookie.h"
#include "tcp/credit.h"
#include "tcp/decide.h"
#include "tcp/form.h"
#include "tcp/isn.h"
#include "tcp/limit.h"
#include "tcp/listener.h"
#include "tcp/open.h"
#include "tcp/reply.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/window.h"

#define COOKIE_SEGMENTS 2u /* announced with a cookie: nobody remembers what was announced */
#define RETRIES_PRESSED 2u /* from level 2 */
#define HONEST_ANSWER_MS 1000u
#define SWEEP_SPACING_NS 200u /* per entry: sweeps cost at most about a tenth of a core */

static struct pl_syn *
syn_at(const struct pl_tcp *t, pl_id id)
{
	return pl_mem_ptr(&t->core->mem, id);
}

static enum pl_obj
syn_type(uint8_t family)
{
	return family == 4 ? PL_OBJ_syn4 : PL_OBJ_syn6;
}

static uint32_t
entries_in_cap(const struct plim_config *conf, size_t target)
{
	return (uint32_t)(target / 100 * conf->cap_syn_pct / 48);
}

uint32_t
pl_syncache_buckets(const struct plim_config *conf, size_t target)
{
	uint32_t n = 16;

	while (n * PL_SYN_BUCKET_DEPTH / 2 < entries_in_cap(conf, target))
		n *= 2;
	return n;
}

void
pl_syncache_init(struct pl_tcp *t, uint8_t *buckets, uint32_t n)
{
	memset(buckets, 0, n * sizeof(struct pl_syn_bucket));
	t->syn.buckets = (struct pl_syn_bucket *)(void *)buckets;
	t->syn.mask = n - 1;
	t->syn.half = entries_in_cap(&t->core->conf, t->core->mem.target) / 2;
	t->syn.next = PL_TIME_NEVER;
}

/* ---- buckets ---- */

/* Keyed by /24 or /64. */
static struct pl_syn_bucket *
bucket_for(struct pl_tcp *t, const struct plim_addr *raddr)
{
	uint8_t prefix[9] = {raddr->family};

	memcpy(prefix + 1, raddr->octets, raddr->family == 4 ? 3 : 8);
	return &t->syn.buckets[pl_siphash13(&t->core->hash_key, prefix, sizeof prefix) & t->syn.mask];
}

static struct pl_tuple
tuple_of(const struct pl_syn *e)
{
	return (struct pl_tuple){
		.raddr = pl_addr_from(e->family, e->raddr), .lport = e->lport, .rport = e->rport, .laddr = e->laddr};
}

static void
free_entry(struct pl_tcp *t, struct pl_syn_bucket *b, pl_id before, pl_id id)
{
	struct pl_syn *e = syn_at(t, id);

	if (before)
		syn_at(t, before)->next = e->next;
	else
		b->oldest = e->next;
	if (b->newest == id)
		b->newest = before;
	b->n--;
	t->syn.n--;
	t->by_state[PLIM_SYN_RECEIVED]--;
	e->live = 0;
	pl_mem_free(&t->core->mem, syn_type(e->family), id);
}

static void
remove_entry(struct pl_tcp *t, struct pl_syn *e)
{
	struct pl_tuple k = tuple_of(e);
	struct pl_syn_bucket *b = bucket_for(t, &k.raddr);
	pl_id before = 0, id = pl_mem_id(&t->core->mem, e);

	for (pl_id at = b->oldest; at && at != id; at = syn_at(t, at)->next)
		before = at;
	free_entry(t, b, before, id);
}

struct pl_syn *
pl_syncache_find(struct pl_tcp *t, const struct pl_tuple *k)
{
	struct pl_syn_bucket *b;

	if (t->syn.n == 0)
		return NULL;
	b = bucket_for(t, &k->raddr);
	for (pl_id id = b->oldest; id; id = syn_at(t, id)->next) {
		struct pl_syn *e = syn_at(t, id);

		PL_WORK(t->core, 1);
		if (e->lport == k->lport && e->rport == k->rport && e->laddr == k->laddr &&
		    e->family == k->raddr.family && memcmp(e->raddr, k->raddr.octets, pl_addr_len(e->family)) == 0)
			return e;
	}
	return NULL;
}

/*
 * May the oldest entry give its place? Its handshake completes without it when its ISS is a cookie;
 * else it must have waited for longer than any honest answer takes.
 */
static bool
may_replace(const struct pl_tcp *t, const struct pl_syn *e)
{
	return e->is_cookie || t->core->conf.syn_cookies == 0 ||
	       pl_tcp_ms(t->core->now) - e->born_ms >= HONEST_ANSWER_MS;
}

static bool
replace_oldest(struct pl_tcp *t, struct pl_syn_bucket *b)
{
	if (!b->oldest || !may_replace(t, syn_at(t, b->oldest)))
		return false;
	free_entry(t, b, 0, b->oldest);
	(void)PL_DROP(t->core, syn_replaced);
	return true;
}

/* A place in the bucket: a fresh entry, or the oldest one's. NULL: refused. */
static struct pl_syn *
new_entry(struct pl_tcp *t, struct pl_syn_bucket *b, uint8_t family)
{
	pl_id id;

	if (b->n >= PL_SYN_BUCKET_DEPTH && !replace_oldest(t, b))
		return NULL;
	id = pl_mem_calloc(&t->core->mem, syn_type(family), PL_GRANT_NORMAL);
	if (!id && replace_oldest(t, b))
		id = pl_mem_calloc(&t->core->mem, syn_type(family), PL_GRANT_NORMAL);
	if (!id)
		return NULL;
	if (b->newest)
		syn_at(t, b->newest)->next = id;
	else
		b->oldest = id;
	b->newest = id;
	b->n++;
	t->syn.n++;
	t->by_state[PLIM_SYN_RECEIVED]++;
	return syn_at(t, id);
}

/* ---- answering ---- */

/* The cache, or this prefix's bucket, is half full: the handshake must survive the loss of its entry. */
static bool
is_cookie_time(const struct pl_tcp *t, const struct pl_syn_bucket *b)
{
	uint64_t mode = PL_WITHOUT(t->core, syn_cookies) ? 0 : t->core->conf.syn_cookies;

	return mode == 2 || (mode == 1 && (t->syn.n >= t->syn.half || b->n > PL_SYN_BUCKET_DEPTH / 2));
}

/* SYN-ACK: its timestamp carries the options whenever its ISS may be a cookie. */
static void
send_synack(struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_syn *e)
{
	struct pl_tuple k = tuple_of(e);
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
	u.e.segments = COOKIE_SEGMENTS;
	u.e.iss = pl_cookie_make(t, k, seg->seq, cookie_mss(&u.e));
	send_synack(t, pkt, &u.e);
	PL_ACTION(t->core, cookie_sent);
}

static void
remember(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_syn *e, const struct pl_tuple *k,
         const struct pl_tcp_seg *seg, pl_seq iss_floor)
{
	pl_time due = t->core->now + PL_MS(t->core->conf.rto_initial_ms);

	fill_entry(t, e, k, seg);
	e->is_cookie = iss_floor == 0 && is_cookie_time(t, bucket_for(t, &k->raddr));
	if (e->is_cookie)
		e->segments = COOKIE_SEGMENTS;
	e->iss = e->is_cookie ? pl_cookie_make(t, k, seg->seq, cookie_mss(e)) : pl_tcp_isn(t, k);
	if (iss_floor && !pl_seq_lt(iss_floor, e->iss))
		e->iss = pl_seq_add(iss_floor, 1u + ((uint32_t)pl_rng_next(&t->core->rng) & 0xffff));
	e->born_ms = pl_tcp_ms(t->core->now);
	e->due_ms = pl_tcp_ms(due);
	note_deadline(t, due);
	send_synack(t, pkt, e);
}

/* What the rules of SYN-RECEIVED look at. */
static struct pl_rcv_view
rcv_view(const struct pl_syn *e, uint32_t rcv_wnd)
{
	pl_seq rcv_nxt = pl_seq_add(e->irs, 1);

	return (struct pl_rcv_view){rcv_nxt, pl_seq_add(rcv_nxt, rcv_wnd), rcv_nxt};
}

static uint32_t
rcv_wnd_of(const struct pl_tcp *t, const struct pl_syn *e)
{
	struct pl_tuple k = tuple_of(e);

	return pl_tcp_window_syn(t, pl_tcp_send_mss(t, &k, e->mss), e->segments);
}

/*
 * A SYN for a half-open connection. True: it is answered. Out of the window it may be older than the one we
 * hold (9293:3.10.7.4/1); a client that began again resets by our answer, and its next SYN finds no entry.
 */
static bool
is_answered_syn(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_syn *e, const struct pl_tcp_seg *seg)
{
	struct pl_rcv_view v = rcv_view(e, rcv_wnd_of(t, e));

	if (e->irs == seg->seq) { /* the peer sent it again */
		e->tsval = seg->opt.tsval;
		send_synack(t, pkt, e);
		return true;
	}
	if (pl_tcp_is_acceptable(&v, seg->seq, seg->len))
		return false; /* 9293:3.10.7.4/4: back to LISTEN */
	(void)PL_DROP(t->core, tcp_outside_window);
	if (pl_bucket_take(&t->challenge_bucket, t->core->now))
		send_synack(t, pkt, e);
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
		remove_entry(t, e);
	e = t->core->conf.syn_cookies == 2 && iss_floor == 0 ? NULL
	                                                     : new_entry(t, bucket_for(t, &k.raddr), k.raddr.family);
	if (e)
		remember(t, pkt, e, &k, seg, iss_floor);
	else if (iss_floor == 0)
		answer_with_cookie(t, pkt, &k, seg);
	else
		(void)PL_DROP(t->core, syn_cache_full); /* never a cookie for a tuple in TIME_WAIT */
}

/* ---- completing ---- */

static struct pl_tcp_conn *
establish(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_tuple *k, const struct pl_handshake *hs,
          const struct pl_tcp_seg *seg)
{
	struct pl_tcp_conn *c;

	if (pl_tcp_listener_is_full(l)) {
		(void)PL_DROP(t->core, syn_backlog); /* the last ACK is ignored; the client's text repeats it */
		return NULL;
	}
	if (!pl_tcp_admit(t, &k->raddr, k->rport))
		return NULL; /* the same */
	c = pl_tcp_conn_new(t, k, PLIM_SYN_RECEIVED);
	if (!c) {
		(void)PL_DROP(t->core, syn_no_memory);
		return NULL;
	}
	pl_tcp_fill(t, c, k, hs);
	c->ts_recent = hs->tsval; /* the segment's own follows the rule of every segment (RFC 7323 §4.3) */
	c->ts_recent_at = pl_tcp_ts_clock(t->core->now);
	c->snd_wnd = seg->wnd << pl_conn_snd_shift(c);
	pl_conn_note_snd_wnd(c);
	c->snd_wl1 = seg->seq;
	c->snd_wl2 = seg->ack;
	pl_tcp_set_state(t, &c->rec, PLIM_ESTABLISHED);
	pl_tcp_listener_queue(t, l, c);
	PL_TCP_COUNT(t->core, passive_opens);
	if (PL_WITHOUT(t->core, idle_form))
		(void)pl_tcp_inflate(t, c, PL_GRANT_NORMAL);
	return c;
}

static enum pl_step
decide_half_open(const struct pl_syn *e, uint32_t rcv_wnd, const struct pl_tcp_seg *seg)
{
	struct pl_rcv_view v = rcv_view(e, rcv_wnd);

	if (seg->flags & PL_TH_RST)
		return pl_tcp_decide_rst(&v, seg->seq);
	if (e->opts & seg->opt.has & PL_OPT_TS && pl_tcp_is_old_timestamp(e->tsval, 0, seg->opt.tsval))
		return PL_STEP_ACK; /* RFC 7323 §5.3 R1 */
	if (!pl_tcp_is_acceptable(&v, seg->seq, seg->len))
		return PL_STEP_ACK;
	if (seg->flags & PL_TH_SYN)
		return PL_STEP_CHALLENGE; /* a SYN-ACK: no third step, and its window is not scaled */
	return seg->flags & PL_TH_ACK ? PL_STEP_CONTINUE : PL_STEP_DROP;
}

/* The echoed timestamp tells which SYN-ACK was answered; without one, only a single SYN-ACK does. */
static void
sample_handshake(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tuple *k, const struct pl_syn *e,
                 const struct pl_tcp_seg *seg)
{
	bool has_ts = c->flags & PL_CF_TS && seg->opt.has & PL_OPT_TS;
	uint32_t ms = has_ts ? pl_tcp_tsval(t, k) - seg->opt.tsecr : pl_tcp_ms(t->core->now) - e->born_ms;

	pl_tcp_rtt_handshake(c, &t->core->conf, e->tries == 1 || (has_ts && ms < 60000), PL_MIN(ms, 60000u));
}

struct pl_tcp_conn *
pl_syncache_input(struct pl_tcp *t, struct pl_syn *e, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = tuple_of(e);
	struct pl_tcp_listener *l = pl_tcp_table_listener(t, k.laddr, k.raddr.family, k.lport);
	struct pl_handshake hs = {.iss = e->iss, .irs = e->irs, .mss = e->mss, .opts = e->opts, .wscale = e->wscale};
	struct pl_tcp_conn *c;

	hs.rcv_wnd = rcv_wnd_of(t, e);
	hs.tsval = e->tsval;
	switch (decide_half_open(e, hs.rcv_wnd, seg)) {
	case PL_STEP_CONTINUE: break;
	case PL_STEP_RESET:
		PL_TCP_COUNT(t->core, resets_in);
		remove_entry(t, e);
		return NULL;
	case PL_STEP_ACK:
	case PL_STEP_CHALLENGE:
		(void)PL_DROP(t->core, tcp_outside_window);
		if (pl_bucket_take(&t->challenge_bucket, t->core->now))
			send_synack(t, pkt, e);
		return NULL;
	default: (void)PL_DROP(t->core, tcp_no_ack); return NULL;
	}
	if (seg->ack != pl_seq_add(e->iss, 1) || !l) {
		(void)PL_DROP(t->core, tcp_bad_ack);
		pl_tcp_reply_reset(t, pkt, seg);
		if (!l)
			remove_entry(t, e);
		return NULL;
	}
	c = establish(t, l, &k, &hs, seg);
	if (!c)
		return NULL;
	sample_handshake(t, c, &k, e, seg);
	remove_entry(t, e);
	return c;
}

bool
pl_syncache_cookie_ack(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_pkt *pkt,
                       const struct pl_tcp_seg *seg, struct pl_tcp_conn **out)
{
	struct pl_tuple k = {.raddr = pkt->src, .lport = seg->dport, .rport = seg->sport, .laddr = pkt->laddr};
	struct pl_handshake hs = {.iss = seg->ack - 1, .irs = seg->seq - 1};

	*out = NULL;
	if (t->core->conf.syn_cookies == 0 || !pl_cookie_check(t, &k, hs.irs, hs.iss, &hs.mss))
		return false;
	if (seg->opt.has & PL_OPT_TS) {
		hs.opts = PL_OPT_TS;
		hs.tsval = seg->opt.tsval;
		pl_cookie_ts_read(seg->opt.tsecr, &hs.opts, &hs.wscale);
	}
	hs.rcv_wnd = pl_tcp_window_syn(t, pl_tcp_send_mss(t, &k, hs.mss), COOKIE_SEGMENTS);
	*out = establish(t, l, &k, &hs, seg);
	if (*out)
		PL_ACTION(t->core, cookie_taken);
	return true;
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
	send_synack(t, NULL, e);
	PL_TCP_COUNT(t->core, retransmitted);
	return true;
}

static void
sweep_bucket(struct pl_tcp *t, struct pl_syn_bucket *b, pl_time now, unsigned *budget)
{
	pl_id before = 0, id = b->oldest;

	while (id) {
		struct pl_syn *e = syn_at(t, id);
		pl_id next = e->next;

		PL_WORK(t->core, 1);
		*budget -= *budget > 0;
		if (visit(t, e, now)) {
			pl_time due = now + PL_MS(e->due_ms - pl_tcp_ms(now));

			t->syn.found = PL_MIN(t->syn.found, due);
			before = id;
		} else {
			free_entry(t, b, before, id);
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
