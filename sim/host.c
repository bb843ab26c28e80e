/* SPDX-License-Identifier: ISC */
/*
 * A host that runs our stack: its memory with guards around, its cards, and the order of its work: frames in, time,
 * events, frames out.
 */
#include "sim/world.h"

#include "wire/ip4.h"
#include "wire/tcp.h"

#include "base/checksum.h"

#include <stdlib.h>

#define GUARD 4096u
#define GUARD_OCTET 0x5a
#define POLL_BUDGET 1000u

bool
sim_host_start(struct sim_host *h, const struct plim_config *config, uint32_t salt, int *why)
{
	struct sim_chance c = sim_chance_of(h->w->seed, 1, salt);
	uint8_t entropy[PLIM_ENTROPY_OCTETS], *all = aligned_alloc(64, h->target + 2 * GUARD);

	*why = PLIM_ENOMEM;
	if (all == NULL)
		return false;
	memset(all, GUARD_OCTET, GUARD);
	memset(all + GUARD + h->target, GUARD_OCTET, GUARD);
	h->region = all + GUARD;
	for (unsigned i = 0; i < sizeof entropy; i++)
		entropy[i] = (uint8_t)(sim_chance_next(&c) >> 32);
	h->app_due = PL_TIME_NEVER;
	*why = plim_create(config, h->region, h->target, entropy, h->w->now, &h->s);
	return *why == PLIM_OK;
}

void
sim_host_free(struct sim_host *h)
{
	if (h->region != NULL)
		free(h->region - GUARD);
	for (unsigned i = 0; i < 2; i++) {
		sim_inbox_free(&h->nic[i].air);
		sim_inbox_free(&h->nic[i].ready);
	}
	h->region = NULL;
}

bool
sim_host_is_guarded(const struct sim_host *h)
{
	for (uint32_t i = 0; i < GUARD; i++)
		if (h->region[i - (int64_t)GUARD] != GUARD_OCTET || h->region[h->target + i] != GUARD_OCTET)
			return false;
	return true;
}

/* ---- the cards ---- */

static pl_time
coalesced(pl_time due)
{
	return due == PL_TIME_NEVER ? due : (due + SIM_COALESCE - 1) / SIM_COALESCE * SIM_COALESCE;
}

static pl_time
nic_due(const struct sim_nic *n)
{
	return coalesced(PL_MIN(sim_inbox_due(&n->air), sim_inbox_due(&n->ready)));
}

/* What has come over the air by now goes over the port's line, in order of arrival. */
static void
nic_stage(struct sim_world *w, struct sim_nic *n)
{
	while (n->stage != NULL && sim_inbox_due(&n->air) <= w->now) {
		struct sim_arrival a = sim_inbox_take(&n->air);
		pl_time due = sim_link_pass(n->stage, w->pool.frames[a.frame].len, a.due);

		if (due == PL_TIME_NEVER)
			sim_pool_give(&w->pool, a.frame);
		else
			sim_inbox_put(&n->ready, a.frame, due);
	}
}

void
sim_host_arrival(struct sim_host *h, unsigned nic, uint32_t frame, pl_time due)
{
	struct sim_nic *n = &h->nic[nic];

	if (h->frozen && h->ring > 0 && n->air.n + n->ready.n >= h->ring) {
		sim_pool_give(&h->w->pool, frame);
		h->dropped++;
		return;
	}
	sim_inbox_put(n->stage != NULL ? &n->air : &n->ready, frame, due);
	if (!h->frozen)
		sim_queue_set_earlier(&h->w->queue, h->owner, PL_MAX(coalesced(due), h->w->now));
}

/* The card with the earliest frame that is there by now; NULL: none. */
static struct sim_nic *
next_nic(struct sim_host *h)
{
	struct sim_nic *best = NULL;

	for (unsigned i = 0; i < h->n_nics; i++) {
		struct sim_nic *n = &h->nic[i];

		if (sim_inbox_due(&n->ready) <= h->w->now &&
		    (best == NULL || sim_inbox_due(&n->ready) < sim_inbox_due(&best->ready)))
			best = n;
	}
	return best;
}

/* ---- window_rule = linux ---- */

static bool
is_bare_ack(const struct pl_tcp_seg *seg)
{
	return seg->len == 0 && (seg->flags & (PL_TH_ACK | PL_TH_SYN | PL_TH_RST | PL_TH_FIN)) == PL_TH_ACK;
}

/* A bare ACK that repeats SEQ and ACK with a smaller window that is not zero keeps the window that was known. */
static void
linux_rule_apply(struct sim_host *h, struct sim_frame *f)
{
	struct pl_ip4 ip;
	struct pl_tcp_seg seg;
	struct sim_linux_rule *r;
	uint8_t *tcp;

	if (f->len < 54 || pl_load16(f->data + 12) != 0x0800 ||
	    pl_ip4_parse((struct pl_span){f->data + 14, f->len - 14}, &ip) != PL_PARSED || ip.proto != 6 ||
	    !pl_tcp_parse(ip.payload, &seg))
		return;
	r = &h->rule[seg.dport % SIM_LINUX_SLOTS];
	if (is_bare_ack(&seg) && r->port == seg.dport && r->seq == seg.seq && r->ack == seg.ack && seg.wnd > 0 &&
	    seg.wnd < r->wnd) {
		tcp = f->data + 14 + ip.header_len;
		pl_store16(tcp + 14, r->wnd);
		memset(tcp + 16, 0, 2);
		pl_csum_store(tcp + 16, pl_csum_add(pl_csum_pseudo(&ip.src, &ip.dst, 6, (uint32_t)ip.payload.len), tcp,
		                                    ip.payload.len));
		return;
	}
	*r = (struct sim_linux_rule){seg.seq + seg.len, seg.ack, seg.dport, (uint16_t)seg.wnd};
}

/* ---- its work ---- */

static unsigned
take_batch(struct sim_host *h, struct plim_frame *in, uint32_t *slots)
{
	struct sim_world *w = h->w;
	struct sim_nic *nic;
	unsigned n = 0;

	while (n < SIM_BATCH && (nic = next_nic(h)) != NULL) {
		struct sim_frame *f = &w->pool.frames[slots[n] = sim_inbox_take(&nic->ready).frame];

		if (h->linux_rule)
			linux_rule_apply(h, f);
		in[n++] = (struct plim_frame){.data = f->data, .len = f->len, .iface = (uint8_t)(nic - h->nic)};
	}
	return n;
}

static void
host_input(struct sim_host *h)
{
	struct plim_frame in[SIM_BATCH];
	uint32_t slots[SIM_BATCH];
	unsigned n;

	for (unsigned i = 0; i < h->n_nics; i++)
		nic_stage(h->w, &h->nic[i]);
	while ((n = take_batch(h, in, slots)) > 0) {
		if (h->number == SIM_SERVER && h->w->on_server_frames != NULL)
			h->w->on_server_frames(h->w->watcher, in, n);
		plim_input(h->s, in, n, h->w->now);
		if (h->number == SIM_SERVER) {
			h->w->counts.server_in += n;
			for (unsigned i = 0; i < n; i++)
				h->w->counts.attack_in += in[i].iface;
			if (h->w->on_server_batch != NULL)
				h->w->on_server_batch(h->w->watcher, n);
		}
		for (unsigned i = 0; i < n; i++)
			sim_pool_give(&h->w->pool, slots[i]);
	}
}

/* Frames are built in the pool's slots; those that were used go on and new ones take their places. */
static unsigned
host_output(struct sim_host *h)
{
	struct sim_world *w = h->w;
	struct plim_frame out[SIM_BATCH];
	int n;

	for (unsigned i = 0; i < SIM_BATCH; i++)
		out[i] = (struct plim_frame){.data = w->pool.frames[w->tx[i]].data, .cap = SIM_FRAME_ROOM};
	n = plim_output(h->s, out, SIM_BATCH, w->now);
	for (int i = 0; i < n; i++) {
		uint32_t f = w->tx[i];

		w->pool.frames[f].len = out[i].len;
		if (h->number == SIM_SERVER && w->on_server_sent != NULL)
			w->on_server_sent(w->watcher, &w->pool.frames[f]);
		w->tx[i] = sim_pool_take(&w->pool);
		sim_net_from_host(w, h, out[i].iface, f);
	}
	return n > 0 ? (unsigned)n : 0;
}

static unsigned
host_events(struct sim_host *h)
{
	struct plim_event ev[SIM_BATCH];
	int n = plim_events(h->s, ev, SIM_BATCH);

	for (int i = 0; i < n; i++)
		h->app.event(h, &ev[i]);
	return n > 0 ? (unsigned)n : 0;
}

void
sim_host_schedule(struct sim_host *h)
{
	pl_time due = plim_next_deadline(h->s);

	due = PL_MAX(due, h->w->now + PL_US(1)); /* what polling leaves is not due again at once */
	due = PL_MIN(due, h->app_due);
	for (unsigned i = 0; i < h->n_nics; i++)
		due = PL_MIN(due, nic_due(&h->nic[i]));
	sim_queue_set(&h->w->queue, h->owner, h->frozen ? PL_TIME_NEVER : PL_MAX(due, h->w->now));
}

void
sim_host_wake_at(struct sim_host *h, pl_time at)
{
	h->app_due = PL_MIN(h->app_due, at);
	if (!h->frozen)
		sim_queue_set_earlier(&h->w->queue, h->owner, PL_MAX(at, h->w->now));
}

void
sim_host_freeze(struct sim_host *h, bool frozen)
{
	h->frozen = frozen;
	sim_host_schedule(h);
}

static void
host_poll(struct sim_host *h)
{
	bool more;

	do {
		more = plim_poll(h->s, h->w->now, POLL_BUDGET) > 0;
		if (h->number == SIM_SERVER && h->w->on_server_poll != NULL)
			h->w->on_server_poll(h->w->watcher);
	} while (more);
}

void
sim_host_run(struct sim_host *h)
{
	unsigned more;

	host_input(h);
	host_poll(h);
	if (h->app_due <= h->w->now) {
		h->app_due = PL_TIME_NEVER;
		h->app.wake(h);
	}
	do {
		more = host_events(h);
		more += host_output(h);
	} while (more > 0);
	if (h->number == SIM_SERVER) {
		h->w->counts.server_runs++;
		if (h->w->on_server_run != NULL)
			h->w->on_server_run(h->w->watcher);
	}
	sim_host_schedule(h);
}
