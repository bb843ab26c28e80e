/* SPDX-License-Identifier: ISC */
/* The link in memory and the impairing wrapper, used as drivers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/memlink.h"

static const struct pl_impair_config slow = {.delay_ns = PL_MS(5), .seed = 1};

static void
send_text(struct pl_driver *d, const char *text, pl_time now)
{
	struct plim_frame f = {.data = (uint8_t *)(uintptr_t)text, .len = (uint32_t)strlen(text) + 1};

	assert_int_equal(pl_driver_tx(d, &f, 1, now), 1);
}

static void
what_one_end_sends_the_other_receives(void **state)
{
	struct pl_memlink l;
	struct plim_frame got[4];
	void *memory = malloc(pl_memlink_octets(&slow, 1500, 0));

	(void)state;
	pl_memlink_init(&l, &slow, 1500, 0, memory);
	send_text(&l.end[0].driver, "to one", 0);
	send_text(&l.end[1].driver, "to nought", PL_MS(1));
	assert_int_equal(pl_driver_due(&l.end[1].driver), PL_MS(5));
	assert_int_equal(pl_driver_due(&l.end[0].driver), PL_MS(6));
	assert_int_equal(pl_driver_rx(&l.end[1].driver, got, 4, PL_MS(5)), 1);
	assert_string_equal((char *)got[0].data, "to one");
	assert_int_equal(pl_driver_rx(&l.end[0].driver, got, 4, PL_MS(5)), 0);
	assert_int_equal(pl_driver_rx(&l.end[0].driver, got, 4, PL_MS(6)), 1);
	assert_string_equal((char *)got[0].data, "to nought");
	free(memory);
}

static void
super_frames_need_room(void **state)
{
	struct pl_memlink l;
	struct plim_frame got[4];
	static uint8_t octets[PL_ETH_OCTETS + PL_SUPER_OCTETS];
	struct plim_frame f = {.data = octets, .len = sizeof(octets), .gso_size = 1448, .hdr_len = 66};
	struct pl_impair_config c = {.queue_limit = 4};
	void *memory = malloc(pl_memlink_octets(&c, 1500, PL_SUPER_OCTETS));

	(void)state;
	pl_memlink_init(&l, &c, 1500, PL_SUPER_OCTETS, memory);
	assert_int_equal(l.end[0].driver.if_flags, PLIM_IF_CSUM_OUT | PLIM_IF_TSO);
	pl_driver_tx(&l.end[0].driver, &f, 1, 0);
	assert_int_equal(pl_driver_rx(&l.end[1].driver, got, 4, 0), 1);
	assert_int_equal(got[0].len, sizeof(octets));
	assert_int_equal(got[0].gso_size, 1448);
	free(memory);
}

static void
wrapper_troubles_both_directions(void **state)
{
	static const struct pl_impair_config clean = {.seed = 2};
	struct pl_memlink l;
	struct pl_wrap w;
	struct plim_frame got[4];
	void *memory = malloc(pl_memlink_octets(&clean, 1500, 0));

	(void)state;
	pl_memlink_init(&l, &clean, 1500, 0, memory);
	void *more = malloc(pl_wrap_octets(&l.end[0].driver, &slow));
	pl_wrap_init(&w, &l.end[0].driver, &slow, more);

	send_text(&w.driver, "out", 0);
	assert_int_equal(pl_driver_rx(&l.end[1].driver, got, 4, 0), 0);
	assert_int_equal(pl_driver_due(&w.driver), PL_MS(5));
	assert_int_equal(pl_driver_tx(&w.driver, NULL, 0, PL_MS(5)), 0);
	assert_int_equal(pl_driver_rx(&l.end[1].driver, got, 4, PL_MS(5)), 1);
	assert_string_equal((char *)got[0].data, "out");

	send_text(&l.end[1].driver, "in", PL_MS(6));
	assert_int_equal(pl_driver_rx(&w.driver, got, 4, PL_MS(6)), 0);
	assert_int_equal(pl_driver_rx(&w.driver, got, 4, PL_MS(11)), 1);
	assert_string_equal((char *)got[0].data, "in");
	free(more);
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_end_sends_the_other_receives),
		cmocka_unit_test(super_frames_need_room),
		cmocka_unit_test(wrapper_troubles_both_directions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
