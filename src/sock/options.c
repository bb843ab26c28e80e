/* SPDX-License-Identifier: ISC */
/* plim_get and plim_set: options of connections, listeners, sockets and the stack. */
#include "mem/level.h"
#include "sock/sock.h"
#include "tcp/form.h"
#include "tcp/state.h"
#include "tcp/timer.h"
#include "tcp/user.h"

/* ---- reading ---- */

static int
get_stack(const plim *s, enum plim_option opt, int64_t *value)
{
	switch (opt) {
	case PLIM_O_BLOCK_OCTETS: *value = pl_mem_block(&s->core.mem); return PLIM_OK;
	case PLIM_O_MEMORY_TARGET: *value = (int64_t)s->core.mem.target; return PLIM_OK;
	case PLIM_O_LEVEL: *value = pl_level(&s->core); return PLIM_OK;
	default: return PLIM_EINVAL;
	}
}

static int
get_flag(const struct pl_tcp_conn *c, enum plim_option opt, int64_t *value)
{
	switch (opt) {
	case PLIM_O_NODELAY: *value = (c->flags & PL_CF_NODELAY) != 0; return PLIM_OK;
	case PLIM_O_KEEPALIVE: *value = (c->flags & PL_CF_KEEPALIVE) != 0; return PLIM_OK;
	case PLIM_O_NO_PROBE: *value = (c->flags & PL_CF_NO_PROBE) != 0; return PLIM_OK;
	case PLIM_O_CONGESTION_CONTROL: *value = !(c->flags & PL_CF_NEWRENO); return PLIM_OK;
	case PLIM_O_SOFT_ERRORS: *value = !(c->flags & PL_CF_QUIET_SOFT); return PLIM_OK;
	case PLIM_O_COOKIE: *value = c->cookie; return PLIM_OK;
	default: return PLIM_EINVAL;
	}
}

/* Options with a place in struct pl_tcp_connopt: the connection's own, or the stack's. */
static int
get_number(const plim *s, const struct pl_tcp_conn *c, enum plim_option opt, int64_t *value)
{
	static const struct pl_tcp_connopt none;
	const struct plim_config *conf = &s->core.conf;
	const struct pl_tcp_connopt *o = c->opt ? pl_mem_ptr(&s->core.mem, c->opt) : &none;

	switch (opt) {
	case PLIM_O_KEEPALIVE_IDLE_MS:
		*value = o->keepalive_idle_ms ? o->keepalive_idle_ms : (int64_t)conf->keepalive_idle_ms;
		return PLIM_OK;
	case PLIM_O_KEEPALIVE_INTERVAL_MS:
		*value = o->keepalive_interval_ms ? o->keepalive_interval_ms : (int64_t)conf->keepalive_interval_ms;
		return PLIM_OK;
	case PLIM_O_KEEPALIVE_PROBES:
		*value = o->keepalive_probes ? o->keepalive_probes : (int64_t)conf->keepalive_probes;
		return PLIM_OK;
	case PLIM_O_USER_TIMEOUT_MS:
		*value = o->user_timeout_ms ? o->user_timeout_ms : (int64_t)conf->user_timeout_ms;
		return PLIM_OK;
	case PLIM_O_DSCP: *value = o->dscp; return PLIM_OK;
	case PLIM_O_TTL: *value = o->ttl ? o->ttl : (int64_t)conf->ip_ttl; return PLIM_OK;
	case PLIM_O_RCV_BUF_MAX: *value = o->rcv_buf_max ? o->rcv_buf_max : (int64_t)conf->rcv_buf_max; return PLIM_OK;
	case PLIM_O_SND_BUF_MAX: *value = o->snd_buf_max ? o->snd_buf_max : (int64_t)conf->snd_buf_max; return PLIM_OK;
	default: return PLIM_EINVAL;
	}
}

/* Octets up to the urgent mark; the mark waits in the parked form too. */
static int64_t
urgent_left(const struct pl_tcp *t, const struct pl_tcp_conn *c)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(t, c);
	const struct pl_tcp_park *park = pl_tcp_park(t, c);
	const struct pl_rcvq *q = pl_tcp_rcvq(t, c);
	pl_seq up = h ? h->rcv_up : park ? park->rcv_up : 0;

	if (!(h && h->urgent) && !(park && park->urgent))
		return 0;
	return pl_seq_lt(q->read, up) ? (int64_t)pl_seq_diff(up, q->read) : 0;
}

static int
get_state(plim *s, const struct pl_tcp_conn *c, struct pl_slot *sl, enum plim_option opt, int64_t *value)
{
	const struct pl_tcp_hot *h = pl_tcp_hot(&s->tcp, c);

	switch (opt) {
	case PLIM_O_ERROR: *value = 0; return PLIM_OK;
	case PLIM_O_SOFT_ERROR:
		*value = -(int64_t)sl->note;
		sl->note = 0;
		return PLIM_OK;
	case PLIM_O_STATE: *value = c->rec.state; return PLIM_OK;
	case PLIM_O_READABLE: *value = pl_tcp_unread(&s->tcp, c); return PLIM_OK;
	case PLIM_O_WRITABLE: *value = pl_tcp_writable(&s->tcp, c); return PLIM_OK;
	case PLIM_O_UNACKED: *value = h ? pl_sndq_len(&h->sndq) : 0; return PLIM_OK;
	case PLIM_O_URGENT: *value = urgent_left(&s->tcp, c); return PLIM_OK;
	case PLIM_O_LOCAL_PORT: *value = c->rec.lport; return PLIM_OK;
	default: return PLIM_EINVAL;
	}
}

static int
get_conn(plim *s, struct pl_slot *sl, enum plim_option opt, int64_t *value)
{
	const struct pl_tcp_conn *c = pl_tcp_conn(&s->tcp, sl->rec);
	int rc = get_flag(c, opt, value);

	if (rc != PLIM_OK)
		rc = get_number(s, c, opt, value);
	return rc != PLIM_OK ? get_state(s, c, sl, opt, value) : rc;
}

static int
get_tombstone(const plim *s, const struct pl_slot *sl, enum plim_option opt, int64_t *value)
{
	switch (opt) {
	case PLIM_O_ERROR: *value = -(int64_t)sl->note; return PLIM_OK;
	case PLIM_O_STATE: *value = PLIM_CLOSED; return PLIM_OK;
	case PLIM_O_COOKIE:
		*value = sl->kind == PL_SLOT_TOMBSTONE
		                 ? sl->rec
		                 : ((const struct pl_tcp_connopt *)pl_mem_ptr(&s->core.mem, sl->rec))->cookie;
		return PLIM_OK;
	default: return PLIM_EINVAL;
	}
}

static int
get_listener(const plim *s, const struct pl_slot *sl, enum plim_option opt, int64_t *value)
{
	const struct pl_tcp_listener *l = pl_mem_ptr(&s->core.mem, sl->rec);

	if (opt == PLIM_O_COOKIE)
		*value = l->cookie;
	else if (opt == PLIM_O_STATE)
		*value = PLIM_LISTEN;
	else if (opt == PLIM_O_LOCAL_PORT)
		*value = l->rec.lport;
	else
		return PLIM_EINVAL;
	return PLIM_OK;
}

static int
get_udp(const plim *s, const struct pl_slot *sl, enum plim_option opt, int64_t *value)
{
	if (opt == PLIM_O_COOKIE)
		*value = pl_udp_cookie(&s->udp, sl->rec);
	else if (opt == PLIM_O_UDP_DROP_OLDEST)
		*value = pl_udp_drop_oldest(&s->udp, sl->rec);
	else if (opt == PLIM_O_READABLE)
		*value = pl_udp_readable(&s->udp, sl->rec);
	else if (opt == PLIM_O_LOCAL_PORT)
		*value = pl_udp_port(&s->udp, sl->rec);
	else
		return PLIM_EINVAL;
	return PLIM_OK;
}

int
plim_get(plim *s, plim_h h, enum plim_option opt, int64_t *value)
{
	struct pl_slot *sl;

	if (h.index == 0 && h.generation == 0)
		return get_stack(s, opt, value);
	sl = pl_slot_find(&s->core, h);
	if (!sl)
		return PLIM_ESTALE;
	switch (sl->kind) {
	case PL_SLOT_CONN: return get_conn(s, sl, opt, value);
	case PL_SLOT_LISTENER: return get_listener(s, sl, opt, value);
	case PL_SLOT_UDP: return get_udp(s, sl, opt, value);
	default: return get_tombstone(s, sl, opt, value);
	}
}

/* ---- setting ---- */

static uint16_t
flag_of(enum plim_option opt, bool *inverted)
{
	*inverted = opt == PLIM_O_SOFT_ERRORS || opt == PLIM_O_CONGESTION_CONTROL;
	switch (opt) {
	case PLIM_O_NODELAY: return PL_CF_NODELAY;
	case PLIM_O_KEEPALIVE: return PL_CF_KEEPALIVE;
	case PLIM_O_NO_PROBE: return PL_CF_NO_PROBE;
	case PLIM_O_SOFT_ERRORS: return PL_CF_QUIET_SOFT;
	case PLIM_O_CONGESTION_CONTROL: return PL_CF_NEWRENO;
	default: return 0;
	}
}

/* What follows at once from a changed option. */
static void
option_changed(plim *s, struct pl_tcp_conn *c, enum plim_option opt)
{
	struct pl_tcp_hot *h = pl_tcp_hot(&s->tcp, c);

	if (h)
		h->cc.newreno = c->flags & PL_CF_NEWRENO;
	if (h && opt == PLIM_O_NODELAY)
		pl_tcp_want(&s->tcp, c, PL_WANT_OUTPUT);
	if (h)
		pl_tcp_timer_restart_rtx(&s->tcp, c);
	if (h)
		pl_tcp_timer_arm(&s->tcp, c);
	else
		pl_tcp_hand_note(&s->tcp, pl_tcp_idle_deadline(&s->tcp, c));
}

static int
set_flag(plim *s, struct pl_tcp_conn *c, enum plim_option opt, int64_t value)
{
	bool inverted;
	uint16_t flag = flag_of(opt, &inverted);

	if (!flag || (value != 0 && value != 1))
		return PLIM_EINVAL;
	if ((value == 1) != inverted)
		c->flags |= flag;
	else
		c->flags &= (uint16_t)~flag;
	option_changed(s, c, opt);
	return PLIM_OK;
}

static bool
is_in_range(enum plim_option opt, int64_t v)
{
	switch (opt) {
	case PLIM_O_KEEPALIVE_IDLE_MS: return v >= 1000 && v <= 604800000;
	case PLIM_O_KEEPALIVE_INTERVAL_MS: return v >= 100 && v <= 3600000;
	case PLIM_O_KEEPALIVE_PROBES:
	case PLIM_O_TTL: return v >= 1 && v <= 255;
	case PLIM_O_USER_TIMEOUT_MS: return v >= 0 && v <= 86400000;
	case PLIM_O_DSCP: return v >= 0 && v <= 63;
	case PLIM_O_RCV_BUF_MAX:
	case PLIM_O_SND_BUF_MAX: return v >= 0 && v <= 1073725440;
	default: return false;
	}
}

static void
store_number(struct pl_tcp_connopt *o, enum plim_option opt, uint32_t v)
{
	switch (opt) {
	case PLIM_O_KEEPALIVE_IDLE_MS: o->keepalive_idle_ms = v; return;
	case PLIM_O_KEEPALIVE_INTERVAL_MS: o->keepalive_interval_ms = v; return;
	case PLIM_O_KEEPALIVE_PROBES: o->keepalive_probes = (uint8_t)v; return;
	case PLIM_O_TTL: o->ttl = (uint8_t)v; return;
	case PLIM_O_USER_TIMEOUT_MS: o->user_timeout_ms = v; return;
	case PLIM_O_DSCP: o->dscp = (uint8_t)v; return;
	case PLIM_O_RCV_BUF_MAX: o->rcv_buf_max = v; return;
	default: o->snd_buf_max = v; return;
	}
}

static int
set_number(plim *s, struct pl_tcp_conn *c, enum plim_option opt, int64_t value)
{
	struct pl_tcp_connopt *o;

	if (!is_in_range(opt, value))
		return PLIM_EINVAL;
	o = pl_tcp_connopt_make(&s->tcp, c);
	if (!o)
		return PLIM_ENOMEM;
	store_number(o, opt, (uint32_t)value);
	option_changed(s, c, opt);
	return PLIM_OK;
}

/* The caller's number is 32 bits wide in events: what does not fit is refused, not cut. */
static bool
is_cookie(enum plim_option opt, int64_t value)
{
	return opt == PLIM_O_COOKIE && value >= 0 && value <= UINT32_MAX;
}

static int
set_conn(plim *s, struct pl_tcp_conn *c, enum plim_option opt, int64_t value)
{
	int rc;

	if (is_cookie(opt, value)) {
		c->cookie = (uint32_t)value;
		return PLIM_OK;
	}
	rc = set_flag(s, c, opt, value);
	return rc == PLIM_OK ? rc : set_number(s, c, opt, value);
}

/* What follows from caps follows; what peers were told (windows' scale) or tables were made for stays. */
static int
set_target(plim *s, int64_t octets)
{
	if (octets < 0 || (uint64_t)octets > s->core.mem.size || (size_t)octets < plim_size_min(&s->core.conf))
		return PLIM_EINVAL;
	if (!pl_mem_set_target(&s->core.mem, (size_t)octets))
		return PLIM_EINVAL;
	pl_net_set_bounds(&s->net);
	pl_level_look(&s->core);
	pl_syncache_target(&s->tcp);
	return PLIM_OK;
}

static int
set_stack(plim *s, enum plim_option opt, int64_t value)
{
	return opt == PLIM_O_MEMORY_TARGET ? set_target(s, value) : PLIM_EINVAL;
}

static int
set_udp(plim *s, pl_id sock, enum plim_option opt, int64_t value)
{
	if (is_cookie(opt, value))
		pl_udp_set_cookie(&s->udp, sock, (uint32_t)value);
	else if (opt == PLIM_O_UDP_DROP_OLDEST && (value == 0 || value == 1))
		pl_udp_set_drop_oldest(&s->udp, sock, value == 1);
	else
		return PLIM_EINVAL;
	return PLIM_OK;
}

int
plim_set(plim *s, plim_h h, enum plim_option opt, int64_t value)
{
	struct pl_slot *sl = pl_slot_find(&s->core, h);

	if (!sl)
		return h.index == 0 && h.generation == 0 ? set_stack(s, opt, value) : PLIM_ESTALE;
	switch (sl->kind) {
	case PL_SLOT_CONN: return set_conn(s, pl_tcp_conn(&s->tcp, sl->rec), opt, value);
	case PL_SLOT_LISTENER:
		if (!is_cookie(opt, value))
			return PLIM_EINVAL;
		((struct pl_tcp_listener *)pl_mem_ptr(&s->core.mem, sl->rec))->cookie = (uint32_t)value;
		return PLIM_OK;
	case PL_SLOT_UDP: return set_udp(s, sl->rec, opt, value);
	default: return PLIM_ENOTCONN;
	}
}
