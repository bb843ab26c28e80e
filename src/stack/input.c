/* SPDX-License-Identifier: ISC */
/*
 * Frames in: plim_input.
 *
 * Frames of a batch that continue each other go as a train (wire/train.h): the first
 * one's segment waits until a frame comes that does not continue it, or the batch ends.
 * Everything is taken in the order of arrival.
 */
#include "stack/input.h"

#include "base/checksum.h"
#include "mem/level.h"
#include "wire/train.h"

/* The segment that waits, while there is a train. */
struct waiting {
	struct pl_train train;
	struct pl_pkt pkt;
	struct pl_tcp_seg seg;
};

/* ---- trains ---- */

/* The first ACK of a train may repeat what is known, and then means something by itself (RFC 5681 §3.2). */
static bool
take_repeated_ack(plim *s, const struct waiting *w)
{
	struct pl_tcp_seg first = w->seg;

	if (!w->train.is_acks || w->train.n < 2 || pl_tcp_is_new_ack(&s->tcp, &w->pkt, &first))
		return false;
	pl_tcp_take(&s->tcp, &w->pkt, &first);
	return true;
}

static void
let_go(plim *s, struct waiting *w)
{
	uint16_t taken;

	if (w->train.n == 0)
		return;
	PL_TCP_COUNT_N(&s->core, segments_in, w->train.n - 1);
	taken = take_repeated_ack(s, w);
	pl_train_end(&w->train, &w->seg);
	w->seg.acks = (uint16_t)(w->seg.acks - taken);
	pl_tcp_take(&s->tcp, &w->pkt, &w->seg);
}

/* A segment that may lead a train waits for the next frame; any other is taken at once. */
static void
take_segment(plim *s, struct waiting *w, const struct plim_frame *f)
{
	uint64_t pseudo;

	if (!pl_tcp_read(&s->tcp, &w->pkt, &w->seg))
		return;
	pseudo = pl_csum_pseudo(&w->pkt.src, &w->pkt.dst, PL_PROTO_TCP, 0);
	if (!pl_train_begin(&w->train, f, w->pkt.l4.p, pseudo, &w->seg))
		pl_tcp_take(&s->tcp, &w->pkt, &w->seg);
}

/* ---- anything else ---- */

static void
deliver(plim *s, enum pl_net_verdict verdict, const struct pl_pkt *pkt, const struct pl_icmp_error *err)
{
	uint8_t proto = verdict == PL_NET_PKT ? pkt->proto : err->proto; /* neither is looked at when all is done */

	if (verdict == PL_NET_PKT && proto == PL_PROTO_TCP)
		pl_tcp_input(&s->tcp, pkt);
	else if (verdict == PL_NET_PKT && proto == PL_PROTO_UDP)
		pl_udp_input(&s->udp, pkt);
	else if (verdict == PL_NET_ERROR && proto == PL_PROTO_TCP)
		pl_tcp_icmp_error(&s->tcp, err);
	else if (verdict == PL_NET_ERROR && proto == PL_PROTO_UDP)
		pl_udp_icmp_error(&s->udp, err);
	if (pkt->reassembled)
		pl_net_release(&s->net);
}

static void
take_frame(plim *s, struct waiting *w, const struct plim_frame *f, bool is_last)
{
	struct pl_icmp_error err = {0};
	enum pl_net_verdict verdict;

	w->pkt = (struct pl_pkt){0};
	verdict = pl_net_input(&s->net, f, s->core.now, &w->pkt, &err);
	if (verdict == PL_NET_PKT && w->pkt.proto == PL_PROTO_TCP && !is_last && !w->pkt.reassembled)
		take_segment(s, w, f);
	else
		deliver(s, verdict, &w->pkt, &err);
}

void
pl_stack_take_own(plim *s, const struct plim_frame *f)
{
	struct pl_span ip = {f->data + PL_ETH_HEADER, f->len - PL_ETH_HEADER};
	struct pl_icmp_error err = {0};
	struct pl_pkt pkt = {0};

	deliver(s, pl_net_input_loop(&s->net, ip, s->core.now, &pkt, &err), &pkt, &err);
}

int
plim_input(plim *s, const struct plim_frame *frames, size_t n, plim_time now)
{
	struct waiting w;

	w.train.n = 0;
	w.train.csum = s->core.csum;
	pl_stack_set_now(s, now);
	for (size_t i = 0; i < n; i++) {
		s->core.frames_in++;
		s->core.octets_in += frames[i].len;
		if (w.train.n > 0 && pl_train_take(&w.train, &frames[i]))
			continue;
		let_go(s, &w);
		pl_level_update(&s->core);
		take_frame(s, &w, &frames[i], i + 1 == n);
	}
	let_go(s, &w);
	pl_level_update(&s->core);
	return (int)n;
}
