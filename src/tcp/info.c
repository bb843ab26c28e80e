/* SPDX-License-Identifier: ISC */
/* Records as seen from outside: see info.h. */
#include "tcp/info.h"

#include "base/addr.h"
#include "tcp/closing.h"
#include "tcp/form.h"
#include "tcp/limit.h"
#include "tcp/rtt.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/timewait.h"

static void
info_tuple(const struct pl_tcp *t, const struct pl_tuple *k, struct plim_conn_info *out)
{
	if (k->laddr != PL_LADDR_ANY)
		out->local.addr = *pl_net_laddr(t->net, k->laddr);
	out->local.port = k->lport;
	out->remote.addr = k->raddr;
	out->remote.port = k->rport;
}

static void
info_hot(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct plim_conn_info *out)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);

	out->idle_form = !h;
	out->rcv_queued = pl_tcp_unread(t, c);
	if (!h)
		return;
	out->snd_queued = pl_sndq_len(&h->sndq);
	out->out_of_order = pl_rcvq_out_of_order(&t->core->mem, &h->rcvq);
	out->cwnd = h->cc.cwnd;
	out->ssthresh = h->cc.ssthresh;
}

void
pl_tcp_info_conn(const struct pl_tcp *t, const struct pl_tcp_conn *c, struct plim_conn_info *out)
{
	struct pl_tuple k = pl_tcp_rec_tuple(&c->rec);
	uint32_t now_ms = pl_tcp_ms(t->core->now);

	memset(out, 0, sizeof *out);
	info_tuple(t, &k, out);
	info_hot(t, c, out);
	out->h = pl_slot_handle(t->core, pl_tcp_slot(c));
	out->state = c->rec.state;
	out->rcv_wnd = pl_seq_lt(c->rcv_nxt, c->adv_edge) ? pl_seq_diff(c->adv_edge, c->rcv_nxt) : 0;
	out->snd_wnd = c->snd_wnd;
	out->mss = c->smss;
	if (pl_tcp_is_synchronized(c->rec.state)) {
		out->srtt_us = c->srtt_us;
		out->rto_ms = (uint32_t)(pl_tcp_rto(c, &t->core->conf, 0) / 1000000);
	}
	out->held = pl_tcp_held(t, c);
	if (c->opt)
		out->charged = ((const struct pl_tcp_connopt *)pl_mem_ptr(&t->core->mem, c->opt))->charged;
	out->limit = pl_tcp_rcv_limit(t, c);
	out->age_ms = now_ms - c->born_ms;
	out->idle_ms = now_ms - c->heard_ms;
	out->orphan = c->flags & PL_CF_ORPHAN;
	out->unaccepted = c->flags & PL_CF_UNACCEPTED;
}

void
pl_tcp_info_listener(const struct pl_tcp *t, const struct pl_tcp_listener *l, struct plim_conn_info *out)
{
	memset(out, 0, sizeof *out);
	out->h = pl_slot_handle(t->core, l->slot);
	out->state = PLIM_LISTEN;
	out->local.port = l->rec.lport;
	if (l->rec.laddr != PL_LADDR_ANY)
		out->local.addr = *pl_net_laddr(t->net, l->rec.laddr);
	out->rcv_queued = l->queued;
	out->limit = l->backlog;
	out->held = pl_mem_octets(&t->core->mem, PL_OBJ_listener) + pl_mem_octets(&t->core->mem, PL_OBJ_slot);
}

static void
info_small(const struct pl_tcp *t, const struct pl_tcp_rec *r, enum pl_obj type, struct plim_conn_info *out)
{
	struct pl_tuple k = pl_tcp_rec_tuple(r);

	memset(out, 0, sizeof *out);
	info_tuple(t, &k, out);
	out->state = r->state;
	out->held = pl_mem_octets(&t->core->mem, type);
	out->idle_form = true;
	out->orphan = r->kind == PL_REC_CLOSING;
}

static bool
info_syn(const struct pl_tcp *t, const struct pl_syn *e, enum pl_obj type, struct plim_conn_info *out)
{
	struct pl_tuple k = {.lport = e->lport, .rport = e->rport, .laddr = e->laddr};

	if (!e->live)
		return false;
	memset(out, 0, sizeof *out);
	k.raddr = pl_addr_from(e->family, e->raddr);
	info_tuple(t, &k, out);
	out->state = PLIM_SYN_RECEIVED;
	out->held = pl_mem_octets(&t->core->mem, type);
	out->age_ms = pl_tcp_ms(t->core->now) - e->born_ms;
	return true;
}

static const enum pl_obj walked[] = {
	PL_OBJ_listener, PL_OBJ_conn4, PL_OBJ_conn6, PL_OBJ_closing4, PL_OBJ_closing6,
	PL_OBJ_tw4,      PL_OBJ_tw6,   PL_OBJ_syn4,  PL_OBJ_syn6,
};

static bool
info_object(const struct pl_tcp *t, enum pl_obj type, pl_id id, struct plim_conn_info *out)
{
	const struct pl_tcp_rec *r = pl_tcp_rec(t, id);

	if (type == PL_OBJ_syn4 || type == PL_OBJ_syn6)
		return info_syn(t, pl_mem_ptr(&t->core->mem, id), type, out);
	switch (r->kind) {
	case PL_REC_LISTENER: pl_tcp_info_listener(t, (const struct pl_tcp_listener *)r, out); return true;
	case PL_REC_CONN: pl_tcp_info_conn(t, (const struct pl_tcp_conn *)r, out); return true;
	case PL_REC_CLOSING:
	case PL_REC_TIMEWAIT: info_small(t, r, type, out); return true;
	default: return false;
	}
}

int
pl_tcp_info_walk(const struct pl_tcp *t, uint64_t *cursor, struct plim_conn_info *out, size_t n)
{
	uint32_t type = (uint32_t)(*cursor >> 32);
	pl_id id = (pl_id)*cursor;
	size_t done = 0;

	while (type < PL_COUNT(walked) && done < n) {
		id = pl_mem_walk(&t->core->mem, walked[type], id);
		if (!id)
			type++;
		else if (info_object(t, walked[type], id, &out[done]))
			done++;
	}
	*cursor = type * (UINT64_C(1) << 32) + id;
	return (int)done;
}
