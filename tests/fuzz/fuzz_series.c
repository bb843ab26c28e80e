/* SPDX-License-Identifier: ISC */
/*
 * The whole stack as a series of frames, ticks and calls, all taken from the input.
 *
 * Frames come raw, or are made with right checksums and with sequence numbers near those that the stack itself last
 * sent, so that the input reaches beyond the first checks. Neighbours answer. After every 16 steps and at the end all
 * invariants must hold, and memory must be within the target.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"

#define REGION (1u << 20)
#define MTU 1500
#define HANDLES 16
#define STEPS_MOST 2000
#define STEPS_BETWEEN_CHECKS 16

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, peer_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t our4[4] = {10, 0, 0, 2}, peer4[4] = {10, 0, 0, 1};
static const uint8_t our6[16] = {0xfd, [15] = 2}, peer6[16] = {0xfd, [15] = 1};

/* The last TCP segment that the stack sent on a port of ours: what a crafted one refers to. */
struct seen {
	uint32_t seq_end, ack;
	uint16_t peer_port, our_port;
	bool is_v6;
};

static _Alignas(64) uint8_t region[REGION];
static uint8_t frame_in[70000], frame_out[32][MTU + 64];

static struct run {
	plim *s;
	plim_time now;
	struct pl_cur in;
	plim_h handles[HANDLES];
	struct seen seen[4];
	unsigned n_seen;
} run;

static uint8_t
u8(void)
{
	uint8_t x = 0;

	(void)pl_cur_u8(&run.in, &x); /* at the end: zeros */
	return x;
}

static uint16_t
u16(void)
{
	return (uint16_t)(u8() << 8 | u8());
}

static uint32_t
u32(void)
{
	return (uint32_t)u16() << 16 | u16();
}

/* A number near zero, more often than not. */
static uint32_t
small_step(void)
{
	uint8_t kind = u8();

	if (kind < 128)
		return 0;
	if (kind < 192)
		return (uint32_t)(int8_t)u8();
	return kind < 224 ? (uint32_t)(int16_t)u16() : u32();
}

static void
give(uint8_t *data, size_t len, uint8_t flags, uint16_t gso)
{
	struct plim_frame f = {.data = data, .len = (uint32_t)len, .flags = flags, .gso_size = gso};

	(void)plim_input(run.s, &f, 1, run.now); /* it reports nothing */
}

static size_t
put_eth(uint8_t *p, uint16_t type)
{
	memcpy(p, our_mac, 6);
	memcpy(p + 6, peer_mac, 6);
	pl_store16(p + 12, type);
	return 14;
}

/* An IP header in front of len octets of payload; a right one, but for what the input wants wrong. */
static size_t
put_ip(uint8_t *p, bool is_v6, uint8_t proto, size_t len)
{
	size_t at = put_eth(p, is_v6 ? 0x86dd : 0x0800);
	uint8_t *ip = p + at;

	if (is_v6) {
		pl_store32(ip, 0x60000000);
		pl_store16(ip + 4, (uint16_t)len);
		ip[6] = proto;
		ip[7] = proto == 58 ? 255 : 64;
		memcpy(ip + 8, peer6, 16);
		memcpy(ip + 24, our6, 16);
		return at + 40;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	pl_store16(ip + 2, (uint16_t)(20 + len));
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, peer4, 4);
	memcpy(ip + 16, our4, 4);
	pl_csum_store(ip + 10, pl_csum_add(0, ip, 20));
	return at + 20;
}

static void
raw_frame(void)
{
	size_t len = u16() % 2000;

	len = PL_MIN(len, pl_cur_left(&run.in));
	(void)pl_cur_bytes(&run.in, frame_in, len); /* as many as there are */
	if (u8() & 1)
		(void)put_eth(frame_in, u8() & 1 ? 0x86dd : 0x0800);
	give(frame_in, len, u8() & 3, u8() & 8 ? u16() : 0);
}

/* UDP, ICMP or anything else over a right IP header. */
static void
ip_frame(void)
{
	static const uint8_t protos[] = {1, 58, 17, 6, 0, 44, 60, 255};
	bool is_v6 = u8() & 1;
	uint8_t proto = protos[u8() % PL_COUNT(protos)];
	size_t len = PL_MIN((size_t)u8() * 4u, pl_cur_left(&run.in)), at = put_ip(frame_in, is_v6, proto, len);

	(void)pl_cur_bytes(&run.in, frame_in + at, len); /* as many as there are */
	if (proto == 1 && len >= 4) {
		pl_store16(frame_in + at + 2, 0);
		pl_csum_store(frame_in + at + 2, pl_csum_add(0, frame_in + at, len));
	}
	give(frame_in, at + len, PLIM_FRAME_CSUM_VALID, 0);
}

static const struct seen *
choose_seen(void)
{
	static struct seen fresh;
	uint8_t i = u8();

	if (run.n_seen > 0 && i < 224)
		return &run.seen[i % PL_MIN(run.n_seen, PL_COUNT(run.seen))];
	fresh = (struct seen){u32(), u32(), (uint16_t)(1000 + u8() % 8), (uint16_t)(1 + u8() % 3), u8() & 1};
	return &fresh;
}

/* A segment that refers to what the stack sent, more or less. */
static void
tcp_segment(void)
{
	const struct seen *to = choose_seen();
	size_t options = (size_t)(u8() % 11) * 4, text = u8() & 1 ? 0 : u16() % 3000, len = 20 + options + text;
	size_t at = put_ip(frame_in, to->is_v6, 6, len);
	uint8_t *tcp = frame_in + at;

	pl_store16(tcp, to->peer_port);
	pl_store16(tcp + 2, to->our_port);
	pl_store32(tcp + 4, to->ack + small_step());
	pl_store32(tcp + 8, to->seq_end + small_step());
	tcp[12] = (uint8_t)((5 + options / 4) << 4);
	tcp[13] = u8();
	pl_store16(tcp + 14, u16());
	pl_store16(tcp + 16, 0);
	pl_store16(tcp + 18, u8());
	for (size_t i = 0; i < options; i++)
		tcp[20 + i] = u8();
	memset(tcp + 20 + options, u8(), text);
	give(frame_in, at + len, PLIM_FRAME_CSUM_VALID, text > 1460 ? 1460 : 0);
}

static void
tick(void)
{
	plim_time due = plim_next_deadline(run.s);

	if (u8() & 1 && due != PLIM_NEVER && due > run.now)
		run.now = due;
	else
		run.now += (plim_time)1000 << (u8() % 28);
	(void)plim_poll(run.s, run.now, 1u + u8()); /* whether more is due shows at the next tick */
}

static plim_h *
handle(void)
{
	return &run.handles[u8() % HANDLES];
}

static struct plim_endpoint
endpoint(void)
{
	struct plim_endpoint e = {.port = (uint16_t)(u8() % 4)};

	e.addr.family = u8() & 1 ? 6 : 4;
	memcpy(e.addr.octets, e.addr.family == 6 ? peer6 : peer4, e.addr.family == 6 ? 16 : 4);
	if (u8() > 240)
		e.addr.octets[u8() % 16] = u8();
	return e;
}

/* Calls that make or end a handle. What they return is the input's business: any code will do, a crash will not. */
static void
call_open_close(void)
{
	struct plim_endpoint e = endpoint(), any = {.port = e.port};
	plim_h *h = handle(), from = *handle();

	switch (u8() % 8) {
	case 0: (void)plim_tcp_listen(run.s, &any, u8(), h); break;
	case 1: (void)plim_tcp_connect(run.s, &e, NULL, u8(), h); break;
	case 2:
	case 3: (void)plim_tcp_accept(run.s, from, u8(), h, NULL); break;
	case 4: (void)plim_tcp_shutdown(run.s, from); break;
	case 5: (void)plim_tcp_close(run.s, from); break;
	case 6: (void)plim_tcp_abort(run.s, from); break;
	default: (void)(u8() & 1 ? plim_udp_open(run.s, &any, u8(), h) : plim_udp_close(run.s, from));
	}
}

static void
fill(struct plim_span *spans, int64_t octets)
{
	for (; octets > 0; octets -= (int64_t)spans->len, spans++)
		memset(spans->data, 0xa5, spans->len);
}

/* Calls that move octets. */
static void
call_transfer(void)
{
	static uint8_t octets[8192];
	struct plim_span spans[64];
	struct plim_endpoint e = endpoint();
	plim_h h = *handle();
	size_t len = u16() % sizeof(octets);
	int64_t n;

	switch (u8() % 6) {
	case 0: (void)plim_send(run.s, h, octets, len, u8() & 3); break;
	case 1: (void)plim_recv(run.s, h, octets, len); break;
	case 2:
		n = plim_tx_reserve(run.s, h, u32() & 0x1ffff, spans, 1 + len % 64);
		fill(spans, n);
		if (u8() & 1)
			(void)plim_tx_commit(run.s, h, n > 0 ? len % (size_t)(n + 1) : len, u8() & 3);
		break;
	case 3:
		n = plim_rx_peek(run.s, h, spans, 1 + len % 64);
		fill(spans, n); /* lent: ours to look at, and writing shows a wrong span to the sanitizer */
		if (u8() & 1)
			(void)plim_rx_consume(run.s, h, len);
		break;
	case 4: (void)plim_udp_sendto(run.s, h, &e, octets, len % 1600); break;
	default: (void)plim_udp_recvfrom(run.s, h, octets, len, NULL);
	}
}

/* The rest: memory, options, looking. */
static void
call_other(void)
{
	struct plim_conn_info info[4];
	struct plim_stats st;
	uint64_t cursor = 0;
	int64_t value;
	plim_h h = *handle();
	void *p;

	switch (u8() % 7) {
	case 0:
		p = plim_alloc(run.s, h, u16() % 400);
		if (p != NULL && u8() & 1)
			(void)plim_free(run.s, h, p);
		break;
	case 1: (void)plim_charge(run.s, h, u16()); break;
	case 2: (void)plim_uncharge(run.s, h, u16()); break;
	case 3: (void)plim_get(run.s, h, (enum plim_option)(u8() % 16 + (u8() & 1) * 256), &value); break;
	case 4: (void)plim_set(run.s, h, (enum plim_option)(u8() % 16), (int64_t)u32()); break;
	case 5: (void)plim_conn_info(run.s, h, info); break;
	default:
		plim_stats(run.s, &st);
		while (plim_memory_map(run.s, &cursor, info, PL_COUNT(info)) > 0) {
		}
	}
}

/* A neighbour's answer to an ARP request of ours. */
static void
answer_arp(const uint8_t *arp)
{
	uint8_t reply[60] = {0};

	put_eth(reply, 0x0806);
	memcpy(reply + 14, arp, 28);
	reply[14 + 7] = 2;
	memcpy(reply + 14 + 8, peer_mac, 6);
	memcpy(reply + 14 + 14, arp + 24, 4);
	memcpy(reply + 14 + 18, our_mac, 6);
	memcpy(reply + 14 + 24, arp + 14, 4);
	give(reply, sizeof(reply), 0, 0);
}

/* A neighbour's answer to a solicitation of ours (RFC 4861 4.4). */
static void
answer_solicitation(const uint8_t *ip)
{
	struct plim_addr from = {.family = 6}, to = {.family = 6};
	size_t at = put_ip(frame_in, true, 58, 32);
	uint8_t *icmp = frame_in + at;

	memcpy(frame_in + 14 + 8, ip + 48, 16);
	memset(icmp, 0, 32);
	icmp[0] = 136;
	icmp[4] = 0x60;
	memcpy(icmp + 8, ip + 48, 16);
	icmp[24] = 2;
	icmp[25] = 1;
	memcpy(icmp + 26, peer_mac, 6);
	memcpy(from.octets, frame_in + 14 + 8, 16);
	memcpy(to.octets, our6, 16);
	pl_csum_store(icmp + 2, pl_csum_add(pl_csum_pseudo(&from, &to, 58, 32), icmp, 32));
	give(frame_in, at + 32, 0, 0);
}

static void
note_segment(const uint8_t *tcp, size_t len, bool is_v6)
{
	uint32_t octets = (uint32_t)(len - (size_t)(tcp[12] >> 4) * 4) + ((tcp[13] & 2) != 0) + (tcp[13] & 1);
	struct seen s = {pl_load32(tcp + 4) + octets, pl_load32(tcp + 8), pl_load16(tcp + 2), pl_load16(tcp), is_v6};

	run.seen[run.n_seen++ % PL_COUNT(run.seen)] = s;
}

static void
look_at(const uint8_t *frame, size_t len)
{
	uint16_t type = pl_load16(frame + 12);

	if (type == 0x0806 && len >= 42 && frame[21] == 1)
		answer_arp(frame + 14);
	else if (type == 0x0800 && len >= 54 && frame[23] == 6)
		note_segment(frame + 34, len - 34, false);
	else if (type == 0x86dd && len >= 74 && frame[20] == 6)
		note_segment(frame + 54, len - 54, true);
	else if (type == 0x86dd && len >= 78 && frame[20] == 58 && frame[54] == 135)
		answer_solicitation(frame + 14);
}

static void
drain(void)
{
	struct plim_frame out[32];
	struct plim_event events[8];

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 32; i++)
			out[i] = (struct plim_frame){.data = frame_out[i], .cap = sizeof(frame_out[i])};
		int n = plim_output(run.s, out, 32, run.now);
		for (int i = 0; i < n; i++) {
			if (out[i].len > 14 + MTU)
				abort();
			look_at(out[i].data, out[i].len);
		}
		if (n < 32)
			break;
	}
	(void)plim_events(run.s, events, 8); /* the rest stays queued */
}

static void
check(void)
{
	const char *why = "";
	struct plim_stats st;

	if (plim_check(run.s, &why) != 0)
		abort();
	plim_stats(run.s, &st);
	if (st.used > st.target || st.peak > st.target)
		abort();
}

static bool
start(void)
{
	struct plim_config c;
	uint8_t entropy[PLIM_ENTROPY_OCTETS];

	plim_config_default(&c);
	c.n_ifaces = 1;
	memcpy(c.ifaces[0].mac, our_mac, 6);
	c.ifaces[0].mtu = MTU;
	c.ifaces[0].n_addrs = 2;
	c.ifaces[0].addrs[0] = (struct plim_ifaddr){{{0}, 4}, 24};
	c.ifaces[0].addrs[1] = (struct plim_ifaddr){{{0}, 6}, 64};
	memcpy(c.ifaces[0].addrs[0].addr.octets, our4, 4);
	memcpy(c.ifaces[0].addrs[1].addr.octets, our6, 16);
	c.syn_cookies = u8() % 3;
	memset(entropy, 7, sizeof(entropy));
	memset(&run.handles, 0, sizeof(run.handles));
	memset(&run.seen, 0, sizeof(run.seen));
	run.n_seen = 0;
	run.now = 1000000000;
	return plim_create(&c, region, sizeof(region), entropy, run.now, &run.s) == PLIM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const steps[])(void) = {raw_frame,       ip_frame,      tcp_segment,   tcp_segment, tick,
	                                      call_open_close, call_transfer, call_transfer, call_other};

	run.in = pl_cur_of(data, size);
	if (!start())
		abort();
	for (unsigned i = 0; i < STEPS_MOST && pl_cur_left(&run.in) > 0; i++) {
		steps[u8() % PL_COUNT(steps)]();
		drain();
		if (i % STEPS_BETWEEN_CHECKS == 0)
			check();
	}
	check();
	return 0;
}
