/* SPDX-License-Identifier: ISC */
/*
 * D10: forged RSTs and SYNs, in and out of the window, for live legit connections. The forger knows every 4-tuple and
 * about where its stream is, but never hits RCV.NXT: that would be a legal reset.
 */
#include "sim/run.h"

#include "wire/ip4.h"

#define RATE 20000u
#define FLOWS 512u

/* What the forger knows of a connection. */
struct flow {
	uint32_t client; /* address */
	uint16_t sport, dport;
	pl_seq iss, next;
	pl_time text_at; /* first text seen; 0: not established, or finished */
};

struct forger {
	struct sim_chance chance;
	struct flow flow[FLOWS];
	unsigned n, turn;
};

static struct flow *
flow_of(struct forger *k, uint32_t client, const struct pl_tcp_seg *seg)
{
	struct flow *f;

	for (unsigned i = 0; i < k->n; i++)
		if (k->flow[i].client == client && k->flow[i].dport == seg->dport)
			return &k->flow[i]; /* a client's newest connection to a port takes its place */
	if (k->n == FLOWS)
		return NULL;
	f = &k->flow[k->n++];
	f->client = client;
	f->dport = seg->dport;
	return f;
}

static void
sniff(void *ctx, struct sim_host *from, const struct sim_frame *frame)
{
	struct sim_run *r = ctx;
	struct pl_ip4 ip;
	struct pl_tcp_seg seg;
	struct flow *f;

	(void)from;
	if (!sim_frame_tcp(frame->data, frame->len, &ip, &seg))
		return;
	f = flow_of(r->ctx, pl_load32(ip.src.octets), &seg);
	if (f == NULL)
		return;
	if (seg.flags & PL_TH_SYN) {
		f->iss = seg.seq;
		f->sport = seg.sport;
		f->next = seg.seq + 1;
		f->text_at = 0;
	} else if (f->sport == seg.sport && seg.flags & (PL_TH_FIN | PL_TH_RST)) {
		f->text_at = 0;
	} else if (f->sport == seg.sport && pl_seq_lt(f->next, seg.seq + seg.len)) {
		f->next = seg.seq + seg.len;
		f->text_at = f->text_at > 0 ? f->text_at : r->world.now;
	}
}

/* A place at an odd distance from the first octet: no segment of these clients ends there. */
static pl_seq
near(struct forger *k, const struct flow *f, uint32_t within)
{
	pl_seq at = f->next + sim_chance_below(&k->chance, within) + 2;

	return (at - f->iss) % 2 == 0 ? at : at + 1;
}

/* A handshake is not a live connection: a SYN in its window legally begins it again (RFC 9293 3.10.7.4). */
static struct flow *
next_live(struct forger *k, pl_time now)
{
	for (unsigned i = 0; i < k->n; i++) {
		struct flow *f = &k->flow[k->turn++ % k->n];

		if (f->text_at > 0 && now - f->text_at > PL_MS(500))
			return f;
	}
	return NULL;
}

static void
fire(void *ctx)
{
	struct sim_run *r = ctx;
	struct forger *k = r->ctx;
	struct flow *f = next_live(k, r->world.now);
	struct pl_tcp_seg seg = {.flags = PL_TH_RST, .wnd = 1000};
	struct sim_from from = {.to_first = true};

	if (f == NULL)
		return;
	from.src = f->client;
	seg.sport = f->sport;
	seg.dport = f->dport;
	seg.seq = near(k, f, sim_chance_below(&k->chance, 2) ? 20000 : 2000000000);
	if (sim_chance_below(&k->chance, 4) == 0)
		seg.flags = PL_TH_SYN;
	sim_raw_tcp(&r->raw, &from, &seg);
}

static void
prepare(struct sim_run *r)
{
	struct forger *k = sim_keep(r, sizeof *k);

	k->chance = sim_chance_of(r->seed, 21, 1);
	r->world.sniff = sniff;
	r->world.sniffer = r;
	sim_pace(r, RATE, fire, r);
}

static void
sample(struct sim_run *r)
{
	r->number[0] = PL_MAX(r->number[0], r->watch.st.by_state[PLIM_ESTABLISHED]);
}

static void
check(struct sim_run *r)
{
	const struct plim_stats *st = &r->watch.st;
	double answered = (double)st->tcp[PLIM_TCP_challenge_acks];

	sim_at_least(r, "in-window",
	             (double)(st->drops[PLIM_DROP_tcp_rst_challenged] + st->drops[PLIM_DROP_tcp_challenge_limited]),
	             10000);
	/* Two a second for a connection at most; short ones come and go. */
	sim_at_most(r, "challenge-acks-per-s", answered / 60, 2.2 * (double)r->number[0]);
	sim_at_least(r, "challenge-acks", answered, 60);
	sim_at_least(r, "G", r->out->G, 0.90);
}

const struct sim_scenario sim_d10 = {
	.id = "D10",
	.name = "reset-storm",
	.pattern = "20 k/s forged RST and SYN, in and out of the window of live connections",
	.targets = {16},
	.is_core = true,
	.proves = {{"rst-exact", "I2-R"}, {"challenge-limit", "challenge-acks-per-s"}},
	.prepare = prepare,
	.sample = sample,
	.check = check,
};
