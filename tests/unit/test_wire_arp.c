/* SPDX-License-Identifier: ISC */
#include "mutate.h"

#include "wire/arp.h"

/* An Ethernet broadcast asking who has 10.0.0.2. */
static const uint8_t request[42] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06, /* link */
	0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0, 0, 0,    1,    10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
};

static bool
parse(const uint8_t *p, size_t n, struct pl_eth *eth, struct pl_arp *arp)
{
	struct pl_cur c = pl_cur_of(p, n);

	return pl_eth_parse(&c, eth) && pl_arp_parse(c, arp);
}

static void
feed(const uint8_t *p, size_t n, void *whole)
{
	struct pl_eth eth;
	struct pl_arp arp;
	bool ok = parse(p, n, &eth, &arp);

	if (whole)
		assert_int_equal(ok, n == sizeof request);
}

static void
a_request_is_read_and_written(void **state)
{
	uint8_t out[sizeof request];
	struct pl_put w = pl_put_to(out, sizeof out);
	struct pl_eth eth;
	struct pl_arp arp;

	(void)state;
	assert_true(parse(request, sizeof request, &eth, &arp));
	assert_true(pl_mac_is_group(eth.dst) && !pl_mac_is_group(eth.src));
	assert_int_equal(eth.type, PL_ETH_TYPE_ARP);
	assert_int_equal(arp.op, PL_ARP_REQUEST);
	assert_int_equal(arp.tpa.octets[3], 2);
	assert_true(pl_mac_equal(arp.sha, eth.src));
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &arp);
	assert_false(w.short_of);
	assert_memory_equal(out, request, sizeof request);
}

static void
another_hardware_protocol_length_or_operation_is_refused(void **state)
{
	static const uint8_t judged[] = {14, 15, 16, 17, 18, 19, 20};

	(void)state;
	for (unsigned i = 0; i < sizeof judged; i++) {
		for (unsigned v = 0; v < 256; v++) {
			uint8_t p[sizeof request];
			struct pl_eth eth;
			struct pl_arp arp;

			memcpy(p, request, sizeof p);
			p[judged[i]] = (uint8_t)v;
			assert_int_equal(parse(p, sizeof p, &eth, &arp), v == request[judged[i]]);
		}
	}
}

static void
truncated_and_damaged_ones_are_survived(void **state)
{
	int whole = 1;

	(void)state;
	every_truncation(feed, request, sizeof request, &whole);
	many_mutations(feed, request, sizeof request, NULL, 5000);
}

TESTS_MAIN(cmocka_unit_test(a_request_is_read_and_written),
           cmocka_unit_test(another_hardware_protocol_length_or_operation_is_refused),
           cmocka_unit_test(truncated_and_damaged_ones_are_survived))
