/* SPDX-License-Identifier: ISC */
/* Many peers on one small stack, made with raw frames: what each form costs, who fills which bucket, and that all comes back. */
#include "tcp/closing.h"
#include "tcp/form.h"
#include "tcp/timewait.h"

#include "tests/api/crowd.h"

#define IDLE 4000u

/* ---- */

static void
four_thousand_idle_connections_cost_128_octets_each(void **state)
{
	static plim_h h[IDLE];
	static uint32_t iss[IDLE];
	struct plim_conn_info info;
	struct plim_stats st;
	uint64_t used;

	(void)state;
	start(NULL);
	go(PL_MS(10));
	used = stats().used;
	for (unsigned i = 0; i < IDLE; i++) {
		iss[i] = shake(peer4(i * 3), (uint16_t)(1024 + i));
		h[i] = accept_one();
		if (i % 100 == 0)
			go(PL_MS(20));
	}
	go(PL_SEC(5));
	st = stats();
	assert_int_equal(st.by_state[PLIM_ESTABLISHED], IDLE);
	assert_int_equal(st.idle_form, IDLE);
	assert_int_equal(plim_conn_info(s, h[17], &info), PLIM_OK);
	assert_true(info.idle_form && info.held <= 128);
	/* All in: whole slabs, to within a slab or two of slack. */
	if (st.used - used > IDLE * 128u)
		fail_msg("%.1f octets each", (double)(st.used - used) / IDLE);
	/* Each still answers. */
	for (unsigned i = 0; i < IDLE; i += 37) {
		uint8_t got[10];

		say(peer4(i * 3), (uint16_t)(1024 + i), PL_TH_ACK | PL_TH_PSH, 101, iss[i], 10);
		assert_int_equal(plim_recv(s, h[i], got, 10), 10);
		assert_int_equal(plim_send(s, h[i], got, 10, 0), 10);
		drain();
		assert_int_equal(last.text.len, 10);
		say(peer4(i * 3), (uint16_t)(1024 + i), PL_TH_ACK, 111, iss[i] + 10, 0);
	}
	go(PL_SEC(5));
	assert_int_equal(stats().idle_form, IDLE);
	for (unsigned i = 0; i < IDLE; i++)
		assert_int_equal(plim_tcp_abort(s, h[i]), PLIM_OK);
	go(PL_SEC(1));
	assert_in_range(stats().used, used, used + 8192);
	assert_int_equal(plim_tcp_close(s, listener), PLIM_OK);
	go(PL_SEC(200));
	assert_int_equal(stats().by_class[PLIM_CLASS_record], 0);
	assert_int_equal(stats().by_class[PLIM_CLASS_stream], 0);
	assert_int_equal(stats().by_class[PLIM_CLASS_index], 0);
	stop();
}

static uint32_t
octets_of(enum pl_obj type)
{
	return pl_mem_octets(&s->core.mem, type);
}

static void
forms_are_no_larger_than_the_design_says(void **state)
{
	(void)state;
	start(NULL);
	assert_true(octets_of(PL_OBJ_syn4) <= 64 && octets_of(PL_OBJ_syn6) <= 80);
	assert_true(octets_of(PL_OBJ_conn4) + octets_of(PL_OBJ_slot) + 4 + 4 <= 128);
	assert_true(octets_of(PL_OBJ_conn6) + octets_of(PL_OBJ_slot) + 4 + 4 <= 144);
	assert_true(octets_of(PL_OBJ_conn6) + octets_of(PL_OBJ_slot) + octets_of(PL_OBJ_hot) <= 512 + 16);
	assert_true(octets_of(PL_OBJ_conn4) + octets_of(PL_OBJ_slot) + octets_of(PL_OBJ_hot) <= 512);
	assert_true(octets_of(PL_OBJ_closing4) <= 64 && octets_of(PL_OBJ_closing6) <= 80);
	assert_true(octets_of(PL_OBJ_tw4) <= 48 && octets_of(PL_OBJ_tw6) <= 64);
	assert_int_equal(octets_of(PL_OBJ_slot), 16);
	stop();
}

/* Sum of what the map says over all records, by state. */
static uint64_t
map_sum(uint64_t by_state[PLIM_N_STATES])
{
	struct plim_conn_info info[3];
	uint64_t cursor = 0, sum = 0;
	int n;

	memset(by_state, 0, PLIM_N_STATES * sizeof *by_state);
	while ((n = plim_memory_map(s, &cursor, info, 3)) > 0)
		for (int i = 0; i < n; i++) {
			sum += info[i].held;
			by_state[info[i].state]++;
		}
	return sum;
}

static void
the_memory_map_agrees_with_the_accounts(void **state)
{
	uint64_t by_state[PLIM_N_STATES], live, *cls;
	struct plim_stats st;
	plim_h h[60];

	(void)state;
	start(NULL);
	for (unsigned i = 0; i < 60; i++) {
		uint32_t ack = shake(peer4(i * 777), 5000);

		if (i >= 50)
			continue; /* not accepted */
		h[i] = accept_one();
		if (i % 5 == 1) /* unread, with a hole */
			for (unsigned k = 0; k < 8; k++)
				say(peer4(i * 777), 5000, PL_TH_ACK, 101 + k * (200 + i), ack, 100 + k);
		if (i % 5 == 2)
			assert_true(plim_send(s, h[i], region, 3000, 0) > 0);
		if (i % 5 == 3) { /* TIME_WAIT */
			assert_int_equal(plim_tcp_close(s, h[i]), PLIM_OK);
			drain();
			say(peer4(i * 777), 5000, PL_TH_ACK | PL_TH_FIN, 101, ack + 1, 0);
		}
		if (i % 5 == 4) { /* FIN_WAIT_1 */
			assert_int_equal(plim_charge(s, h[i], 300 + i), PLIM_OK);
			assert_non_null(plim_alloc(s, h[i], 100));
			assert_int_equal(plim_set(s, h[i - 4], PLIM_O_TTL, 9), PLIM_OK);
		}
	}
	for (unsigned i = 0; i < 20; i++)
		say(peer4(500000 + i * 256), 6000, PL_TH_SYN, 1, 0, 0);
	go(0); /* events fetched: the slots of closed handles are free */
	st = stats();
	live = map_sum(by_state);
	for (unsigned k = 0; k < PLIM_N_STATES; k++)
		assert_int_equal(by_state[k], st.by_state[k]);
	assert_int_equal(by_state[PLIM_SYN_RECEIVED], 20);
	assert_int_equal(by_state[PLIM_TIME_WAIT], 10);
	assert_int_equal(by_state[PLIM_LISTEN], 1);
	cls = s->core.mem.cls_live;
	assert_int_equal(live, cls[PLIM_CLASS_record] + cls[PLIM_CLASS_stream] + cls[PLIM_CLASS_index] +
	                               cls[PLIM_CLASS_app] + cls[PLIM_CLASS_syn] + cls[PLIM_CLASS_timewait] +
	                               s->core.mem.charged);
	assert_int_equal(st.used - st.slack, st.by_class[PLIM_CLASS_static] + live + cls[PLIM_CLASS_neighbour]);
	stop();
}

static void
time_wait_at_its_cap_replaces_the_oldest(void **state)
{
	unsigned n = 0;

	(void)state;
	start(NULL);
	for (; n < 2000; n++) {
		uint32_t ack = shake(peer4(n), 5000);
		plim_h h = accept_one();

		assert_int_equal(plim_tcp_close(s, h), PLIM_OK);
		drain();
		say(peer4(n), 5000, PL_TH_ACK | PL_TH_FIN, 101, ack + 1, 0);
	}
	assert_true(stats().actions[PLIM_ACTION_timewait_replaced] > 1000);
	assert_in_range(stats().by_class[PLIM_CLASS_timewait], TARGET / 100 * 2, TARGET / 100 * 3);
	go(PL_SEC(61));
	assert_int_equal(stats().by_state[PLIM_TIME_WAIT], 0);
	assert_int_equal(stats().by_class[PLIM_CLASS_timewait], 0);
	stop();
}

/* ---- challenges ---- */

static void
a_hundred_challenges(struct plim_config *c)
{
	c->challenge_rate = 100;
}

static void
how_many_challenges_go_in_a_second_is_not_to_be_counted_on(void **state)
{
	enum { N = 400, SECONDS = 8 };
	uint64_t before = 0, least = UINT64_MAX, most = 0;

	(void)state; /* RFC 5961 §7 and CVE-2016-5696: who counts his own learns nothing of others' */
	start(a_hundred_challenges);
	for (unsigned i = 0; i < N; i++) {
		(void)shake(peer4(i * 256), 900);
		(void)accept_one();
	}
	for (unsigned second = 0; second < SECONDS; second++) {
		uint64_t n;

		for (unsigned i = 0; i < N; i++) {
			say(peer4(i * 256), 900, PL_TH_RST, 200, 0, 0); /* in the window, not at RCV.NXT */
			go(PL_SEC(1) / N);
		}
		n = stats().tcp[PLIM_TCP_challenge_acks] - before;
		before += n;
		least = PL_MIN(least, n);
		most = PL_MAX(most, n);
	}
	assert_in_range(least, 40, 100);
	assert_in_range(most, least + 2, 120);
	assert_int_equal(stats().by_state[PLIM_ESTABLISHED], N);
	stop();
}

/* ---- half-open ones ---- */

static void
one_prefix_fills_one_bucket_and_hurts_nobody_else(void **state)
{
	uint64_t half_open;

	(void)state;
	start(NULL);
	for (unsigned i = 0; i < 1000; i++)
		say(peer4(i & 255), (uint16_t)(1000 + i), PL_TH_SYN, i, 0, 0);
	half_open = stats().by_state[PLIM_SYN_RECEIVED];
	assert_int_equal(half_open, PL_SYN_BUCKET_DEPTH);
	for (unsigned i = 0; i < 20; i++) { /* others keep their entries: no cookie is needed */
		uint64_t taken = stats().actions[PLIM_ACTION_cookie_taken];

		(void)shake(peer4(0x40000 + i * 256), 700);
		assert_int_equal(stats().actions[PLIM_ACTION_cookie_taken], taken);
		(void)accept_one();
	}
	stop();
}

static void
a_replaced_entry_completes_by_its_cookie(void **state)
{
	uint32_t iss[64];
	unsigned done = 0;

	(void)state;
	start(NULL);
	for (unsigned i = 0; i < 64; i++) {
		unsigned before = n_synack;

		say(peer4(i), 5000, PL_TH_SYN, 100, 0, 0);
		if (i % 8 == 7)
			go(PL_MS(20)); /* buckets of replies fill again */
		iss[i] = n_synack > before ? synack_seq : 0;
	}
	assert_int_equal(stats().by_state[PLIM_SYN_RECEIVED], PL_SYN_BUCKET_DEPTH);
	assert_true(stats().drops[PLIM_DROP_syn_replaced] + stats().actions[PLIM_ACTION_cookie_sent] >= 48);
	for (unsigned i = 0; i < 64; i++) {
		uint64_t before = stats().by_state[PLIM_ESTABLISHED];

		assert_true(iss[i] != 0);
		say(peer4(i), 5000, PL_TH_ACK, 101, iss[i] + 1, 0);
		done += stats().by_state[PLIM_ESTABLISHED] > before;
	}
	assert_int_equal(done, 64);
	assert_true(stats().actions[PLIM_ACTION_cookie_taken] >= 40);
	stop();
}

static void
flood(unsigned n, unsigned *next)
{
	for (unsigned i = 0; i < n; i++) {
		say(peer4(++*next * 257), 5000, PL_TH_SYN, 100, 0, 0);
		go(PL_MS(2)); /* an entry that is no cookie has a second */
	}
}

/* SYN of a client whose ACK comes after so many SYNs of others: was its entry still there? */
static bool
entry_survives(struct plim_addr client, unsigned between, unsigned *next)
{
	uint64_t taken = stats().actions[PLIM_ACTION_cookie_taken];
	unsigned before = n_synack;
	uint32_t iss;

	say(client, 700, PL_TH_SYN, 100, 0, 0);
	assert_int_equal(n_synack, before + 1);
	iss = synack_seq;
	flood(between, next);
	say(client, 700, PL_TH_ACK, 101, iss + 1, 0);
	(void)accept_one();
	return stats().actions[PLIM_ACTION_cookie_taken] == taken;
}

static unsigned
survivors(unsigned first_prefix, unsigned host, unsigned between, unsigned *next)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 8; i++)
		n += entry_survives(peer4((first_prefix + i) << 8 | host), between, next);
	return n;
}

static void
a_flood_takes_no_place_of_a_prefix_from_which_a_handshake_ended_well(void **state)
{
	unsigned n = TARGET / 100 * 2 / 48, next = 0;

	(void)state;
	start(NULL);
	assert_int_equal(survivors(0xff00, 1, 0, &next), 8);
	go(PL_SEC(240));
	flood(2 * n, &next);
	assert_in_range(survivors(0xfe00, 1, n * 5 / 4, &next), 0, 3);
	assert_in_range(stats().by_state[PLIM_SYN_RECEIVED], n * 9 / 10, n); /* the class is full */
	assert_int_equal(survivors(0xff00, 2, n * 5 / 4, &next), 8);
	go(PL_SEC(301)); /* that is forgotten */
	flood(2 * n, &next);
	assert_in_range(survivors(0xff00, 3, n * 5 / 4, &next), 0, 3);
	stop();
}

static void
never_cookies(struct plim_config *c)
{
	c->syn_cookies = 0;
}

static void
a_flood_stays_in_its_class_and_leaves_nothing(void **state)
{
	uint64_t used;

	(void)state;
	start(never_cookies);
	go(PL_MS(10));
	used = stats().used;
	for (unsigned i = 0; i < 20000; i++) {
		say(peer4(i * 131), (uint16_t)i, PL_TH_SYN, i, 0, 0);
		assert_true(stats().by_class[PLIM_CLASS_syn] <= TARGET / 100 * 2);
	}
	assert_true(stats().used <= used + TARGET / 100 * 3 + 4096);
	assert_int_equal(stats().actions[PLIM_ACTION_cookie_sent], 0);
	assert_true(stats().drops[PLIM_DROP_syn_replaced] > 1000); /* even without cookies the oldest goes */
	go(PL_SEC(70));
	assert_int_equal(stats().by_state[PLIM_SYN_RECEIVED], 0);
	assert_int_equal(stats().by_class[PLIM_CLASS_syn], 0);
	stop();
}

/* Memory full of unread text: newcomers are refused in silence, and those who are in go on. */
static void
full_memory_refuses_newcomers_and_serves_those_within(void **state)
{
	static plim_h h[3000];
	static uint32_t iss[3000], seq[3000];
	unsigned n = 0, out, refused = 0;
	uint8_t got[2000];

	(void)state;
	start(NULL);
	while (n < 3000 && refused < 400) {
		unsigned before = n_out;

		say(peer4(n * 256), 5000, PL_TH_SYN, 100, 0, 0);
		if (n_out == before || !(last.flags & PL_TH_SYN)) { /* paced: it comes again */
			refused++;
			go(PL_MS(20));
			continue;
		}
		iss[n] = last.seq + 1;
		say(peer4(n * 256), 5000, PL_TH_ACK, 101, iss[n], 0);
		if (plim_tcp_accept(s, listener, 1, &h[n], NULL) != PLIM_OK)
			break;
		for (seq[n] = 101; seq[n] < 101 + 5600; seq[n] += 1400)
			say(peer4(n * 256), 5000, PL_TH_ACK | PL_TH_PSH, seq[n], iss[n], 1400);
		if (n % 50 == 0)
			go(PL_MS(50));
		n++;
		if (stats().pressure_permille > 990)
			break;
	}
	assert_true(refused > 0);
	assert_true(stats().pressure_permille > 700);
	assert_true(stats().peak <= TARGET);
	out = n_out;
	for (unsigned i = 0; i < 200; i++) { /* refused, if at all, in silence: no RST */
		say(peer4(0x800000 + i * 256), 9, PL_TH_SYN, 1, 0, 0);
		assert_true(n_out == out || !(last.flags & PL_TH_RST));
	}
	for (unsigned i = 0; i < n; i++) { /* all that was acknowledged is there */
		struct plim_conn_info info;
		int64_t len = 0, k;

		assert_int_equal(plim_conn_info(s, h[i], &info), PLIM_OK);
		while ((k = plim_recv(s, h[i], got, sizeof got)) > 0)
			len += k;
		assert_int_equal(len, (int64_t)info.rcv_queued);
	}
	go(PL_SEC(3));
	assert_true(stats().pressure_permille < 600);
	(void)shake(peer4(0x900000), 10); /* and newcomers are welcome again */
	stop();
}

TESTS_MAIN(cmocka_unit_test(four_thousand_idle_connections_cost_128_octets_each),
           cmocka_unit_test(forms_are_no_larger_than_the_design_says),
           cmocka_unit_test(the_memory_map_agrees_with_the_accounts),
           cmocka_unit_test(time_wait_at_its_cap_replaces_the_oldest),
           cmocka_unit_test(one_prefix_fills_one_bucket_and_hurts_nobody_else),
           cmocka_unit_test(how_many_challenges_go_in_a_second_is_not_to_be_counted_on),
           cmocka_unit_test(a_replaced_entry_completes_by_its_cookie),
           cmocka_unit_test(a_flood_takes_no_place_of_a_prefix_from_which_a_handshake_ended_well),
           cmocka_unit_test(a_flood_stays_in_its_class_and_leaves_nothing),
           cmocka_unit_test(full_memory_refuses_newcomers_and_serves_those_within))
