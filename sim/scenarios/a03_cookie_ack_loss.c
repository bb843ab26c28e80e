/* SPDX-License-Identifier: ISC */
/*
 * A03: 4000 SYNs a second fill the SYN cache, and of the bare ACKs that end a handshake, sent again or not, every
 * fifth of the legit clients' is lost. Where the client speaks first its text must do instead; where the server does,
 * nothing comes that could, and no more than loss^2 of the connections may hang.
 */
#include "sim/troubles.h"

#define RATE 4000u
#define LOSS_PPM 200000u
#define CLIENTS 32u /* of each protocol, a connection a second each */
#define SLOTS 64u
#define HANGS PL_SEC(8) /* a client gives up then */

struct handshake {
	uint16_t port;
	pl_seq ack; /* of its first ACK: nothing but the SYN-ACK has come */
};

struct losses {
	struct sim_chance loss;
	struct handshake last[SIM_MAX_CLIENTS][SLOTS];
	uint64_t seen, lost;
};

/* Is this the bare ACK of a SYN-ACK? */
static bool
ends_handshake(struct losses *x, const struct sim_host *from, const struct pl_tcp_seg *seg)
{
	struct handshake *h = &x->last[from->number][seg->sport % SLOTS];

	if (seg->flags & PL_TH_SYN) {
		*h = (struct handshake){.port = seg->sport};
		return false;
	}
	if (h->port != seg->sport || seg->text.len > 0 || seg->flags != PL_TH_ACK)
		return false;
	if (h->ack == 0)
		h->ack = seg->ack;
	return h->ack == seg->ack;
}

static bool
lose(void *ctx, struct sim_host *from, const struct sim_frame *f)
{
	struct sim_run *r = ctx;
	struct losses *x = r->ctx;
	struct pl_ip4 ip;
	struct pl_tcp_seg seg;

	if (r->world.now < r->begin || r->world.now >= r->end || !sim_frame_tcp(f->data, f->len, &ip, &seg) ||
	    !ends_handshake(x, from, &seg))
		return false;
	x->seen++;
	if (!sim_chance_ppm(&x->loss, LOSS_PPM))
		return false;
	x->lost++;
	return true;
}

static void
prepare(struct sim_run *r)
{
	struct losses *x = sim_keep(r, sizeof *x);

	x->loss = sim_chance_of(r->seed, 20, 4);
	r->world.lose = lose;
	r->world.loser = r;
	sim_service(
		r, &(struct sim_service){.port = SIM_PORT_GREETING, .is_legit = true, .greeting = SIM_GREETING_OCTETS});
	for (unsigned i = 0; i < 2 * CLIENTS; i++)
		if (sim_load_client(r, i % 2 ? SIM_CLIENT_greeted : SIM_CLIENT_brief, r->world.now) == NULL)
			sim_fail(r, "setup", "no room for client %u", i);
	sim_syn_flood(r, RATE, sim_chance_of(r->seed, 20, 3));
}

/* Of the exchanges begun once the cache was full: how many, and how many were not whole when the client gave up. */
static void
count(struct sim_run *r, enum sim_client_kind kind, uint64_t *n, uint64_t *hung)
{
	const struct sim_spans *s = &r->tally.exchanges[kind];

	for (uint32_t i = 0; i < s->n; i++)
		if (s->span[i].at >= r->begin + SIM_SETTLE && s->span[i].at < r->end - HANGS) {
			++*n;
			*hung += s->span[i].took > HANGS;
		}
}

static void
check(struct sim_run *r)
{
	const struct losses *x = r->ctx;
	double rate = (double)LOSS_PPM / 1e6;
	uint64_t n[2] = {0}, hung[2] = {0};

	count(r, SIM_CLIENT_brief, &n[0], &hung[0]);
	count(r, SIM_CLIENT_greeted, &n[1], &hung[1]);
	sim_at_least(r, "lost", (double)x->lost, 0.9 * rate * (double)x->seen);
	sim_at_least(r, "lost-most", (double)x->lost, 2 * CLIENTS * 60 * rate * 0.5);
	sim_at_least(r, "replaced", (double)r->watch.st.drops[PLIM_DROP_syn_replaced], 0.5 * RATE * 60);
	sim_at_most(r, "cookies-sent-for-all", (double)r->watch.st.actions[PLIM_ACTION_cookie_sent], 0.9 * RATE * 60);
	sim_at_least(r, "exchanges", (double)PL_MIN(n[0], n[1]), CLIENTS * 45.0);
	sim_at_most(r, "client-first-hangs", (double)hung[0], 0);
	sim_at_most(r, "server-first-hangs", (double)hung[1] / (double)PL_MAX(n[1], 1u), rate * rate);
	sim_at_least(r, "G", r->out->G, 0.95);
}

const struct sim_scenario sim_a03 = {
	.id = "A03",
	.name = "cookie-ack-loss",
	.pattern = "4 k SYN/s and every fifth last ACK of a legit handshake lost, client and server first",
	.targets = {16},
	.is_core = true,
	.proves = {{"proven-places", "server-first-hangs"}},
	.prepare = prepare,
	.check = check,
};
