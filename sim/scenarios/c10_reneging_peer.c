/* SPDX-License-Identifier: ISC */
/*
 * C10: readers that lose a segment now and then, SACK what comes behind it, and when the hole is closed have thrown all
 * of that away (RFC 2018 section 8 lets them). What was SACKed must still be there to be sent again, octet for octet.
 */
#include "sim/habits.h"

#define PORT 2000
#define PEERS 100u
#define OBJECT (1u << 20)
#define EVERY 65536u /* octets between one loss and the next */
#define SACKED_LEAST (4 * SIM_SEGMENT)
#define RECOVER_S 2.0 /* the least RTO with timestamps is 200 ms; a lost probe of it, and a round trip */

enum phase { TAKING, HOLE, RENEGED };

struct reader {
	enum phase phase;
	pl_seq origin, hole_end, furthest; /* of the stream; of what was SACKed */
	uint64_t next_loss;
	uint32_t stream;
	unsigned tries; /* of the segment that closes the hole */
	pl_time at;     /* reneged */
};

struct readers {
	struct reader of[PEERS];
	uint64_t lost, sacks, reneged, reneged_octets, recovered, corrupt, done;
	pl_time most;
};

static struct reader *
reader_of(struct sim_group *g, const struct sim_peer *p)
{
	return &((struct readers *)((struct sim_run *)g->ctx)->ctx)->of[sim_peer_index(g, p)];
}

static void
on_open(struct sim_group *g, struct sim_peer *p)
{
	struct reader *k = reader_of(g, p);
	uint32_t i = sim_peer_index(g, p);
	struct plim_addr addr = {.family = 4};

	pl_store32(addr.octets, sim_peer_addr(g, i));
	k->origin = p->rcv_nxt;
	k->stream = sim_stream(&addr, sim_peer_port(g, i), true);
	k->next_loss = EVERY / 2 + sim_chance_below(&g->chance, EVERY);
	sim_ask(g, p);
}

static void
answer(struct sim_group *g, struct sim_peer *p)
{
	struct reader *k = reader_of(g, p);
	struct pl_tcp_seg ack = {.flags = PL_TH_ACK, .seq = p->snd_nxt, .ack = p->rcv_nxt};

	if (k->phase == HOLE && pl_seq_lt(k->hole_end, k->furthest)) {
		ack.opt.sacks[ack.opt.n_sacks++] = (struct pl_sack){k->hole_end, k->furthest};
		((struct readers *)((struct sim_run *)g->ctx)->ctx)->sacks++;
	}
	sim_peer_send(g, p, &ack);
}

/* In order, and compared. */
static void
take(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	struct readers *x = ((struct sim_run *)g->ctx)->ctx;
	struct reader *k = reader_of(g, p);
	uint32_t skip = p->rcv_nxt - seg->seq, len = (uint32_t)seg->text.len - skip;
	struct pl_text rest = pl_text_skip(seg->text, skip);
	uint8_t text[2048];

	pl_text_take(&rest, text, len);
	x->corrupt += memcmp(text, sim_pattern(k->stream, p->rcv_nxt - k->origin), len) != 0;
	p->rcv_nxt += len;
	g->octets_in += len;
	x->done += p->rcv_nxt - k->origin == OBJECT;
}

/* The hole is closed: what was SACKed behind it is forgotten. */
static void
renege(struct sim_run *r, struct reader *k, const struct sim_peer *p)
{
	struct readers *x = r->ctx;

	k->phase = pl_seq_lt(p->rcv_nxt, k->furthest) ? RENEGED : TAKING; /* at the end nothing may lie behind it */
	k->next_loss = p->rcv_nxt - k->origin + EVERY;
	k->tries = 0;
	if (k->phase == TAKING)
		return;
	k->at = r->world.now;
	x->reneged++;
	x->reneged_octets += k->furthest - p->rcv_nxt;
}

static void
note_recovery(struct sim_run *r, struct reader *k, pl_seq rcv_nxt)
{
	struct readers *x = r->ctx;

	if (pl_seq_lt(rcv_nxt, k->furthest))
		return;
	k->phase = TAKING;
	k->next_loss = rcv_nxt - k->origin + EVERY;
	x->recovered++;
	x->most = PL_MAX(x->most, r->world.now - k->at);
}

static void
in_order(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	struct reader *k = reader_of(g, p);
	struct readers *x = ((struct sim_run *)g->ctx)->ctx;

	if (k->phase == TAKING && seg->seq - k->origin >= k->next_loss && seg->seq == p->rcv_nxt) {
		k->phase = HOLE;
		k->hole_end = k->furthest = seg->seq + (uint32_t)seg->text.len;
		x->lost++;
		return; /* lost on its way: nobody answers */
	}
	/* Enough should lie behind the hole before it is closed: else this one is lost too, once. */
	if (k->phase == HOLE && k->furthest - k->hole_end < SACKED_LEAST && k->tries++ == 0)
		return;
	take(g, p, seg);
	if (k->phase == HOLE)
		renege(g->ctx, k, p);
	else if (k->phase == RENEGED)
		note_recovery(g->ctx, k, p->rcv_nxt);
	answer(g, p);
}

static void
on_segment(struct sim_group *g, struct sim_peer *p, const struct pl_tcp_seg *seg)
{
	struct reader *k = reader_of(g, p);
	pl_seq end = seg->seq + (uint32_t)seg->text.len;

	if (seg->text.len == 0)
		return;
	if (pl_seq_le(seg->seq, p->rcv_nxt) && pl_seq_lt(p->rcv_nxt, end)) {
		in_order(g, p, seg);
		return;
	}
	/* Kept, so the SACK says, while there is a hole; thrown away afterwards. */
	if (k->phase == HOLE && pl_seq_le(seg->seq, k->furthest))
		k->furthest = pl_seq_max(k->furthest, end);
	answer(g, p);
}

static void
prepare(struct sim_run *r)
{
	struct sim_habits habits = sim_open_peer(PORT);

	sim_keep(r, sizeof(struct readers));
	habits.has_sack = true;
	habits.has_ts = true;
	habits.takes = false;
	habits.answers = false;
	habits.on_open = on_open;
	habits.on_segment = on_segment;
	r->service[0] =
		sim_service(r, &(struct sim_service){.port = PORT, .request = SIM_DOWNLOAD_REQUEST, .reply = OBJECT});
	r->group[0] = sim_arrivals(r, PEERS, PEERS, &habits, 1);
}

static double
applied(struct sim_run *r)
{
	const struct readers *x = r->ctx;

	return (double)x->reneged / (PEERS * 8.0);
}

static void
check(struct sim_run *r)
{
	const struct readers *x = r->ctx;

	sim_at_least(r, "reached", (double)r->group[0]->opened, PEERS);
	sim_at_least(r, "reneged", (double)x->reneged, PEERS * 5.0);
	sim_at_least(r, "reneged-octets", (double)x->reneged_octets, (double)x->reneged * SACKED_LEAST / 2);
	sim_at_least(r, "recovered", (double)x->recovered, (double)x->reneged);
	sim_at_most(r, "recovery-s", (double)x->most / 1e9, RECOVER_S);
	sim_at_most(r, "corrupt", (double)x->corrupt, 0);
	sim_at_least(r, "whole-objects", (double)x->done, PEERS);
	sim_at_most(r, "resets", (double)r->group[0]->resets, 0);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_c10 = {
	.id = "C10",
	.name = "reneging-peer",
	.pattern = "100 readers lose a segment each 64 KiB, SACK what follows and throw it away",
	.targets = {16},
	.prepare = prepare,
	.end = sim_end_reset,
	.applied = applied,
	.check = check,
};
