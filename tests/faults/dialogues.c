/* SPDX-License-Identifier: ISC */
/*
 * Every dialogue with the n-th grant refused, for every n.
 *
 * A first run counts the grants; then each is refused in a run of its own, alone and together
 * with the next three (a second try then fails as well). The script's expectations may not
 * hold any more. What must: no crash and no endless talk, every invariant after each
 * step (plim_check in the harness), what was acknowledged can be read and what was taken
 * for sending arrives unless the connection ended and the application knows, nothing is
 * held after the end, and a fresh handshake finds a stack that serves.
 *
 * FAULT_STRIDE=k refuses every k-th grant only; FAULT_MOST runs at most for each dialogue.
 * FAULT_ONLY=name runs one dialogue.
 */
#include <setjmp.h>

#include "good_peer.h"
#include "grants.h"
#include "settings.h"

#include "lenient.h"

#undef assert_true
#undef assert_int_equal
#undef fail
#define fail() _fail(__FILE__, __LINE__)
#define assert_true(c) _assert_true(cast_to_largest_integral_type(c), #c, __FILE__, __LINE__)
#define assert_int_equal(a, b) \
	_assert_int_equal(cast_to_largest_integral_type(a), cast_to_largest_integral_type(b), __FILE__, __LINE__)

#define HANDLES 20000
#define STEPS 200000u
#define FRESH_PORT 8181

static struct {
	const struct CMUnitTest *dialogue;
	struct grant_plan plan;
	uint64_t of; /* grants in all */
	unsigned steps;
	jmp_buf stopped;
	bool active;
} run;

static plim_h handles[HANDLES];
static unsigned n_handles;
static uint64_t runs_in_all, stopped_scripts, cut_short, refused_of[PLIM_N_CLASSES], asked_of[PLIM_N_CLASSES];

/* ---- handles that a script was given ---- */

int __real_plim_tcp_listen(plim *s, const struct plim_endpoint *local, uint32_t cookie, plim_h *out);
int __real_plim_tcp_connect(plim *s, const struct plim_endpoint *remote, const struct plim_endpoint *local,
                            uint32_t cookie, plim_h *out);
int __real_plim_tcp_accept(plim *s, plim_h listener, uint32_t cookie, plim_h *out, struct plim_endpoint *peer);
int __wrap_plim_tcp_listen(plim *s, const struct plim_endpoint *local, uint32_t cookie, plim_h *out);
int __wrap_plim_tcp_connect(plim *s, const struct plim_endpoint *remote, const struct plim_endpoint *local,
                            uint32_t cookie, plim_h *out);
int __wrap_plim_tcp_accept(plim *s, plim_h listener, uint32_t cookie, plim_h *out, struct plim_endpoint *peer);

static int
keep_handle(int rc, const plim_h *h)
{
	if (rc == PLIM_OK) {
		assert_true(n_handles < HANDLES);
		handles[n_handles++] = *h;
	}
	return rc;
}

int
__wrap_plim_tcp_listen(plim *s, const struct plim_endpoint *local, uint32_t cookie, plim_h *out)
{
	return keep_handle(__real_plim_tcp_listen(s, local, cookie, out), out);
}

int
__wrap_plim_tcp_connect(plim *s, const struct plim_endpoint *remote, const struct plim_endpoint *local, uint32_t cookie,
                        plim_h *out)
{
	return keep_handle(__real_plim_tcp_connect(s, remote, local, cookie, out), out);
}

int
__wrap_plim_tcp_accept(plim *s, plim_h listener, uint32_t cookie, plim_h *out, struct plim_endpoint *peer)
{
	return keep_handle(__real_plim_tcp_accept(s, listener, cookie, out, peer), out);
}

/* ---- what the harness asks ---- */

void
script_stops(const char *file, int line)
{
	(void)file;
	(void)line;
	stopped_scripts++;
	longjmp(run.stopped, 1);
}

static void
segment_missed(const struct line *l)
{
	if (l->flags == (SYN | ACK))
		peer_repeats_syn();
}

static void
count_step(void)
{
	if (++run.steps > STEPS)
		fail_msg("it does not come to an end");
}

static const struct dialogue_watch faulted = {
	.said = peer_overhears_itself,
	.heard = peer_hears,
	.stop = script_stops,
	.missed = segment_missed,
	.step = count_step,
};

/* ---- the end of a run ---- */

static void
close_all_handles(void)
{
	for (unsigned i = 0; i < n_handles; i++) {
		int rc = plim_tcp_close(d.s, handles[i]);

		if (rc != PLIM_ESTALE)
			assert_int_equal(rc, PLIM_OK);
		if (i % 64 == 0)
			fetch_events();
	}
	n_handles = 0;
	drain();
}

static void
assert_nothing_is_held(void)
{
	static const enum plim_class gone[] = {PLIM_CLASS_record, PLIM_CLASS_stream, PLIM_CLASS_index,
	                                       PLIM_CLASS_app,    PLIM_CLASS_syn,    PLIM_CLASS_timewait};
	struct plim_stats st;

	for (unsigned minute = 0; minute < 30; minute++) {
		run_to(d.now + MS(60000));
		(void)ignore_rest();
	}
	plim_stats(d.s, &st);
	for (unsigned i = 0; i < PL_COUNT(gone); i++)
		if (st.by_class[gone[i]])
			fail_msg("%llu octets of class %s are held for nobody",
			         (unsigned long long)st.by_class[gone[i]], plim_class_name(gone[i]));
}

/* The stack serves again: a whole session, with nothing refused and every expectation strict. */
static void
assert_it_serves(void)
{
	struct plim_endpoint local = {.port = FRESH_PORT};

	watch = NULL;
	forget_heard();
	d.lport = FRESH_PORT;
	d.rport = 5999;
	d.origin = d.now;
	d.h = (plim_h){0, 0};
	d.in_flags = 0;
	d.in_gso_size = 0;
	d.fin = 0;
	d.mute = d.may_shrink = false;
	assert_int_equal(plim_tcp_listen(d.s, &local, 1, &d.listener), 0);
	peer(SYN, .seq = 5000, .mss = 1000);
	we(SYN | ACK, .ack = 5001);
	peer(ACK | PSH, .seq = 5001, .ack = ISS + 1, .len = 100);
	app_accept();
	assert_int_equal(app_read(1000), 100);
	(void)ignore_rest(); /* an ACK may go out before the answer */
	assert_int_equal(app_send(100), 100);
	we(ACK | PSH, .seq = ISS + 1, .ack = 5101, .len = 100);
	app_close();
	we(FIN | ACK, .seq = ISS + 101);
	peer(ACK | FIN, .seq = 5101, .ack = ISS + 102);
	we(ACK, .ack = 5102);
	assert_int_equal(plim_tcp_close(d.s, d.listener), 0);
	assert_nothing_is_held();
}

static struct ending
run_once(const struct grant_plan *plan)
{
	struct ending e;
	void *none = NULL;

	run.active = true;
	run.steps = 0;
	n_handles = 0;
	peer_forget();
	assert_int_equal(run.dialogue->setup_func(&none), 0);
	watch = &faulted;
	grants_start(plan);
	if (setjmp(run.stopped) == 0)
		run.dialogue->test_func(&none);
	grants_stop();
	d.batching = false;
	if (d.s) {
		(void)ignore_rest();
		e = peer_finishes();
		(void)plim_tcp_close(d.s, d.h);
		drain();
		peer_closes();
		close_all_handles();
		assert_nothing_is_held();
		assert_it_serves();
	} else {
		e = (struct ending){true, true, true};
	}
	watch = NULL;
	runs_in_all++;
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++) {
		refused_of[c] += grants.refused_of[c];
		asked_of[c] += grants.asked_of[c];
	}
	run.active = false;
	assert_int_equal(run.dialogue->teardown_func(&none), 0);
	return e;
}

/* `whole`: how the dialogue ends without a fault. Some end on purpose with octets under way. */
static void
run_refused(uint64_t n, uint64_t width, const struct ending *whole)
{
	struct ending e;

	run.plan = (struct grant_plan){.from = n, .to = n + width};
	e = run_once(&run.plan);
	assert_true(grants.refused > 0);
	cut_short += e.over && !whole->over;
	if (e.over)
		return;
	run.active = true;
	if (!e.delivered && whole->delivered)
		fail_msg("octets taken for sending never came: %llu were taken", (unsigned long long)d.sent);
	if (!e.readable && whole->readable)
		fail_msg("acknowledged octets cannot be read, or the peer's are never taken");
	run.active = false;
}

static void
any_grant_of_the_dialogue_may_be_refused(void **state)
{
	uint64_t stride = fault_number("FAULT_STRIDE", 1), most = fault_number("FAULT_MOST", 250), all;
	struct ending whole;

	memset(&run, 0, sizeof run);
	run.dialogue = *state;
	whole = run_once(NULL);
	all = run.of = grants.asked;
	stride = PL_MAX(stride, (all + most - 1) / most);
	for (uint64_t n = 1; n <= all; n += stride) {
		run_refused(n, 1, &whole);
		run_refused(n, 4, &whole);
	}
}

/* A run that failed: which one. */
static int
say_which(void **state)
{
	(void)state;
	watch = NULL;
	if (run.active && run.dialogue)
		print_error("%s: refused were grants %llu to %llu of %llu\n", run.dialogue->name,
		            (unsigned long long)run.plan.from, (unsigned long long)run.plan.to - 1,
		            (unsigned long long)run.of);
	free(d.region);
	memset(&d, 0, sizeof d);
	return 0;
}

static void
print_counts(void)
{
	print_message("# %llu runs, %llu scripts stopped, %llu connections ended early; refused of asked:",
	              (unsigned long long)runs_in_all, (unsigned long long)stopped_scripts,
	              (unsigned long long)cut_short);
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
		if (asked_of[c])
			print_message(" %s %llu/%llu", plim_class_name(c), (unsigned long long)refused_of[c],
			              (unsigned long long)asked_of[c]);
	print_message("\n");
}

int
run_faulted(const struct CMUnitTest *tests, size_t n)
{
	struct CMUnitTest *list = calloc(n, sizeof *list);
	const char *only = getenv("FAULT_ONLY");
	size_t m = 0;
	int rc;

	for (size_t i = 0; list && i < n; i++)
		if (!only || strcmp(only, tests[i].name) == 0)
			list[m++] = (struct CMUnitTest){tests[i].name, any_grant_of_the_dialogue_may_be_refused, NULL,
			                                say_which, (void *)(uintptr_t)&tests[i]};
	rc = _cmocka_run_group_tests("faulted", list, m, NULL, NULL);
	print_counts();
	free(list);
	return rc;
}
