/* SPDX-License-Identifier: ISC */
/*
 * Reassembly as a series of fragments and steps of time: every account and list holds after each, memory stays under the
 * class's cap, what comes out whole is what went in, and in the end nothing is left.
 *
 * Six octets make a fragment: source and identification, offset (two), length, kind. Texts follow from source,
 * identification and offset, so that duplicates are the same; the kind may make them lie.
 */
#include "fuzz.h"

#include "base/checksum.h"
#include "net/net_state.h"
#include "stack/config.h"

#define TARGET (1u << 20)
#define MOST_TEXT 1480u
#define MOST_STEPS 600

enum { KIND_MF = 1, KIND_LIES = 2, KIND_WAITS = 4, KIND_TCP = 8, KIND_ECN = 16, KIND_SHORT = 32 };

static struct pl_core core;
static struct pl_net net;
static uint8_t region[TARGET] __attribute__((aligned(64)));
static bool has_lied;

static void
begin(void)
{
	struct pl_mem_layout layout;
	struct plim_config *c = &core.conf;

	memset(&core, 0, sizeof core);
	plim_config_default(c);
	c->n_ifaces = 1;
	c->ifaces[0] = (struct plim_iface_config){.mac = {2}, .mtu = 1500, .n_addrs = 1};
	c->ifaces[0].addrs[0] = (struct plim_ifaddr){{{10, 0, 0, 2}, 4}, 24};
	pl_config_derive(c, TARGET);
	layout = pl_config_layout(c);
	MUST(pl_mem_init(&core.mem, region, PL_ALIGN_UP(pl_net_static_octets(c, TARGET), 64), TARGET, &layout));
	pl_net_init(&net, &core, region);
	has_lied = false;
}

static uint8_t
octet_at(uint8_t key, size_t at)
{
	return (uint8_t)(key * 31 + at * 7 + at / 256);
}

static void
write_text(uint8_t *to, uint8_t key, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = octet_at(key, at + i);
}

static void
check_octets(uint8_t key, const struct pl_pkt *pkt)
{
	for (size_t i = 0; i < pkt->l4.len; i++)
		MUST(has_lied || pkt->l4.p[i] == octet_at(key, i));
	for (size_t at = 0; at < pkt->rest;) {
		struct pl_span run = pl_net_rest(&net, pkt, at);

		MUST(run.len > 0);
		for (size_t i = 0; i < run.len; i++)
			MUST(has_lied || run.p[i] == octet_at(key, pkt->l4.len + at + i));
		at += run.len;
	}
	MUST(pl_net_rest(&net, pkt, pkt->rest).len == 0);
	MUST(pkt->l4.len + pkt->rest <= 65515 && pkt->ip.len == pkt->l4.len + PL_IP4_HEADER);
}

static void
check(void)
{
	MUST(pl_reasm_check(&net) == NULL && pl_mem_check(&core.mem) == NULL);
	MUST(core.mem.cls_octets[PLIM_CLASS_fragment] <= core.mem.cls_cap[PLIM_CLASS_fragment]);
}

static void
fragment(const uint8_t *p)
{
	static uint8_t frame[PL_ETH_HEADER + PL_IP4_HEADER + MOST_TEXT];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct plim_frame f = {.data = frame};
	struct pl_ip4 ip = {
		.src = {{10, 0, p[0] & 3, 9}, 4}, .dst = {{10, 0, 0, 2}, 4}, .ttl = 64, .proto = PL_PROTO_UDP};
	size_t len = p[3] * (p[4] & KIND_SHORT ? 1u : 8u), at;
	struct pl_icmp_error err;
	struct pl_pkt pkt = {0};

	len = PL_MIN(len, MOST_TEXT);
	ip.id = p[0] >> 2;
	ip.frag_offset = (uint16_t)((p[1] << 8 | p[2]) & 0x1fff);
	ip.mf = p[4] & KIND_MF;
	ip.proto = p[4] & KIND_TCP ? PL_PROTO_TCP : PL_PROTO_UDP;
	ip.tos = p[4] & KIND_ECN ? p[5] : 0;
	ip.len = (uint16_t)(PL_IP4_HEADER + len);
	at = ip.frag_offset * PL_FRAG_UNIT;
	pl_eth_put(&w, &(struct pl_eth){.dst = {2}, .src = {2, 1}, .type = PL_ETH_TYPE_IP4});
	pl_ip4_put(&w, &ip);
	write_text(w.p, p[0], at, len);
	if (p[4] & KIND_LIES && len > 0) {
		w.p[p[5] % len] ^= 1;
		has_lied = true;
	}
	f.len = (uint32_t)(PL_ETH_HEADER + PL_IP4_HEADER + len);
	if (pl_net_input(&net, &f, core.now, &pkt, &err) == PL_NET_PKT && pkt.reassembled) {
		check_octets(p[0], &pkt);
		check();
		pl_net_release(&net);
	}
}

static void
wait_some(pl_time by)
{
	unsigned budget = 100000;

	core.now += by;
	pl_net_poll(&net, core.now, &budget);
	MUST(pl_net_deadline(&net) > core.now);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	for (unsigned n = 0; n < MOST_STEPS && size >= 6; n++, data += 6, size -= 6) {
		if (data[4] & KIND_WAITS)
			wait_some(PL_MS(100) * data[5]);
		fragment(data);
		check();
	}
	wait_some(PL_SEC(31));
	check();
	MUST(net.reasm.n == 0 && net.reasm.blocks == 0 && core.mem.cls_live[PLIM_CLASS_fragment] == 0);
	return 0;
}
