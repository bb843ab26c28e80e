/* SPDX-License-Identifier: ISC */
/* A run repeats octet for octet (I9), another seed gives another run, and checks can fail. */
#include "tests/unit/unit.h"

#include "sim/run.h"

/* A01 with a disturbance of 3 s, without what needs a baseline. */
static struct sim_result
run_short(uint64_t seed, void (*check)(struct sim_run *r))
{
	struct sim_scenario s = *sim_find("A01");
	struct sim_order o = {.scenario = &s, .target = 4u << 20, .seed = seed, .governor = true};
	struct sim_result out;

	s.duration = PL_SEC(3);
	s.no_recovery = true;
	s.check = check;
	assert_true(sim_run(&o, NULL, NULL, &out));
	for (unsigned i = 0; i < out.n_failed; i++)
		print_message("# %s: %s\n", out.failed[i].check, out.failed[i].text);
	return out;
}

static void
the_same_seed_gives_the_same_trace(void **state)
{
	struct sim_result a = run_short(1, NULL), b = run_short(1, NULL), c = run_short(2, NULL);

	(void)state;
	assert_true(a.pass && b.pass && c.pass);
	assert_true(a.frames > 100000);
	assert_true(a.trace == b.trace && a.frames == b.frames && a.events == b.events && a.peak == b.peak);
	assert_true(a.trace != c.trace);
	assert_true(a.peak > 0 && a.peak <= a.target);
}

static void
ask_for_too_much(struct sim_run *r)
{
	sim_at_least(r, "more-than-all", r->out->H, 1.5);
	sim_at_most(r, "R", (double)r->out->R, 0);
}

static void
a_failed_check_has_name_value_and_limit(void **state)
{
	struct sim_result a = run_short(1, ask_for_too_much);

	(void)state;
	assert_false(a.pass);
	assert_int_equal(a.n_failed, 1);
	assert_string_equal(a.failed[0].check, "more-than-all");
	assert_true(a.failed[0].value > 0.9 && a.failed[0].value <= 1);
	assert_true(a.failed[0].limit > 1.49 && a.failed[0].limit < 1.51);
}

/* Shows the watch an upload's text at RCV.NXT, and its FIN and ACK, that the stack never gets: each must be missed. */
static struct {
	struct sim_frame text;
	bool has_text, is_shown;
} shown;

static void
keep_text(void *ctx, struct sim_host *from, const struct sim_frame *f)
{
	struct pl_ip4 ip;
	struct pl_tcp_seg seg;

	(void)ctx;
	(void)from;
	if (shown.has_text || !sim_frame_tcp(f->data, f->len, &ip, &seg) || seg.dport != SIM_PORT_UPLOAD ||
	    seg.text.len < 1000)
		return;
	shown.text = *f;
	shown.has_text = true;
}

static void
show(struct sim_run *r, struct sim_sconn *c, pl_seq nxt, uint8_t flags)
{
	struct plim_frame f = {.data = shown.text.data, .len = shown.text.len};

	c->seen.nxt = c->seen.told = c->seen.edge = nxt;
	shown.text.data[14 + 20 + 13] = flags;
	r->world.on_server_frames(r, &f, 1);
	sim_segments_after(r);
}

static void
show_what_is_not_taken(struct sim_run *r)
{
	struct pl_ip4 ip;
	struct pl_tcp_seg seg;
	struct sim_sconn *c;

	if (shown.is_shown || !shown.has_text || r->world.now < r->begin)
		return;
	shown.is_shown = true;
	assert_true(sim_frame_tcp(shown.text.data, shown.text.len, &ip, &seg));
	c = sim_services_find(&r->services, pl_load32(ip.src.octets), seg.sport, seg.dport);
	assert_non_null(c);
	c->seen.has_ts = false;
	show(r, c, seg.seq, PL_TH_ACK);
	show(r, c, seg.seq, PL_TH_RST);
	c->seen.has_una = true;
	c->seen.una = seg.ack - 500;
	c->seen.snd_nxt = seg.ack;
	show(r, c, seg.seq, PL_TH_ACK);
}

static void
prepare_to_show(struct sim_run *r)
{
	r->world.sniff = keep_text;
}

static void
what_the_stack_does_not_take_is_noticed(void **state)
{
	struct sim_scenario s = {.id = "T01", .name = "shown", .duration = PL_SEC(6), .no_recovery = true};
	struct sim_order o = {.scenario = &s, .target = 4u << 20, .seed = 1, .governor = true};
	struct sim_result out;
	unsigned next = 0, ack = 0, rst = 0;

	(void)state;
	s.prepare = prepare_to_show;
	s.sample = show_what_is_not_taken;
	assert_true(sim_run(&o, NULL, NULL, &out));
	assert_true(shown.is_shown);
	for (unsigned i = 0; i < out.n_failed; i++) {
		next += strcmp(out.failed[i].check, "I5-next") == 0;
		ack += strcmp(out.failed[i].check, "I8-ack") == 0;
		rst += strcmp(out.failed[i].check, "I8-rst") == 0;
	}
	assert_int_equal(next, 1);
	assert_int_equal(ack, 1);
	assert_int_equal(rst, 1);
}

static void
ids_are_found_in_any_case_and_wrong_ones_are_not(void **state)
{
	(void)state;
	assert_ptr_equal(sim_find("a01"), sim_find("A01"));
	assert_non_null(sim_find("A01"));
	assert_null(sim_find("Z99"));
}

TESTS_MAIN(cmocka_unit_test(the_same_seed_gives_the_same_trace),
           cmocka_unit_test(what_the_stack_does_not_take_is_noticed),
           cmocka_unit_test(a_failed_check_has_name_value_and_limit),
           cmocka_unit_test(ids_are_found_in_any_case_and_wrong_ones_are_not))
