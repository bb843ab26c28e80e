/* SPDX-License-Identifier: ISC */
/* Many peers on one small stack, made with raw frames: what each form costs, who fills which bucket, and that all comes back. */
#include "tests/unit/unit.h"

#include "sock/sock.h"
#include "tcp/closing.h"
#include "tcp/form.h"
#include "tcp/timewait.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#include "base/checksum.h"

#define TARGET (1u << 20)
#define IDLE 4000u

static plim *s;
static uint8_t *region;
static plim_time now;
static plim_h listener;
static struct pl_tcp_seg last; /* the stack's last segment, without its text */
static unsigned n_out, n_synack;
static uint32_t synack_seq; /* of the last SYN-ACK */

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, gate_mac[6] = {2, 0, 0, 0, 0, 1};
static const struct plim_addr us4 = {{10, 0, 0, 2}, 4}, gate4 = {{10, 0, 0, 1}, 4};
static const struct plim_addr us6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 6};

static void
start(void (*change)(struct plim_config *c))
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {3, 1, 4};
	struct plim_endpoint any = {.port = 80};
	struct plim_config c;

	plim_config_default(&c);
	c.n_ifaces = 1;
	memcpy(c.ifaces[0].mac, our_mac, 6);
	c.ifaces[0].mtu = 1500;
	c.ifaces[0].n_addrs = 2;
	c.ifaces[0].addrs[0] = (struct plim_ifaddr){us4, 24};
	c.ifaces[0].addrs[1] = (struct plim_ifaddr){us6, 64};
	c.n_routes = 1;
	c.routes[0] = (struct plim_route_config){.dst = {.family = 4}, .via = gate4};
	c.backlog = 100000;
	if (change)
		change(&c);
	region = aligned_alloc(64, TARGET);
	memset(region, 0xa5, TARGET);
	now = PL_SEC(100000);
	n_out = n_synack = 0;
	assert_int_equal(plim_create(&c, region, TARGET, entropy, now, &s), PLIM_OK);
	assert_int_equal(plim_tcp_listen(s, &any, 0, &listener), PLIM_OK);
}

static void
stop(void)
{
	const char *why = "";

	if (plim_check(s, &why) != 0)
		fail_msg("%s", why);
	free(region);
}

static void
give(uint8_t *frame, size_t n)
{
	struct plim_frame f = {.data = frame, .len = (uint32_t)n};

	(void)plim_input(s, &f, 1, now);
}

static void
answer_arp(void)
{
	uint8_t frame[60];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};
	struct pl_arp arp = {.op = PL_ARP_REPLY, .spa = gate4, .tpa = us4};

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, gate_mac, 6);
	memcpy(arp.sha, gate_mac, 6);
	memcpy(arp.tha, our_mac, 6);
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &arp);
	give(frame, (size_t)(w.p - frame));
}

static void
take(struct pl_span l4)
{
	if (!pl_tcp_parse(l4, &last))
		return;
	n_out++;
	if ((last.flags & (PL_TH_SYN | PL_TH_ACK)) != (PL_TH_SYN | PL_TH_ACK))
		return;
	n_synack++;
	synack_seq = last.seq;
}

static void
drain(void)
{
	static uint8_t room[2000];
	struct plim_frame f = {.data = room, .cap = sizeof room};

	while (plim_output(s, &f, 1, now) == 1) {
		struct pl_cur c = pl_cur_of(f.data, f.len);
		struct pl_eth eth;
		struct pl_ip4 ip4;
		struct pl_ip6 ip6;

		assert_true(pl_eth_parse(&c, &eth));
		if (eth.type == PL_ETH_TYPE_ARP)
			answer_arp();
		if (eth.type == PL_ETH_TYPE_IP4 &&
		    pl_ip4_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip4) == PL_PARSED)
			take(ip4.payload);
		if (eth.type == PL_ETH_TYPE_IP6 &&
		    pl_ip6_parse((struct pl_span){c.p, pl_cur_left(&c)}, &ip6) == PL_PARSED && ip6.proto == 6)
			take(ip6.payload);
	}
}

static void
go(plim_time ahead)
{
	plim_time to = now + ahead;
	struct plim_event ev[16];

	drain();
	while (plim_events(s, ev, 16) > 0) /* closed slots leave the queue here */
		;
	while (plim_next_deadline(s) <= to) {
		now = PL_MAX(now, plim_next_deadline(s));
		(void)plim_poll(s, now, 1000);
		drain();
	}
	now = to;
}

/* A segment from a peer; its text is zeros. */
static void
say(struct plim_addr src, uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack, size_t len)
{
	uint8_t frame[2000], l4[1600] = {0};
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = src.family == 4 ? PL_ETH_TYPE_IP4 : PL_ETH_TYPE_IP6};
	struct plim_addr dst = src.family == 4 ? us4 : us6;
	struct pl_tcp_seg g = {.flags = flags, .seq = seq, .ack = ack, .wnd = 60000, .sport = port, .dport = 80};
	size_t n;

	if (flags & PL_TH_SYN) {
		g.opt.has = PL_OPT_MSS;
		g.opt.mss = 1440;
	}
	n = pl_tcp_put(l4, sizeof l4, &g) + len;
	pl_csum_store(l4 + 16, pl_csum_add(pl_csum_pseudo(&src, &dst, 6, (uint32_t)n), l4, n));
	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, gate_mac, 6);
	pl_eth_put(&w, &eth);
	if (src.family == 4)
		pl_ip4_put(&w,
		           &(struct pl_ip4){.src = src, .dst = dst, .proto = 6, .ttl = 64, .len = (uint16_t)(20 + n)});
	else
		pl_ip6_put(&w,
		           &(struct pl_ip6){
				   .src = src, .dst = dst, .proto = 6, .hop_limit = 64, .payload_len = (uint16_t)n});
	pl_put_bytes(&w, l4, n);
	give(frame, (size_t)(w.p - frame));
	drain();
}

static struct plim_addr
peer4(unsigned i)
{
	return (struct plim_addr){{11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, 4};
}

static struct plim_stats
stats(void)
{
	struct plim_stats st;

	plim_stats(s, &st);
	return st;
}

/* SYN, and the ACK of its SYN-ACK. */
static uint32_t
shake(struct plim_addr src, uint16_t port)
{
	unsigned before = n_synack;
	uint32_t ack;

	say(src, port, PL_TH_SYN, 100, 0, 0);
	assert_int_equal(n_synack, before + 1);
	ack = synack_seq + 1;
	say(src, port, PL_TH_ACK, 101, ack, 0);
	return ack;
}

static plim_h
accept_one(void)
{
	plim_h h;

	assert_int_equal(plim_tcp_accept(s, listener, 1, &h, NULL), PLIM_OK);
	return h;
}

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
	assert_true(stats().drops[PLIM_DROP_syn_cache_full] > 1000);
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
	unsigned n = 0, out;
	uint8_t got[2000];

	(void)state;
	start(NULL);
	for (; n < 3000; n++) {
		unsigned before = n_out;

		say(peer4(n * 256), 5000, PL_TH_SYN, 100, 0, 0);
		if (n_out == before || !(last.flags & PL_TH_SYN))
			break;
		iss[n] = last.seq + 1;
		say(peer4(n * 256), 5000, PL_TH_ACK, 101, iss[n], 0);
		if (plim_tcp_accept(s, listener, 1, &h[n], NULL) != PLIM_OK)
			break;
		for (seq[n] = 101; seq[n] < 101 + 5600; seq[n] += 1400)
			say(peer4(n * 256), 5000, PL_TH_ACK | PL_TH_PSH, seq[n], iss[n], 1400);
		if (n % 50 == 0)
			go(PL_MS(50));
		if (stats().pressure_permille > 990)
			break;
	}
	assert_true(stats().pressure_permille > 800);
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
           cmocka_unit_test(a_replaced_entry_completes_by_its_cookie),
           cmocka_unit_test(a_flood_stays_in_its_class_and_leaves_nothing),
           cmocka_unit_test(full_memory_refuses_newcomers_and_serves_those_within))
