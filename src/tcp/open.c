/* SPDX-License-Identifier: ISC */
/* Shared by passive and active open: see open.h. */
#include "tcp/open.h"

#include "mem/prove.h"
#include "tcp/isn.h"
#include "tcp/window.h"

#define DEFAULT_MSS4 536 /* MUST-15 */
#define DEFAULT_MSS6 1220
#define TS_OCTETS 12
#define LEAST_MTU4 576
#define LEAST_MTU6 1280

static uint16_t
header_octets(uint8_t family)
{
	return (family == 4 ? 20 : 40) + PL_TCP_HEADER;
}

uint16_t
pl_tcp_our_mss(const struct pl_tcp *t, const struct pl_tuple *k)
{
	uint16_t mtu = k->raddr.family == 4 ? LEAST_MTU4 : LEAST_MTU6;

	(void)pl_net_mtu(t->net, k->laddr, &k->raddr, &mtu); /* no route now: the least will do */
	return mtu - header_octets(k->raddr.family);
}

uint16_t
pl_tcp_send_mss(const struct pl_tcp *t, const struct pl_tuple *k, uint16_t peer_mss)
{
	uint16_t mss = peer_mss ? peer_mss : k->raddr.family == 4 ? DEFAULT_MSS4 : DEFAULT_MSS6;
	uint16_t ours = pl_tcp_our_mss(t, k);

	mss = PL_MIN(mss, ours);
	if (PL_WITHOUT(t->core, mss_floor))
		return mss;
	/* DEVIATES MUST-16: a tiny MSS would make every octet cost a packet (as FreeBSD's minmss). */
	return PL_MAX(mss, (uint16_t)t->core->conf.mss_floor);
}

uint32_t
pl_tcp_text_mss(const struct pl_tcp_conn *c)
{
	return c->smss - (c->flags & PL_CF_TS ? TS_OCTETS : 0u);
}

uint8_t
pl_tcp_agreed(const struct pl_tcp *t, const struct pl_tcp_opts *opt)
{
	const struct plim_config *conf = &t->core->conf;
	uint8_t ours = (conf->timestamps ? PL_OPT_TS : 0) | (conf->window_scaling ? PL_OPT_WSCALE : 0) |
	               (conf->sack ? PL_OPT_SACK_OK : 0);

	return opt->has & ours;
}

void
pl_tcp_syn_options(const struct pl_tcp *t, const struct pl_tuple *k, bool is_answer, uint8_t peer_opts,
                   struct pl_tcp_reply *r)
{
	const struct plim_config *conf = &t->core->conf;

	r->opt_has = PL_OPT_MSS;
	r->mss = pl_tcp_our_mss(t, k);
	if (conf->window_scaling && (!is_answer || peer_opts & PL_OPT_WSCALE)) {
		r->opt_has |= PL_OPT_WSCALE;
		r->wscale = pl_tcp_window_shift(conf);
	}
	if (conf->sack && (!is_answer || peer_opts & PL_OPT_SACK_OK))
		r->opt_has |= PL_OPT_SACK_OK;
	if (conf->timestamps && (!is_answer || peer_opts & PL_OPT_TS)) {
		r->opt_has |= PL_OPT_TS;
		r->tsval = pl_tcp_tsval(t, k);
	}
}

void
pl_tcp_fill(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tuple *k, const struct pl_handshake *hs)
{
	c->snd_una = c->snd_nxt = pl_seq_add(hs->iss, 1);
	c->rcv_nxt = c->last_ack_sent = pl_seq_add(hs->irs, 1);
	c->adv_edge = c->max_edge = pl_seq_add(c->rcv_nxt, hs->rcv_wnd);
	c->smss = pl_tcp_send_mss(t, k, hs->mss);
	c->flags |= (hs->opts & PL_OPT_TS ? PL_CF_TS : 0) | (hs->opts & PL_OPT_SACK_OK ? PL_CF_SACK : 0) |
	            (t->core->conf.congestion_control == 0 ? PL_CF_NEWRENO : 0);
	if (hs->opts & PL_OPT_WSCALE) {
		c->flags |= PL_CF_WSCALE;
		c->wscale = (uint8_t)((hs->wscale & 15) | pl_tcp_window_shift(&t->core->conf) << 4);
	}
}
