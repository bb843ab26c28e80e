/* SPDX-License-Identifier: ISC */
/* See crowd.h. */
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#include "base/checksum.h"
#include "tests/api/crowd.h"

plim *s;
plim_time now;
plim_h listener;
struct pl_tcp_seg last;
unsigned n_out, n_synack;
uint32_t synack_seq;
uint16_t say_window = SAY_WINDOW, say_port = 80;

uint8_t *region;
static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, gate_mac[6] = {2, 0, 0, 0, 0, 1};
static const struct plim_addr us4 = {{10, 0, 0, 2}, 4}, gate4 = {{10, 0, 0, 1}, 4};
const struct plim_addr us4_addr = {{10, 0, 0, 2}, 4};
static const struct plim_addr us6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 6};

void
start(void (*change)(struct plim_config *c))
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {3, 1, 4};
	struct plim_endpoint any = {.port = 80};
	struct plim_config c;

	plim_config_default(&c);
	c.n_ifaces = 1;
	memcpy(c.ifaces[0].mac, our_mac, 6);
	c.ifaces[0].mtu = 1500;
	c.ifaces[0].n_addrs = 2;
	c.ifaces[0].addrs[0] = (struct plim_ifaddr){us4, 24};
	c.ifaces[0].addrs[1] = (struct plim_ifaddr){us6, 64};
	c.n_routes = 1;
	c.routes[0] = (struct plim_route_config){.dst = {.family = 4}, .via = gate4};
	c.backlog = 100000;
	if (change)
		change(&c);
	region = aligned_alloc(64, TARGET);
	memset(region, 0xa5, TARGET);
	now = PL_SEC(100000);
	n_out = n_synack = 0;
	assert_int_equal(plim_create(&c, region, TARGET, entropy, now, &s), PLIM_OK);
	assert_int_equal(plim_tcp_listen(s, &any, 0, &listener), PLIM_OK);
}

void
stop(void)
{
	const char *why = "";

	if (plim_check(s, &why) != 0)
		fail_msg("%s", why);
	free(region);
}

void
give(const uint8_t *frame, size_t n)
{
	struct plim_frame f = {.data = (uint8_t *)(uintptr_t)frame, .len = (uint32_t)n};

	(void)plim_input(s, &f, 1, now);
}

static void
answer_arp(void)
{
	uint8_t frame[60];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};
	struct pl_arp arp = {.op = PL_ARP_REPLY, .spa = gate4, .tpa = us4};

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, gate_mac, 6);
	memcpy(arp.sha, gate_mac, 6);
	memcpy(arp.tha, our_mac, 6);
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &arp);
	give(frame, (size_t)(w.p - frame));
}

static void
take(struct pl_span l4)
{
	if (!pl_tcp_parse(l4, &last))
		return;
	n_out++;
	if ((last.flags & (PL_TH_SYN | PL_TH_ACK)) != (PL_TH_SYN | PL_TH_ACK))
		return;
	n_synack++;
	synack_seq = last.seq;
}

void
drain(void)
{
	static uint8_t room[2000];
	struct plim_frame f = {.data = room, .cap = sizeof room};

	while (plim_output(s, &f, 1, now) == 1) {
		struct pl_cur c = pl_cur_of(f.data, f.len);
		struct pl_eth eth;
		struct pl_ip4 ip4;
		struct pl_ip6 ip6;

		assert_true(pl_eth_parse(&c, &eth));
		if (eth.type == PL_ETH_TYPE_ARP)
			answer_arp();
		if (eth.type == PL_ETH_TYPE_IP4 &&
		    pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip4) == PL_PARSED)
			take(ip4.payload);
		if (eth.type == PL_ETH_TYPE_IP6 &&
		    pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip6) == PL_PARSED && ip6.proto == 6)
			take(ip6.payload);
	}
}

void
go(plim_time ahead)
{
	plim_time to = now + ahead;
	struct plim_event ev[16];

	drain();
	while (plim_events(s, ev, 16) > 0) /* closed slots leave the queue here */
		;
	while (plim_next_deadline(s) <= to) {
		now = PL_MAX(now, plim_next_deadline(s));
		(void)plim_poll(s, now, 1000);
		drain();
	}
	now = to;
}

/* A segment from a peer; its text is zeros. */
void
say(struct plim_addr src, uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack, size_t len)
{
	uint8_t frame[2000], l4[1600] = {0};
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = src.family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};
	struct plim_addr dst = src.family == 4 ? us4 : us6;
	struct pl_tcp_seg g = {
		.flags = flags, .seq = seq, .ack = ack, .wnd = say_window, .sport = port, .dport = say_port};
	size_t n;

	if (flags & PL_TH_SYN) {
		g.opt.has = PL_OPT_MSS;
		g.opt.mss = 1440;
	}
	n = pl_tcp_put(l4, sizeof l4, &g) + len;
	pl_csum_store(l4 + 16, pl_csum_add(pl_csum_pseudo(&src, &dst, 6, (uint32_t)n), l4, n));
	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, gate_mac, 6);
	pl_eth_put(&w, &eth);
	if (src.family == 4)
		pl_ip4_put(&w,
		           &(struct pl_ip4){.src = src, .dst = dst, .proto = 6, .ttl = 64, .len = (uint16_t)(20 + n)});
	else
		pl_ip6_put(&w,
		           &(struct pl_ip6){
				   .src = src, .dst = dst, .proto = 6, .hop_limit = 64, .payload_len = (uint16_t)n});
	pl_put_bytes(&w, l4, n);
	give(frame, (size_t)(w.p - frame));
	drain();
}

struct plim_addr
peer4(unsigned i)
{
	return (struct plim_addr){{11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, 4};
}

struct plim_stats
stats(void)
{
	struct plim_stats st;

	plim_stats(s, &st);
	return st;
}

/* SYN, and the ACK of its SYN-ACK. */
uint32_t
shake(struct plim_addr src, uint16_t port)
{
	unsigned before = n_synack;
	uint32_t ack;

	say(src, port, PL_TH_SYN, 100, 0, 0);
	assert_int_equal(n_synack, before + 1);
	ack = synack_seq + 1;
	say(src, port, PL_TH_ACK, 101, ack, 0);
	return ack;
}

plim_h
accept_one(void)
{
	plim_h h;

	assert_int_equal(plim_tcp_accept(s, listener, 1, &h, NULL), PLIM_OK);
	return h;
}
