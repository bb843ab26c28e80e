/* SPDX-License-Identifier: ISC */
/*
 * E09: 6000 connections whose addresses and ports are chosen so that a hash anybody can compute puts them into one
 * chain, 6000 with random ones, and then segments for both kinds in turns. The chains of the stack's table are looked
 * at as they are.
 */
#include "sim/habits.h"

#include "base/bytes.h"
#include "sock/sock.h"

#define PORT 2000
#define PEERS 6000u /* of each kind */
#define NET 60u     /* 60.0.0.0/8 crafted, 61.0.0.0/8 random: in no group's network */
#define CONNECTING PL_SEC(15)
#define RATE 10000u /* segments a second after that */
#define SUM 0x5a5au /* what address + 31 port of every crafted tuple leaves, modulo 2^16 */

struct tuple {
	uint32_t addr;
	uint16_t port;
	pl_seq seq, ack;
	bool is_open;
};

struct flood {
	struct tuple tuple[2][PEERS];
	uint32_t begun[2], opened[2], resets;
	uint64_t sent;
	uint64_t most_chain, records, colliding;
	struct sim_chance chance;
};

/* The n-th crafted tuple: the low half of the address makes up for the port, so that addr + 31 port is SUM. */
static void
craft(struct tuple *t, uint32_t n)
{
	t->port = (uint16_t)(1024 + n);
	t->addr = NET << 24 | (n % 250) << 16 | ((SUM - 31u * t->port) & 0xffff);
}

static void
tuples_make(struct flood *x)
{
	for (uint32_t i = 0; i < PEERS; i++) {
		struct tuple *t = &x->tuple[1][i];

		craft(&x->tuple[0][i], i);
		t->addr = (NET + 1) << 24 | (i % 250) << 16 | (i / 250) << 8 | (1 + sim_chance_below(&x->chance, 250));
		t->port = (uint16_t)(1024 + sim_chance_below(&x->chance, 64000));
		x->colliding += ((x->tuple[0][i].addr + 31u * x->tuple[0][i].port) & 0xffff) == SUM;
	}
}

static void
tuple_send(struct sim_run *r, const struct tuple *t, uint8_t flags)
{
	struct sim_from from = {.src = t->addr};
	struct pl_tcp_seg seg = {.sport = t->port, .dport = PORT, .wnd = 65535, .flags = flags, .seq = t->seq};

	seg.ack = flags & PL_TH_ACK ? t->ack : 0;
	if (flags & PL_TH_SYN)
		seg.opt = (struct pl_tcp_opts){.has = PL_OPT_MSS, .mss = 1460};
	sim_raw_tcp(&r->raw, &from, &seg);
}

/* Which tuple is it? Crafted ones are known by their port, random ones by their address. */
static struct tuple *
tuple_find(struct flood *x, uint32_t addr, uint16_t port)
{
	uint32_t i = addr >> 24 == NET ? port - 1024u : (addr >> 8 & 0xff) * 250 + (addr >> 16 & 0xff);
	struct tuple *t = i < PEERS ? &x->tuple[addr >> 24 == NET ? 0 : 1][i] : NULL;

	return t != NULL && t->addr == addr && t->port == port ? t : NULL;
}

static void
on_tcp(void *ctx, const struct pl_ip4 *ip, const struct pl_tcp_seg *seg)
{
	struct sim_run *r = ctx;
	struct flood *x = r->ctx;
	struct tuple *t = tuple_find(x, pl_load32(ip->dst.octets), seg->dport);

	if (t == NULL)
		return;
	if (seg->flags & PL_TH_RST) {
		x->resets += t->is_open;
		t->is_open = false;
	} else if (seg->flags & PL_TH_SYN && !t->is_open) {
		t->seq = seg->ack;
		t->ack = seg->seq + 1;
		t->is_open = true;
		x->opened[t >= x->tuple[1]]++;
		tuple_send(r, t, PL_TH_ACK);
	}
}

static void
begin_both(void *ctx)
{
	struct sim_run *r = ctx;
	struct flood *x = r->ctx;

	for (unsigned kind = 0; kind < 2; kind++) {
		struct tuple *t = &x->tuple[kind][x->begun[kind]++];

		t->seq = (uint32_t)sim_chance_next(&x->chance);
		tuple_send(r, t, PL_TH_SYN);
	}
}

/* Bare ACKs that say nothing: all they cost is the look-up. */
static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct flood *x = r->ctx;
	struct tuple *t = &x->tuple[x->sent++ % 2][sim_chance_below(&x->chance, PEERS)];

	if (t->is_open)
		tuple_send(r, t, PL_TH_ACK);
}

static void
prepare(struct sim_run *r)
{
	struct flood *x = sim_keep(r, sizeof *x);

	x->chance = sim_chance_of(r->seed, 20, 9);
	tuples_make(x);
	r->raw.on_tcp = on_tcp;
	r->raw.tcp_ctx = r;
	r->service[0] = sim_service(r, &(struct sim_service){.port = PORT});
	sim_pacer_add(&r->raw, PEERS / (CONNECTING / PL_SEC(1)), r->begin, r->begin + CONNECTING, begin_both, r);
	sim_pacer_add(&r->raw, RATE, r->begin + CONNECTING + PL_SEC(2), r->end, fire, r);
}

/* The longest chain of the table, and how many records are in all of them. */
static void
look_at_chains(struct sim_run *r)
{
	struct flood *x = r->ctx;
	const struct pl_tcp *t = &r->world.server.s->tcp;
	uint64_t records = 0;

	for (uint32_t i = 0; i <= t->head_mask; i++) {
		uint64_t len = 0;

		for (pl_id id = t->heads[i]; id; id = pl_tcp_rec(t, id)->next)
			len++;
		records += len;
		x->most_chain = PL_MAX(x->most_chain, len);
	}
	x->records = PL_MAX(x->records, records);
}

static void
sample(struct sim_run *r)
{
	if (r->world.now > r->begin && !r->has_ended)
		look_at_chains(r);
}

static void
at_end(struct sim_run *r)
{
	struct flood *x = r->ctx;

	for (unsigned kind = 0; kind < 2; kind++)
		for (uint32_t i = 0; i < PEERS; i++)
			if (x->tuple[kind][i].is_open)
				tuple_send(r, &x->tuple[kind][i], PL_TH_RST);
}

static void
check(struct sim_run *r)
{
	const struct flood *x = r->ctx;
	double heads = (double)r->world.server.s->tcp.head_mask + 1;

	sim_at_least(r, "colliding", (double)x->colliding, PEERS);
	sim_at_least(r, "reached-crafted", x->opened[0], 0.95 * PEERS);
	sim_at_least(r, "reached-random", x->opened[1], 0.95 * PEERS);
	sim_at_least(r, "records", (double)x->records, 0.95 * 2 * PEERS);
	sim_at_most(r, "chain", (double)x->most_chain, 8 * PL_MAX(1.0, (double)x->records / heads));
	sim_at_most(r, "resets", x->resets, 0);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_e09 = {
	.id = "E09",
	.name = "hash-flood-tuples",
	.pattern = "6000 tuples that collide in an unkeyed hash and 6000 random ones, then segments for both",
	.targets = {16},
	.is_core = true,
	.proves = {{"keyed-hash", "chain"}},
	.prepare = prepare,
	.sample = sample,
	.end = at_end,
	.check = check,
};
