/* SPDX-License-Identifier: ISC */
/*
 * The hard limits alone: a mixed load of many times T with the governor off, with its accounts reading half of the truth
 * (built with -DHALF_TRUTH), and with one class leaking. Real use never exceeds T, nothing crashes, and the stack serves
 * when the load has gone. Regions have T octets exactly, so that a sanitizer sees what lies beyond.
 */
#include "tests/api/crowd.h"

#include "mem/governor.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#include "base/checksum.h"

#define PEER_PORT 5000
#define TURNS 60000u
#define MSS 1440u
#define N_PEERS 1500u
#define N_SOCKETS 4u
#define UDP_PORT 53u
#define CHECK_EVERY 500u

/* ---- accounts that read half of the truth ---- */

#ifdef HALF_TRUTH
unsigned __real_pl_pressure(const struct pl_mem *m);
unsigned __wrap_pl_pressure(const struct pl_mem *m);
uint64_t __wrap_pl_waterline(const struct pl_mem *m);

unsigned
__wrap_pl_pressure(const struct pl_mem *m)
{
	return __real_pl_pressure(m) / 2;
}

/* A quarter of what seems to be free. */
uint64_t
__wrap_pl_waterline(const struct pl_mem *m)
{
	return (m->cap_conn - PL_MIN(m->cap_conn, pl_mem_conn_used(m) / 2)) / 4;
}
#endif

/* ---- the load ---- */

struct peer {
	bool is_open;
	uint32_t seq, ack;
};

static struct peer peers[N_PEERS];
static plim_h handles[N_PEERS * 8], sockets[N_SOCKETS];
static unsigned n_handles;
static uint64_t offered, seed;
static enum pl_obj leaking;
static uint64_t leaked;

static void
give_ip4(unsigned from, uint8_t proto, uint16_t id, uint16_t at, bool mf, const uint8_t *l4, size_t n)
{
	uint8_t frame[1600];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = PL_ETH_TYPE_IP4, .dst = {2, 0, 0, 0, 0, 2}, .src = {2, 0, 0, 0, 0, 1}};

	pl_eth_put(&w, &eth);
	pl_ip4_put(&w, &(struct pl_ip4){.src = peer4(from),
	                                .dst = us4_addr,
	                                .proto = proto,
	                                .ttl = 64,
	                                .id = id,
	                                .frag_offset = (uint16_t)(at / 8),
	                                .mf = mf,
	                                .len = (uint16_t)(20 + n)});
	pl_put_bytes(&w, l4, n);
	assert_false(w.short_of);
	give(frame, (size_t)(w.p - frame));
	offered += n;
	drain();
}

static void
half_open(unsigned i)
{
	say(peer4(1000000 + 256 * i), PEER_PORT, PL_TH_SYN, 100, 0, 0);
	offered += 64;
}

static void
connect_one(unsigned i)
{
	struct peer *p = &peers[i % N_PEERS];
	unsigned before = n_synack;

	if (p->is_open)
		return;
	say(peer4(i % N_PEERS * 256), PEER_PORT, PL_TH_SYN, 100, 0, 0);
	if (n_synack == before)
		return;
	*p = (struct peer){true, 101, synack_seq + 1};
	say(peer4(i % N_PEERS * 256), PEER_PORT, PL_TH_ACK, p->seq, p->ack, 0);
}

/* In order, and never read. */
static void
unread_text(unsigned i)
{
	struct peer *p = &peers[i % N_PEERS];

	if (!p->is_open)
		return;
	last.ack = p->seq;
	say(peer4(i % N_PEERS * 256), PEER_PORT, PL_TH_ACK | PL_TH_PSH, p->seq, p->ack, MSS);
	go(PL_MS(1));
	if (pl_seq_lt(p->seq, last.ack) && pl_seq_le(last.ack, p->seq + MSS))
		p->seq = last.ack;
	offered += MSS;
}

static void
hole(unsigned i)
{
	struct peer *p = &peers[i % N_PEERS];

	if (p->is_open)
		say(peer4(i % N_PEERS * 256), PEER_PORT, PL_TH_ACK, p->seq + 256 * (1 + chance_below(&seed, 40)),
		    p->ack, 1);
	offered += 256;
}

static void
fragment(unsigned i)
{
	static const uint8_t text[1480];

	give_ip4(3000000 + 256 * i, 17, (uint16_t)i, (uint16_t)(i % 3 * 1480), true, text, sizeof text);
}

static void
datagram(unsigned i)
{
	uint8_t l4[8 + 200] = {0};
	struct pl_put w = pl_put_to(l4, sizeof l4);
	size_t len = i % 200;

	pl_udp_put(&w, 1234, (uint16_t)(UDP_PORT + i % N_SOCKETS), len);
	l4[6] = l4[7] = 0; /* no checksum */
	give_ip4(i, 17, 0, 0, false, l4, 8 + len);
}

/* The application takes every connection, sends to it, charges memory for it, and reads nothing. */
static void
application(void)
{
	static const uint8_t text[4000];
	plim_h h;

	while (n_handles < PL_COUNT(handles) && plim_tcp_accept(s, listener, 1, &h, NULL) == PLIM_OK) {
		handles[n_handles++] = h;
		(void)plim_send(s, h, text, sizeof text, 0);
		(void)plim_charge(s, h, 500);
		(void)plim_alloc(s, h, 256);
		offered += sizeof text;
	}
	drain();
}

static void
leak(void)
{
	if (leaking != PL_OBJ_none && pl_mem_calloc(&s->core.mem, leaking, PL_GRANT_NORMAL))
		leaked += pl_mem_octets(&s->core.mem, leaking);
}

static void
check_limits(unsigned i)
{
	struct plim_stats st = stats();
	const char *why = NULL;

	assert_true(st.used <= TARGET);
	assert_true(st.peak <= TARGET);
	if (i % CHECK_EVERY != 0)
		return;
	why = pl_mem_check(&s->core.mem); /* real octets, counted slab by slab */
	if (why || (leaking == PL_OBJ_none && plim_check(s, &why) != 0))
		fail_msg("turn %u: %s", i, why);
}

static void
turn(unsigned i)
{
	static void (*const loads[])(unsigned) = {half_open, connect_one, unread_text, unread_text,
	                                          hole,      fragment,    datagram,    unread_text};

	loads[i % PL_COUNT(loads)]((unsigned)(chance(&seed) >> 40));
	if (i % 8 == 0)
		application();
	leak();
	check_limits(i);
	if (i % 16 == 0)
		go(PL_MS(1));
}

/* ---- before and after ---- */

static void
begin_load(void (*change)(struct plim_config *c))
{
	struct plim_endpoint at = {{{0}, 0}, UDP_PORT};

	memset(peers, 0, sizeof peers);
	n_handles = 0;
	offered = leaked = 0;
	seed = 12345;
	start(change);
	go(PL_MS(10));
	for (unsigned i = 0; i < N_SOCKETS; i++, at.port++)
		assert_int_equal(plim_udp_open(s, &at, i, &sockets[i]), PLIM_OK);
}

static void
end_load(void)
{
	for (unsigned i = 0; i < n_handles; i++)
		(void)plim_tcp_abort(s, handles[i]);
	for (unsigned i = 0; i < N_SOCKETS; i++)
		assert_int_equal(plim_udp_close(s, sockets[i]), PLIM_OK);
	for (unsigned i = 0; i < 400; i++) { /* half-open and unaccepted ones, fragments, TIME_WAIT: their deadlines */
		go(PL_SEC(1));
		check_limits(i);
	}
	(void)plim_poll(s, now, 100000);
}

static void
serves_one(void)
{
	uint8_t got[3 * MSS];
	uint32_t ack = shake(peer4(77), PEER_PORT);
	plim_h h = accept_one();

	for (unsigned i = 0; i < 3; i++)
		say(peer4(77), PEER_PORT, PL_TH_ACK | PL_TH_PSH, 101 + i * MSS, ack, MSS);
	assert_int_equal(plim_recv(s, h, got, sizeof got), sizeof got);
	assert_int_equal(plim_send(s, h, got, MSS, 0), MSS);
	drain();
	assert_int_equal(last.text.len, MSS);
	say(peer4(77), PEER_PORT, PL_TH_ACK, 101 + 3 * MSS, ack + MSS, 0);
	assert_int_equal(plim_tcp_abort(s, h), PLIM_OK);
	go(PL_SEC(1));
}

/* Every account but those of the listener, the neighbours and what leaks. */
static void
nothing_is_left(void)
{
	struct plim_stats st = stats();

	for (unsigned c = PLIM_CLASS_record + 1; c < PLIM_N_CLASSES; c++)
		if (c != PLIM_CLASS_neighbour && c != PLIM_CLASS_reserve &&
		    !(leaking != PL_OBJ_none && s->core.mem.types[leaking].cls == c))
			assert_int_equal(st.by_class[c], 0);
	assert_true(s->core.mem.cls_live[PLIM_CLASS_record] <= PL_OCTETS_listener + 4 * PL_OCTETS_slot);
}

static void
run_load(void (*change)(struct plim_config *c))
{
	struct plim_stats st;

	begin_load(change);
	for (unsigned i = 0; i < TURNS; i++)
		turn(i);
	st = stats();
	assert_true(offered > 10 * (uint64_t)TARGET);
	print_message("offered %llu octets (%llu T), peak %llu of %u, %u accepted, %llu refused grants, leaked %llu\n",
	              (unsigned long long)offered, (unsigned long long)offered / TARGET, (unsigned long long)st.peak,
	              TARGET, n_handles, (unsigned long long)s->core.mem.refused, (unsigned long long)leaked);
	end_load();
}

static void
no_governor(struct plim_config *c)
{
	c->governor = 0;
}

static void
without_the_governor_the_target_holds(void **state)
{
	(void)state;
	leaking = PL_OBJ_none;
	run_load(no_governor);
	assert_true(s->core.mem.refused > 0); /* it came to the limits */
	assert_true(stats().peak > TARGET / 100 * 80);
	serves_one();
	nothing_is_left();
	stop();
}

static void
with_the_governor_as_built_the_target_holds(void **state)
{
	(void)state;
	leaking = PL_OBJ_none;
	run_load(NULL);
	serves_one();
	nothing_is_left();
	stop();
}

/* A class with a cap of its own leaks until it has none left: the others go on. */
static void
a_leaking_class_stays_within_its_cap(void **state)
{
	static const enum pl_obj types[] = {PL_OBJ_fragblock, PL_OBJ_udpblock, PL_OBJ_neighbuf, PL_OBJ_syn4,
	                                    PL_OBJ_tw4};

	(void)state;
	for (unsigned i = 0; i < PL_COUNT(types); i++) {
		unsigned cls;

		leaking = types[i];
		run_load(i % 2 ? no_governor : NULL);
		cls = s->core.mem.types[leaking].cls;
		assert_true(leaked > 0);
		assert_true(stats().by_class[cls] <= stats().class_cap[cls]);
		serves_one();
		nothing_is_left();
		free(region);
	}
}

/* Blocks of streams leak: the whole joint cap goes, connections are refused, T holds; with the blocks back they are served. */
static void
leaking_stream_blocks_stay_within_the_joint_cap(void **state)
{
	struct pl_mem *m;
	pl_id id = 0, next;

	(void)state;
	leaking = PL_OBJ_block;
	run_load(no_governor);
	m = &s->core.mem;
	for (unsigned i = 0; i < TARGET / 256; i++)
		leak(); /* what the load has left */
	assert_true(leaked > m->cap_conn / 2);
	assert_true(pl_mem_conn_used(m) <= m->cap_conn + m->cls_cap[PLIM_CLASS_reserve]);
	check_limits(0);
	for (id = pl_mem_walk(m, PL_OBJ_block, 0); id; id = next) { /* nobody else has one now */
		next = pl_mem_walk(m, PL_OBJ_block, id);
		pl_mem_free(m, PL_OBJ_block, id);
	}
	leaking = PL_OBJ_none;
	serves_one();
	nothing_is_left();
	stop();
}

TESTS_MAIN(cmocka_unit_test(without_the_governor_the_target_holds),
           cmocka_unit_test(with_the_governor_as_built_the_target_holds),
           cmocka_unit_test(a_leaking_class_stays_within_its_cap),
           cmocka_unit_test(leaking_stream_blocks_stay_within_the_joint_cap))
