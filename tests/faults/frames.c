/* SPDX-License-Identifier: ISC */
/*
 * A short session between two stacks with one frame in trouble: lost, doubled, cut short, with
 * a bit turned, or late. Every frame of either direction, one at a time. The session ends
 * exactly, every invariant holds, nothing is held afterwards.
 *
 * FAULT_BITS=8 turns every bit of the headers, not one in each octet. FAULT_STRIDE=k takes every k-th
 * fault only. FAULT_PART and FAULT_PARTS share the faults among processes.
 */
#include "settings.h"

#include "base/bytes.h"
#include "base/checksum.h"
#include "tests/pair/pair.h"

#define UP 5000u
#define DOWN 7001u
#define FRAME_MOST (PL_ETH_OCTETS + PL_SUPER_OCTETS)

enum trouble { NONE, LOST, DOUBLED, DOUBLED_LATE, CUT, TURNED, LATE };
static const char *const trouble_names[] = {"none", "lost", "doubled", "doubled late", "cut", "bit turned", "late"};

struct fault {
	unsigned side, frame; /* of the frames that this side sends, from 0 */
	enum trouble trouble;
	uint64_t how; /* octets left, number of the bit, nanoseconds */
};

/* A driver around a side's own that makes the trouble. */
struct troubled {
	struct pl_driver driver;
	struct pl_driver *inner;
	unsigned side, sent;
	bool holds;
	pl_time release;
	struct plim_frame held;
	uint8_t octets[FRAME_MOST];
};

static struct {
	struct pair p;
	struct troubled side[2];
	struct fault fault;
	uint32_t lengths[2][256]; /* of the frames of the session without a fault */
	unsigned n_frames[2];
	bool counting, active, hit;
	uint64_t number, runs[PL_COUNT(trouble_names)];
} s;

/* ---- the troubled driver ---- */

static struct troubled *
troubled_of(const struct pl_driver *d)
{
	return (struct troubled *)(void *)((uint8_t *)(uintptr_t)d - offsetof(struct troubled, driver));
}

static void
pass(struct troubled *t, const struct plim_frame *f, pl_time now)
{
	(void)pl_driver_tx(t->inner, f, 1, now);
}

static void
hold(struct troubled *t, const struct plim_frame *f, pl_time until)
{
	memcpy(t->octets, f->data, f->len);
	t->held = *f;
	t->held.data = t->octets;
	t->release = until;
	t->holds = true;
}

/* What a card does before the wire can turn a bit: the checksum is whole. */
static void
finish_checksum(struct plim_frame *f)
{
	if (!(f->flags & PLIM_FRAME_NEEDS_CSUM))
		return;
	pl_csum_store(f->data + f->csum_start + f->csum_offset,
	              pl_csum_add(0, f->data + f->csum_start, f->len - f->csum_start));
	f->flags &= (uint8_t)~PLIM_FRAME_NEEDS_CSUM;
}

static void
turn_bit(struct troubled *t, const struct plim_frame *f, uint64_t bit, pl_time now)
{
	struct plim_frame copy = *f;

	memcpy(t->octets, f->data, f->len);
	copy.data = t->octets;
	finish_checksum(&copy);
	copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	pass(t, &copy, now);
}

static void
trouble(struct troubled *t, const struct plim_frame *f, pl_time now)
{
	struct plim_frame copy = *f;

	s.hit = true;
	switch (s.fault.trouble) {
	case LOST: return;
	case DOUBLED:
		pass(t, f, now);
		pass(t, f, now);
		return;
	case DOUBLED_LATE:
		pass(t, f, now);
		hold(t, f, now + s.fault.how);
		return;
	case CUT:
		copy.len = (uint32_t)s.fault.how;
		if (copy.len > 0)
			pass(t, &copy, now);
		return;
	case TURNED: turn_bit(t, f, s.fault.how, now); return;
	case LATE: hold(t, f, now + s.fault.how); return;
	default: pass(t, f, now);
	}
}

static int
tx(struct pl_driver *d, const struct plim_frame *frames, int n, pl_time now)
{
	struct troubled *t = troubled_of(d);

	for (int i = 0; i < n; i++, t->sent++) {
		if (s.counting && t->sent < PL_COUNT(s.lengths[0]))
			s.lengths[t->side][t->sent] = frames[i].len;
		if (s.fault.trouble != NONE && t->side == s.fault.side && t->sent == s.fault.frame)
			trouble(t, &frames[i], now);
		else
			pass(t, &frames[i], now);
	}
	return n;
}

static int
rx(struct pl_driver *d, struct plim_frame *frames, int n, pl_time now)
{
	struct troubled *t = troubled_of(d);

	if (t->holds && t->release <= now) {
		t->holds = false;
		pass(t, &t->held, now);
	}
	return pl_driver_rx(t->inner, frames, n, now);
}

static pl_time
due(const struct pl_driver *d)
{
	const struct troubled *t = troubled_of(d);

	return PL_MIN(pl_driver_due(t->inner), t->holds ? t->release : PL_TIME_NEVER);
}

static const struct pl_driver_ops troubled_ops = {rx, tx, due, NULL};

static void
wrap_side(unsigned n)
{
	struct troubled *t = &s.side[n];

	t->inner = s.p.side[n].driver;
	t->driver = (struct pl_driver){
		.ops = &troubled_ops, .fd = -1, .mtu = t->inner->mtu, .gso_octets = t->inner->gso_octets};
	t->side = n;
	t->sent = 0;
	t->holds = false;
	s.p.side[n].driver = &t->driver;
}

/* ---- a session ---- */

static void
assert_nothing_is_held(void)
{
	pair_run_until(&s.p, s.p.now + PL_SEC(200));
	for (unsigned n = 0; n < 2; n++) {
		struct plim_event ev[8];
		struct plim_stats st;

		while (plim_events(s.p.side[n].s, ev, 8) > 0)
			;
		plim_stats(s.p.side[n].s, &st);
		for (unsigned c = 0; c < PLIM_N_CLASSES; c++)
			if (c != PLIM_CLASS_static && c != PLIM_CLASS_neighbour && st.by_class[c])
				fail_msg("class %s holds %llu octets for nobody", plim_class_name(c),
				         (unsigned long long)st.by_class[c]);
	}
	pair_check(&s.p);
}

struct link_case {
	unsigned family;
	uint32_t gso_octets;
};

static void
session(const struct link_case *c, const struct fault *fault)
{
	struct pair_config config;
	struct transfer t;

	s.fault = *fault;
	s.active = true;
	s.hit = false;
	pair_defaults(&config);
	config.target = 1u << 20;
	config.gso_octets = c->gso_octets;
	pair_start(&s.p, &config);
	s.p.check_every = 10;
	wrap_side(0);
	wrap_side(1);
	pair_transfer(&s.p, c->family, UP, DOWN, PL_SEC(600), &t);
	assert_nothing_is_held();
	pair_stop(&s.p);
	s.active = false;
	s.runs[fault->trouble]++;
}

static int
say_which(void **state)
{
	(void)state;
	if (!s.active)
		return 0;
	print_error("frame %u of side %u, %s (%llu)\n", s.fault.frame, s.fault.side, trouble_names[s.fault.trouble],
	            (unsigned long long)s.fault.how);
	pair_stop(&s.p);
	s.active = false;
	return 0;
}

/* ---- every frame ---- */

static void
try_fault(const struct link_case *c, unsigned side, unsigned frame, enum trouble what, uint64_t how)
{
	uint64_t n = s.number++, parts = fault_number("FAULT_PARTS", 1);

	if (n % parts != fault_number("FAULT_PART", 0) || n / parts % fault_number("FAULT_STRIDE", 1))
		return;
	session(c, &(struct fault){side, frame, what, how});
	if (!s.hit)
		fail_msg("frame %u of side %u was never sent", frame, side);
}

/* How many frames of each side the session without a fault has. */
static void
count_frames(const struct link_case *c)
{
	s.counting = true;
	session(c, &(struct fault){0});
	s.counting = false;
	for (unsigned n = 0; n < 2; n++) {
		s.n_frames[n] = s.side[n].sent;
		assert_in_range(s.n_frames[n], 5, PL_COUNT(s.lengths[0]));
	}
}

static void
a_lost_doubled_or_late_frame_does_no_harm(void **state)
{
	static const uint64_t later[] = {PL_MS(1), PL_MS(7), PL_MS(40), PL_MS(700), PL_SEC(4), PL_SEC(70)};

	count_frames(*state);
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned f = 0; f < s.n_frames[side]; f++) {
			try_fault(*state, side, f, LOST, 0);
			try_fault(*state, side, f, DOUBLED, 0);
			for (unsigned i = 0; i < PL_COUNT(later); i++) {
				try_fault(*state, side, f, DOUBLED_LATE, later[i]);
				try_fault(*state, side, f, LATE, later[i]);
			}
		}
	}
}

static void
a_frame_cut_short_does_no_harm(void **state)
{
	/* Around each header's end: Ethernet 14, ARP 42, IPv4 34, IPv6 54, TCP 20 further and its options. */
	static const uint32_t lengths[] = {0,  1,  6,  13, 14, 15, 21, 33, 34, 35, 41, 42, 43, 47, 53,
	                                   54, 55, 61, 65, 66, 67, 73, 74, 75, 81, 85, 86, 87, 94, 101};

	count_frames(*state);
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned f = 0; f < s.n_frames[side]; f++) {
			uint32_t len = s.lengths[side][f];

			for (unsigned i = 0; i < PL_COUNT(lengths); i++)
				if (lengths[i] < len)
					try_fault(*state, side, f, CUT, lengths[i]);
			try_fault(*state, side, f, CUT, len - 1);
			try_fault(*state, side, f, CUT, len / 2 | 1);
		}
	}
}

static void
a_turned_bit_does_no_harm(void **state)
{
	uint64_t bits = fault_number("FAULT_BITS", 1);

	count_frames(*state);
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned f = 0; f < s.n_frames[side]; f++) {
			uint32_t len = s.lengths[side][f], headers = PL_MIN(len, 100u);

			for (uint32_t at = 0; at < headers; at++)
				for (uint64_t b = 0; b < bits; b++)
					try_fault(*state, side, f, TURNED, at * 8u + (at * 3u + b) % 8u);
			for (uint32_t at = headers; at < len; at += 97)
				try_fault(*state, side, f, TURNED, at * 8u + at % 8u);
		}
	}
}

static void
every_trouble_was_made(void **state)
{
	(void)state;
	print_message("# sessions:");
	for (unsigned i = 0; i < PL_COUNT(trouble_names); i++)
		print_message(" %s %llu", trouble_names[i], (unsigned long long)s.runs[i]);
	print_message("\n");
	for (unsigned i = 0; i < PL_COUNT(trouble_names); i++)
		assert_true(s.runs[i] > 0);
}

int
main(void)
{
	static struct link_case cases[] = {{4, 0}, {6, 0}, {4, PL_SUPER_OCTETS}, {6, PL_SUPER_OCTETS}};
	static const char *const names[][3] = {
#define NAMES(suffix)                                                                                 \
	{"a_lost_doubled_or_late_frame_does_no_harm" suffix, "a_frame_cut_short_does_no_harm" suffix, \
	 "a_turned_bit_does_no_harm" suffix}
		NAMES("_ip4"), NAMES("_ip6"), NAMES("_ip4_super_frames"), NAMES("_ip6_super_frames")};
	static void (*const what[])(void **) = {a_lost_doubled_or_late_frame_does_no_harm,
	                                        a_frame_cut_short_does_no_harm, a_turned_bit_does_no_harm};
	struct CMUnitTest tests[3 * PL_COUNT(cases) + 1];

	for (unsigned i = 0; i < 3 * PL_COUNT(cases); i++)
		tests[i] = (struct CMUnitTest){names[i / 3][i % 3], what[i % 3], NULL, say_which, &cases[i / 3]};
	tests[3 * PL_COUNT(cases)] = (struct CMUnitTest)cmocka_unit_test(every_trouble_was_made);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
