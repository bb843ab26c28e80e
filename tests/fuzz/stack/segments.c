/* SPDX-License-Identifier: ISC */
/* Operations of the peers' TCP: a segment near the connection's numbers, a handshake, a run of text, a SYN flood. */
#include "parts.h"

/* Any segment, near the connection's numbers. */
void
op_segment(void)
{
	unsigned flow = u8() % FLOWS;
	struct flow *fl = &f.flows[flow];
	uint8_t how = u8();
	struct pl_tcp_seg s = {.flags = u8()};
	uint32_t len = length();

	s.seq = fl->snd + distance();
	s.ack = fl->rcv + distance();
	if (s.flags & PL_TH_SYN && how & 64)
		f.tainted = true;
	else if (s.flags & PL_TH_SYN)
		s.seq = fl->irs;
	s.wnd = how & 1 ? u16() : 65535;
	s.urg = s.flags & PL_TH_URG ? (uint16_t)u8() : 0;
	if (fl->ts && !(how & 2))
		add_timestamp(fl, &s);
	if (how & 4)
		s.opt.tsval += distance();
	if (how & 8)
		for (s.opt.n_sacks = 0; s.opt.n_sacks < 3; s.opt.n_sacks++) {
			uint32_t from = fl->rcv - u16();

			s.opt.sacks[s.opt.n_sacks] = (struct pl_sack){from, from + length()};
		}
	if (s.flags & PL_TH_SYN && how & 16) {
		s.opt.has |= PL_OPT_MSS | PL_OPT_WSCALE | PL_OPT_SACK_OK;
		s.opt.mss = (uint16_t)u16();
		s.opt.wscale = u8() & 15;
	}
	give_segment(flow, &s, len);
	if (how & 32 && !(s.flags & PL_TH_RST))
		fl->snd = s.seq + len + ((s.flags & PL_TH_SYN) != 0) + ((s.flags & PL_TH_FIN) != 0);
}

/* A handshake, whole. */
void
op_handshake(void)
{
	unsigned flow = u8() % FLOWS;
	struct flow *fl = &f.flows[flow];
	uint8_t how = u8();
	struct pl_tcp_seg s = {.flags = PL_TH_SYN, .seq = fl->irs, .wnd = 65535};

	s.opt.has = PL_OPT_MSS;
	s.opt.mss = how & 1 ? 300 : 1460;
	if (how & 2) {
		s.opt.has |= PL_OPT_WSCALE;
		s.opt.wscale = 7;
	}
	if (how & 4)
		s.opt.has |= PL_OPT_SACK_OK;
	fl->ts = how & 8;
	if (fl->ts)
		add_timestamp(fl, &s);
	give_segment(flow, &s, 0);
	drain();
	fl->snd = fl->irs + 1;
	s = (struct pl_tcp_seg){.flags = PL_TH_ACK, .seq = fl->snd, .ack = fl->rcv, .wnd = 60000};
	if (fl->ts)
		add_timestamp(fl, &s);
	give_segment(flow, &s, 0);
}

/* A run of text in order, or with holes, and an ACK of all. */
void
op_stream(void)
{
	unsigned flow = u8() % FLOWS, n = u8() % 32 + 1, hole = u8();
	struct flow *fl = &f.flows[flow];
	uint32_t len = length() % 1461;

	together(n);
	for (unsigned i = 0; i < n; i++) {
		struct pl_tcp_seg s = {.flags = PL_TH_ACK, .seq = fl->snd, .ack = fl->rcv, .wnd = 65535};

		if (fl->ts)
			add_timestamp(fl, &s);
		if (!(hole & 1 << i % 8))
			give_segment(flow, &s, len);
		fl->snd += len;
	}
	together(1);
}

/* Several segments in one batch: trains, and what breaks them. */
void
op_together(void)
{
	unsigned n = u8() % 16 + 1;

	together(n);
	for (unsigned i = 0; i < n; i++)
		op_segment();
	together(1);
}

/* SYNs from many places. */
void
op_flood(void)
{
	unsigned n = u8(), salt = u8();

	for (unsigned i = 0; i < n; i++) {
		uint8_t l4[60];
		struct plim_addr src = {{11, (uint8_t)salt, (uint8_t)(i * 7), (uint8_t)(i & salt)}, 4};
		struct pl_tcp_seg s = {.flags = PL_TH_SYN,
		                       .seq = i,
		                       .wnd = 1000,
		                       .sport = (uint16_t)(1000 + i),
		                       .dport = (uint16_t)(80 + (i & 1))};
		size_t len = pl_tcp_put(l4, sizeof l4, &s);

		give_l4(src, us4, 6, l4, len, 16);
	}
}
