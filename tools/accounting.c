/* SPDX-License-Identifier: ISC */
/*
 * Real octets for octets that wait: segments in order and beyond a hole, UDP datagrams, fragments of datagrams that are not
 * whole; 1 to 1460 octets each. Each figure comes from a stack of its own (4 MiB, blocks of 256 octets), fed with frames,
 * from the arena's accounts; all of it is closed afterwards, and what is left is told too.
 */
#include "tools/accounting.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "sock/sock.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define TARGET (4u << 20)
#define PORT 7
#define WINDOW 5800u /* under the window of a connection that was not accepted yet: four segments */
#define MOST_SEGMENTS 1000u
#define DATAGRAMS 30u
#define FRAGMENT_AT 1480u

struct bench {
	plim *s;
	uint8_t *region;
	plim_time now;
	plim_h h, listener;
	uint32_t iss;
	bool failed;
};

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, peer_mac[6] = {2, 0, 0, 0, 0, 9};
static const struct plim_addr us = {{10, 0, 0, 2}, 4}, peer = {{10, 0, 0, 9}, 4};

/* ---- frames ---- */

static void
give(struct bench *b, const uint8_t *frame, size_t n)
{
	struct plim_frame f = {.data = (uint8_t *)(uintptr_t)frame, .len = (uint32_t)n};

	(void)plim_input(b->s, &f, 1, b->now);
}

static void
put_eth(struct pl_put *w, uint16_t type)
{
	struct pl_eth eth = {.type = type};

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	pl_eth_put(w, &eth);
}

static void
give_ip(struct bench *b, struct pl_ip4 ip, const uint8_t *l4, size_t n)
{
	uint8_t frame[1600];
	struct pl_put w = pl_put_to(frame, sizeof frame);

	ip.dst = us;
	ip.ttl = 64;
	ip.len = (uint16_t)(20 + n);
	put_eth(&w, PL_ETH_TYPE_IP4);
	pl_ip4_put(&w, &ip);
	pl_put_bytes(&w, l4, n);
	give(b, frame, (size_t)(w.p - frame));
}

/* A request from the peer: now its address is known. */
static void
introduce_peer(struct bench *b)
{
	uint8_t frame[60];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_arp arp = {.op = PL_ARP_REQUEST, .spa = peer, .tpa = us};

	memcpy(arp.sha, peer_mac, 6);
	put_eth(&w, PL_ETH_TYPE_ARP);
	pl_arp_put(&w, &arp);
	give(b, frame, (size_t)(w.p - frame));
}

static void
give_segment(struct bench *b, uint8_t flags, uint32_t seq, size_t len)
{
	uint8_t l4[1520] = {0};
	struct pl_tcp_seg g = {.flags = flags, .seq = seq, .wnd = 60000, .sport = 4000, .dport = PORT};
	size_t n;

	if (flags & PL_TH_SYN) {
		g.opt.has = PL_OPT_MSS;
		g.opt.mss = 1460;
	} else {
		g.ack = b->iss + 1;
	}
	n = pl_tcp_put(l4, sizeof l4, &g) + len;
	pl_csum_store(l4 + 16, pl_csum_add(pl_csum_pseudo(&peer, &us, 6, (uint32_t)n), l4, n));
	give_ip(b, (struct pl_ip4){.src = peer, .proto = 6}, l4, n);
}

static void
drain(struct bench *b)
{
	uint8_t room[1600];
	struct plim_frame f = {.data = room, .cap = sizeof room};
	struct pl_tcp_seg g;
	struct pl_ip4 ip;

	while (plim_output(b->s, &f, 1, b->now) == 1)
		if (pl_ip4_parse((struct pl_span){room + 14, f.len - 14u}, &ip) == PL_PARSED && ip.proto == 6 &&
		    pl_tcp_parse(ip.payload, &g) && g.flags & PL_TH_SYN)
			b->iss = g.seq;
}

/* ---- a stack ---- */

static bool
begin(struct bench *b)
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1};
	struct plim_config c;

	memset(b, 0, sizeof *b);
	plim_config_default(&c);
	c.n_ifaces = 1;
	c.ifaces[0].mtu = 1500;
	c.ifaces[0].n_addrs = 1;
	c.ifaces[0].addrs[0] = (struct plim_ifaddr){us, 24};
	memcpy(c.ifaces[0].mac, our_mac, 6);
	b->now = PL_SEC(1);
	b->region = aligned_alloc(64, TARGET);
	return b->region && plim_create(&c, b->region, TARGET, entropy, b->now, &b->s) == PLIM_OK;
}

/* Objects and slabs held beside the static part and the neighbour. */
static void
look(const struct bench *b, uint64_t *real, uint64_t *slabs)
{
	*real = *slabs = 0;
	for (unsigned c = PLIM_CLASS_static + 1; c < PLIM_N_CLASSES; c++) {
		if (c == PLIM_CLASS_neighbour || c == PLIM_CLASS_reserve)
			continue;
		*real += b->s->core.mem.cls_live[c];
		*slabs += b->s->core.mem.cls_octets[c];
	}
}

/* Every deadline passes. */
static void
finish(struct bench *b, struct accounting_row *row)
{
	struct plim_event ev[8];
	uint64_t slabs;

	for (unsigned i = 0; i < 100; i++, b->now += PL_SEC(1)) {
		(void)plim_poll(b->s, b->now, 100000);
		drain(b);
		while (plim_events(b->s, ev, 8) > 0)
			;
	}
	look(b, &row->left, &slabs);
	row->left += slabs;
	if (plim_check(b->s, NULL) != 0)
		b->failed = true;
}

/* ---- ways to wait ---- */

static void
connect_peer(struct bench *b)
{
	struct plim_endpoint at = {.port = PORT};

	b->failed |= plim_tcp_listen(b->s, &at, 0, &b->listener) != PLIM_OK;
	give_segment(b, PL_TH_SYN, 0, 0);
	drain(b);
	give_segment(b, PL_TH_ACK, 1, 0);
	b->failed |= plim_tcp_accept(b->s, b->listener, 0, &b->h, NULL) != PLIM_OK;
}

static void
with_segments(struct bench *b, struct accounting_row *row, uint32_t first)
{
	struct plim_conn_info info = {0};
	uint64_t listener, slabs;

	row->count = PL_MIN(WINDOW / row->octets, MOST_SEGMENTS);
	connect_peer(b);
	for (uint32_t i = 0; i < row->count; i++)
		give_segment(b, PL_TH_ACK | PL_TH_PSH, first + i * row->octets, row->octets);
	drain(b);
	b->failed |= plim_conn_info(b->s, b->h, &info) != PLIM_OK;
	row->payload = info.rcv_queued + info.out_of_order;
	look(b, &row->real, &row->slabs);
	listener = PL_OCTETS_listener + PL_OCTETS_slot;
	slabs = row->real - listener;
	b->failed |= slabs != info.held; /* the connection's own account says the same as the arena's */
	row->real = slabs;
	b->failed |= plim_tcp_abort(b->s, b->h) != PLIM_OK || plim_tcp_close(b->s, b->listener) != PLIM_OK;
}

static void
in_order(struct bench *b, struct accounting_row *row)
{
	with_segments(b, row, 1);
}

/* The first octet is missing. */
static void
out_of_order(struct bench *b, struct accounting_row *row)
{
	with_segments(b, row, 2);
}

static void
as_datagrams(struct bench *b, struct accounting_row *row)
{
	struct plim_endpoint at = {.port = PORT};
	uint8_t l4[8 + 1472] = {0};
	struct pl_put w = pl_put_to(l4, sizeof l4);
	struct plim_stats st;
	plim_h h = {0};

	b->failed |= plim_udp_open(b->s, &at, 0, &h) != PLIM_OK;
	pl_udp_put(&w, 4000, PORT, row->octets);
	l4[6] = l4[7] = 0; /* no checksum */
	row->count = DATAGRAMS;
	for (unsigned i = 0; i < row->count; i++)
		give_ip(b, (struct pl_ip4){.src = peer, .proto = 17}, l4, 8 + row->octets);
	plim_stats(b->s, &st);
	b->failed |= st.udp_in != row->count;
	row->payload = (uint64_t)row->count * row->octets;
	look(b, &row->real, &row->slabs);
	row->real -= PL_OCTETS_udpsock + PL_OCTETS_slot;
	b->failed |= plim_udp_close(b->s, h) != PLIM_OK;
}

/* The last fragment of datagrams whose first is missing, each from a /24 of its own. */
static void
as_fragments(struct bench *b, struct accounting_row *row)
{
	static const uint8_t text[1460];

	row->count = DATAGRAMS;
	for (unsigned i = 0; i < row->count; i++) {
		struct plim_addr from = {{11, 0, (uint8_t)i, 1}, 4};

		give_ip(b, (struct pl_ip4){.src = from, .proto = 17, .id = (uint16_t)i, .frag_offset = FRAGMENT_AT / 8},
		        text, row->octets);
	}
	row->payload = (uint64_t)row->count * row->octets;
	look(b, &row->real, &row->slabs);
	b->failed |= b->s->core.mem.types[PL_OBJ_frag].live != row->count;
}

/* ---- all of them ---- */

bool
accounting_measure(struct accounting_row rows[ACCOUNTING_ROWS])
{
	static const struct {
		const char *name;
		void (*wait)(struct bench *b, struct accounting_row *row);
	} ways[] = {{"segments in order", in_order},
	            {"segments beyond a hole", out_of_order},
	            {"UDP datagrams", as_datagrams},
	            {"fragments", as_fragments}};
	static const unsigned octets[] = {1, 8, 64, 536, 1460};
	bool is_good = true;

	for (unsigned i = 0; i < ACCOUNTING_ROWS; i++) {
		unsigned way = i / PL_COUNT(octets);
		struct bench b;

		rows[i] = (struct accounting_row){.way = ways[way].name, .octets = octets[i % PL_COUNT(octets)]};
		if (begin(&b)) {
			introduce_peer(&b);
			ways[way].wait(&b, &rows[i]);
			finish(&b, &rows[i]);
		}
		is_good = is_good && b.s && !b.failed;
		free(b.region);
	}
	return is_good;
}
