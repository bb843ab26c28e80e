/* SPDX-License-Identifier: ISC */
/*
 * Frames out and time: plim_output, plim_poll, plim_next_deadline.
 *
 * Output is pulled: the network layer's own frames first (they keep neighbours and
 * strangers served), then TCP and UDP in turn. A segment for ourselves is built in the
 * caller's buffer, taken in at once, and the buffer used again.
 */
#include "mem/level.h"
#include "stack/input.h"

#define LOOPS_PER_FRAME 8u /* segments for ourselves per frame asked for: the bound of one call */

/* ---- out ---- */

static unsigned
next_of_transports(plim *s, struct plim_frame *frames, unsigned n, bool *loop)
{
	unsigned built;

	s->udp_turn = !s->udp_turn;
	if (s->udp_turn && pl_udp_output(&s->udp, frames, loop, s->core.now))
		return 1;
	built = pl_tcp_output(&s->tcp, frames, pl_udp_has_output(&s->udp) ? 1 : n, loop, s->core.now);
	if (built == 0 && !s->udp_turn)
		return pl_udp_output(&s->udp, frames, loop, s->core.now);
	return built;
}

/* How many frames are built; 0: none waits. SYNs, and what a transport leaves for the ring, must be asked for before the ring is empty. */
static unsigned
next_frames(plim *s, struct plim_frame *frames, unsigned n, bool *loop)
{
	unsigned built;

	*loop = false;
	if (pl_net_output(&s->net, frames, loop, s->core.now))
		return 1;
	built = next_of_transports(s, frames, n, loop);
	return built > 0 ? built : pl_net_output(&s->net, frames, loop, s->core.now);
}

static uint32_t
longest_frame(const struct plim_config *conf)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < conf->n_ifaces; i++) {
		const struct plim_iface_config *ic = &conf->ifaces[i];

		most = PL_MAX(most, PL_MAX(ic->mtu, ic->flags & PLIM_IF_TSO ? ic->gso_octets : 0));
	}
	return PL_ETH_HEADER + most;
}

/* Frames from the first on that have room. */
static size_t
usable(const struct plim_frame *frames, size_t n, uint32_t room)
{
	size_t i = 0;

	while (i < n && frames[i].cap >= room)
		i++;
	return i;
}

static void
count_out(plim *s, const struct plim_frame *frames, unsigned n)
{
	s->core.frames_out += n;
	for (unsigned i = 0; i < n; i++)
		s->core.octets_out += frames[i].len;
}

int
plim_output(plim *s, struct plim_frame *frames, size_t n, plim_time now)
{
	size_t room = usable(frames, n, longest_frame(&s->core.conf)), done = 0;
	unsigned loops = LOOPS_PER_FRAME * (unsigned)n, built;
	bool loop = false;

	pl_stack_set_now(s, now);
	pl_level_update(&s->core); /* what the application did since */
	if (room == 0 && n > 0)
		return PLIM_EINVAL;
	while (done < room) {
		built = next_frames(s, &frames[done], (unsigned)(room - done), &loop);
		if (built == 0)
			break;
		if (loop) {
			pl_stack_take_own(s, &frames[done]);
			if (loops-- == 0)
				break;
			continue;
		}
		count_out(s, &frames[done], built);
		done += built;
	}
	return (int)done;
}

/* ---- time ---- */

int
plim_poll(plim *s, plim_time now, unsigned budget)
{
	pl_stack_set_now(s, now);
	pl_level_update(&s->core);
	pl_net_poll(&s->net, s->core.now, &budget);
	pl_tcp_poll(&s->tcp, s->core.now, &budget);
	pl_level_update(&s->core);
	return budget == 0 && plim_next_deadline(s) <= s->core.now;
}

plim_time
plim_next_deadline(const plim *s)
{
	return PL_MIN(PL_MIN(pl_net_deadline(&s->net), pl_tcp_deadline(&s->tcp)), pl_level_deadline(&s->core));
}
