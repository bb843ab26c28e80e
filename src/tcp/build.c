/* SPDX-License-Identifier: ISC */
/* Plans become frames: see build.h. */
#include "tcp/build.h"

#include "base/checksum.h"
#include "tcp/isn.h"
#include "tcp/open.h"
#include "tcp/table.h"
#include "tcp/window.h"

#define CSUM_OFFSET 16u /* of the checksum field in the TCP header */

/* What all frames of one plan share. */
struct stage {
	struct pl_tuple k;
	const struct pl_path *path;
	bool offload;    /* the driver finishes checksums */
	uint64_t pseudo; /* sum of the pseudo-header without the length */
};

static void
put_sacks(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct pl_tcp_opts *o)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	unsigned most = c->flags & PL_CF_TS ? 3 : 4;

	if (!(c->flags & PL_CF_SACK))
		return;
	if (h->want & PL_WANT_DSACK)
		o->sacks[o->n_sacks++] = h->dsack;
	o->n_sacks += (uint8_t)pl_rcvq_sacks(&t->core->mem, &h->rcvq, o->sacks + o->n_sacks, most - o->n_sacks);
}

static uint16_t
urgent_pointer(const struct pl_tcp_hot *h, const struct pl_plan *p)
{
	return (uint16_t)PL_MIN(pl_seq_diff(h->snd_up, p->seq), 65535u);
}

static bool
is_pushed(const struct pl_tcp_hot *h, const struct pl_plan *p)
{
	pl_seq end = pl_seq_add(p->seq, p->len);

	return p->len > 0 && (end == h->sndq.end || (pl_seq_lt(p->seq, h->sndq.push) && pl_seq_le(h->sndq.push, end)));
}

static struct pl_tcp_seg
header_of(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tuple *k, const struct pl_plan *p)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_tcp_seg s = {.sport = k->lport, .dport = k->rport, .seq = p->seq, .ack = c->rcv_nxt};

	s.flags = PL_TH_ACK | (p->fin ? PL_TH_FIN : 0) | (is_pushed(h, p) ? PL_TH_PSH : 0);
	if (pl_seq_lt(p->seq, h->snd_up)) {
		s.flags |= PL_TH_URG;
		s.urg = urgent_pointer(h, p);
	}
	s.wnd = pl_tcp_window_advertise(t, c);
	if (c->flags & PL_CF_TS) {
		s.opt.has = PL_OPT_TS;
		s.opt.tsval = pl_tcp_tsval(t, k);
		s.opt.tsecr = c->ts_recent;
	}
	put_sacks(t, c, &s.opt);
	return s;
}

/* Checksum in one pass with the copy, or left to the driver. */
static void
put_text(const struct pl_tcp *t, const struct pl_tcp_hot *h, struct plim_frame *f, const struct stage *g,
         const struct pl_plan *p, size_t at, size_t header)
{
	uint8_t *l4 = f->data + at, len[4];
	uint64_t sum;

	pl_store32(len, (uint32_t)(header + p->len));
	sum = pl_csum_words(g->pseudo, len, sizeof len);
	if (g->offload) {
		pl_sndq_read(&t->core->mem, &h->sndq, p->seq, l4 + header, p->len);
		f->flags |= PLIM_FRAME_NEEDS_CSUM;
		f->csum_start = (uint16_t)at;
		f->csum_offset = CSUM_OFFSET;
		sum = ~(uint64_t)pl_csum_fold(sum) & 0xffff; /* the pseudo-header's sum, not complemented */
		pl_csum_store(l4 + CSUM_OFFSET, sum);
		return;
	}
	sum = pl_csum_words(sum, l4, header);
	if (p->len > 0)
		sum += pl_csum_fold(
			pl_sndq_read_sum(&t->core->mem, &h->sndq, t->core->csum, p->seq, l4 + header, p->len));
	pl_csum_store(l4 + CSUM_OFFSET, sum);
}

/* DSCP and TTL as the application set them (MUST-48, MUST-49). */
static void
put_ip(struct pl_tcp *t, const struct pl_tcp_conn *c, const struct pl_path *path, const struct pl_tuple *k,
       size_t l4_len, uint8_t *frame)
{
	const struct pl_tcp_connopt *o = c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;

	pl_net_put_header(t->net, frame, path, &k->raddr, PL_PROTO_TCP, l4_len, o ? (uint8_t)(o->dscp << 2) : 0,
	                  o ? o->ttl : 0);
}

/* One segment in f. What does not fit beside SACK blocks is taken out of the plan. */
static void
build_first(struct pl_tcp *t, struct pl_tcp_conn *c, const struct stage *g, struct pl_plan *p, struct plim_frame *f)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	struct pl_tcp_seg s = header_of(t, c, &g->k, p);
	size_t at = pl_net_header_len(c->rec.family), header = PL_TCP_HEADER + pl_tcp_opts_len(&s.opt);
	uint32_t room = c->smss - (uint32_t)(header - PL_TCP_HEADER);

	if (p->len > room && s.opt.n_sacks > 0) { /* SACK blocks take the place of text */
		p->len = room;
		p->fin = false;
		s.flags &= (uint8_t) ~(PL_TH_FIN | PL_TH_PSH);
	}
	f->flags = 0;
	f->gso_size = p->len > room ? (uint16_t)room : 0;
	f->hdr_len = (uint16_t)(at + header);
	f->iface = g->path->iface;
	f->len = (uint32_t)(at + header + p->len);
	(void)pl_tcp_put(f->data + at, f->cap - at, &s);
	put_text(t, h, f, g, p, at, header);
	put_ip(t, c, g->path, &g->k, header + p->len, f->data);
}

/* The frame behind `before` in a series: its headers but for SEQ, flags and, if it is shorter, lengths. */
static void
build_next(struct pl_tcp *t, const struct pl_tcp_conn *c, const struct stage *g, const struct pl_plan *p,
           const struct plim_frame *before, struct plim_frame *f)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	size_t at = pl_net_header_len(c->rec.family), header = before->hdr_len - at;
	uint8_t *l4 = f->data + at;

	memcpy(f->data, before->data, before->hdr_len);
	f->flags = 0;
	f->gso_size = 0;
	f->hdr_len = before->hdr_len;
	f->iface = before->iface;
	f->len = before->hdr_len + p->len;
	pl_tcp_put_again(l4, p->seq, PL_TH_ACK | (p->fin ? PL_TH_FIN : 0) | (is_pushed(h, p) ? PL_TH_PSH : 0));
	put_text(t, h, f, g, p, at, header);
	if (f->len != before->len)
		put_ip(t, c, g->path, &g->k, header + p->len, f->data);
}

bool
pl_tcp_may_cut(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	return h->snd_up == c->snd_una && h->rcvq.n == 0 && !(h->want & PL_WANT_DSACK);
}

unsigned
pl_tcp_build(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_path *path, struct pl_plan *p,
             struct plim_frame *frames)
{
	const struct plim_iface_config *i = &t->core->conf.ifaces[path->iface];
	struct stage g = {.k = pl_tcp_rec_tuple(&c->rec),
	                  .path = path,
	                  .offload = !path->loop && i->flags & (PLIM_IF_CSUM_OUT | PLIM_IF_TSO)};
	uint32_t mss = pl_tcp_text_mss(c), left;
	struct pl_plan piece = *p;
	unsigned n = 1;

	g.pseudo = pl_csum_pseudo(pl_net_laddr(t->net, g.k.laddr), &g.k.raddr, PL_PROTO_TCP, 0);
	if (p->len <= mss || i->flags & PLIM_IF_TSO) {
		build_first(t, c, &g, p, frames);
		return 1;
	}
	piece.len = mss;
	piece.fin = false;
	build_first(t, c, &g, &piece, frames);
	for (left = p->len - mss; left > 0; left -= piece.len, n++) {
		piece.seq = pl_seq_add(piece.seq, piece.len);
		piece.len = PL_MIN(mss, left);
		piece.fin = p->fin && piece.len == left;
		build_next(t, c, &g, &piece, &frames[n - 1], &frames[n]);
	}
	return n;
}
