/* SPDX-License-Identifier: ISC */
/*
 * The deadline matrix: every state x what its peer does x level 0 to 3, the virtual time until it is free, against the
 * table of deadlines (DESIGN section 6, docs/memory.md). All figures come from the configuration. The level is held by
 * what an application charged on a connection of its own.
 */
#include "tests/api/crowd.h"

#define PEER_PORT 5000
#define STEP_MS 100u
#define HORIZON_MS 400000u /* longer than any deadline here: what is left then stays */
#define LATE_MS 500u       /* a sweep, a step of this test */
#define LOOK_MS 1000u      /* an active connection is looked at so often (tcp/timer.c) */
#define DATA 1000u

enum how { SILENT, RESET, ACK_ONLY, DRIP, ZERO_WINDOW, N_HOWS };
static const char *const how_names[N_HOWS] = {"silent", "RST", "ACK only", "an octet each 30 s", "zero window"};

/* When it is to be free. */
enum due {
	AT_ONCE,
	STAYS,
	SYN_END,
	SYNACK_END,     /* all tries */
	SYNACK_PRESSED, /* fewer */
	R2,
	ORPHAN,
	ORPHAN_2, /* from level 2 */
	ORPHAN_3, /* the same at most: evicted as soon as seen */
	FW2,
	FW2_2,
	FW2_3,
	ACCEPT,
	ACCEPT_2,
	ACCEPT_3,
	PROBED_1, /* liveness */
	PROBED_2,
	MARKED,  /* it was of use: unanswered probes make it the first to go at level 3 */
	STALLED, /* eviction at level 3 */
	TWO_MSL,
	N_DUES,
};

static struct plim_config conf;

static uint64_t
due_ms(enum due due)
{
	const uint64_t ms[N_DUES] = {
		[STAYS] = HORIZON_MS,
		[SYN_END] = conf.syn_timeout_ms,
		[SYNACK_END] = (conf.rto_initial_ms << (conf.synack_retries + 1)) - conf.rto_initial_ms,
		[SYNACK_PRESSED] = (conf.rto_initial_ms << (2 + 1)) - conf.rto_initial_ms, /* tcp/syncache.c */
		[R2] = conf.user_timeout_ms,
		[ORPHAN] = conf.orphan_timeout_ms,
		[ORPHAN_2] = conf.orphan_pressed_ms,
		[ORPHAN_3] = conf.orphan_pressed_ms,
		[FW2] = conf.fin_wait_2_timeout_ms,
		[FW2_2] = conf.fin_wait_2_pressed_ms,
		[FW2_3] = conf.fin_wait_2_pressed_ms,
		[ACCEPT] = conf.accept_timeout_ms,
		[ACCEPT_2] = conf.accept_level_2_ms,
		[ACCEPT_3] = conf.accept_level_3_ms,
		[PROBED_1] = conf.probe_idle_ms + conf.probe_count * conf.probe_interval_ms,
		[PROBED_2] = conf.probe_pressed_idle_ms + conf.probe_count * conf.probe_pressed_interval_ms,
		[MARKED] = conf.probe_useful_pressed_idle_ms + conf.probe_count * conf.probe_pressed_interval_ms,
		[STALLED] = conf.evict_level_3_ms,
		[TWO_MSL] = 2 * conf.msl_ms,
	};

	return ms[due];
}

static bool
is_at_most(enum due due)
{
	return due == ORPHAN_3 || due == FW2_3;
}

/* ---- the one connection that is watched ---- */

static struct {
	plim_h h;
	bool has_handle, accepted;
	uint32_t seq, ack; /* what the peer sends next, what it acknowledges */
	uint16_t wnd;
	unsigned heard;
	uint64_t ms, said_ms;
} c;

static struct plim_addr
them(void)
{
	return peer4(2);
}

static void
peer_says(uint8_t flags, size_t len)
{
	say_window = c.wnd;
	say(them(), PEER_PORT, flags, c.seq, c.ack, len);
	say_window = SAY_WINDOW;
	c.seq += (uint32_t)len + ((flags & PL_TH_FIN) != 0);
}

static void
is_established(bool zero_window)
{
	if (zero_window)
		c.wnd = 0;
	c.ack = shake(them(), PEER_PORT);
	c.seq = 101;
	c.h = accept_one();
	c.accepted = true;
	if (zero_window)
		peer_says(PL_TH_ACK, 0);
}

/* Of use once: the peer sent, the application read. */
static void
make_useful(bool zero_window)
{
	uint8_t got[16];

	is_established(zero_window);
	peer_says(PL_TH_ACK | PL_TH_PSH, 10);
	assert_int_equal(plim_recv(s, c.h, got, sizeof got), 10);
}

static void
make_syn_sent(bool zero_window)
{
	struct plim_endpoint to = {them(), PEER_PORT}, from = {us4_addr, 81};

	(void)zero_window;
	(void)plim_poll(s, now, 1000); /* it is told the time */
	assert_int_equal(plim_tcp_connect(s, &to, &from, 1, &c.h), PLIM_OK);
	drain();
	drain(); /* once the neighbour has answered */
	assert_true(last.flags & PL_TH_SYN);
	say_port = 81;
	c.seq = 100;
	c.ack = last.seq; /* does not acknowledge the SYN */
}

static void
make_syn_received(bool zero_window)
{
	(void)zero_window;
	say(them(), PEER_PORT, PL_TH_SYN, 100, 0, 0);
	c.seq = 101;
	c.ack = synack_seq; /* does not acknowledge it */
}

static void
make_unaccepted(bool zero_window)
{
	if (zero_window)
		c.wnd = 0;
	c.ack = shake(them(), PEER_PORT);
	c.seq = 101;
}

static void
queue_data(void)
{
	uint8_t octets[DATA] = {0};

	assert_int_equal(plim_send(s, c.h, octets, sizeof octets, 0), DATA);
	drain();
}

static void
make_sending(bool zero_window)
{
	is_established(zero_window);
	queue_data();
}

static void
close_it(void)
{
	assert_int_equal(plim_tcp_close(s, c.h), PLIM_OK);
	drain();
}

static void
make_fin_wait_1(bool zero_window)
{
	is_established(zero_window);
	if (zero_window)
		queue_data();
	close_it();
}

static void
make_fin_wait_2(bool zero_window)
{
	is_established(false);
	close_it();
	c.ack++;
	c.wnd = zero_window ? 0 : c.wnd;
	peer_says(PL_TH_ACK, 0);
}

static void
make_close_wait(bool zero_window)
{
	is_established(zero_window);
	peer_says(PL_TH_ACK | PL_TH_FIN, 0);
}

static void
make_last_ack(bool zero_window)
{
	make_close_wait(zero_window);
	close_it();
}

static void
make_closing(bool zero_window)
{
	is_established(false);
	close_it();
	c.wnd = zero_window ? 0 : c.wnd;
	peer_says(PL_TH_ACK | PL_TH_FIN, 0); /* acknowledges no FIN of ours */
}

static void
make_time_wait(bool zero_window)
{
	make_closing(zero_window);
	c.ack++;
	peer_says(PL_TH_ACK, 0);
}

/* ---- the matrix ---- */

struct row {
	const char *name;
	enum plim_state state;
	void (*make)(bool zero_window);
	uint8_t due[N_HOWS][4];
};

#define EVERY(x)           \
	{                  \
		x, x, x, x \
	}

static const struct row rows[] = {
	{"SYN_SENT",
         PLIM_SYN_SENT,
         make_syn_sent,
         {EVERY(SYN_END), EVERY(AT_ONCE), EVERY(SYN_END), EVERY(SYN_END), EVERY(SYN_END)}},
	{"SYN_RECEIVED",
         PLIM_SYN_RECEIVED,
         make_syn_received,
         {{SYNACK_END, SYNACK_END, SYNACK_PRESSED, SYNACK_PRESSED},
          EVERY(AT_ONCE),
          {SYNACK_END, SYNACK_END, SYNACK_PRESSED, SYNACK_PRESSED},
          {SYNACK_END, SYNACK_END, SYNACK_PRESSED, SYNACK_PRESSED},
          {SYNACK_END, SYNACK_END, SYNACK_PRESSED, SYNACK_PRESSED}}},
	{"not accepted",
         PLIM_ESTABLISHED,
         make_unaccepted,
         {{ACCEPT, ACCEPT, ACCEPT_2, ACCEPT_3},
          EVERY(AT_ONCE),
          {ACCEPT, ACCEPT, ACCEPT_2, ACCEPT_3},
          {ACCEPT, ACCEPT, ACCEPT_2, ACCEPT_3},
          {ACCEPT, ACCEPT, ACCEPT_2, ACCEPT_3}}},
	{"ESTABLISHED, idle",
         PLIM_ESTABLISHED,
         is_established,
         {{STAYS, PROBED_1, PROBED_2, STALLED},
          EVERY(AT_ONCE),
          {STAYS, STAYS, STAYS, STALLED},
          EVERY(STAYS),
          {STAYS, STAYS, STAYS, STALLED}}},
	{"ESTABLISHED, idle, was of use",
         PLIM_ESTABLISHED,
         make_useful,
         {{STAYS, STAYS, STAYS, MARKED}, EVERY(AT_ONCE), EVERY(STAYS), EVERY(STAYS), EVERY(STAYS)}},
	{"ESTABLISHED, sending",
         PLIM_ESTABLISHED,
         make_sending,
         {{R2, R2, R2, STALLED}, EVERY(AT_ONCE), {R2, R2, R2, STALLED}, EVERY(R2), {STAYS, STAYS, STAYS, STALLED}}},
	{"FIN_WAIT_1",
         PLIM_FIN_WAIT_1,
         make_fin_wait_1,
         {{ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          EVERY(AT_ONCE),
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          EVERY(AT_ONCE),
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3}}},
	{"FIN_WAIT_2",
         PLIM_FIN_WAIT_2,
         make_fin_wait_2,
         {{FW2, FW2, FW2_2, FW2_3},
          EVERY(AT_ONCE),
          {FW2, FW2, FW2_2, FW2_3},
          EVERY(AT_ONCE),
          {FW2, FW2, FW2_2, FW2_3}}},
	{"CLOSE_WAIT",
         PLIM_CLOSE_WAIT,
         make_close_wait,
         {{STAYS, PROBED_1, PROBED_2, STALLED},
          EVERY(AT_ONCE),
          {STAYS, STAYS, STAYS, STALLED},
          {STAYS, STAYS, PROBED_2, STALLED}, /* it answers no probe in between */
          {STAYS, STAYS, STAYS, STALLED}}},
	{"CLOSING",
         PLIM_CLOSING,
         make_closing,
         {{ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          EVERY(AT_ONCE),
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3}}},
	{"LAST_ACK",
         PLIM_LAST_ACK,
         make_last_ack,
         {{ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          EVERY(AT_ONCE),
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3},
          {ORPHAN, ORPHAN, ORPHAN_2, ORPHAN_3}}},
	{"TIME_WAIT",
         PLIM_TIME_WAIT,
         make_time_wait,
         {EVERY(TWO_MSL), EVERY(TWO_MSL), EVERY(TWO_MSL), EVERY(TWO_MSL), EVERY(TWO_MSL)}},
};

/* ---- one cell ---- */

static void
configure(struct plim_config *config)
{
	config->cap_app_pct = 75;
	config->evict_useful_times = 1000; /* what holds the level was of use once, and stays */
	conf = *config;
}

static plim_h
make_ballast(void)
{
	uint8_t got[100];
	uint32_t ack = shake(peer4(1), PEER_PORT);
	plim_h h = accept_one();

	say(peer4(1), PEER_PORT, PL_TH_ACK | PL_TH_PSH, 101, ack, sizeof got);
	assert_int_equal(plim_recv(s, h, got, sizeof got), sizeof got);
	assert_int_equal(plim_set(s, h, PLIM_O_NO_PROBE, 1), PLIM_OK);
	go(PL_SEC(3));
	return h;
}

static void
press(plim_h ballast, unsigned level)
{
	const uint64_t pct[] = {0, conf.level_1_pct, conf.level_2_pct, conf.level_3_pct};
	uint64_t cap = TARGET / 100 * 75, want = cap * (pct[level] + 4) / 100;

	if (level > 0)
		assert_int_equal(plim_charge(s, ballast, (size_t)(want - stats().pressure_permille * cap / 1000)),
		                 PLIM_OK);
}

/* Connections in any state, the ballast aside. */
static uint64_t
alive(void)
{
	struct plim_stats st = stats();
	uint64_t n = 0;

	for (unsigned i = 0; i < PLIM_N_STATES; i++)
		n += i == PLIM_CLOSED || i == PLIM_LISTEN ? 0 : st.by_state[i];
	return n - 1;
}

static void
act(enum how how)
{
	bool was_asked = n_out > c.heard;
	uint8_t got[16];

	c.heard = n_out;
	if (how == ACK_ONLY && c.ms % 5000 == 0)
		peer_says(PL_TH_ACK, 0);
	if (how == DRIP && c.ms % 30000 == 0)
		peer_says(PL_TH_ACK | PL_TH_PSH, 1);
	if (how == ZERO_WINDOW && (was_asked || c.ms == 0))
		peer_says(PL_TH_ACK, 0);
	if (c.accepted)
		(void)plim_recv(s, c.h, got, sizeof got); /* the application reads what comes */
	c.heard = n_out;
}

/* A RST at RCV.NXT, before anything else can come to pass: true if it is free. */
static bool
is_reset(const struct row *row)
{
	c.ack += row->state == PLIM_SYN_SENT; /* there a RST counts if it acknowledges the SYN */
	peer_says(PL_TH_RST | PL_TH_ACK, 0);
	return alive() == 0;
}

/* ms until it is free. */
static uint64_t
time_to_free(enum how how)
{
	for (c.ms = 0; c.ms < HORIZON_MS; c.ms += STEP_MS) {
		act(how);
		go(PL_MS(c.ms == 0 ? 1 : STEP_MS));
		if (alive() == 0)
			return c.ms;
	}
	return HORIZON_MS;
}

static bool
is_as_due(uint64_t took, enum due due, bool has_text)
{
	uint64_t want = due_ms(due), late = LATE_MS + (has_text ? LOOK_MS : 0);

	if (due == AT_ONCE)
		return took == 0;
	return took <= want + late && (is_at_most(due) || took + 2 * STEP_MS >= want);
}

static unsigned
run_cell(const struct row *row, enum how how, unsigned level)
{
	plim_h ballast;
	uint64_t took;
	bool is_good, is_free;

	memset(&c, 0, sizeof c);
	c.wnd = SAY_WINDOW;
	start(configure);
	go(PL_MS(10));
	ballast = make_ballast();
	row->make(how == ZERO_WINDOW);
	assert_int_equal(alive(), 1);
	assert_true(stats().by_state[row->state] >= 1);
	press(ballast, level);
	is_free = how == RESET && is_reset(row);
	go(0);
	assert_int_equal(stats().level, level);
	took = is_free ? 0 : time_to_free(how);
	is_good = (is_free || how != RESET || row->due[how][level] != AT_ONCE) &&
	          is_as_due(took, row->due[how][level], how == DRIP) && stats().level == level;
	if (!is_good || getenv("DEADLINES_SHOW"))
		print_message("%s %s, %s, L%u: free after %llu ms, due %llu, level then %u\n", is_good ? "ok" : "short",
		              row->name, how_names[how], level, (unsigned long long)took,
		              (unsigned long long)due_ms(row->due[how][level]), stats().level);
	say_port = 80;
	stop();
	return !is_good;
}

static void
every_state_ends_by_its_deadline(void **state)
{
	unsigned bad = 0, cells = 0;

	(void)state;
	for (unsigned r = 0; r < PL_COUNT(rows); r++)
		for (unsigned how = 0; how < N_HOWS; how++)
			for (unsigned level = 0; level <= 3; level++, cells++)
				bad += run_cell(&rows[r], how, level);
	print_message("deadline matrix: %u cells, %u not as they should be\n", cells, bad);
	assert_int_equal(bad, 0);
}

TESTS_MAIN(cmocka_unit_test(every_state_ends_by_its_deadline))
