/* SPDX-License-Identifier: ISC */
/*
 * A right edge that goes back. Ours, told to a peer with Linux's rule, which ignores a bare ACK that repeats SEQ and ACK
 * with a smaller window; and a peer's, told to our sender. Two stacks of ours: api_growth_pair.c.
 */
#include "tests/dialogue/dialogue.h"

#include "base/seq.h"

#define SEGMENT 1000u
#define RTO_MS 300u
#define MINUTE_S 60u
#define TOTAL 14000u

static struct {
	uint32_t una, nxt, edge, wl1, end;
	uint64_t ms, rtx_at;
	unsigned ignored;
} linux_peer;

static void
take_window(const struct pl_tcp_seg *g)
{
	uint32_t wnd = (uint32_t)g->wnd << d.our_shift, before = linux_peer.edge - linux_peer.una;

	if (pl_seq_lt(linux_peer.una, g->ack) || pl_seq_lt(linux_peer.wl1, g->seq) || wnd > before || wnd == 0) {
		linux_peer.edge = g->ack + wnd;
		linux_peer.wl1 = g->seq;
	} else if (wnd < before) {
		linux_peer.ignored++;
	}
}

static void
hear_acks(void)
{
	struct pl_tcp_seg g;
	plim_time when;

	while (next_segment(&g, &when)) {
		assert_true((g.flags & (ACK | RST)) == ACK);
		take_window(&g);
		if (pl_seq_lt(linux_peer.una, g.ack)) {
			linux_peer.una = g.ack;
			linux_peer.rtx_at = linux_peer.ms + RTO_MS;
		}
		linux_peer.nxt = pl_seq_max(linux_peer.nxt, linux_peer.una);
	}
}

/* Go-back-N by timer; a window probe repeats the octet before. */
static void
linux_turn(void)
{
	uint32_t n;

	at(++linux_peer.ms);
	hear_acks();
	if (linux_peer.ms >= linux_peer.rtx_at) {
		linux_peer.rtx_at = linux_peer.ms + RTO_MS;
		if (linux_peer.nxt == linux_peer.una)
			peer(ACK, .seq = linux_peer.una - 1, .ack = ISS + 1);
		linux_peer.nxt = linux_peer.una;
		hear_acks();
	}
	n = PL_MIN(SEGMENT, linux_peer.end - linux_peer.nxt);
	if (n == 0 || pl_seq_lt(linux_peer.edge, linux_peer.nxt + n))
		return;
	peer(ACK | PSH, .seq = linux_peer.nxt, .ack = ISS + 1, .len = n);
	linux_peer.nxt += n;
}

static void
linux_connects(void)
{
	memset(&linux_peer, 0, sizeof linux_peer);
	d.conf.cap_app_pct = 75;
	d.may_shrink = true;
	start(1u << 20);
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ws_on = true, .ws = 7);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	app_accept();
	linux_peer.una = linux_peer.nxt = 1;
	linux_peer.edge = 1 + 10 * SEGMENT;
	linux_peer.end = 1 + 400000;
}

static void
to_pressure(unsigned permille)
{
	uint64_t cap = (1u << 20) / 100 * 75, want = cap * permille / 1000, held;
	struct plim_conn_info i;
	struct plim_stats st;

	plim_stats(d.s, &st);
	assert_int_equal(plim_conn_info(d.s, d.h, &i), 0);
	held = st.pressure_permille * cap / 1000;
	if (want > held)
		assert_int_equal(plim_charge(d.s, d.h, (size_t)(want - held)), 0);
	else
		assert_int_equal(plim_uncharge(d.s, d.h, (size_t)i.charged), 0);
}

static void
a_linux_sender_survives_our_retracted_edge(void **state)
{
	struct plim_stats st;

	(void)state;
	linux_connects();
	while (linux_peer.ms < 200) {
		linux_turn();
		(void)app_read(65536);
	}
	assert_true(linux_peer.edge - linux_peer.una > 2 * SEGMENT);
	at(linux_peer.ms += 100); /* all is acknowledged, and read */
	hear_acks();
	(void)app_read(65536);
	to_pressure(900);
	at(linux_peer.ms += 100); /* a bare ACK with a smaller window, which is not 0 */
	hear_acks();
	assert_int_equal(linux_peer.ignored, 1);
	while (linux_peer.ms <
	       8000) /* nobody reads; what was in flight inside the furthest edge is kept or sent again */
		linux_turn();
	plim_stats(d.s, &st);
	assert_int_equal(st.level, 3);
	assert_true(st.actions[PLIM_ACTION_window_shrunk] >= 1);
	to_pressure(0);
	while (d.received < linux_peer.end - 1) {
		assert_true(linux_peer.ms < 120000);
		linux_turn();
		(void)app_read(65536);
	}
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	at(linux_peer.ms + 100);
	(void)ignore_rest();
}

/* Our sender: the peer takes the edge back under what is in flight, to a few octets, then to 0, then opens again. */
static void
our_sender_takes_a_retracted_edge(void **state)
{
	struct pl_tcp_seg g;
	uint32_t una = 1, most = 0, before;
	plim_time when;

	(void)state;
	established();
	assert_int_equal(app_send(TOTAL), TOTAL);
	assert_true(ignore_rest() >= 4); /* an initial window is in flight */
	at(10);
	peer(ACK, .seq = 1, .ack = ISS + 1 + 2920, .wnd = 1000);
	(void)ignore_rest();
	at(20);
	peer(ACK, .seq = 1, .ack = ISS + 1 + 2920, .no_wnd = true);
	(void)ignore_rest();
	before = (uint32_t)count_tcp(PLIM_TCP_octets_out);
	for (unsigned s = 1; s <= MINUTE_S * 16; s++) { /* all is answered with a window of 0 */
		at(1000 * s);
		if (next_segment(&g, &when)) {
			(void)ignore_rest();
			peer(ACK, .seq = 1, .ack = ISS + 1 + 2920, .no_wnd = true);
			(void)ignore_rest();
		}
	}
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	assert_true(count_tcp(PLIM_TCP_octets_out) - before < 100 * 1460); /* it probes, it does not flood */
	una += 2920;
	for (uint64_t ms = 16 * 60000 + 10; una < 1 + TOTAL; ms += 10) {
		assert_true(ms < 16 * 60000 + 60000);
		at(ms);
		peer(ACK, .seq = 1, .ack = ISS + una, .wnd = 60000);
		while (next_segment(&g, &when)) {
			most = pl_seq_max(g.seq + (uint32_t)g.text.len - ISS, una);
			if (g.seq - ISS <= una)
				una = most;
		}
	}
	at(16 * 60000 + 61000);
	peer(ACK, .seq = 1, .ack = ISS + una, .wnd = 60000);
	assert_int_equal(app_get(PLIM_O_UNACKED), 0);
	(void)ignore_rest();
}

TESTS_MAIN(D(a_linux_sender_survives_our_retracted_edge), D(our_sender_takes_a_retracted_edge))
