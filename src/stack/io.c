/* SPDX-License-Identifier: ISC */
/*
 * Frames out and time: plim_output, plim_poll, plim_next_deadline.
 *
 * Output is pulled: the network layer's own frames first (they keep neighbours and
 * strangers served), then TCP and UDP in turn. A segment for ourselves is built in the
 * caller's buffer, taken in at once, and the buffer used again.
 */
#include "stack/input.h"

#define LOOPS_PER_FRAME 8u /* segments for ourselves per frame asked for: the bound of one call */

/* ---- out ---- */

static bool
next_transport_frame(plim *s, struct plim_frame *f, bool *loop)
{
	s->udp_turn = !s->udp_turn;
	if (s->udp_turn)
		return pl_udp_output(&s->udp, f, loop, s->core.now) || pl_tcp_output(&s->tcp, f, loop, s->core.now);
	return pl_tcp_output(&s->tcp, f, loop, s->core.now) || pl_udp_output(&s->udp, f, loop, s->core.now);
}

/* SYNs, and what a transport leaves for the ring, must be asked for before the ring is empty. */
static bool
next_frame(plim *s, struct plim_frame *f, bool *loop)
{
	*loop = false;
	if (pl_net_output(&s->net, f, loop, s->core.now))
		return true;
	if (next_transport_frame(s, f, loop))
		return true;
	return pl_net_output(&s->net, f, loop, s->core.now);
}

static bool
is_room_enough(const plim *s, const struct plim_frame *f)
{
	for (unsigned i = 0; i < s->core.conf.n_ifaces; i++) {
		const struct plim_iface_config *ic = &s->core.conf.ifaces[i];
		uint32_t need = PL_ETH_HEADER + PL_MAX(ic->mtu, ic->flags & PLIM_IF_TSO ? ic->gso_octets : 0);

		if (f->cap < need)
			return false;
	}
	return true;
}

int
plim_output(plim *s, struct plim_frame *frames, size_t n, plim_time now)
{
	unsigned loops = LOOPS_PER_FRAME * (unsigned)n;
	size_t done = 0;

	pl_stack_set_now(s, now);
	while (done < n) {
		struct plim_frame *f = &frames[done];
		bool loop = false;

		if (!is_room_enough(s, f))
			return done ? (int)done : PLIM_EINVAL;
		if (!next_frame(s, f, &loop))
			break;
		if (loop) {
			pl_stack_take_own(s, f);
			if (loops-- == 0)
				break;
			continue;
		}
		s->core.frames_out++;
		s->core.octets_out += f->len;
		done++;
	}
	return (int)done;
}

/* ---- time ---- */

int
plim_poll(plim *s, plim_time now, unsigned budget)
{
	pl_stack_set_now(s, now);
	pl_net_poll(&s->net, s->core.now, &budget);
	pl_tcp_poll(&s->tcp, s->core.now, &budget);
	return budget == 0 && plim_next_deadline(s) <= s->core.now;
}

plim_time
plim_next_deadline(const plim *s)
{
	return PL_MIN(pl_net_deadline(&s->net), pl_tcp_deadline(&s->tcp));
}
