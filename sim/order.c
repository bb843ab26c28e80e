/* SPDX-License-Identifier: ISC */
/*
 * I4: the order of measures. The one table of what may be done from which level on, by the measure's name, in the order
 * of scenarios.md. The levels are entered one after the other, each with all its measures in force, so a measure is in
 * its place if its own level or a higher one was announced (level_up) and not yet left, and if the record says that
 * level. Where an earlier measure finds nothing to do (no orphan to evict) it leaves no record: that is not asked for.
 * Names that are not in the table are reported.
 */
#include "sim/run.h"

#include <string.h>

#define ANY 0 /* replacement inside a class, deadlines, hard limits: outside the order */

struct rank {
	const char *name;
	uint8_t from; /* the least level */
};

static const struct rank ranks[] = {
	{"compact", ANY},          {"compact_forced", ANY},   {"inflate", ANY},           {"inflate_reserve", ANY},
	{"grant_refused", ANY},    {"ooo_pruned", ANY},       {"timewait_replaced", ANY}, {"orphan_evicted", ANY},
	{"cookie_sent", ANY},      {"cookie_taken", ANY},     {"charge_refused", ANY},    {"fragment_replaced", ANY},
	{"level_up", ANY},         {"level_down", ANY},       {"window_reopened", ANY},   {"credit_limited", ANY},
	{"probe_sent", ANY}, /* begun at level 1 they go on: a deadline (DESIGN section 6) */
	{"probe_unanswered", ANY}, {"fragment_expired", ANY}, {"give_back", 1},           {"edge_held", 2},
	{"send_limited", ANY}, /* the limit by waterline holds at every level; from level 2 on it is the level's */
	{"syn_paced", 2},          {"intervals_limited", 2},  {"window_shrunk", 3},       {"newcomer_refused", 3},
	{"text_refused", 3},       {"ooo_refused", 3},        {"orphan_shed", 3},         {"vanished_evicted", 3},
	{"useless_evicted", 3},    {"useful_evicted", 3},     {"syn_refused", 4},         {"next_refused", 4},
};

static const struct rank *
find(const char *name)
{
	for (size_t i = 0; i < PL_COUNT(ranks); i++)
		if (strcmp(ranks[i].name, name) == 0)
			return &ranks[i];
	return NULL;
}

void
sim_order_check(struct sim_run *r, const struct plim_trace_record *rec)
{
	const char *name = plim_action_name(rec->action);
	const struct rank *k = find(name);

	if (k == NULL) {
		sim_fail(r, "I4-name", "measure %s has no place in the order (sim/order.c)", name);
		return;
	}
	if (strcmp(name, "level_up") == 0)
		r->watch.announced = (unsigned)rec->reason;
	if (strcmp(name, "level_down") == 0)
		r->watch.announced = (unsigned)rec->reason;
	if (rec->level < k->from)
		sim_fail(r, "I4-level", "%s at level %u, not before %u", name, rec->level, k->from);
	else if (r->watch.announced < k->from)
		sim_fail(r, "I4-order", "%s before level %u was announced", name, k->from);
}
