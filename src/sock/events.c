/* SPDX-License-Identifier: ISC */
/* Events: edges collected in slots, told once. */
#include "sock/sock.h"

static uint32_t
cookie_of(const plim *s, const struct pl_slot *sl)
{
	switch (sl->kind) {
	case PL_SLOT_CONN: return pl_tcp_conn(&s->tcp, sl->rec)->cookie;
	case PL_SLOT_LISTENER: return ((const struct pl_tcp_listener *)pl_mem_ptr(&s->core.mem, sl->rec))->cookie;
	case PL_SLOT_UDP: return pl_udp_cookie(&s->udp, sl->rec);
	case PL_SLOT_TOMBSTONE_HOLDING:
		return ((const struct pl_tcp_connopt *)pl_mem_ptr(&s->core.mem, sl->rec))->cookie;
	default: return sl->rec;
	}
}

int
plim_events(plim *s, struct plim_event *ev, size_t n)
{
	size_t done = 0;

	if (n > 0 && s->core.level_event) {
		ev[done++] = (struct plim_event){.bits = PLIM_EV_LEVEL};
		s->core.level_event = 0;
	}
	while (done < n) {
		uint32_t bits = 0;
		pl_id slot = pl_slot_next_ready(&s->core, &bits);

		if (!slot)
			break;
		ev[done++] = (struct plim_event){.h = pl_slot_handle(&s->core, slot),
		                                 .bits = bits,
		                                 .cookie = cookie_of(s, pl_slot_at(&s->core, slot))};
	}
	return (int)done;
}
