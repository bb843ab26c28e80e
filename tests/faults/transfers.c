/* SPDX-License-Identifier: ISC */
/*
 * A megabyte both ways between two stacks, with grants refused.
 *
 *  - any one grant: the transfer ends exactly and nobody is told of an error;
 *  - a class for a while: 2, 8, 64 or 500 grants of one class in a row. Up to 8 the transfer ends
 *    exactly; beyond, retransmissions may run out of time: then the application is told
 *    (`may_be_told`), and no octet is wrong.
 *
 * The applications go by events alone, so an event that a refusal swallows is a hang. Calls
 * that answer PLIM_ENOMEM (or a shutdown PLIM_EAGAIN) are tried again after 10 ms. Each
 * application also holds pieces and charges. Afterwards no class holds anything.
 *
 * FAULT_MOST limits the runs of each test; FAULT_PART and FAULT_PARTS share them among processes.
 */
#include "grants.h"
#include "settings.h"

#include "tests/pair/pair.h"

#define OCTETS 1000000u
#define RETRY PL_MS(10)
#define LIMIT PL_SEC(1500)
#define PIECE_EVERY 65536u

struct app {
	plim_h h;
	bool open, readable, writable, shut, got_eof, closed, charged;
	uint32_t out, in; /* streams */
	uint64_t sent, received, next_piece;
	void *piece;
	int error;
};

static struct {
	struct pair p;
	struct app app[2]; /* 0 opens actively */
	plim_h listener;
	bool listening, connecting, acceptable;
	unsigned family;
	uint64_t refused_of[PLIM_N_CLASSES], asked_of[PLIM_N_CLASSES], runs, told;
} t;

static struct {
	uint32_t loss_ppm;
	struct grant_plan plan;
	bool active;
} run;

static plim *
stack_of(const struct app *a)
{
	return t.p.side[a - t.app].s;
}

/* ---- the application's memory ---- */

static void
hold_memory(struct app *a)
{
	plim *s = stack_of(a);

	if (!a->charged)
		a->charged = plim_charge(s, a->h, 5000) == PLIM_OK;
	if (a->received < a->next_piece)
		return;
	if (plim_free(s, a->h, a->piece) != PLIM_OK)
		fail_msg("a piece was lost");
	a->piece = plim_alloc(s, a->h, 100 + a->received % 100);
	if (!a->piece)
		return;
	memset(a->piece, 0xee, 100);
	a->next_piece += PIECE_EVERY;
}

/* ---- streams ---- */

static void
told(struct app *a, int64_t rc)
{
	a->error = (int)rc;
}

static void
push(struct app *a)
{
	static uint8_t octets[16384];

	while (a->writable && a->sent < OCTETS && !a->error) {
		size_t n = PL_MIN(OCTETS - a->sent, sizeof octets);
		int64_t rc;

		for (size_t i = 0; i < n; i++)
			octets[i] = pattern(a->out, a->sent + i);
		rc = plim_send(stack_of(a), a->h, octets, n, 0);
		if (rc == PLIM_EAGAIN)
			a->writable = false; /* an event follows */
		else if (rc < 0)
			told(a, rc);
		else
			a->sent += (uint64_t)rc;
	}
	if (a->sent == OCTETS && !a->shut && !a->error)
		a->shut = plim_tcp_shutdown(stack_of(a), a->h) == PLIM_OK;
}

static void
pull(struct app *a)
{
	static uint8_t octets[16384];

	while (a->readable && !a->got_eof && !a->error) {
		int64_t rc = plim_recv(stack_of(a), a->h, octets, sizeof octets);

		if (rc == PLIM_EAGAIN)
			a->readable = false;
		else if (rc < 0)
			told(a, rc);
		a->got_eof = rc == 0;
		for (int64_t i = 0; i < rc; i++)
			if (octets[i] != pattern(a->in, a->received + (uint64_t)i))
				fail_msg("octet %llu is wrong", (unsigned long long)(a->received + (uint64_t)i));
		a->received += rc > 0 ? (uint64_t)rc : 0;
	}
}

static void
pump(struct app *a)
{
	if (!a->open || a->closed)
		return;
	hold_memory(a);
	pull(a);
	push(a);
	if (!a->error && !(a->shut && a->got_eof))
		return;
	assert_int_equal(plim_tcp_close(stack_of(a), a->h), PLIM_OK);
	a->closed = true;
}

/* ---- events ---- */

static void
note_event(struct app *a, const struct plim_event *e)
{
	int64_t why = 0;

	if (e->bits & PLIM_EV_ACCEPT)
		t.acceptable = true;
	if (e->h.index != a->h.index || e->h.generation != a->h.generation || a->closed)
		return;
	if (e->bits & PLIM_EV_CONNECTED)
		a->open = a->readable = a->writable = true;
	if (e->bits & (PLIM_EV_READABLE | PLIM_EV_PEER_FIN | PLIM_EV_CLOSED))
		a->readable = true;
	if (e->bits & (PLIM_EV_WRITABLE | PLIM_EV_CLOSED))
		a->writable = true;
	if (e->bits & PLIM_EV_CLOSED && !a->open) {
		assert_int_equal(plim_get(stack_of(a), a->h, PLIM_O_ERROR, &why), PLIM_OK);
		a->open = true;
		told(a, why ? why : PLIM_ERESET);
	}
}

static void
take_events(void)
{
	for (unsigned n = 0; n < 2; n++) {
		struct plim_event ev[8];
		int k;

		while ((k = plim_events(t.p.side[n].s, ev, 8)) > 0)
			for (int i = 0; i < k; i++)
				note_event(&t.app[n], &ev[i]);
	}
}

/* Calls that a refusal may fail, until they succeed. */
static void
begin(void)
{
	struct plim_endpoint any = {.port = 7}, to = pair_endpoint(&t.p, 1, t.family, 7);
	struct app *server = &t.app[1];

	if (!t.listening)
		t.listening = plim_tcp_listen(t.p.side[1].s, &any, 1, &t.listener) == PLIM_OK;
	if (t.listening && !t.connecting) {
		int rc = plim_tcp_connect(t.p.side[0].s, &to, NULL, 3, &t.app[0].h);

		assert_true(rc == PLIM_OK || rc == PLIM_ENOMEM);
		t.connecting = rc == PLIM_OK;
	}
	if (t.acceptable && !server->open) {
		int rc = plim_tcp_accept(t.p.side[1].s, t.listener, 2, &server->h, NULL);

		assert_true(rc == PLIM_OK || rc == PLIM_ENOMEM || rc == PLIM_EAGAIN);
		server->open = server->readable = server->writable = rc == PLIM_OK;
		if (rc == PLIM_EAGAIN)
			t.acceptable = false;
	}
}

/* ---- a run ---- */

static void
start_pair(uint32_t loss_ppm)
{
	struct pair_config c;

	pair_defaults(&c);
	c.link.loss_ppm = loss_ppm;
	c.link.delay_ns = PL_MS(2);
	pair_start(&t.p, &c);
	t.p.check_every = 500;
	memset(t.app, 0, sizeof t.app);
	t.app[0].out = t.app[1].in = 1;
	t.app[1].out = t.app[0].in = 2;
	t.listening = t.connecting = t.acceptable = false;
}

/* Over when the client has closed and the server has, or never got a connection. */
static bool
is_over(void)
{
	return t.app[0].closed && (t.app[1].closed || (t.app[0].error && !t.app[1].open));
}

/* The other side's reset may have been lost, and an idle connection waits for ever (MUST-25): the application does not. */
static void
give_up_after(plim_time silence, plim_time *since)
{
	if (!t.app[0].error && !t.app[1].error)
		return;
	if (*since == 0)
		*since = t.p.now;
	for (unsigned n = 0; n < 2 && t.p.now - *since > silence; n++) {
		if (!t.app[n].open || t.app[n].closed)
			continue;
		assert_int_equal(plim_tcp_abort(t.p.side[n].s, t.app[n].h), PLIM_OK);
		t.app[n].closed = true;
	}
}

static void
transfer(void)
{
	plim_time until = t.p.now + LIMIT, trouble = 0;

	while (!is_over()) {
		if (t.p.now >= until)
			fail_msg("it hangs: received %llu and %llu, sent %llu and %llu octets",
			         (unsigned long long)t.app[0].received, (unsigned long long)t.app[1].received,
			         (unsigned long long)t.app[0].sent, (unsigned long long)t.app[1].sent);
		begin();
		take_events();
		pump(&t.app[0]);
		pump(&t.app[1]);
		give_up_after(PL_SEC(300), &trouble);
		if (!pair_step(&t.p, t.p.now + RETRY))
			pair_run_until(&t.p, t.p.now + RETRY);
	}
	if (t.listening)
		assert_int_equal(plim_tcp_close(t.p.side[1].s, t.listener), PLIM_OK);
}

static void
assert_nothing_is_held(void)
{
	for (unsigned n = 0; n < 2; n++) {
		struct plim_event ev[8];
		struct plim_stats st;

		pair_run_until(&t.p, t.p.now + PL_SEC(200));
		while (plim_events(t.p.side[n].s, ev, 8) > 0)
			;
		plim_stats(t.p.side[n].s, &st);
		for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
			if (c != PLIM_CLASS_static && c != PLIM_CLASS_neighbour && st.by_class[c])
				fail_msg("class %s holds %llu octets for nobody", plim_class_name(c),
				         (unsigned long long)st.by_class[c]);
		assert_true(st.peak <= st.target);
	}
	pair_check(&t.p);
}

/* Errors that an application may be told of where memory was refused for long. */
static bool
may_be_told(int error)
{
	return error == PLIM_ETIMEDOUT || error == PLIM_ERESET || error == PLIM_EEVICTED || error == PLIM_EREFUSED ||
	       error == PLIM_EHOSTUNREACH;
}

static void
assert_ending(bool exact)
{
	for (unsigned n = 0; n < 2; n++) {
		struct app *a = &t.app[n];

		if (a->error && (exact || !may_be_told(a->error)))
			fail_msg("side %u was told: %s", n, plim_strerror(a->error));
	}
	if (t.app[0].error || t.app[1].error) {
		t.told++;
		return;
	}
	assert_int_equal(t.app[0].received, OCTETS);
	assert_int_equal(t.app[1].received, OCTETS);
}

static void
run_once(uint32_t loss_ppm, const struct grant_plan *plan, bool exact)
{
	run.active = true;
	run.loss_ppm = loss_ppm;
	run.plan = plan ? *plan : (struct grant_plan){0};
	start_pair(loss_ppm);
	grants_start(plan);
	transfer();
	grants_stop();
	assert_nothing_is_held();
	assert_ending(exact);
	pair_stop(&t.p);
	t.runs++;
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++) {
		t.refused_of[c] += grants.refused_of[c];
		t.asked_of[c] += grants.asked_of[c];
	}
	run.active = false;
}

static int
say_which(void **state)
{
	(void)state;
	if (!run.active)
		return 0;
	print_error("IPv%u, loss %u ppm, refused from grant %llu to %llu of %s\n", t.family, run.loss_ppm,
	            (unsigned long long)run.plan.from, (unsigned long long)run.plan.to - 1,
	            run.plan.one_class ? plim_class_name(run.plan.cls) : "all");
	pair_stop(&t.p);
	run.active = false;
	return 0;
}

/* ---- the tests ---- */

struct link_case {
	unsigned family;
	uint32_t loss_ppm;
};

static bool
is_mine(uint64_t i)
{
	return i % fault_number("FAULT_PARTS", 1) == fault_number("FAULT_PART", 0);
}

static void
any_one_grant_may_be_refused(void **state)
{
	const struct link_case *c = *state;
	uint64_t most = fault_number("FAULT_MOST", 100), all, stride, i = 0;

	t.family = c->family;
	run_once(c->loss_ppm, NULL, true);
	all = grants.asked;
	assert_true(all > 100);
	stride = PL_MAX((all + most - 1) / most, 1u) | 1; /* odd: it does not fall in step with a pattern */
	/* The first ones open the connection: all of them. */
	for (uint64_t n = 1; n <= all; n += n < 60 && most >= 100 ? 1 : stride) {
		if (!is_mine(i++))
			continue;
		run_once(c->loss_ppm, &(struct grant_plan){.from = n, .to = n + 1}, true);
		assert_int_equal(grants.refused, 1);
	}
}

static const uint64_t widths[] = {2, 8, 64, 500};

static void
refuse_class(const struct link_case *c, unsigned cls, uint64_t asked, unsigned w, uint64_t places)
{
	uint64_t stride = PL_MAX(asked / places, 1u), width = widths[w];

	for (uint64_t n = 1, i = w; n <= asked; n += stride, i++) {
		if (!is_mine(i))
			continue;
		run_once(c->loss_ppm, &(struct grant_plan){.from = n, .to = n + width, .one_class = true, .cls = cls},
		         false);
		assert_true(grants.refused_of[cls] > 0);
	}
}

static void
a_class_may_be_refused_for_a_while(void **state)
{
	const struct link_case *c = *state;
	uint64_t places = PL_MAX(fault_number("FAULT_MOST", 100) / 16, 1u);
	struct grant_counts whole;

	t.family = c->family;
	run_once(c->loss_ppm, NULL, true);
	whole = grants;
	for (unsigned cls = 0; cls < PLIM_N_CLASSES; cls++)
		for (unsigned w = 0; whole.asked_of[cls] && w < PL_COUNT(widths); w++)
			refuse_class(c, cls, whole.asked_of[cls], w, places);
}

/* Every class that a transfer uses was refused. With several processes each sees only its part. */
static void
every_class_in_use_was_refused(void **state)
{
	(void)state;
	print_message("# %llu transfers, %llu told of an error; refused of asked:", (unsigned long long)t.runs,
	              (unsigned long long)t.told);
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
		if (t.asked_of[c])
			print_message(" %s %llu/%llu", plim_class_name(c), (unsigned long long)t.refused_of[c],
			              (unsigned long long)t.asked_of[c]);
	print_message("\n");
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
		if (t.asked_of[c])
			assert_true(t.refused_of[c] > 0);
}

int
main(void)
{
	static struct link_case cases[] = {{4, 0}, {6, 0}, {4, 10000}, {6, 10000}};
	static const char *const names[][2] = {
		{"any_one_grant_may_be_refused_ip4", "a_class_may_be_refused_for_a_while_ip4"},
		{"any_one_grant_may_be_refused_ip6", "a_class_may_be_refused_for_a_while_ip6"},
		{"any_one_grant_may_be_refused_ip4_with_loss", "a_class_may_be_refused_for_a_while_ip4_with_loss"},
		{"any_one_grant_may_be_refused_ip6_with_loss", "a_class_may_be_refused_for_a_while_ip6_with_loss"},
	};
	struct CMUnitTest tests[2 * PL_COUNT(cases) + 1];

	for (unsigned i = 0; i < PL_COUNT(cases); i++) {
		tests[2 * i] =
			(struct CMUnitTest){names[i][0], any_one_grant_may_be_refused, NULL, say_which, &cases[i]};
		tests[2 * i + 1] = (struct CMUnitTest){names[i][1], a_class_may_be_refused_for_a_while, NULL, say_which,
		                                       &cases[i]};
	}
	tests[2 * PL_COUNT(cases)] = (struct CMUnitTest)cmocka_unit_test(every_class_in_use_was_refused);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
