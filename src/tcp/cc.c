/* SPDX-License-Identifier: ISC */
/* Congestion control: see cc.h. */
#include "tcp/cc.h"

#define ABC_L 2              /* RFC 3465: octets counted per ACK, in segments, in slow start */
#define CUBIC_MAX_MS 100000u /* W_cubic is not followed further than this from K */

uint32_t
pl_tcp_initial_window(uint32_t smss, uint32_t segments)
{
	return PL_MIN(segments * smss, PL_MAX(2 * smss, segments * 1460));
}

void
pl_tcp_cc_init(struct pl_tcp_cc *cc, uint32_t smss, uint32_t segments, bool newreno)
{
	memset(cc, 0, sizeof *cc);
	cc->cwnd = pl_tcp_initial_window(smss, segments);
	cc->ssthresh = UINT32_MAX;
	cc->newreno = newreno;
}

uint32_t
pl_cbrt(uint64_t x)
{
	uint64_t root = 0;

	for (uint64_t bit = 1u << 20; bit; bit >>= 1)
		if ((root | bit) * (root | bit) * (root | bit) <= x)
			root |= bit;
	return (uint32_t)root;
}

/* RFC 5681 §3.1 with RFC 3465: one SMSS per window. */
static void
grow_reno(struct pl_tcp_cc *cc, uint32_t acked, uint32_t smss)
{
	cc->acked += acked;
	if (cc->acked < cc->cwnd)
		return;
	cc->acked -= cc->cwnd;
	cc->cwnd += smss;
}

/* K = cbrt((W_max - cwnd_epoch) / C), C = 0.4, in milliseconds (RFC 9438 §4.2). */
static uint32_t
cubic_k_ms(uint32_t w_max, uint32_t cwnd, uint32_t smss)
{
	return w_max > cwnd ? pl_cbrt((uint64_t)(w_max - cwnd) * 2500000000u / smss) : 0;
}

static void
cubic_begin(struct pl_tcp_cc *cc, uint32_t smss, uint32_t now_ms)
{
	cc->epoch_ms = now_ms | 1;
	cc->w_max = PL_MAX(cc->w_max, cc->cwnd);
	cc->k_ms = cubic_k_ms(cc->w_max, cc->cwnd, smss);
	cc->w_est = cc->cwnd;
	cc->acked = 0;
}

/* W_cubic(t) = C x (t - K)^3 + W_max, in octets. */
static uint32_t
cubic_window(const struct pl_tcp_cc *cc, uint32_t t_ms, uint32_t smss)
{
	uint64_t d = t_ms > cc->k_ms ? t_ms - cc->k_ms : cc->k_ms - t_ms, w;

	d = PL_MIN(d, CUBIC_MAX_MS);
	w = d * d * d / 1000000u * smss / 2500u;
	if (t_ms < cc->k_ms)
		return w < cc->w_max ? cc->w_max - (uint32_t)w : 0;
	return (uint32_t)PL_MIN(cc->w_max + w, UINT32_MAX / 2);
}

/* W_est: what Reno would have (RFC 9438 §4.3); alpha 0.529, 1 once it passed the last window. */
static void
cubic_friendly(struct pl_tcp_cc *cc, uint32_t acked, uint32_t smss)
{
	uint64_t step;

	/* What makes less than an octet waits in `acked`: with 1000 segments out that is every single ACK. */
	cc->acked += (uint32_t)(cc->w_est < cc->cwnd_prior ? (uint64_t)acked * 529 / 1000 : acked);
	step = (uint64_t)cc->acked * smss / cc->cwnd;
	cc->acked -= (uint32_t)(step * cc->cwnd / smss);
	cc->w_est += (uint32_t)step;
}

static void
grow_cubic(struct pl_tcp_cc *cc, uint32_t acked, uint32_t smss, uint32_t now_ms, uint32_t srtt_us)
{
	uint32_t target;

	if (cc->epoch_ms == 0)
		cubic_begin(cc, smss, now_ms);
	cubic_friendly(cc, acked, smss);
	target = cubic_window(cc, now_ms - cc->epoch_ms + srtt_us / 1000, smss);
	target = PL_CLAMP(target, cc->cwnd, cc->cwnd + cc->cwnd / 2);
	cc->cwnd += (uint32_t)((uint64_t)(target - cc->cwnd) * acked / cc->cwnd);
	if (cc->cwnd < cc->w_est)
		cc->cwnd = cc->w_est;
}

/* Up to ssthresh; the rest of a train of ACKs goes to congestion avoidance. Returns the octets it took. */
static uint32_t
slow_start(struct pl_tcp_cc *cc, const struct pl_acked *acked, uint32_t smss)
{
	uint32_t room = cc->ssthresh - cc->cwnd;
	uint32_t grown = PL_MIN(acked->octets, ABC_L * smss * acked->segments);

	if (grown > room && acked->segments > 1) {
		cc->cwnd = cc->ssthresh;
		return room;
	}
	cc->cwnd += grown;
	return acked->octets;
}

void
pl_tcp_cc_acked(struct pl_tcp_cc *cc, struct pl_acked acked, uint32_t smss, uint32_t now_ms, uint32_t srtt_us)
{
	if (cc->cwnd > UINT32_MAX / 4)
		return;
	if (cc->cwnd < cc->ssthresh)
		acked.octets -= slow_start(cc, &acked, smss);
	if (acked.octets == 0 || cc->cwnd < cc->ssthresh)
		return;
	if (cc->newreno)
		grow_reno(cc, acked.octets, smss);
	else
		grow_cubic(cc, acked.octets, smss, now_ms, srtt_us);
}

void
pl_tcp_cc_congestion(struct pl_tcp_cc *cc, uint32_t flight, uint32_t smss)
{
	cc->cwnd_prior = cc->cwnd;
	cc->epoch_ms = 0;
	cc->acked = 0;
	if (cc->newreno) {
		cc->ssthresh = PL_MAX(flight / 2, 2 * smss);
		return;
	}
	/* RFC 9438 §4.6, §4.7: beta 0.7, and fast convergence. */
	cc->w_max = cc->cwnd < cc->w_max ? (uint32_t)((uint64_t)cc->cwnd * 85 / 100) : cc->cwnd;
	cc->ssthresh = PL_MAX((uint32_t)((uint64_t)PL_MIN(flight, cc->cwnd) * 7 / 10), 2 * smss);
}

void
pl_tcp_cc_timeout(struct pl_tcp_cc *cc, uint32_t smss)
{
	cc->cwnd = smss;
	cc->w_max = 0; /* RFC 9438 §4.8: then K is 0 and W_max the window at that time */
	cc->epoch_ms = 0;
	cc->acked = 0;
}

void
pl_tcp_cc_restart(struct pl_tcp_cc *cc, uint32_t smss, uint32_t segments)
{
	cc->cwnd = PL_MIN(cc->cwnd, pl_tcp_initial_window(smss, segments));
	cc->epoch_ms = 0;
	cc->acked = 0;
}
