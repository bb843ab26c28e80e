/* SPDX-License-Identifier: ISC */
/* RFC 6298: see rtt.h. */
#include "tcp/rtt.h"

void
pl_tcp_rtt_sample(struct pl_tcp_conn *c, uint32_t rtt_us)
{
	uint32_t r = PL_CLAMP(rtt_us, 1u, 60u * 1000000u), d;

	if (c->srtt_us == 0) {
		c->srtt_us = r;
		c->rttvar_us = r / 2;
		return;
	}
	d = c->srtt_us > r ? c->srtt_us - r : r - c->srtt_us;
	c->rttvar_us = c->rttvar_us - c->rttvar_us / 4 + d / 4;
	c->srtt_us = PL_MAX(c->srtt_us - c->srtt_us / 8 + r / 8, 1u);
}

static pl_time
base_rto(const struct pl_tcp_conn *c, const struct plim_config *conf)
{
	pl_time least = PL_MS(c->flags & PL_CF_TS ? conf->rto_min_ms : conf->rto_min_nots_ms);
	/*
	 * RFC 6298 2.2 to 2.4 with the least RTO as G: where RTTVAR has gone to nothing, one delayed ACK on a path of
	 * more than 200 ms must not look like a loss.
	 */
	uint32_t var_us = PL_MAX(4 * c->rttvar_us, (uint32_t)conf->rto_min_ms * 1000);

	if (c->srtt_us == 0)
		return c->rttvar_us ? PL_US(c->rttvar_us) : PL_MS(conf->rto_initial_ms);
	return PL_MAX(PL_US((uint64_t)c->srtt_us + var_us), least);
}

void
pl_tcp_rtt_handshake(struct pl_tcp_conn *c, const struct plim_config *conf, bool sent_once, uint32_t ms)
{
	c->srtt_us = c->rttvar_us = 0;
	if (sent_once)
		pl_tcp_rtt_sample(c, PL_MAX(ms, 1u) * 1000);
	else
		c->rttvar_us = (uint32_t)conf->rto_syn_lost_ms * 1000;
}

pl_time
pl_tcp_rto(const struct pl_tcp_conn *c, const struct plim_config *conf, unsigned backoff)
{
	pl_time most = PL_MS(conf->rto_max_ms);
	pl_time rto = PL_MIN(base_rto(c, conf), most);

	while (backoff-- > 0 && rto < most)
		rto *= 2;
	return PL_MIN(rto, most);
}
