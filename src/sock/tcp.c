/* SPDX-License-Identifier: ISC */
/* Calls on listeners and connections: handles to records and back. What happens then is tcp/user.c's. */
#include "base/addr.h"
#include "mem/level.h"
#include "sock/sock.h"
#include "tcp/form.h"
#include "tcp/listener.h"
#include "tcp/state.h"
#include "tcp/table.h"
#include "tcp/user.h"

static bool
is_tombstone(const struct pl_slot *sl)
{
	return sl->kind == PL_SLOT_TOMBSTONE || sl->kind == PL_SLOT_TOMBSTONE_HOLDING;
}

static struct pl_tcp_conn *
find_conn(plim *s, plim_h h, int *rc)
{
	struct pl_slot *sl = pl_slot_find(&s->core, h);

	*rc = PLIM_ESTALE;
	if (!sl)
		return NULL;
	*rc = is_tombstone(sl) && sl->note ? -(int)sl->note : PLIM_ENOTCONN;
	return sl->kind == PL_SLOT_CONN ? pl_tcp_conn(&s->tcp, sl->rec) : NULL;
}

struct pl_tcp_conn *
pl_sock_conn(plim *s, plim_h h, int *rc)
{
	struct pl_tcp_conn *c = find_conn(s, h, rc);

	pl_level_update(&s->core);
	if (c)
		pl_tcp_tx_cancel(&s->tcp, c);
	return c;
}

int
pl_sock_local(plim *s, const struct plim_endpoint *local, uint8_t *laddr, uint8_t *family)
{
	*laddr = PL_LADDR_ANY;
	*family = local ? local->addr.family : 0;
	if (*family == 0 || pl_addr_is_any(&local->addr))
		return PLIM_OK;
	if (*family != 4 && *family != 6)
		return PLIM_EINVAL;
	return pl_net_find_laddr(&s->net, &local->addr, laddr) ? PLIM_OK : PLIM_EADDRNOTAVAIL;
}

/* ---- opening ---- */

int
plim_tcp_listen(plim *s, const struct plim_endpoint *local, uint32_t cookie, plim_h *out)
{
	struct pl_tcp_listener *l;
	uint8_t laddr, family;
	pl_id id, slot;
	int rc = local->port ? pl_sock_local(s, local, &laddr, &family) : PLIM_EINVAL;

	if (rc != PLIM_OK)
		return rc;
	rc = pl_tcp_listener_open(&s->tcp, laddr, family, local->port, &id);
	if (rc != PLIM_OK)
		return rc;
	l = pl_mem_ptr(&s->core.mem, id);
	slot = pl_slot_open(&s->core, PL_SLOT_LISTENER, id);
	if (!slot) {
		pl_tcp_listener_close(&s->tcp, l);
		return PLIM_ENOMEM;
	}
	l->slot = slot;
	l->cookie = cookie;
	*out = pl_slot_handle(&s->core, slot);
	return PLIM_OK;
}

/* The tuple of an active open; the route chooses the source (MUST-44) unless it is given (MUST-43). */
static int
tuple_for(plim *s, const struct plim_endpoint *remote, const struct plim_endpoint *local, struct pl_tuple *k)
{
	uint8_t family;
	int rc = pl_sock_local(s, local, &k->laddr, &family);

	if (rc != PLIM_OK)
		return rc;
	if (remote->port == 0 || (remote->addr.family != 4 && remote->addr.family != 6))
		return PLIM_EINVAL;
	if (pl_addr_is_any(&remote->addr) || pl_net_is_not_unicast(&s->net, &remote->addr))
		return PLIM_EINVAL; /* MUST-46 */
	if (family != 0 && family != remote->addr.family)
		return PLIM_EINVAL;
	k->raddr = remote->addr;
	k->rport = remote->port;
	k->lport = local ? local->port : 0;
	return k->laddr == PL_LADDR_ANY ? pl_net_source_for(&s->net, &remote->addr, &k->laddr) : PLIM_OK;
}

int
plim_tcp_connect(plim *s, const struct plim_endpoint *remote, const struct plim_endpoint *local, uint32_t cookie,
                 plim_h *out)
{
	struct pl_tuple k = {0};
	struct pl_tcp_conn *c;
	pl_id id, slot;
	int rc = tuple_for(s, remote, local, &k);

	if (rc == PLIM_OK)
		rc = pl_tcp_open(&s->tcp, &k, &id);
	if (rc != PLIM_OK)
		return rc;
	c = pl_tcp_conn(&s->tcp, id);
	slot = pl_slot_open(&s->core, PL_SLOT_CONN, id);
	if (!slot) {
		pl_tcp_conn_free(&s->tcp, c);
		return PLIM_ENOMEM;
	}
	c->slot = slot;
	c->cookie = cookie;
	*out = pl_slot_handle(&s->core, slot);
	return PLIM_OK;
}

/* The application sees what came before it accepted. */
static void
tell_what_waits(plim *s, struct pl_tcp_conn *c)
{
	uint32_t bits = PLIM_EV_WRITABLE;

	if (pl_tcp_unread(&s->tcp, c) > 0)
		bits |= PLIM_EV_READABLE;
	if (pl_tcp_has_peer_fin(c->rec.state))
		bits |= PLIM_EV_PEER_FIN | PLIM_EV_READABLE;
	pl_tcp_tell(&s->tcp, c, bits);
}

int
plim_tcp_accept(plim *s, plim_h listener, uint32_t cookie, plim_h *out, struct plim_endpoint *peer)
{
	struct pl_slot *sl = pl_slot_find(&s->core, listener);
	struct pl_tcp_conn *c;
	struct pl_tuple k;
	pl_id slot;

	if (!sl || sl->kind != PL_SLOT_LISTENER)
		return PLIM_ESTALE;
	c = pl_tcp_listener_first(&s->tcp, pl_mem_ptr(&s->core.mem, sl->rec));
	if (!c)
		return PLIM_EAGAIN;
	slot = pl_slot_open(&s->core, PL_SLOT_CONN, pl_tcp_id(&s->tcp, c));
	if (!slot && pl_tcp_compact_quiet(&s->tcp, NULL))
		slot = pl_slot_open(&s->core, PL_SLOT_CONN, pl_tcp_id(&s->tcp, c));
	if (!slot)
		return PLIM_ENOMEM;
	pl_tcp_listener_unqueue(&s->tcp, c);
	c->slot = slot;
	c->cookie = cookie;
	PL_TCP_COUNT(&s->core, accepted);
	tell_what_waits(s, c);
	k = pl_tcp_rec_tuple(&c->rec);
	if (peer)
		*peer = (struct plim_endpoint){k.raddr, k.rport};
	*out = pl_slot_handle(&s->core, slot);
	return PLIM_OK;
}

/* ---- closing ---- */

int
plim_tcp_shutdown(plim *s, plim_h h)
{
	int rc;
	struct pl_tcp_conn *c = pl_sock_conn(s, h, &rc);

	return c ? pl_tcp_shutdown(&s->tcp, c) : rc;
}

typedef void end_conn(struct pl_tcp *t, struct pl_tcp_conn *c);

/* Give a handle back, whatever is behind it. */
static int
give_back(plim *s, plim_h h, end_conn *end)
{
	struct pl_slot *sl = pl_slot_find(&s->core, h);
	pl_id rec;

	if (!sl)
		return PLIM_ESTALE;
	if (sl->kind == PL_SLOT_UDP)
		return PLIM_EINVAL;
	rec = sl->rec;
	switch (sl->kind) {
	case PL_SLOT_CONN:
		pl_tcp_conn(&s->tcp, rec)->slot = 0;
		end(&s->tcp, pl_tcp_conn(&s->tcp, rec));
		break;
	case PL_SLOT_LISTENER: pl_tcp_listener_close(&s->tcp, pl_mem_ptr(&s->core.mem, rec)); break;
	case PL_SLOT_TOMBSTONE_HOLDING: pl_tcp_connopt_free(&s->core, rec); break;
	default: break;
	}
	pl_slot_close(&s->core, h.index);
	return PLIM_OK;
}

int
plim_tcp_close(plim *s, plim_h h)
{
	return give_back(s, h, pl_tcp_release);
}

int
plim_tcp_abort(plim *s, plim_h h)
{
	return give_back(s, h, pl_tcp_abort);
}

/* ---- octets ---- */

int64_t
plim_send(plim *s, plim_h h, const void *data, size_t len, unsigned flags)
{
	int rc;
	struct pl_tcp_conn *c = pl_sock_conn(s, h, &rc);

	return c ? pl_tcp_send(&s->tcp, c, data, len, flags) : rc;
}

int64_t
plim_tx_reserve(plim *s, plim_h h, size_t want, struct plim_span *spans, size_t n)
{
	int rc;
	struct pl_tcp_conn *c = pl_sock_conn(s, h, &rc);

	return c ? pl_tcp_tx_reserve(&s->tcp, c, want, spans, n) : rc;
}

int
plim_tx_commit(plim *s, plim_h h, size_t len, unsigned flags)
{
	int rc;
	struct pl_tcp_conn *c = find_conn(s, h, &rc);

	return c ? pl_tcp_tx_commit(&s->tcp, c, len, flags) : rc;
}

/* What RECEIVE says of a handle whose connection is over: 0 after a normal end. */
static int
ended_recv(plim *s, plim_h h, int rc)
{
	const struct pl_slot *sl = pl_slot_find(&s->core, h);

	return sl && is_tombstone(sl) && sl->note == 0 ? 0 : rc;
}

int64_t
plim_rx_peek(plim *s, plim_h h, struct plim_span *spans, size_t n)
{
	int rc;
	struct pl_tcp_conn *c = pl_sock_conn(s, h, &rc);

	return c ? pl_tcp_rx_peek(&s->tcp, c, spans, &n) : ended_recv(s, h, rc);
}

int
plim_rx_consume(plim *s, plim_h h, size_t len)
{
	int rc;
	struct pl_tcp_conn *c = find_conn(s, h, &rc);

	return c ? pl_tcp_rx_consume(&s->tcp, c, len) : rc;
}

int64_t
plim_recv(plim *s, plim_h h, void *data, size_t len)
{
	struct plim_span spans[8];
	uint8_t *to = data;
	size_t done = 0;

	do { /* once for no octets too: the handle is looked at, and what was lent ends */
		size_t n = 0, part = 0;
		int rc;
		struct pl_tcp_conn *c = pl_sock_conn(s, h, &rc);
		int64_t got;

		if (!c)
			return done ? (int64_t)done : ended_recv(s, h, rc);
		n = PL_COUNT(spans);
		got = pl_tcp_rx_peek(&s->tcp, c, spans, &n);
		if (got <= 0)
			return done ? (int64_t)done : got;
		for (size_t i = 0; i < n && done + part < len; i++) {
			size_t run = PL_MIN(spans[i].len, len - done - part);

			memcpy(to + done + part, spans[i].data, run);
			part += run;
		}
		(void)pl_tcp_rx_consume(&s->tcp, c, part);
		done += part;
	} while (done < len);
	return (int64_t)done;
}
