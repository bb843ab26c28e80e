/* SPDX-License-Identifier: ISC */
/*
 * The reproducer of window growth: a raw peer writes 4 octets each millisecond to an application that never reads, for 16
 * minutes, at four window scales and with either rule for windows. Memory levels off, the window reaches 0, nothing inside
 * it is refused, and all of it arrives when reading resumes. Our own sender: api_retracted_edge.c.
 */
#include "tests/dialogue/dialogue.h"

#include "base/seq.h"
#include "mem/objects.h"

#define WRITE 4u
#define MINUTES 16u
#define FILL_MS 200000u /* at most: 800 KB at this pace */
#define REST 20000u     /* octets still to come when reading resumes */
#define PROBE_MOST_MS 60000u

enum rule { RFC9293, LINUX };

static struct {
	enum rule rule;
	uint32_t una, nxt, edge, edge_most, wl1;
	uint64_t written, ms, probe_at, probe_wait;
	unsigned probes;
} w;

/* tcp_may_update_window() as Linux has it: a bare ACK that repeats SEQ and ACK does not make a window smaller, except to 0. */
static bool
may_update(const struct pl_tcp_seg *g, uint32_t wnd)
{
	uint32_t before = w.edge - w.una;

	return w.rule == RFC9293 || pl_seq_lt(w.una, g->ack) || pl_seq_lt(w.wl1, g->seq) ||
	       (g->seq == w.wl1 && (wnd > before || wnd == 0));
}

static unsigned
hear_acks(void)
{
	struct pl_tcp_seg g;
	plim_time when;
	unsigned n = 0;

	while (next_segment(&g, &when)) {
		uint32_t wnd = (uint32_t)g.wnd << d.our_shift;

		assert_true((g.flags & (ACK | RST)) == ACK);
		if (may_update(&g, wnd)) {
			w.edge = g.ack + wnd;
			w.edge_most = pl_seq_max(w.edge_most, w.edge);
			w.wl1 = g.seq;
		}
		w.una = pl_seq_max(w.una, g.ack);
		if (pl_seq_le(w.nxt + WRITE, w.edge))
			w.probe_wait = 0;
		n++;
	}
	return n;
}

static void
send_what_fits(uint32_t most)
{
	while (pl_seq_lt(w.nxt, 1 + (uint32_t)w.written)) {
		uint32_t n = PL_MIN(most, 1 + (uint32_t)w.written - w.nxt);

		if (pl_seq_lt(w.edge, w.nxt + n))
			return;
		peer(ACK | PSH, .seq = w.nxt, .ack = ISS + 1, .len = n);
		w.nxt += n;
		(void)hear_acks();
	}
}

/* Linux repeats the octet before; others send the one beyond. */
static void
probe(void)
{
	if (w.ms < w.probe_at)
		return;
	w.probe_wait = w.probe_wait ? PL_MIN(2 * w.probe_wait, PROBE_MOST_MS) : 1000;
	w.probe_at = w.ms + w.probe_wait;
	w.probes++;
	if (w.rule == LINUX)
		peer(ACK, .seq = w.nxt - 1, .ack = ISS + 1);
	else
		peer(ACK, .seq = w.nxt, .ack = ISS + 1, .len = 1);
	at(w.ms += 50);                /* an octet within the furthest edge is taken: its ACK may wait */
	assert_true(hear_acks() >= 1); /* each probe is answered (MUST-37, SHLD-17) */
	w.nxt = pl_seq_max(w.nxt, w.una);
	w.written = PL_MAX(w.written, w.nxt - 1);
}

static uint64_t
text_refused(void)
{
	return count_drop(PLIM_DROP_tcp_text_refused) + count_drop(PLIM_DROP_tcp_outside_window);
}

static void
begin_at_scale(unsigned scale, enum rule rule)
{
	memset(&w, 0, sizeof w);
	w.rule = rule;
	d.conf.rcv_buf_max = (uint64_t)65535 << scale;
	d.may_shrink = false;
	start(64u << 20); /* an eighth of it is over the least unit of scale 14 */
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ws_on = true, .ws = 7, .sack_ok = true);
	we(SYN | ACK, .ack = 1);
	assert_int_equal(d.our_shift, scale);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	app_accept();
	w.una = w.nxt = 1;
	w.edge = w.edge_most = 1;
	peer(ACK, .seq = 0, .ack = ISS + 1, .len = 1); /* an old octet: the answer tells the scaled window */
	w.rule = RFC9293;
	(void)hear_acks();
	w.rule = rule;
}

static struct plim_conn_info
info(void)
{
	struct plim_conn_info i;

	assert_int_equal(plim_conn_info(d.s, d.h, &i), 0);
	return i;
}

static uint64_t
block_octets(void)
{
	int64_t v = 0;

	assert_int_equal(plim_get(d.s, (plim_h){0, 0}, PLIM_O_BLOCK_OCTETS, &v), 0);
	return (uint64_t)v;
}

/* What a window of w octets may cost at most: DESIGN section 4, "Receive storage". */
static uint64_t
most_octets(void)
{
	uint64_t window = w.edge_most - 1, block = block_octets(), blocks = (window + block - 1) / block + 1;

	return PL_CONN_OCTETS(6) + PL_OCTETS_hot + PL_OCTETS_park + blocks * block +
	       (blocks / 64 + 2) * PL_OCTETS_node + PL_OCTETS_ivl32;
}

static void
fill(void)
{
	for (w.ms = 1; w.ms < FILL_MS && w.nxt + WRITE <= w.edge; w.ms++) {
		at(w.ms);
		w.written += WRITE;
		(void)hear_acks();
		send_what_fits(WRITE);
	}
	at(w.ms += 100); /* what delays an ACK is over */
	(void)hear_acks();
	assert_true(w.ms < FILL_MS);
	assert_int_equal(w.una, w.nxt); /* nothing inside the window was refused */
	assert_int_equal(text_refused(), 0);
}

static void
wait_for_minutes(void)
{
	uint64_t held = info().held;

	w.probe_at = w.ms + 1000;
	while (w.ms < MINUTES * 60000u) {
		at(w.ms += 500);
		(void)hear_acks();
		send_what_fits(WRITE);
		if (w.nxt + WRITE > w.edge)
			probe();
		assert_true(info().held <= held); /* levelled off: compaction may make it less */
	}
	assert_true(w.probes >= 14);
	assert_int_equal(info().rcv_queued, w.nxt - 1);
	assert_true(info().held <= most_octets());
}

static void
read_the_rest(void)
{
	uint64_t limit = w.ms + 300000;

	w.written += REST;
	while (d.received < w.written) {
		assert_true(w.ms < limit);
		while (app_read(8192) > 0)
			;
		(void)hear_acks();
		send_what_fits(1000);
		at(++w.ms);
	}
	assert_int_equal(app_state(), PLIM_ESTABLISHED);
	at(w.ms + 100);
	(void)hear_acks();
	assert_int_equal(w.una, 1 + (uint32_t)w.written);
}

static void
grow(unsigned scale, enum rule rule)
{
	begin_at_scale(scale, rule);
	assert_true(w.edge - 1 >= MSS); /* a window it is at all */
	fill();
	assert_true(pl_seq_lt(w.edge, w.nxt + WRITE)); /* the window reached 0, in units of what is written */
	wait_for_minutes();
	print_message("scale %u: window %u octets, held %llu of at most %llu, %u probes\n", scale, w.edge_most - 1,
	              (unsigned long long)info().held, (unsigned long long)most_octets(), w.probes);
	read_the_rest();
	(void)ignore_rest();
}

#define AT_SCALE(n)                                                      \
	static void growth_levels_off_at_scale_##n(void **state)         \
	{                                                                \
		(void)state;                                             \
		grow(n, RFC9293);                                        \
	}                                                                \
	static void growth_levels_off_at_scale_##n##_linux(void **state) \
	{                                                                \
		(void)state;                                             \
		grow(n, LINUX);                                          \
	}

AT_SCALE(0)
AT_SCALE(2)
AT_SCALE(7)
AT_SCALE(14)

/* An initial window is less than 2^14 octets: told as 0 it would be for ever. Reading what came opens it again. */
static void
a_window_is_never_less_than_a_unit_of_its_scale(void **state)
{
	(void)state;
	begin_at_scale(14, LINUX);
	for (uint32_t i = 0; i < 8; i++) {
		assert_true(pl_seq_le(w.nxt + MSS, w.edge));
		w.written += WRITE;
		send_what_fits(WRITE);
		at(w.ms += 100);
		(void)hear_acks();
		assert_int_equal(app_read(100), WRITE);
		at(w.ms += 100);
		(void)hear_acks();
	}
	(void)ignore_rest();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		D(growth_levels_off_at_scale_0),
		D(growth_levels_off_at_scale_0_linux),
		D(growth_levels_off_at_scale_2),
		D(growth_levels_off_at_scale_2_linux),
		D(growth_levels_off_at_scale_7),
		D(growth_levels_off_at_scale_7_linux),
		D(a_window_is_never_less_than_a_unit_of_its_scale),
		D(growth_levels_off_at_scale_14),
		D(growth_levels_off_at_scale_14_linux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
