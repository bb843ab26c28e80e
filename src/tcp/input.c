/* SPDX-License-Identifier: ISC */
/* Segments in: checksum, header, demultiplexing, and the states that have no record (§3.10.7.1, §3.10.7.2). */
#include "base/checksum.h"
#include "tcp/closing.h"
#include "tcp/form.h"
#include "tcp/listener.h"
#include "tcp/reply.h"
#include "tcp/state.h"
#include "tcp/steps.h"
#include "tcp/table.h"
#include "tcp/timewait.h"
#include "tcp/user.h"
#include "wire/ip4.h"

static bool
is_checksum_good(const struct pl_tcp *t, const struct pl_pkt *pkt)
{
	uint64_t sum;

	if (pkt->csum_ok)
		return true;
	sum = pl_csum_pseudo(&pkt->src, &pkt->dst, PL_PROTO_TCP, (uint32_t)pkt->l4.len);
	return pl_csum_is_valid(t->core->csum->add(sum, pkt->l4.p, pkt->l4.len)); /* MUST-3 */
}

/* A connection that a handshake just completed takes the segment that completed it. */
static void
hand_on(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_pkt *pkt, struct pl_tcp_seg *seg)
{
	if (c)
		pl_tcp_steps(t, c, pkt, seg);
}

/* §3.10.7.2: LISTEN. */
static void
in_listen(struct pl_tcp *t, struct pl_tcp_listener *l, const struct pl_pkt *pkt, struct pl_tcp_seg *seg,
          pl_seq iss_floor)
{
	struct pl_tcp_conn *c;

	if (seg->flags & PL_TH_RST)
		return;
	if (seg->flags & PL_TH_ACK) {
		if (!pl_syncache_cookie_ack(t, l, pkt, seg, &c)) {
			(void)PL_DROP(t->core, syn_cookie_bad);
			pl_tcp_reply_reset(t, pkt, seg);
		}
		hand_on(t, c, pkt, seg);
		return;
	}
	if (!(seg->flags & PL_TH_SYN) || seg->flags & PL_TH_FIN) {
		(void)PL_DROP(t->core, tcp_no_ack);
		return;
	}
	pl_syncache_syn(t, l, pkt, seg, iss_floor);
}

/* No record: a half-open connection, a listener, or nobody. */
static void
without_record(struct pl_tcp *t, const struct pl_tuple *k, const struct pl_pkt *pkt, struct pl_tcp_seg *seg,
               pl_seq iss_floor)
{
	struct pl_tcp_listener *l = pl_tcp_table_listener(t, k->laddr, k->raddr.family, k->lport);
	struct pl_syn *e = pl_syncache_find(t, k);
	bool is_new_syn = (seg->flags & (PL_TH_SYN | PL_TH_ACK | PL_TH_RST)) == PL_TH_SYN;

	if (e && !(is_new_syn && l)) {
		hand_on(t, pl_syncache_input(t, e, pkt, seg), pkt, seg);
		return;
	}
	if (l) {
		in_listen(t, l, pkt, seg, iss_floor);
		return;
	}
	(void)PL_DROP(t->core, tcp_no_connection);
	pl_tcp_reply_reset(t, pkt, seg);
}

static void
dispatch(struct pl_tcp *t, const struct pl_tuple *k, const struct pl_pkt *pkt, struct pl_tcp_seg *seg)
{
	struct pl_tcp_rec *r = pl_tcp_table_find(t, k);
	pl_seq iss_floor = 0;

	if (r && r->state == PLIM_TIME_WAIT && pl_tcp_timewait_take_over(t, r, seg, &iss_floor))
		r = NULL;
	switch (r ? r->kind : PL_REC_FREE) {
	case PL_REC_CONN:
		if (r->state == PLIM_SYN_SENT)
			pl_tcp_syn_sent(t, (struct pl_tcp_conn *)r, pkt, seg);
		else
			pl_tcp_steps(t, (struct pl_tcp_conn *)r, pkt, seg);
		return;
	case PL_REC_CLOSING: pl_tcp_closing_input(t, (struct pl_tcp_closing *)r, pkt, seg); return;
	case PL_REC_TIMEWAIT: pl_tcp_timewait_input(t, (struct pl_tcp_timewait *)r, pkt, seg); return;
	default: without_record(t, k, pkt, seg, iss_floor); return;
	}
}

/* The reason not to go on, or PL_PARSED. */
static enum plim_drop
read_segment(const struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_tcp_seg *seg)
{
	if (pkt->not_unicast)
		return PLIM_DROP_tcp_address; /* MUST-57 */
	if (!pl_tcp_parse(pkt->l4, seg))
		return PLIM_DROP_tcp_malformed;
	return is_checksum_good(t, pkt) ? PL_PARSED : PLIM_DROP_tcp_checksum;
}

bool
pl_tcp_read(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_tcp_seg *seg)
{
	enum plim_drop why = read_segment(t, pkt, seg);

	PL_TCP_COUNT(t->core, segments_in);
	if (why != PL_PARSED) {
		t->core->drops[why]++;
		return false;
	}
	seg->gso_size = pkt->gso_size;
	seg->at = pkt->at;
	return true;
}

static struct pl_tuple
tuple_of(const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	return (struct pl_tuple){.raddr = pkt->src, .lport = seg->dport, .rport = seg->sport, .laddr = pkt->laddr};
}

void
pl_tcp_take(struct pl_tcp *t, const struct pl_pkt *pkt, struct pl_tcp_seg *seg)
{
	struct pl_tuple k = tuple_of(pkt, seg);

	dispatch(t, &k, pkt, seg);
}

bool
pl_tcp_is_new_ack(const struct pl_tcp *t, const struct pl_pkt *pkt, const struct pl_tcp_seg *seg)
{
	struct pl_tuple k = tuple_of(pkt, seg);
	const struct pl_tcp_rec *r = pl_tcp_table_find(t, &k);
	const struct pl_tcp_conn *c = (const struct pl_tcp_conn *)r;

	return r && r->kind == PL_REC_CONN && r->state >= PLIM_ESTABLISHED && pl_seq_lt(c->snd_una, seg->ack);
}

void
pl_tcp_input(struct pl_tcp *t, const struct pl_pkt *pkt)
{
	struct pl_tcp_seg seg;

	if (pl_tcp_read(t, pkt, &seg))
		pl_tcp_take(t, pkt, &seg);
}

/* SHLD-26, MUST-56, RFC 5461, RFC 5927: a hard error ends an opening connection; everywhere else errors are soft. */
void
pl_tcp_icmp_error(struct pl_tcp *t, const struct pl_icmp_error *err)
{
	struct pl_tuple k = {.raddr = err->raddr, .lport = err->lport, .rport = err->rport, .laddr = err->laddr};
	struct pl_tcp_rec *r = pl_tcp_table_find(t, &k);
	struct pl_tcp_conn *c = (struct pl_tcp_conn *)r;

	if (!r || r->kind != PL_REC_CONN || !pl_seq_between(c->snd_una, err->seq, c->snd_nxt)) {
		(void)PL_DROP(t->core, icmp_no_match);
		return;
	}
	if (err->hard && r->state == PLIM_SYN_SENT) {
		PL_TCP_COUNT(t->core, failed_opens);
		pl_tcp_conn_end(t, c, (unsigned)-err->code, 0);
		return;
	}
	pl_tcp_soft_error(t, c, (unsigned)-err->code);
}
