/* SPDX-License-Identifier: ISC */
/* Fragments through the public calls alone: frames in, datagrams and answers out. */
#include "tests/unit/unit.h"

#include "base/addr.h"
#include "base/checksum.h"
#include "plim/plim.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#define TARGET (4u << 20)
#define MOST 4000

static uint8_t region[TARGET] __attribute__((aligned(64)));
static plim *s;
static plim_time now;
static bool only_first; /* the other fragments are lost */
static const struct plim_addr US = {{10, 0, 0, 2}, 4}, PEER = {{10, 0, 0, 9}, 4};
static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, peer_mac[6] = {2, 0, 0, 0, 0, 9};

static int
setup(void **state)
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1};
	struct plim_config c;

	(void)state;
	plim_config_default(&c);
	c.n_ifaces = 1;
	c.ifaces[0].mtu = 1500;
	c.ifaces[0].n_addrs = 1;
	c.ifaces[0].addrs[0] = (struct plim_ifaddr){US, 24};
	memcpy(c.ifaces[0].mac, our_mac, 6);
	now = 1000000000;
	return plim_create(&c, region, TARGET, entropy, now, &s);
}

static int
teardown(void **state)
{
	const char *why = NULL;

	(void)state;
	if (plim_check(s, &why) != 0)
		fail_msg("%s", why);
	return 0;
}

/* A datagram as fragments of at most `part` octets, all in one batch; the last one first if reversed. */
static void
send_in_parts(uint8_t proto, const uint8_t *l4, size_t len, size_t part, bool reversed)
{
	static uint8_t octets[16][1600];
	static uint16_t id;
	struct plim_frame frames[16];
	size_t n = (len + part - 1) / part;

	id++;
	for (size_t i = 0; i < n; i++) {
		size_t at = i * part, here = len - at < part ? len - at : part;
		struct plim_frame *f = &frames[reversed ? n - 1 - i : i];
		struct pl_put w = pl_put_to(octets[i], sizeof octets[i]);
		struct pl_eth eth = {.type = PL_ETH_TYPE_IP4};

		memcpy(eth.dst, our_mac, 6);
		memcpy(eth.src, peer_mac, 6);
		pl_eth_put(&w, &eth);
		pl_ip4_put(&w, &(struct pl_ip4){.src = PEER,
		                                .dst = US,
		                                .ttl = 64,
		                                .proto = proto,
		                                .id = id,
		                                .len = (uint16_t)(20 + here),
		                                .frag_offset = (uint16_t)(at / 8),
		                                .mf = at + here < len});
		pl_put_bytes(&w, l4 + at, here);
		assert_false(w.short_of);
		*f = (struct plim_frame){.data = octets[i], .len = (uint32_t)(w.p - octets[i])};
	}
	n = only_first ? 1 : n;
	assert_int_equal(plim_input(s, frames, n, now), n);
}

static void
send_udp(uint16_t port, size_t len, size_t part, bool reversed)
{
	static uint8_t l4[8 + MOST];
	struct pl_put w = pl_put_to(l4, sizeof l4);

	pl_udp_put(&w, 1234, port, len);
	for (size_t i = 0; i < len; i++)
		pl_put_u8(&w, (uint8_t)(i * 3 + i / 256));
	pl_csum_store(&l4[6], pl_csum_add(pl_csum_pseudo(&PEER, &US, 17, (uint32_t)len + 8), l4, len + 8));
	send_in_parts(17, l4, len + 8, part, reversed);
}

static uint64_t
held(void)
{
	struct plim_stats st;

	plim_stats(s, &st);
	return st.by_class[PLIM_CLASS_fragment];
}

static void
datagrams_in_fragments_reach_their_socket(void **state)
{
	struct plim_endpoint at = {.port = 53}, from;
	uint8_t got[MOST];
	plim_h u;

	(void)state;
	assert_int_equal(plim_udp_open(s, &at, 1, &u), PLIM_OK);
	for (size_t len = 100; len <= MOST; len += 130) {
		for (size_t part = 296; part <= 1480; part += 592) {
			send_udp(53, len, part, len & 4);
			assert_int_equal(plim_udp_recvfrom(s, u, got, sizeof got, &from), len);
			for (size_t i = 0; i < len; i++)
				assert_int_equal(got[i], (uint8_t)(i * 3 + i / 256));
			assert_true(from.port == 1234 && pl_addr_equal(&from.addr, &PEER));
			assert_int_equal(held(), 0);
		}
	}
	assert_int_equal(plim_udp_close(s, u), PLIM_OK);
}

/* The next frame, an ICMP message to the peer. */
static struct pl_icmp
next_icmp(void)
{
	static uint8_t out[1600];
	struct plim_frame f = {.data = out, .cap = sizeof out};
	struct pl_icmp m;
	struct pl_ip4 ip;

	assert_int_equal(plim_output(s, &f, 1, now), 1);
	assert_int_equal(pl_ip4_parse((struct pl_span){out + 14, f.len - 14}, &ip), PL_PARSED);
	assert_true(ip.proto == 1 && pl_addr_equal(&ip.dst, &PEER));
	assert_true(pl_icmp_parse(ip.payload, &m));
	return m;
}

static void
a_closed_port_is_answered_once_for_the_whole_datagram(void **state)
{
	struct plim_frame none = {.data = (uint8_t[1600]){0}, .cap = 1600};
	struct pl_icmp m;

	(void)state;
	send_udp(99, 3000, 1480, false);
	m = next_icmp();
	assert_true(m.type == PL_ICMP4_UNREACHABLE && m.code == PL_UNREACH4_PORT);
	assert_int_equal(pl_load16(m.body.p + 2), 20 + 3008); /* the datagram's length, not a fragment's */
	assert_int_equal(pl_load16(m.body.p + 20 + 2), 99);
	assert_int_equal(plim_output(s, &none, 1, now), 0);
	assert_int_equal(held(), 0);
}

static void
an_echo_request_in_fragments_is_answered(void **state)
{
	uint8_t l4[1208] = {PL_ICMP4_ECHO};
	struct pl_icmp m;

	(void)state;
	for (unsigned i = 8; i < sizeof l4; i++)
		l4[i] = (uint8_t)i;
	pl_csum_store(&l4[2], pl_csum_add(0, l4, sizeof l4));
	send_in_parts(1, l4, sizeof l4, 400, true);
	m = next_icmp();
	assert_int_equal(m.type, PL_ICMP4_ECHO_REPLY);
	assert_int_equal(m.body.len, 1200);
	assert_memory_equal(m.body.p, l4 + 8, 1200);
}

/* A SYN in two fragments, between other frames of the same batch: it leads no train and is answered. */
static void
a_segment_in_fragments_is_taken(void **state)
{
	uint8_t l4[40 + 60] = {0x10, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0xa0, 2, 0xff, 0xff};
	struct plim_endpoint at = {.port = 7};
	struct plim_stats st;
	plim_h l;

	(void)state;
	memset(&l4[20], 1, 20); /* no-operations */
	assert_int_equal(plim_tcp_listen(s, &at, 1, &l), PLIM_OK);
	pl_csum_store(&l4[16], pl_csum_add(pl_csum_pseudo(&PEER, &US, 6, sizeof l4), l4, sizeof l4));
	send_in_parts(6, l4, sizeof l4, 40, true);
	plim_stats(s, &st);
	assert_int_equal(st.by_state[PLIM_SYN_RECEIVED], 1);
	assert_int_equal(held(), 0);
	assert_int_equal(plim_tcp_close(s, l), PLIM_OK);
}

static void
what_is_never_whole_ends_by_its_deadline(void **state)
{
	struct plim_trace_record r = {0};
	uint64_t cursor = 0;
	uint8_t l4[1480] = {0};

	(void)state;
	only_first = true;
	send_in_parts(17, l4, 1480, 1472, false);
	only_first = false;
	assert_true(held() > 0);
	assert_int_equal(plim_next_deadline(s), now + 30000000000);
	now += 30000000000;
	assert_int_equal(plim_poll(s, now, 1000), 0);
	assert_int_equal(held(), 0);
	assert_int_equal(plim_trace(s, &cursor, &r, 1, NULL), 1);
	assert_int_equal(r.action, PLIM_ACTION_fragment_expired);
	assert_int_equal(r.reason, 30000); /* its age, ms */
	assert_int_equal(next_icmp().type, PL_ICMP4_TIME_EXCEEDED);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TESTS_MAIN(T(datagrams_in_fragments_reach_their_socket), T(a_closed_port_is_answered_once_for_the_whole_datagram),
           T(an_echo_request_in_fragments_is_answered), T(a_segment_in_fragments_is_taken),
           T(what_is_never_whole_ends_by_its_deadline))
