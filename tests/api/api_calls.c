/* SPDX-License-Identifier: ISC */
/* Every call of the public header, between two stacks or on one alone: results, ownership, events. */
#include "tests/pair/pair.h"

static struct pair p;
static plim *a, *b;
static plim_h listener, ha, hb; /* ha on a is connected to hb on b */
static uint32_t told_a, told_b; /* events */

static int
setup(void **state)
{
	struct pair_config c;

	(void)state;
	pair_defaults(&c);
	pair_start(&p, &c);
	a = p.side[0].s;
	b = p.side[1].s;
	told_a = told_b = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pair_check(&p);
	pair_stop(&p);
	return 0;
}

static void
run_ms(unsigned ms)
{
	struct plim_event ev[16];
	int n;

	pair_run_until(&p, p.now + PL_MS(ms));
	while ((n = plim_events(a, ev, 16)) > 0)
		for (int i = 0; i < n; i++)
			told_a |= ev[i].bits;
	while ((n = plim_events(b, ev, 16)) > 0)
		for (int i = 0; i < n; i++)
			told_b |= ev[i].bits;
}

static void
connect_them(unsigned family)
{
	struct plim_endpoint any = {.port = 7}, to = pair_endpoint(&p, 1, family, 7), peer;

	assert_int_equal(plim_tcp_listen(b, &any, 1, &listener), PLIM_OK);
	assert_int_equal(plim_tcp_connect(a, &to, NULL, 3, &ha), PLIM_OK);
	run_ms(100);
	assert_true(told_a & PLIM_EV_CONNECTED && told_b & PLIM_EV_ACCEPT);
	assert_int_equal(plim_tcp_accept(b, listener, 2, &hb, &peer), PLIM_OK);
	assert_int_equal(peer.addr.family, family);
	assert_int_equal(plim_tcp_accept(b, listener, 2, &hb, NULL), PLIM_EAGAIN);
	run_ms(1);
}

static int64_t
get(plim *s, plim_h h, enum plim_option o)
{
	int64_t value = -12345;

	assert_int_equal(plim_get(s, h, o, &value), PLIM_OK);
	return value;
}

static uint64_t
class_octets(plim *s, enum plim_class c)
{
	struct plim_stats st;

	plim_stats(s, &st);
	return st.by_class[c];
}

/* ---- UDP ---- */

static void
datagrams_go_both_ways(void **state)
{
	(void)state;
	for (unsigned family = 4; family <= 6; family += 2) {
		struct plim_endpoint at = {.port = 53}, none = {{.family = 0}, 0},
				     to = pair_endpoint(&p, 1, family, 53);
		struct plim_endpoint from;
		uint8_t text[1400], got[1400];
		plim_h ua, ub, other;

		for (unsigned i = 0; i < sizeof text; i++)
			text[i] = (uint8_t)(i * 3 + family);
		assert_int_equal(plim_udp_open(b, &at, 1, &ub), PLIM_OK);
		assert_int_equal(plim_udp_open(b, &at, 1, &other), PLIM_EADDRINUSE);
		assert_int_equal(plim_udp_open(a, &none, 2, &ua), PLIM_OK);
		assert_true(get(a, ua, PLIM_O_LOCAL_PORT) >= 49152);
		assert_int_equal(get(a, ua, PLIM_O_COOKIE), 2);
		assert_int_equal(plim_set(a, ua, PLIM_O_COOKIE, 9), PLIM_OK);
		assert_int_equal(get(a, ua, PLIM_O_COOKIE), 9);
		assert_int_equal(get(a, ua, PLIM_O_UDP_DROP_OLDEST), 0);
		assert_int_equal(plim_set(a, ua, PLIM_O_UDP_DROP_OLDEST, 2), PLIM_EINVAL);
		assert_int_equal(plim_set(a, ua, PLIM_O_UDP_DROP_OLDEST, 1), PLIM_OK);
		assert_int_equal(get(a, ua, PLIM_O_UDP_DROP_OLDEST), 1);
		assert_int_equal(plim_udp_recvfrom(b, ub, got, sizeof got, &from), PLIM_EAGAIN);
		assert_int_equal(plim_udp_sendto(a, ua, &to, text, sizeof text), sizeof text);
		told_b = 0;
		run_ms(50);
		assert_true(told_b & PLIM_EV_READABLE);
		assert_int_equal(get(b, ub, PLIM_O_READABLE), sizeof text);
		assert_int_equal(plim_udp_recvfrom(b, ub, got, sizeof got, &from), sizeof text);
		assert_memory_equal(got, text, sizeof text);
		assert_int_equal(from.port, get(a, ua, PLIM_O_LOCAL_PORT));
		assert_int_equal(plim_udp_sendto(b, ub, &from, text, 100), 100);
		run_ms(50);
		assert_int_equal(plim_udp_recvfrom(a, ua, got, 10, NULL), 100); /* cut, its length as sent */
		assert_int_equal(plim_udp_recvfrom(a, ua, got, 10, NULL), PLIM_EAGAIN);
		assert_int_equal(plim_udp_sendto(a, ua, &to, text, 70000), PLIM_EMSGSIZE);
		assert_int_equal(plim_udp_close(a, ua), PLIM_OK);
		assert_int_equal(plim_udp_close(a, ua), PLIM_ESTALE);
		assert_int_equal(plim_udp_sendto(a, ua, &to, text, 1), PLIM_ESTALE);
		assert_int_equal(plim_udp_recvfrom(a, ua, got, 1, NULL), PLIM_ESTALE);
		assert_int_equal(plim_udp_close(b, ub), PLIM_OK);
		run_ms(1);
		assert_int_equal(class_octets(a, PLIM_CLASS_udp), 0);
		assert_int_equal(class_octets(b, PLIM_CLASS_udp), 0);
	}
}

static void
a_datagram_without_a_route_is_refused(void **state)
{
	struct plim_endpoint at = {.port = 53}, to = {{{192, 0, 2, 1}, 4}, 53}, group = {{{0}, 4}, 0};
	plim_h u;

	(void)state;
	assert_int_equal(plim_udp_open(a, &at, 0, &u), PLIM_OK);
	assert_int_equal(plim_udp_sendto(a, u, &to, "x", 1), PLIM_ENETUNREACH);
	assert_true(plim_udp_sendto(a, u, &group, "x", 1) < 0);
	assert_int_equal(plim_udp_close(a, u), PLIM_OK);
}

/* ---- streams ---- */

static void
octets_go_through_lent_room_both_ways(void **state)
{
	uint64_t sent = 0, got = 0;

	(void)state;
	connect_them(4);
	while (got < 300000) {
		struct plim_span out[8], in[8] = {{0}};
		int64_t n = sent < 300000 ? plim_tx_reserve(a, ha, 5000, out, 8) : 0;
		uint64_t at = sent;

		for (unsigned i = 0; n > 0 && at - sent < (uint64_t)n; i++)
			for (size_t k = 0; k < out[i].len; k++)
				out[i].data[k] = pattern(1, at++);
		if (n > 0) {
			assert_int_equal(plim_tx_commit(a, ha, (size_t)n + 1, 0), PLIM_EINVAL);
			assert_int_equal(plim_tx_commit(a, ha, (size_t)n / 2 + 1, 0), PLIM_OK);
			sent += (uint64_t)n / 2 + 1;
		} else {
			assert_true(n == PLIM_EAGAIN || n == 0);
		}
		run_ms(1);
		n = plim_rx_peek(b, hb, in, 8);
		assert_true(n > 0 || n == PLIM_EAGAIN);
		at = got;
		for (unsigned i = 0; n > 0 && at - got < (uint64_t)n; i++)
			for (size_t k = 0; k < in[i].len; k++)
				assert_int_equal(in[i].data[k], pattern(1, at++));
		if (n > 0) {
			assert_int_equal(plim_rx_consume(b, hb, 1u << 30), PLIM_EINVAL);
			assert_int_equal(plim_rx_consume(b, hb, (size_t)n), PLIM_OK);
			got += (uint64_t)n;
		}
	}
	assert_int_equal(plim_tx_commit(a, ha, 1, 0), PLIM_EINVAL); /* nothing is lent */
	assert_true(got >= 300000);
}

static void
room_lent_is_taken_back_by_the_next_call(void **state)
{
	struct plim_span out[4];
	uint8_t got[10];

	(void)state;
	connect_them(4);
	assert_true(plim_tx_reserve(a, ha, 1000, out, 4) > 0);
	assert_int_equal(plim_send(a, ha, "real", 4, 0), 4);
	assert_int_equal(plim_tx_commit(a, ha, 1, 0), PLIM_EINVAL);
	run_ms(50);
	assert_int_equal(plim_recv(b, hb, got, sizeof got), 4);
	assert_memory_equal(got, "real", 4);
}

static void
events_tell_each_change_once(void **state)
{
	uint8_t big[50000] = {0};
	struct plim_event ev[4];
	uint8_t got[100];

	(void)state;
	connect_them(6);
	told_a = told_b = 0;
	assert_int_equal(plim_send(a, ha, "hello", 5, PLIM_SEND_URGENT), 5);
	run_ms(100);
	assert_true(told_b & PLIM_EV_READABLE && told_b & PLIM_EV_URGENT);
	assert_int_equal(get(b, hb, PLIM_O_URGENT), 5);
	assert_int_equal(get(b, hb, PLIM_O_READABLE), 5);
	assert_true(told_a & PLIM_EV_SENT_ALL);
	assert_int_equal(plim_recv(b, hb, got, 100), 5);
	assert_int_equal(get(b, hb, PLIM_O_URGENT), 0);
	told_a = told_b = 0;
	while (plim_send(a, ha, big, sizeof big, 0) > 0)
		;
	assert_true(get(a, ha, PLIM_O_UNACKED) > 10000);
	assert_int_equal(get(a, ha, PLIM_O_WRITABLE), 0);
	for (unsigned i = 0; i < 50 && !(told_a & PLIM_EV_WRITABLE); i++) {
		run_ms(20);
		(void)plim_recv(b, hb, big, sizeof big);
	}
	assert_true(told_a & PLIM_EV_WRITABLE);
	assert_true(get(a, ha, PLIM_O_WRITABLE) > 0);
	assert_int_equal(plim_tcp_shutdown(a, ha), PLIM_OK);
	assert_int_equal(plim_send(a, ha, "x", 1, 0), PLIM_EPIPE);
	for (unsigned i = 0; i < 100 && !(told_b & PLIM_EV_PEER_FIN); i++) {
		run_ms(20);
		(void)plim_recv(b, hb, big, sizeof big);
	}
	assert_true(told_b & PLIM_EV_PEER_FIN);
	while (plim_recv(b, hb, big, sizeof big) > 0)
		;
	assert_int_equal(plim_recv(b, hb, big, sizeof big), 0);
	assert_int_equal(get(b, hb, PLIM_O_STATE), PLIM_CLOSE_WAIT);
	told_a = 0;
	assert_int_equal(plim_tcp_abort(b, hb), PLIM_OK);
	run_ms(50);
	assert_true(told_a & PLIM_EV_CLOSED);
	assert_int_equal(get(a, ha, PLIM_O_ERROR), PLIM_ERESET);
	assert_int_equal(plim_recv(a, ha, big, 1), PLIM_ERESET);
	assert_int_equal(plim_set(a, ha, PLIM_O_NODELAY, 1), PLIM_ENOTCONN);
	assert_int_equal(get(a, ha, PLIM_O_COOKIE), 3);
	assert_int_equal(plim_tcp_close(a, ha), PLIM_OK);
	assert_int_equal(plim_events(a, ev, 4), 0);
}

static void
what_is_known_of_a_connection_is_told(void **state)
{
	struct plim_conn_info info;

	(void)state;
	connect_them(4);
	assert_int_equal(plim_send(a, ha, "12345", 5, 0), 5);
	run_ms(30);
	assert_int_equal(plim_conn_info(b, hb, &info), PLIM_OK);
	assert_int_equal(info.state, PLIM_ESTABLISHED);
	assert_int_equal(info.rcv_queued, 5);
	assert_int_equal(info.local.port, 7);
	assert_memory_equal(&info.remote.addr, &p.side[0].addr4, sizeof info.remote.addr);
	assert_true(info.held > 500 && info.limit > 0 && info.mss > 1000 && info.rcv_wnd > 0 && info.cwnd > 0);
	assert_false(info.idle_form || info.orphan || info.unaccepted);
	assert_true(info.h.index == hb.index && info.h.generation == hb.generation);
	assert_int_equal(plim_conn_info(b, listener, &info), PLIM_OK);
	assert_int_equal(info.state, PLIM_LISTEN);
}

/* ---- the application's memory ---- */

static void
pieces_live_until_the_handle_is_given_back(void **state)
{
	uint64_t before;
	uint8_t *q, *r;

	(void)state;
	connect_them(4);
	before = class_octets(b, PLIM_CLASS_app);
	q = plim_alloc(b, hb, 100);
	r = plim_alloc(b, hb, (size_t)get(b, (plim_h){0, 0}, PLIM_O_BLOCK_OCTETS) / 2);
	assert_non_null(q);
	assert_non_null(r);
	memset(q, 0x77, 100);
	assert_true(q >= p.side[1].region && q < p.side[1].region + p.side[1].target);
	assert_true(class_octets(b, PLIM_CLASS_app) > before);
	assert_null(plim_alloc(b, hb, 1u << 20));
	assert_int_equal(plim_free(b, hb, NULL), PLIM_OK);
	assert_int_equal(plim_free(b, hb, &before), PLIM_EINVAL);
	assert_int_equal(plim_free(b, hb, q + 8), PLIM_EINVAL);
	assert_int_equal(plim_free(b, listener, q), PLIM_EINVAL);
	assert_int_equal(plim_charge(b, hb, 1000), PLIM_OK);
	assert_int_equal(plim_tcp_abort(a, ha), PLIM_OK);
	run_ms(100);
	assert_int_equal(get(b, hb, PLIM_O_STATE), PLIM_CLOSED);
	for (unsigned i = 0; i < 100; i++) /* the record is gone, the pieces are not */
		assert_int_equal(q[i], 0x77);
	assert_int_equal(plim_free(b, hb, r), PLIM_OK);
	assert_int_equal(plim_free(b, hb, r), PLIM_EINVAL);
	assert_null(plim_alloc(b, hb, 10));
	assert_int_equal(plim_charge(b, hb, 10), PLIM_ENOTCONN);
	assert_int_equal(plim_uncharge(b, hb, 1001), PLIM_EINVAL);
	assert_int_equal(plim_uncharge(b, hb, 400), PLIM_OK);
	assert_int_equal(get(b, hb, PLIM_O_COOKIE), 2);
	assert_int_equal(plim_tcp_close(b, hb), PLIM_OK);
	assert_int_equal(class_octets(b, PLIM_CLASS_app), 0);
	assert_int_equal(plim_free(b, hb, q), PLIM_ESTALE);
	assert_int_equal(plim_uncharge(b, hb, 1), PLIM_ESTALE);
}

static void
charges_lower_what_may_be_granted(void **state)
{
	struct plim_conn_info before, after;
	struct plim_stats st;
	size_t charged = 0;

	(void)state;
	connect_them(4);
	assert_int_equal(plim_conn_info(b, hb, &before), PLIM_OK);
	while (plim_charge(b, hb, 10000) == PLIM_OK)
		charged += 10000;
	plim_stats(b, &st);
	assert_in_range(charged, st.class_cap[PLIM_CLASS_app] - 20000, st.class_cap[PLIM_CLASS_app]);
	assert_true(st.used >= charged && st.actions[PLIM_ACTION_charge_refused] == 1);
	assert_int_equal(plim_conn_info(b, hb, &after), PLIM_OK);
	assert_int_equal(after.charged, charged);
	assert_true(after.held >= before.held + charged);
	assert_true(st.pressure_permille >= 330);
	assert_null(plim_alloc(b, hb, 20000));
	assert_int_equal(plim_charge(b, hb, SIZE_MAX), PLIM_ENOMEM);
	assert_int_equal(plim_uncharge(b, hb, charged), PLIM_OK);
	assert_int_equal(plim_uncharge(b, hb, 1), PLIM_EINVAL);
	plim_stats(b, &st);
	assert_true(st.pressure_permille < 10);
}

/* ---- options ---- */

static void
every_option_reads_back_and_is_checked(void **state)
{
	static const struct {
		enum plim_option o;
		int64_t dflt, good, low, high; /* low and high are refused */
	} opts[] = {
		{PLIM_O_NODELAY, 0, 1, -1, 2},
		{PLIM_O_KEEPALIVE, 0, 1, -1, 2},
		{PLIM_O_KEEPALIVE_IDLE_MS, 7200000, 5000, 999, INT64_C(604800001)},
		{PLIM_O_KEEPALIVE_INTERVAL_MS, 75000, 500, 99, 3600001},
		{PLIM_O_KEEPALIVE_PROBES, 9, 3, 0, 256},
		{PLIM_O_USER_TIMEOUT_MS, 100000, 7000, -1, 86400001},
		{PLIM_O_DSCP, 0, 46, -1, 64},
		{PLIM_O_TTL, 64, 200, 0, 256},
		{PLIM_O_RCV_BUF_MAX, 4194304 / 8, 30000, -1, 1073725441},
		{PLIM_O_SND_BUF_MAX, 4194304 / 8, 40000, -1, 1073725441},
		{PLIM_O_CONGESTION_CONTROL, 1, 0, -1, 2},
		{PLIM_O_NO_PROBE, 0, 1, -1, 2},
		{PLIM_O_COOKIE, 3, 77, -1, INT64_C(4294967296)},
		{PLIM_O_SOFT_ERRORS, 1, 0, -1, 2},
	};
	static const enum plim_option read_only[] = {PLIM_O_ERROR,    PLIM_O_SOFT_ERROR, PLIM_O_STATE,
	                                             PLIM_O_READABLE, PLIM_O_WRITABLE,   PLIM_O_UNACKED,
	                                             PLIM_O_URGENT,   PLIM_O_LOCAL_PORT};
	plim_h stack = {0, 0};
	struct plim_trace_record record;
	uint64_t cursor = 0;
	int64_t value = 5;

	(void)state;
	connect_them(4);
	for (unsigned i = 0; i < PL_COUNT(opts); i++) {
		assert_int_equal(get(a, ha, opts[i].o), opts[i].dflt);
		assert_int_equal(plim_set(a, ha, opts[i].o, opts[i].low), PLIM_EINVAL);
		assert_int_equal(plim_set(a, ha, opts[i].o, opts[i].high), PLIM_EINVAL);
		assert_int_equal(get(a, ha, opts[i].o), opts[i].dflt);
		assert_int_equal(plim_set(a, ha, opts[i].o, opts[i].good), PLIM_OK);
		assert_int_equal(get(a, ha, opts[i].o), opts[i].good);
	}
	for (unsigned i = 0; i < PL_COUNT(read_only); i++) {
		(void)get(a, ha, read_only[i]);
		assert_int_equal(plim_set(a, ha, read_only[i], 1), PLIM_EINVAL);
	}
	assert_int_equal(get(a, stack, PLIM_O_BLOCK_OCTETS), 256);
	assert_int_equal(get(a, stack, PLIM_O_LEVEL), 0);
	assert_int_equal(plim_trace(a, &cursor, &record, 1, NULL), 0); /* nothing pressed */
	assert_int_equal(plim_get(a, stack, PLIM_O_NODELAY, &value), PLIM_EINVAL);
	assert_int_equal(plim_get(a, ha, PLIM_O_LEVEL, &value), PLIM_EINVAL);
	assert_int_equal(plim_get(a, ha, (enum plim_option)999, &value), PLIM_EINVAL);
	assert_int_equal(plim_set(a, stack, PLIM_O_NODELAY, 1), PLIM_EINVAL);
	assert_int_equal(value, 5); /* untouched by failures */
	assert_int_equal(get(b, listener, PLIM_O_STATE), PLIM_LISTEN);
	assert_int_equal(get(b, listener, PLIM_O_LOCAL_PORT), 7);
	assert_int_equal(get(b, listener, PLIM_O_COOKIE), 1);
	assert_int_equal(plim_set(b, listener, PLIM_O_COOKIE, 8), PLIM_OK);
	assert_int_equal(get(b, listener, PLIM_O_COOKIE), 8);
	assert_int_equal(plim_set(b, listener, PLIM_O_COOKIE, -1), PLIM_EINVAL);
	assert_int_equal(plim_set(b, listener, PLIM_O_NODELAY, 1), PLIM_EINVAL);
}

static void
settings_are_found_by_name_and_checked(void **state)
{
	struct plim_config c;
	const char *name, *text;
	uint64_t dflt, least, most;
	unsigned n = 0;

	(void)state;
	plim_config_default(&c);
	assert_int_equal(c.size, sizeof c);
	for (; plim_config_describe(n, &name, &dflt, &least, &most, &text); n++) {
		assert_true(least <= dflt && dflt <= most && strlen(text) > 5);
		assert_int_equal(plim_config_set(&c, name, most), PLIM_OK);
		assert_int_equal(plim_config_set(&c, name, most + 1), PLIM_EINVAL);
		assert_int_equal(plim_config_set(&c, name, dflt), PLIM_OK);
	}
	assert_true(n > 40);
	assert_true(plim_config_describe(0, NULL, NULL, NULL, NULL, NULL));
	assert_int_equal(plim_config_set(&c, "no_such_setting", 1), PLIM_EINVAL);
	assert_int_equal(plim_config_set(&c, "", 1), PLIM_EINVAL);
}

/* ---- creation ---- */

static void
the_least_region_works_and_one_octet_less_is_refused(void **state)
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1}, none[PLIM_ENTROPY_OCTETS];
	struct plim_config c[3];
	plim *s = NULL;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		plim_config_default(&c[i]);
	c[1].cap_slack_pct = c[1].cap_reserve_pct = 2;
	c[2].cap_syn_pct = 20;
	for (unsigned i = 0; i < 3; i++) {
		size_t least = plim_size_min(&c[i]);
		uint8_t *region;

		assert_true(least >= 1u << 20);
		region = aligned_alloc(64, (least + 63) / 64 * 64);
		assert_int_equal(plim_create(&c[i], region, least - 1, entropy, 0, &s), PLIM_ETOOSMALL);
		assert_null(s);
		assert_int_equal(plim_create(&c[i], region, least, none, 0, &s), PLIM_ENOENTROPY);
		assert_int_equal(plim_create(&c[i], region + 8, least, entropy, 0, &s), PLIM_EINVAL);
		assert_int_equal(plim_create(&c[i], NULL, least, entropy, 0, &s), PLIM_EINVAL);
		assert_int_equal(plim_create(&c[i], region, least, entropy, 0, &s), PLIM_OK);
		assert_int_equal(plim_check(s, NULL), 0);
		assert_int_equal(plim_next_deadline(s), PLIM_NEVER);
		free(region);
		s = NULL;
	}
	c[0].size = 1;
	assert_int_equal(plim_size_min(&c[0]), 0);
	plim_config_default(&c[0]);
	c[0].ip_ttl = 256;
	assert_int_equal(plim_size_min(&c[0]), 0);
}

/* ---- stale handles ---- */

static void
every_call_refuses_a_stale_handle(void **state)
{
	plim_h stale[3] = {{0, 0}, {UINT32_MAX, 7}, {0, 0}};
	struct plim_endpoint to = pair_endpoint(&p, 1, 4, 9);
	struct plim_conn_info info;
	struct plim_span spans[2];
	uint8_t octets[4] = {0};
	int64_t value;
	plim_h out = {5, 5};

	(void)state;
	connect_them(4);
	stale[0] = ha;
	assert_int_equal(plim_tcp_abort(a, ha), PLIM_OK);
	for (unsigned i = 0; i < 3; i++) {
		plim_h h = stale[i];

		assert_int_equal(plim_tcp_accept(a, h, 0, &out, NULL), PLIM_ESTALE);
		assert_int_equal(plim_tcp_shutdown(a, h), PLIM_ESTALE);
		assert_int_equal(plim_tcp_close(a, h), PLIM_ESTALE);
		assert_int_equal(plim_tcp_abort(a, h), PLIM_ESTALE);
		assert_int_equal(plim_send(a, h, octets, 4, 0), PLIM_ESTALE);
		assert_int_equal(plim_recv(a, h, octets, 4), PLIM_ESTALE);
		assert_int_equal(plim_tx_reserve(a, h, 4, spans, 2), PLIM_ESTALE);
		assert_int_equal(plim_tx_commit(a, h, 0, 0), PLIM_ESTALE);
		assert_int_equal(plim_rx_peek(a, h, spans, 2), PLIM_ESTALE);
		assert_int_equal(plim_rx_consume(a, h, 0), PLIM_ESTALE);
		assert_int_equal(plim_udp_sendto(a, h, &to, octets, 4), PLIM_ESTALE);
		assert_int_equal(plim_udp_recvfrom(a, h, octets, 4, NULL), PLIM_ESTALE);
		assert_int_equal(plim_udp_close(a, h), PLIM_ESTALE);
		assert_null(plim_alloc(a, h, 4));
		assert_int_equal(plim_free(a, h, octets), PLIM_ESTALE);
		assert_int_equal(plim_charge(a, h, 1), PLIM_ESTALE);
		assert_int_equal(plim_uncharge(a, h, 1), PLIM_ESTALE);
		assert_int_equal(plim_conn_info(a, h, &info), PLIM_ESTALE);
		if (i < 2) { /* all zero names the stack there */
			assert_int_equal(plim_get(a, h, PLIM_O_STATE, &value), PLIM_ESTALE);
			assert_int_equal(plim_set(a, h, PLIM_O_NODELAY, 1), PLIM_ESTALE);
		}
	}
	assert_int_equal(out.index, 5);
	assert_int_equal(plim_udp_close(b, listener), PLIM_ESTALE); /* of another kind */
	assert_int_equal(plim_send(b, listener, octets, 4, 0), PLIM_ENOTCONN);
	assert_int_equal(plim_tcp_accept(b, hb, 0, &out, NULL), PLIM_ESTALE);
}

/* ---- opening ---- */

static void
addresses_and_ports_are_checked(void **state)
{
	struct plim_endpoint any = {.port = 7}, at = pair_endpoint(&p, 0, 4, 7), foreign = pair_endpoint(&p, 1, 4, 7);
	struct plim_endpoint far = {{{192, 0, 2, 1}, 4}, 7}, none = {.port = 0};
	plim_h h, l, other;

	(void)state;
	assert_int_equal(plim_tcp_listen(a, &none, 0, &l), PLIM_EINVAL);
	assert_int_equal(plim_tcp_listen(a, &foreign, 0, &l), PLIM_EADDRNOTAVAIL);
	assert_int_equal(plim_tcp_listen(a, &any, 0, &l), PLIM_OK);
	assert_int_equal(plim_tcp_listen(a, &any, 0, &other), PLIM_EADDRINUSE);
	assert_int_equal(plim_tcp_listen(a, &at, 0, &other), PLIM_OK); /* the exact one beside the one on all */
	assert_int_equal(plim_tcp_connect(a, &far, NULL, 0, &h), PLIM_ENETUNREACH);
	assert_int_equal(plim_tcp_connect(a, &foreign, &far, 0, &h), PLIM_EADDRNOTAVAIL);
	assert_int_equal(plim_tcp_connect(a, &none, NULL, 0, &h), PLIM_EINVAL);
	at.port = 5000;
	assert_int_equal(plim_tcp_connect(a, &foreign, &at, 0, &h), PLIM_OK);
	assert_int_equal(plim_tcp_connect(a, &foreign, &at, 0, &other), PLIM_EADDRINUSE);
	run_ms(50);
	assert_int_equal(get(a, h, PLIM_O_ERROR), PLIM_EREFUSED); /* nobody listens there */
	assert_int_equal(plim_tcp_close(a, h), PLIM_OK);
}

static void
a_connection_to_oneself_goes_through_the_loop(void **state)
{
	struct plim_endpoint any = {.port = 7}, to = pair_endpoint(&p, 0, 6, 7);
	plim_h l, c, d;
	uint64_t sent = 0, got = 0;
	uint8_t text[3000];
	struct plim_stats st;

	(void)state;
	assert_int_equal(plim_tcp_listen(a, &any, 0, &l), PLIM_OK);
	assert_int_equal(plim_tcp_connect(a, &to, NULL, 0, &c), PLIM_OK);
	run_ms(5);
	assert_int_equal(plim_tcp_accept(a, l, 0, &d, NULL), PLIM_OK);
	while (got < 100000) {
		int64_t n;

		for (unsigned i = 0; i < sizeof text; i++)
			text[i] = pattern(3, sent + i);
		n = plim_send(a, c, text, sizeof text, 0);
		sent += n > 0 ? (uint64_t)n : 0;
		run_ms(1);
		n = plim_recv(a, d, text, sizeof text);
		for (int64_t i = 0; i < n; i++)
			assert_int_equal(text[i], pattern(3, got++));
	}
	assert_int_equal(plim_tcp_abort(a, c), PLIM_OK);
	run_ms(5);
	assert_int_equal(plim_recv(a, d, text, 1), PLIM_ERESET);
	plim_stats(a, &st);
	assert_true(st.frames_out <= 1); /* nothing of it was on the wire */
}

/* The two ends are one: a simultaneous open with oneself (RFC 9293 §3.5). */
static void
one_port_connected_to_itself_echoes(void **state)
{
	struct plim_endpoint self = pair_endpoint(&p, 0, 4, 4321);
	uint8_t got[10];
	plim_h h;

	(void)state;
	assert_int_equal(plim_tcp_connect(a, &self, &self, 0, &h), PLIM_OK);
	run_ms(20);
	assert_int_equal(get(a, h, PLIM_O_STATE), PLIM_ESTABLISHED);
	assert_int_equal(plim_send(a, h, "me", 2, 0), 2);
	run_ms(50);
	assert_int_equal(plim_recv(a, h, got, 10), 2);
	assert_memory_equal(got, "me", 2);
	assert_int_equal(plim_tcp_close(a, h), PLIM_OK);
	run_ms(200000);
	assert_int_equal(class_octets(a, PLIM_CLASS_record), 0);
	assert_int_equal(class_octets(a, PLIM_CLASS_timewait), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TESTS_MAIN(T(datagrams_go_both_ways), T(a_datagram_without_a_route_is_refused),
           T(octets_go_through_lent_room_both_ways), T(room_lent_is_taken_back_by_the_next_call),
           T(events_tell_each_change_once), T(what_is_known_of_a_connection_is_told),
           T(pieces_live_until_the_handle_is_given_back), T(charges_lower_what_may_be_granted),
           T(every_option_reads_back_and_is_checked), T(settings_are_found_by_name_and_checked),
           T(the_least_region_works_and_one_octet_less_is_refused), T(every_call_refuses_a_stale_handle),
           T(addresses_and_ports_are_checked), T(a_connection_to_oneself_goes_through_the_loop),
           T(one_port_connected_to_itself_echoes))
