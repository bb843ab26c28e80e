/* SPDX-License-Identifier: ISC */
/*
 * The TAP's floor: an end that answers ARP, opens every connection, acknowledges and sends, and does nothing else.
 *
 *   floor TAP ADDR4 HOSTADDR4 on|off WINDOW
 *
 * It keeps one connection, checks no checksum, copies nothing and looks at no payload: what the kernel, the TAP and
 * the system calls cost remains. Connections to port 19 get an endless stream of zeros, all others are a sink. Lost
 * segments are sent again by whoever lost them (the kernel), or after 200 ms from SND.UNA (here). Ends by SIGTERM,
 * or after 10 minutes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "drivers/tap.h"
#include "platform/posix/hostif.h"
#include "platform/posix/sys.h"
#include "wire/arp.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define SOURCE_PORT 19
#define SHIFT 7
#define MTU 1500
#define MSS 1460
#define BATCH PL_DRIVER_BATCH
#define FRAME_ROOM (PL_ETH_OCTETS + PL_SUPER_OCTETS + 64)
#define LIFE PL_SEC(600)
#define STUCK PL_MS(200)

struct floor {
	struct pl_tap tap;
	struct plim_addr us, host;
	uint8_t host_mac[PL_MAC_LEN];
	uint32_t window;
	uint32_t step;          /* octets of text in one frame */
	struct pl_tcp_seg last; /* of the connection at hand: ports, and the host's ACK and window */
	pl_seq rcv_nxt, acked, snd_una, snd_nxt;
	uint32_t snd_wnd;
	uint8_t snd_shift;
	bool is_source, must_ack;
	pl_time moved_at; /* SND.UNA moved */
};

static const uint8_t our_mac[PL_MAC_LEN] = {2, 'f', 'l', 'o', 'o', 'r'};
static volatile sig_atomic_t stopping;
static uint8_t out_frame[FRAME_ROOM];

static void
stop(int number)
{
	(void)number;
	stopping = 1;
}

/* ---- out ---- */

static void
put_eth(struct pl_put *w, const struct floor *f, uint16_t type)
{
	struct pl_eth eth = {.type = type};

	memcpy(eth.dst, f->host_mac, PL_MAC_LEN);
	memcpy(eth.src, our_mac, PL_MAC_LEN);
	pl_eth_put(w, &eth);
}

/* The text is zeros: it adds nothing to the checksum. */
static void
send_segment(struct floor *f, uint8_t flags, pl_seq seq, uint32_t text, const struct pl_tcp_opts *opt)
{
	struct pl_tcp_seg s = {.sport = f->last.dport,
	                       .dport = f->last.sport,
	                       .seq = seq,
	                       .ack = f->rcv_nxt,
	                       .flags = flags,
	                       .wnd = flags & PL_TH_SYN ? 65535 : f->window >> SHIFT,
	                       .opt = *opt};
	size_t header = PL_TCP_HEADER + pl_tcp_opts_len(opt);
	struct pl_put w = pl_put_to(out_frame, sizeof out_frame);
	struct pl_ip4 ip = {.src = f->us,
	                    .dst = f->host,
	                    .ttl = 64,
	                    .proto = 6,
	                    .df = true,
	                    .len = (uint16_t)(PL_IP4_HEADER + header + text)};
	struct plim_frame frame = {.data = out_frame};
	uint64_t sum = pl_csum_pseudo(&f->us, &f->host, 6, (uint32_t)(header + text));

	memset(out_frame, 0, 128); /* options of another segment may stand where text is now */
	put_eth(&w, f, PL_ETH_TYPE_IP4);
	pl_ip4_put(&w, &ip);
	(void)pl_tcp_put(w.p, header, &s);
	frame.len = (uint32_t)((size_t)(w.p - out_frame) + header + text);
	if (f->tap.has_vnet && text > MSS) {
		frame.flags = PLIM_FRAME_NEEDS_CSUM;
		frame.csum_start = PL_ETH_OCTETS + PL_IP4_HEADER;
		frame.csum_offset = 16;
		frame.gso_size = MSS;
		frame.hdr_len = (uint16_t)(PL_ETH_OCTETS + PL_IP4_HEADER + header);
		pl_csum_store(w.p + 16, sum);
		w.p[16] = (uint8_t)~w.p[16]; /* the field holds the pseudo-header's sum itself */
		w.p[17] = (uint8_t)~w.p[17];
	} else {
		pl_csum_store(w.p + 16, pl_csum_add(sum, w.p, header));
	}
	(void)pl_driver_tx(&f->tap.driver, &frame, 1, 0);
}

static void
send_text(struct floor *f, pl_time now)
{
	static const struct pl_tcp_opts none;

	if (f->snd_una != f->snd_nxt && now - f->moved_at > STUCK) {
		f->snd_nxt = f->snd_una;
		f->moved_at = now;
	}
	for (int i = 0; i < BATCH; i++) {
		uint32_t out = f->snd_nxt - f->snd_una, room = f->snd_wnd > out ? f->snd_wnd - out : 0;
		uint32_t len = PL_MIN(f->step, room / MSS * MSS);

		if (len == 0)
			break;
		send_segment(f, PL_TH_ACK, f->snd_nxt, len, &none);
		f->snd_nxt += len;
	}
}

/* ---- in ---- */

static void
take_arp(struct floor *f, struct pl_cur c)
{
	struct pl_put w = pl_put_to(out_frame, sizeof out_frame);
	struct plim_frame frame = {.data = out_frame};
	struct pl_arp a, reply = {.op = PL_ARP_REPLY};

	if (!pl_arp_parse(c, &a) || a.op != PL_ARP_REQUEST || !pl_addr_equal(&a.tpa, &f->us))
		return;
	memcpy(f->host_mac, a.sha, PL_MAC_LEN);
	memcpy(reply.sha, our_mac, PL_MAC_LEN);
	memcpy(reply.tha, a.sha, PL_MAC_LEN);
	reply.spa = a.tpa;
	reply.tpa = a.spa;
	put_eth(&w, f, PL_ETH_TYPE_ARP);
	pl_arp_put(&w, &reply);
	frame.len = (uint32_t)(w.p - out_frame);
	(void)pl_driver_tx(&f->tap.driver, &frame, 1, 0);
}

static void
open_connection(struct floor *f, const struct pl_tcp_seg *s)
{
	struct pl_tcp_opts opt = {.has = PL_OPT_MSS | (s->opt.has & PL_OPT_WSCALE), .mss = MSS, .wscale = SHIFT};

	f->last = *s;
	f->is_source = s->dport == SOURCE_PORT;
	f->snd_shift = s->opt.has & PL_OPT_WSCALE ? s->opt.wscale : 0;
	f->rcv_nxt = s->seq + 1;
	f->snd_una = f->snd_nxt = 1;
	f->snd_wnd = 0;
	send_segment(f, PL_TH_SYN | PL_TH_ACK, 0, 0, &opt);
}

static void
take_segment(struct floor *f, const struct pl_tcp_seg *s, pl_time now)
{
	if (s->flags & PL_TH_SYN) {
		open_connection(f, s);
		return;
	}
	if (s->sport != f->last.sport || s->dport != f->last.dport)
		return;
	if (s->flags & PL_TH_RST) {
		f->snd_wnd = 0;
		return;
	}
	f->must_ack |= s->len > 0;
	if (s->seq == f->rcv_nxt)
		f->rcv_nxt += s->len;
	if (pl_seq_lt(f->snd_una, s->ack)) {
		f->snd_una = s->ack;
		f->moved_at = now;
	}
	f->snd_wnd = s->wnd << f->snd_shift;
}

/* Headers only; the TAP hands over nothing but what its own kernel sent. */
static void
take_frame(struct floor *f, const struct plim_frame *in, pl_time now)
{
	struct pl_cur c = pl_cur_of(in->data, in->len);
	struct pl_eth eth;
	struct pl_ip4 ip;
	struct pl_tcp_seg s;

	if (!pl_eth_parse(&c, &eth))
		return;
	if (eth.type == PL_ETH_TYPE_ARP)
		take_arp(f, c);
	else if (eth.type == PL_ETH_TYPE_IP4 &&
	         pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip) == PL_PARSED && ip.proto == 6 &&
	         pl_addr_equal(&ip.dst, &f->us) && pl_tcp_parse(ip.payload, &s))
		take_segment(f, &s, now);
}

/* True if there was anything. */
static bool
turn(struct floor *f, pl_time now)
{
	static const struct pl_tcp_opts none;
	struct plim_frame in[BATCH];
	int n = pl_driver_rx(&f->tap.driver, in, BATCH, now);
	pl_seq before = f->snd_nxt;

	for (int i = 0; i < n; i++)
		take_frame(f, &in[i], now);
	if (f->must_ack && (n < BATCH || f->rcv_nxt - f->acked >= f->window / 4)) {
		f->acked = f->rcv_nxt;
		f->must_ack = false;
		send_segment(f, PL_TH_ACK, f->snd_nxt, 0, &none);
	}
	if (f->is_source)
		send_text(f, now);
	return n > 0 || f->snd_nxt != before;
}

static int
run(struct floor *f)
{
	pl_time until = pl_posix_now() + LIFE;
	struct pollfd p = {.fd = f->tap.driver.fd, .events = POLLIN};

	printf("READY\n");
	fflush(stdout);
	for (pl_time now = pl_posix_now(); !stopping && now < until; now = pl_posix_now())
		if (!turn(f, now))
			(void)poll(&p, 1, 50);
	pl_driver_close(&f->tap.driver);
	return 0;
}

static bool
open_tap(struct floor *f, const char *name, bool offload)
{
	struct plim_ifaddr host = {.addr = f->host, .prefix_len = 24};
	void *buffers = aligned_alloc(64, PL_ALIGN_UP(pl_tap_buffer_octets(MTU, offload), 64u));
	char why[200];

	if (buffers == NULL || pl_tap_open(&f->tap, name, MTU, offload, buffers, why, sizeof why) != 0) {
		fprintf(stderr, "floor: %s\n", buffers ? why : "no memory");
		return false;
	}
	if (pl_hostif_up(name, MTU) != 0 || pl_hostif_add_addr(name, &host) != 0) {
		fprintf(stderr, "floor: %s: %s\n", name, strerror(errno));
		return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct floor f = {.us.family = 4, .host.family = 4};
	bool offload;

	if (argc != 6 || inet_pton(AF_INET, argv[2], f.us.octets) != 1 ||
	    inet_pton(AF_INET, argv[3], f.host.octets) != 1) {
		fprintf(stderr, "usage: floor TAP ADDR4 HOSTADDR4 on|off WINDOW\n");
		return 2;
	}
	offload = strcmp(argv[4], "on") == 0;
	f.window = (uint32_t)strtoul(argv[5], NULL, 10);
	f.step = offload ? MSS * 44 : MSS;
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	return open_tap(&f, argv[1], offload) ? run(&f) : 1;
}
