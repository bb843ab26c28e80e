/* SPDX-License-Identifier: ISC */
/* Who holds what: the stack's memory map, seen by scenarios. */
#include "sim/run.h"

#include "sock/sock.h"
#include "tcp/state.h"

#define AT_ONCE 64
#define FIRST_RAW_NET 100u
#define RECORD_OCTETS 512u /* active connection, all in (DESIGN section 4) */
#define NODE_OCTETS 256u
#define NODE_IDS 64u
#define INTERVAL_OCTETS 256u
#define LEDGER_OCTETS 768u /* 64 ranges of 12 */

static void
add(struct sim_holders *out, const struct plim_conn_info *c)
{
	out->n++;
	out->by_state[c->state]++;
	out->held += c->held;
	out->most_held = PL_MAX(out->most_held, c->held);
	out->most_queued[0] = PL_MAX(out->most_queued[0], c->rcv_queued);
	out->most_queued[1] = PL_MAX(out->most_queued[1], c->snd_queued);
	out->orphans += c->orphan;
	out->orphan_held += c->orphan ? c->held : 0;
}

void
sim_holders(struct sim_run *r, uint16_t port, struct sim_holders *out)
{
	struct plim_conn_info info[AT_ONCE];
	uint64_t cursor = 0;
	int n;

	memset(out, 0, sizeof *out);
	while ((n = plim_memory_map(r->world.server.s, &cursor, info, AT_ONCE)) > 0)
		for (int i = 0; i < n; i++)
			if (info[i].state != PLIM_LISTEN && info[i].remote.addr.octets[0] >= FIRST_RAW_NET &&
			    (port == 0 || info[i].local.port == port))
				add(out, &info[i]);
}

/* What a window of that many octets may cost at most (DESIGN section 4). */
static uint64_t
bound_of(uint64_t octets, uint64_t block)
{
	uint64_t blocks = (octets + block - 1) / block + 1;

	return RECORD_OCTETS + INTERVAL_OCTETS + blocks * block +
	       ((blocks + NODE_IDS - 1) / NODE_IDS + 2) * NODE_OCTETS;
}

/* By how much does any connection of a service hold more than its octets may cost? */
static uint64_t
over_bound(struct sim_run *r, const struct sim_service *sv, uint64_t (*octets)(const struct plim_conn_info *),
           uint64_t besides)
{
	plim *s = r->world.server.s;
	struct plim_conn_info info;
	int64_t block = 0;
	uint64_t over = 0;

	plim_get(s, (plim_h){0}, PLIM_O_BLOCK_OCTETS, &block);
	for (uint32_t i = sv->first; i > 0; i = r->services.conn[i - 1].next) {
		struct sim_sconn *c = &r->services.conn[i - 1];
		uint64_t bound;

		if (plim_conn_info(s, c->h, &info) != PLIM_OK)
			continue;
		bound = bound_of(octets(&info), (uint64_t)block) + info.charged + besides;
		over = PL_MAX(over, info.held > bound ? info.held - bound : 0);
	}
	return over;
}

static uint64_t
octets_of_window(const struct plim_conn_info *info)
{
	return info->rcv_queued + info->out_of_order + info->rcv_wnd;
}

static uint64_t
octets_of_queue(const struct plim_conn_info *info)
{
	return info->snd_queued + info->rcv_queued;
}

uint64_t
sim_over_window(struct sim_run *r, const struct sim_service *sv)
{
	return over_bound(r, sv, octets_of_window, 0);
}

uint64_t
sim_over_queued(struct sim_run *r, const struct sim_service *sv)
{
	return over_bound(r, sv, octets_of_queue, LEDGER_OCTETS);
}

unsigned
sim_most_intervals(struct sim_run *r)
{
	const struct pl_tcp *t = &r->world.server.s->tcp;
	const struct pl_mem *m = &t->core->mem;
	unsigned most = 0;

	for (pl_id id = pl_mem_walk(m, PL_OBJ_conn4, 0); id; id = pl_mem_walk(m, PL_OBJ_conn4, id)) {
		const struct pl_tcp_conn *c = pl_tcp_conn(t, id);
		const struct pl_rcvq *q = c->rec.kind == PL_REC_CONN ? pl_tcp_rcvq(t, c) : NULL;

		most = PL_MAX(most, q != NULL ? q->n : 0u);
	}
	return most;
}

double
sim_most_stall(const struct sim_run *r, const struct sim_service *sv)
{
	pl_time most = sv->most_stall, to = PL_MIN(sv->stall_to, r->world.now);

	for (uint32_t i = sv->first; i > 0; i = r->services.conn[i - 1].next) {
		const struct sim_sconn *c = &r->services.conn[i - 1];

		if (c->client != SIM_HOSTILE && c->last_rx < to)
			most = PL_MAX(most, to - PL_MAX(c->last_rx, sv->stall_from));
	}
	return (double)most / 1e9;
}

void
sim_with_ballast(struct sim_run *r, struct sim_world_config *c)
{
	(void)r;
	c->stack.cap_app_pct = 75;
}

void
sim_ballast(struct sim_run *r, unsigned permille)
{
	const struct plim_stats *st = &r->watch.st;
	uint64_t want = r->target / 100 * 75 / 1000 * permille, joint;

	if (permille == 0) {
		if (r->ballast_octets > 0)
			plim_uncharge(r->world.server.s, r->ballast, r->ballast_octets);
		r->ballast_octets = 0;
		return;
	}
	joint = st->by_class[PLIM_CLASS_record] + st->by_class[PLIM_CLASS_stream] + st->by_class[PLIM_CLASS_index] +
	        st->by_class[PLIM_CLASS_app];
	if (r->idle == NULL || r->idle->first == 0 || want <= joint)
		return;
	if (r->ballast_octets == 0)
		r->ballast = r->services.conn[r->idle->first - 1].h;
	if (plim_charge(r->world.server.s, r->ballast, (size_t)(want - joint)) == PLIM_OK)
		r->ballast_octets += want - joint;
}
