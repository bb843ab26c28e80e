/* SPDX-License-Identifier: ISC */
/* Frames as the peers make them: Ethernet, IP and a transport with a good checksum. */
#include "parts.h"

#include "base/checksum.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static uint8_t frame[FRAME_CAP];

struct plim_addr
us(unsigned flow)
{
	return flow < FLOWS / 2 ? us4 : us6;
}

struct plim_addr
them(unsigned flow)
{
	return flow < FLOWS / 2 ? peer4 : peer6;
}

#define BATCH 16

/* Frames that arrive in one call, each in memory of its own. */
static struct {
	struct guarded room[BATCH];
	struct plim_frame in[BATCH];
	unsigned n, most;
} batch = {.most = 1};

void
together(unsigned most)
{
	if (batch.n > 0)
		(void)plim_input(f.s, batch.in, batch.n, f.now);
	batch.n = 0;
	batch.most = PL_CLAMP(most, 1, BATCH);
}

void
give(const uint8_t *p, size_t n, uint8_t flags, uint16_t gso_size)
{
	struct guarded *room = &batch.room[batch.n];

	if (!room->start)
		*room = guarded_room(FRAME_CAP);
	batch.in[batch.n++] = (struct plim_frame){
		.data = guarded_copy(room, p, n), .len = (uint32_t)n, .flags = flags, .gso_size = gso_size};
	if (batch.n == batch.most)
		together(batch.most);
}

static void
put_headers(struct pl_put *w, struct plim_addr src, struct plim_addr dst, uint8_t proto, size_t n)
{
	struct pl_eth eth = {.type = src.family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};
	uint8_t ttl = proto == 58 ? 255 : 64;

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	pl_eth_put(w, &eth);
	if (src.family == 4)
		pl_ip4_put(w, &(struct pl_ip4){
				      .src = src, .dst = dst, .proto = proto, .ttl = ttl, .len = (uint16_t)(20 + n)});
	else
		pl_ip6_put(
			w,
			&(struct pl_ip6){
				.src = src, .dst = dst, .proto = proto, .hop_limit = ttl, .payload_len = (uint16_t)n});
}

/* An IPv4 datagram that is longer than the MTU comes in fragments. */
static void
give_fragments(struct plim_addr src, struct plim_addr dst, uint8_t proto, const uint8_t *l4, size_t n)
{
	uint16_t id = (uint16_t)(f.now / MS(1) + n);

	for (size_t at = 0; at < n; at += 1480) {
		size_t len = PL_MIN(n - at, 1480u);
		struct pl_put w = pl_put_to(frame, sizeof frame);
		uint8_t *ip;

		put_headers(&w, src, dst, proto, len);
		ip = w.p - PL_IP4_HEADER;
		w.p = ip;
		pl_ip4_put(&w, &(struct pl_ip4){.src = src,
		                                .dst = dst,
		                                .ttl = 64,
		                                .proto = proto,
		                                .id = id,
		                                .len = (uint16_t)(PL_IP4_HEADER + len),
		                                .frag_offset = (uint16_t)(at / 8),
		                                .mf = at + len < n});
		pl_put_bytes(&w, l4 + at, len);
		give(frame, (size_t)(w.p - frame), 0, 0);
	}
}

/* A transport datagram with its checksum at csum_at (none if beyond n). */
void
give_l4(struct plim_addr src, struct plim_addr dst, uint8_t proto, uint8_t *l4, size_t n, size_t csum_at)
{
	struct pl_put w = pl_put_to(frame, sizeof frame);
	uint64_t sum = proto == 1 ? 0 : pl_csum_pseudo(&src, &dst, proto, (uint32_t)n);

	if (csum_at + 2 <= n)
		pl_csum_store(l4 + csum_at, pl_csum_add(sum, l4, n));
	if (src.family == 4 && proto == 17 && n > 1480) {
		give_fragments(src, dst, proto, l4, n);
		return;
	}
	put_headers(&w, src, dst, proto, n);
	pl_put_bytes(&w, l4, n);
	give(frame, (size_t)(w.p - frame), 0, 0);
}

void
give_segment(unsigned flow, struct pl_tcp_seg *s, uint32_t len)
{
	static uint8_t l4[FRAME_CAP];
	size_t n;

	s->sport = (uint16_t)(4000 + flow);
	s->dport = (uint16_t)(80 + (flow & 1));
	n = pl_tcp_put(l4, sizeof l4, s);
	if (n == 0)
		return;
	len = PL_MIN(len, 65000u);
	memcpy(l4 + n, text_from(s->seq + ((s->flags & PL_TH_SYN) != 0)), len);
	give_l4(them(flow), us(flow), 6, l4, n + len, 16);
}

void
add_timestamp(const struct flow *fl, struct pl_tcp_seg *s)
{
	s->opt.has |= PL_OPT_TS;
	s->opt.tsval = (uint32_t)(f.now / MS(1)) + 77;
	s->opt.tsecr = fl->tsval;
}
