/* SPDX-License-Identifier: ISC */
/*
 * The application's memory: plim_alloc and plim_charge, accounted to a connection
 * through its options, which outlive the connection until the handle is given back.
 */
#include "mem/appmem.h"
#include "sock/sock.h"
#include "tcp/form.h"

/* The options behind a handle, also of one whose connection is over. NULL: none. */
static struct pl_tcp_connopt *
options_of(plim *s, plim_h h)
{
	struct pl_slot *sl = pl_slot_find(&s->core, h);
	pl_id opt = 0;

	if (sl && sl->kind == PL_SLOT_CONN)
		opt = pl_tcp_conn(&s->tcp, sl->rec)->opt;
	else if (sl && sl->kind == PL_SLOT_TOMBSTONE_HOLDING)
		opt = sl->rec;
	return opt ? pl_mem_ptr(&s->core.mem, opt) : NULL;
}

/* The options of a living connection, made if need be. */
static struct pl_tcp_connopt *
options_made(plim *s, plim_h h, int *rc)
{
	struct pl_slot *sl = pl_slot_find(&s->core, h);

	*rc = sl ? PLIM_ENOTCONN : PLIM_ESTALE;
	if (!sl || sl->kind != PL_SLOT_CONN)
		return NULL;
	*rc = PLIM_ENOMEM;
	return pl_tcp_connopt_make(&s->tcp, pl_tcp_conn(&s->tcp, sl->rec));
}

void *
plim_alloc(plim *s, plim_h h, size_t octets)
{
	int rc;
	struct pl_tcp_connopt *o = options_made(s, h, &rc);
	void *p = o ? pl_appmem_alloc(&s->core.mem, &o->app, h.index, octets, &o->app_octets) : NULL;

	if (o && !p && pl_tcp_compact_quiet(&s->tcp, NULL))
		p = pl_appmem_alloc(&s->core.mem, &o->app, h.index, octets, &o->app_octets);
	if (!p)
		PL_ACTION(&s->core, grant_refused);
	return p;
}

int
plim_free(plim *s, plim_h h, void *p)
{
	struct pl_tcp_connopt *o = options_of(s, h);

	if (!p)
		return PLIM_OK;
	if (!o)
		return pl_slot_find(&s->core, h) ? PLIM_EINVAL : PLIM_ESTALE;
	return pl_appmem_free(&s->core.mem, &o->app, h.index, p, &o->app_octets) ? PLIM_OK : PLIM_EINVAL;
}

int
plim_charge(plim *s, plim_h h, size_t octets)
{
	int rc;
	struct pl_tcp_connopt *o = options_made(s, h, &rc);

	if (!o)
		return rc;
	if (octets > UINT32_MAX - o->charged || !pl_mem_charge(&s->core.mem, octets)) {
		PL_ACTION(&s->core, charge_refused);
		return PLIM_ENOMEM;
	}
	o->charged += (uint32_t)octets;
	return PLIM_OK;
}

int
plim_uncharge(plim *s, plim_h h, size_t octets)
{
	struct pl_tcp_connopt *o = options_of(s, h);

	if (!o)
		return pl_slot_find(&s->core, h) ? PLIM_EINVAL : PLIM_ESTALE;
	if (octets > o->charged)
		return PLIM_EINVAL;
	o->charged -= (uint32_t)octets;
	pl_mem_uncharge(&s->core.mem, octets);
	return PLIM_OK;
}
