/* SPDX-License-Identifier: ISC */
/* The peer that finishes a dialogue: see good_peer.h. It sends a segment at a time and never gives up before its rounds are over. */
#include "good_peer.h"

#define ROUNDS 300
#define MOST 500u /* octets a segment */

static struct {
	bool known;    /* the stack's SYN was heard */
	bool has_base; /* ... and acknowledged ours */
	bool fin_heard;
	bool reset;    /* by either side */
	bool foreign;  /* text that is not the pattern was said: nothing follows for the application's octets */
	uint32_t base; /* the first octet of text that the stack receives */
	uint32_t ack;  /* the stack's RCV.NXT */
	uint32_t edge; /* its window's end */
	uint32_t nxt;  /* the next octet of the stack's, all before it were heard */
	uint32_t end;  /* of what the peer said */
	uint32_t fin;  /* SEQ of the peer's FIN, with has_fin */
	bool has_fin;
	uint32_t echoed; /* the stack's last TSecr */
	bool ran_ahead;  /* the script acknowledged what was never sent */
	struct line syn;
} p;

void
peer_forget(void)
{
	memset(&p, 0, sizeof p);
}

static bool
is_ours(uint16_t lport, uint16_t rport)
{
	return lport == d.lport && rport == d.rport;
}

/* ---- overhearing ---- */

static void
syn_heard(const struct pl_tcp_seg *s)
{
	if (!p.known || p.nxt - 1 != s->seq) {
		struct line syn = p.syn;

		p.known = true;
		p.nxt = s->seq + 1;
		p.fin_heard = p.has_base = p.has_fin = p.reset = false;
		p.syn = syn;
	}
	if (s->flags & ACK && !p.has_base) {
		p.base = p.end = p.ack = s->ack;
		p.has_base = true;
	}
}

static void
text_heard(const struct pl_tcp_seg *s)
{
	uint32_t end = s->seq + (uint32_t)s->text.len;

	if (!d.mute && !p.ran_ahead && pl_seq_lt(p.nxt, s->seq))
		fail_msg("octets ISS+%u to ISS+%u were never sent", p.nxt - d.iss, s->seq - d.iss);
	if (!p.fin_heard)
		p.nxt = pl_seq_max(p.nxt, end);
	if (s->flags & FIN && end == p.nxt && !p.fin_heard) {
		p.fin_heard = true;
		p.nxt++;
	}
}

void
peer_hears(const struct pl_tcp_seg *s)
{
	if (!is_ours(s->sport, s->dport))
		return;
	if (s->flags & RST) {
		p.reset = true;
		return;
	}
	if (s->flags & SYN)
		syn_heard(s);
	if (!p.known || !(s->flags & ACK))
		return;
	if (!p.has_base) {
		p.has_base = true;
		p.base = p.end = s->ack;
	}
	p.ack = s->ack;
	if (s->opt.has & PL_OPT_TS)
		p.echoed = s->opt.tsecr;
	p.edge = s->ack + (s->wnd << (d.scaled && !(s->flags & SYN) ? d.our_shift : 0));
	if (!(s->flags & SYN))
		text_heard(s);
}

void
peer_overhears_itself(const struct line *l)
{
	uint32_t end = l->seq + l->len;

	if (!is_ours(l->lport ? l->lport : d.lport, l->rport ? l->rport : d.rport))
		return;
	if (l->flags & RST)
		p.reset = true;
	if (p.known && l->flags & ACK && pl_seq_lt(p.nxt, l->ack))
		p.ran_ahead = true;
	if (l->flags & SYN)
		p.syn = *l;
	if (!p.has_base || l->flags & (SYN | RST) || l->bad_checksum || !pl_seq_le(end, p.edge))
		return;
	if (l->text)
		p.foreign = true;
	if (l->len && pl_seq_le(p.base, l->seq))
		p.end = pl_seq_max(p.end, end);
	if (l->flags & FIN && pl_seq_le(p.ack, end)) { /* it ends what was said, whatever was said before */
		p.has_fin = true;
		p.fin = p.end = end;
	}
}

void
peer_repeats_syn(void)
{
	struct line syn = p.syn;

	if (syn.flags != SYN)
		return;
	say(&syn);
	(void)ignore_rest();
}

/* ---- finishing ---- */

static uint32_t
acknowledged_text(void)
{
	return p.ack - p.base - (p.has_fin && pl_seq_lt(p.fin, p.ack));
}

/* Newer than what the stack echoes, whatever clock the script used. */
static uint32_t
next_timestamp(void)
{
	uint32_t mine = (uint32_t)(100000 + ms_now());

	return pl_seq_lt(p.echoed, mine) ? mine : p.echoed + 1;
}

/* The text that is missing, as far as the window goes; a probe where it is shut; else an ACK. */
static void
say_next(void)
{
	uint32_t left = pl_seq_lt(p.ack, p.end) ? p.end - p.ack : 0;
	uint32_t room = pl_seq_lt(p.ack, p.edge) ? p.edge - p.ack : 1;
	struct line l = {.flags = ACK, .seq = p.ack, .ack = p.nxt, .len = PL_MIN(PL_MIN(left, room), MOST)};

	if (p.has_fin && l.len == left && pl_seq_le(p.ack, p.fin))
		l.flags |= FIN;
	if (d.peer_ts) {
		l.ts = next_timestamp();
		l.ecr = d.last_tsval;
	}
	say(&l);
}

static bool
read_all(void)
{
	int64_t rc;

	while ((rc = app_read(20000)) > 0)
		;
	return rc == PLIM_EAGAIN || rc == 0;
}

static struct ending
how_it_stands(bool live)
{
	struct ending e;

	e.over = p.reset || !live;
	e.delivered = p.nxt - (d.iss + 1) - p.fin_heard >= d.sent;
	e.readable = p.foreign || (d.received == acknowledged_text() && !pl_seq_lt(p.ack, p.end));
	return e;
}

static bool
has_handle(void)
{
	int64_t state;

	return d.h.generation && plim_get(d.s, d.h, PLIM_O_STATE, &state) == PLIM_OK && state != PLIM_CLOSED;
}

struct ending
peer_finishes(void)
{
	struct ending e = {true, true, true};
	bool mine = has_handle(); /* else the application closed it: reading is over */

	if (!p.known || !p.has_base || d.mute || p.foreign)
		return e;
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool live = !mine || (has_handle() && read_all());

		e = how_it_stands(live);
		if (!mine)
			e.readable = true;
		if (e.over || (e.delivered && e.readable))
			break;
		say_next();
		(void)ignore_rest();
		run_to(d.now + MS(round < 20 ? 50 : 2000));
	}
	return e;
}

void
peer_closes(void)
{
	for (unsigned i = 0; i < 5 && p.known && p.has_base && !p.reset; i++) {
		if (!p.has_fin) {
			p.has_fin = true;
			p.fin = p.end = p.ack;
		}
		say_next();
		run_to(d.now + MS(300));
		(void)ignore_rest();
	}
}
