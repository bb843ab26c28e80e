/* SPDX-License-Identifier: ISC */
/* Calls on UDP sockets. */
#include "sock/sock.h"

#include "udp/udp.h"

static struct pl_slot *
find_udp(plim *s, plim_h h)
{
	struct pl_slot *sl = pl_slot_find(&s->core, h);

	return sl && sl->kind == PL_SLOT_UDP ? sl : NULL;
}

int
plim_udp_open(plim *s, const struct plim_endpoint *local, uint32_t cookie, plim_h *out)
{
	uint8_t laddr, family;
	pl_id sock, slot;
	int rc = pl_sock_local(s, local, &laddr, &family);

	if (rc == PLIM_OK)
		rc = pl_udp_open(&s->udp, laddr, family, local ? local->port : 0, cookie, &sock);
	if (rc != PLIM_OK)
		return rc;
	slot = pl_slot_open(&s->core, PL_SLOT_UDP, sock);
	if (!slot) {
		pl_udp_close(&s->udp, sock);
		return PLIM_ENOMEM;
	}
	pl_udp_set_slot(&s->udp, sock, slot);
	*out = pl_slot_handle(&s->core, slot);
	return PLIM_OK;
}

int64_t
plim_udp_sendto(plim *s, plim_h h, const struct plim_endpoint *to, const void *data, size_t len)
{
	struct pl_slot *sl = find_udp(s, h);

	return sl ? pl_udp_send(&s->udp, sl->rec, to, data, len) : PLIM_ESTALE;
}

int64_t
plim_udp_recvfrom(plim *s, plim_h h, void *data, size_t len, struct plim_endpoint *from)
{
	struct pl_slot *sl = find_udp(s, h);

	return sl ? pl_udp_recv(&s->udp, sl->rec, data, len, from) : PLIM_ESTALE;
}

int
plim_udp_close(plim *s, plim_h h)
{
	struct pl_slot *sl = find_udp(s, h);

	if (!sl)
		return PLIM_ESTALE;
	pl_udp_close(&s->udp, sl->rec);
	pl_slot_close(&s->core, h.index);
	return PLIM_OK;
}
