/* SPDX-License-Identifier: ISC */
/*
 * Frames and time: plim_input, plim_output, plim_poll, plim_next_deadline.
 *
 * Output is pulled: the network layer's own frames first (they keep neighbours and
 * strangers served), then TCP and UDP in turn. A segment for ourselves is built in the
 * caller's buffer, taken in at once, and the buffer used again.
 */
#include "sock/sock.h"

#define LOOPS_PER_FRAME 8u /* segments for ourselves per frame asked for: the bound of one call */

static void
set_now(plim *s, plim_time now)
{
	if (now > s->core.now)
		s->core.now = now;
}

/* ---- in ---- */

static void
deliver(plim *s, enum pl_net_verdict verdict, const struct pl_pkt *pkt, const struct pl_icmp_error *err)
{
	uint8_t proto = verdict == PL_NET_PKT ? pkt->proto : err->proto;

	if (verdict == PL_NET_DONE)
		return;
	if (verdict == PL_NET_PKT && proto == PL_PROTO_TCP)
		pl_tcp_input(&s->tcp, pkt);
	else if (verdict == PL_NET_PKT && proto == PL_PROTO_UDP)
		pl_udp_input(&s->udp, pkt);
	else if (verdict == PL_NET_ERROR && proto == PL_PROTO_TCP)
		pl_tcp_icmp_error(&s->tcp, err);
	else if (verdict == PL_NET_ERROR && proto == PL_PROTO_UDP)
		pl_udp_icmp_error(&s->udp, err);
}

int
plim_input(plim *s, const struct plim_frame *frames, size_t n, plim_time now)
{
	set_now(s, now);
	for (size_t i = 0; i < n; i++) {
		struct pl_icmp_error err = {0};
		struct pl_pkt pkt = {0};

		s->core.frames_in++;
		s->core.octets_in += frames[i].len;
		deliver(s, pl_net_input(&s->net, &frames[i], s->core.now, &pkt, &err), &pkt, &err);
	}
	return (int)n;
}

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

static void
take_own(plim *s, const struct plim_frame *f)
{
	struct pl_span ip = {f->data + PL_ETH_HEADER, f->len - PL_ETH_HEADER};
	struct pl_icmp_error err = {0};
	struct pl_pkt pkt = {0};

	deliver(s, pl_net_input_loop(&s->net, ip, s->core.now, &pkt, &err), &pkt, &err);
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

	set_now(s, now);
	while (done < n) {
		struct plim_frame *f = &frames[done];
		bool loop = false;

		if (!is_room_enough(s, f))
			return done ? (int)done : PLIM_EINVAL;
		if (!next_frame(s, f, &loop))
			break;
		if (loop) {
			take_own(s, f);
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
	set_now(s, now);
	pl_net_poll(&s->net, s->core.now, &budget);
	pl_tcp_poll(&s->tcp, s->core.now, &budget);
	return budget == 0 && plim_next_deadline(s) <= s->core.now;
}

plim_time
plim_next_deadline(const plim *s)
{
	return PL_MIN(pl_net_deadline(&s->net), pl_tcp_deadline(&s->tcp));
}
