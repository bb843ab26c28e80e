/* SPDX-License-Identifier: ISC */
/* Keepalive and liveness probes: see liveness.h. */
#include "tcp/liveness.h"

#include "mem/level.h"
#include "mem/prove.h"
#include "tcp/form.h"
#include "tcp/reply.h"
#include "tcp/timer.h"

#define RETRY_MS 20u /* the ring was full */

/* The first probe goes `idle` after the last segment was heard, each further one `interval` after the one before. */
struct schedule {
	uint64_t idle_ms, interval_ms;
	unsigned probes;
	bool is_on;
};

/* Is there a peer left that could be asked? Not once both sides closed, nor while octets in flight ask for us. */
static bool
may_ask(const struct pl_tcp_conn *c)
{
	switch (c->rec.state) {
	case PLIM_ESTABLISHED:
	case PLIM_CLOSE_WAIT:
	case PLIM_FIN_WAIT_1:
	case PLIM_FIN_WAIT_2: return c->snd_una == c->snd_nxt; /* MUST-26 */
	default: return false;
	}
}

/* On request only (MUST-25). */
static struct schedule
keepalive(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct plim_config *conf = &t->core->conf;
	const struct pl_tcp_connopt *o = c->opt ? pl_mem_ptr(&t->core->mem, c->opt) : NULL;

	return (struct schedule){
		.idle_ms = o && o->keepalive_idle_ms ? o->keepalive_idle_ms : conf->keepalive_idle_ms,
		.interval_ms = o && o->keepalive_interval_ms ? o->keepalive_interval_ms : conf->keepalive_interval_ms,
		.probes = o && o->keepalive_probes ? o->keepalive_probes : (unsigned)conf->keepalive_probes,
		.is_on = c->flags & PL_CF_KEEPALIVE,
	};
}

/* Under pressure. */
static struct schedule
liveness(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct plim_config *conf = &t->core->conf;
	bool is_pressed = pl_level(t->core) >= PL_L2, is_useful = c->flags & PL_CF_USEFUL;
	struct schedule s = {.probes = (unsigned)conf->probe_count};

	/* What was begun is settled when the level has fallen since. */
	s.is_on = pl_level(t->core) >= PL_L1 || (c->probes > 0 && !(c->flags & PL_CF_KEEPALIVE));
	s.is_on = s.is_on && !(c->flags & (PL_CF_NO_PROBE | PL_CF_UNACCEPTED)) && !PL_WITHOUT(t->core, liveness_probes);
	s.interval_ms = is_pressed ? conf->probe_pressed_interval_ms : conf->probe_interval_ms;
	if (is_useful)
		s.idle_ms = is_pressed ? conf->probe_useful_pressed_idle_ms : conf->probe_useful_idle_ms;
	else
		s.idle_ms = is_pressed ? conf->probe_pressed_idle_ms : conf->probe_idle_ms;
	return s;
}

/* heard_ms is the time of the last probe once one was sent: schedules may change in between, the level with them. */
static pl_time
due(const struct pl_tcp *t, const struct pl_tcp_conn *c, const struct schedule *s)
{
	uint64_t wait_ms = c->probes == 0 ? s->idle_ms : s->interval_ms;
	uint32_t silent_ms = pl_tcp_ms(t->core->now) - c->heard_ms;

	if (!s->is_on)
		return PL_TIME_NEVER;
	return silent_ms >= wait_ms ? t->core->now : t->core->now + PL_MS(wait_ms - silent_ms);
}

/* A peer with a useful history is not asked again once it failed to answer: it is only marked. */
static bool
is_settled(const struct pl_tcp_conn *c, const struct schedule *s)
{
	return c->flags & PL_CF_USEFUL && c->probes >= s->probes;
}

pl_time
pl_tcp_liveness_deadline(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	struct schedule keep = keepalive(t, c), live = liveness(t, c);
	pl_time at = PL_TIME_NEVER;

	if (!may_ask(c))
		return PL_TIME_NEVER;
	if (!is_settled(c, &live))
		at = due(t, c, &live);
	return PL_MIN(at, due(t, c, &keep));
}

/* The last probe, too, had its time to be answered. */
bool
pl_tcp_is_vanished(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	struct schedule live = liveness(t, c);

	return may_ask(c) && !(c->flags & PL_CF_UNACCEPTED) && c->probes >= live.probes &&
	       pl_tcp_ms(t->core->now) - c->heard_ms >= live.interval_ms;
}

static void
end_unanswered(struct pl_tcp *t, struct pl_tcp_conn *c, bool is_pressure)
{
	if (is_pressure)
		pl_tcp_trace(t, c, PLIM_ACTION_probe_unanswered, pl_tcp_held(t, c),
		             pl_tcp_ms(t->core->now) - c->heard_ms);
	pl_tcp_send_rst(t, c);
	pl_tcp_conn_end(t, c, -PLIM_ETIMEDOUT, 0);
}

/* A probe that the ring refuses was none: it goes a little later. */
static void
ask(struct pl_tcp *t, struct pl_tcp_conn *c, bool is_pressure)
{
	uint32_t now_ms = pl_tcp_ms(t->core->now);

	if (!pl_tcp_send_keepalive(t, c)) {
		pl_tcp_hand_note(t, t->core->now + PL_MS(RETRY_MS));
		return;
	}
	if (is_pressure)
		pl_tcp_trace(t, c, PLIM_ACTION_probe_sent, pl_tcp_held(t, c), now_ms - c->heard_ms);
	c->probes++;
	c->heard_ms = now_ms;
}

bool
pl_tcp_liveness_fire(struct pl_tcp *t, struct pl_tcp_conn *c)
{
	struct schedule keep = keepalive(t, c), live = liveness(t, c);
	bool keep_due = due(t, c, &keep) <= t->core->now;
	bool live_due = !is_settled(c, &live) && due(t, c, &live) <= t->core->now;

	if (!may_ask(c) || (!keep_due && !live_due))
		return false;
	if ((keep_due && c->probes >= keep.probes) || (live_due && c->probes >= live.probes)) { /* MUST-29 */
		end_unanswered(t, c, live_due && !(keep_due && c->probes >= keep.probes));
		return true;
	}
	ask(t, c, !keep_due);
	return false;
}
