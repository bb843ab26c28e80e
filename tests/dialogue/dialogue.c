/* SPDX-License-Identifier: ISC */
/* Dialogues: the stack on its virtual clock, beginnings and ends. The parts stand in peer.c, heard.c and app.c. */
#include "harness.h"

#define ORIGIN MS(1000000)

struct dialogue d;
const struct dialogue_watch *watch;

#define BATCH 32

static uint8_t frame_buf[BATCH][FRAME_CAP];

const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, peer_mac[6] = {2, 0, 0, 0, 0, 9};
const struct plim_addr us4 = {{10, 0, 0, 2}, 4}, peer4 = {{10, 0, 0, 9}, 4};
const struct plim_addr us6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 6}, peer6 = {{0x20, 1, 0xd, 0xb8, [15] = 9}, 6};

struct plim_addr
us(void)
{
	return d.family == 4 ? us4 : us6;
}
struct plim_addr
them(void)
{
	return d.family == 4 ? peer4 : peer6;
}

uint8_t
pattern(uint64_t i)
{
	return (uint8_t)(i * 131 + (i >> 8) * 17 + 3);
}

uint64_t
ms_now(void)
{
	return (d.now - d.origin) / MS(1);
}

/* The stack is asked for one frame at a time over IPv4, and for many over IPv6: the script is the same. False: none came. */
static bool
take_batch(void)
{
	struct plim_frame f[BATCH];
	int n;

	for (unsigned i = 0; i < BATCH; i++)
		f[i] = (struct plim_frame){.data = frame_buf[i], .cap = FRAME_CAP};
	n = plim_output(d.s, f, d.family == 4 ? 1 : BATCH, d.now);
	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		take_frame(&f[i]);
	return n > 0;
}

void
drain(void)
{
	const char *why = NULL;
	unsigned rounds = 0;

	while (take_batch())
		assert_true(++rounds < 20000); /* the stack talks without end */
	fetch_events();
	if (plim_check(d.s, &why) != 0)
		fail_msg("plim_check: %s", why ? why : "?");
	if (watch)
		watch->step();
}

/* Up to a time, deadline by deadline. */
void
run_to(plim_time to)
{
	unsigned still = 0;

	drain();
	for (;;) {
		plim_time next = plim_next_deadline(d.s);

		if (next > to)
			break;
		still = next <= d.now ? still + 1 : 0;
		assert_true(still < 1000); /* a deadline that never passes: the loop would spin */
		if (next > d.now)
			d.now = next;
		(void)plim_poll(d.s, d.now, 1000);
		drain();
	}
	d.now = to > d.now ? to : d.now;
	(void)plim_poll(d.s, d.now, 1000); /* nothing is due: it tells the time before the next call */
	drain();
}

void
expect(bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	if (watch)
		watch->stop(file, line);
	print_error("not so: %s\n", what);
	_fail(file, line);
}

/* ---- the clock ---- */

void
go_to(uint64_t ms, const char *file, int line)
{
	plim_time to = d.origin + MS(ms);

	if (to + MS(d.tolerance_ms) < d.now && watch)
		return; /* a faulted run waited for something before */
	if (to + MS(d.tolerance_ms) < d.now) {
		print_error("at(%llu): it is %llu ms already\n", (unsigned long long)ms, (unsigned long long)ms_now());
		_fail(file, line);
	}
	run_to(to);
}

void
start(size_t target)
{
	uint8_t entropy[PLIM_ENTROPY_OCTETS];

	for (unsigned i = 0; i < sizeof entropy; i++)
		entropy[i] = (uint8_t)(i * 37 + 11);
	d.region = aligned_alloc(64, target);
	assert_non_null(d.region);
	assert_int_equal(plim_create(&d.conf, d.region, target, entropy, d.now, &d.s), 0);
	announce_peer();
}

static int
setup(uint8_t family)
{
	struct plim_iface_config *i = &d.conf.ifaces[0];

	memset(&d, 0, sizeof d);
	forget_heard();
	forget_events();
	d.family = family;
	d.tolerance_ms = TOLERANCE_MS;
	d.now = d.origin = ORIGIN;
	d.lport = OUR_PORT;
	d.rport = PEER_PORT;
	plim_config_default(&d.conf);
	d.conf.n_ifaces = 1;
	memcpy(i->mac, our_mac, 6);
	i->mtu = 1500;
	i->n_addrs = 2;
	i->addrs[0] = (struct plim_ifaddr){us4, 24};
	i->addrs[1] = (struct plim_ifaddr){us6, 64};
	return 0;
}

int
dialogue_setup4(void **state)
{
	(void)state;
	return setup(4);
}
int
dialogue_setup6(void **state)
{
	(void)state;
	return setup(6);
}

int
dialogue_teardown(void **state)
{
	(void)state;
	if (d.s) {
		hear_nothing(__FILE__, __LINE__); /* every dialogue ends in silence */
	}
	(void)ignore_rest();
	free(d.region);
	d.region = NULL;
	d.s = NULL;
	return 0;
}

void
established(void)
{
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460);
	we(SYN | ACK, .ack = 1);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	nothing();
	app_accept();
	(void)app_events();
}

void
established_with_options(void)
{
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .ws_on = true, .ws = 7, .sack_ok = true, .ts = 100000);
	we(SYN | ACK, .ack = 1, .ws_on = true, .sack_ok = true, .ecr = 100000);
	peer(ACK, .seq = 1, .ack = ISS + 1, .wnd = 512);
	nothing();
	app_accept();
	(void)app_events();
}

void
established_with_sack(void)
{
	begin();
	app_listen();
	at(0);
	peer(SYN, .seq = 0, .mss = 1460, .sack_ok = true);
	we(SYN | ACK, .ack = 1, .sack_ok = true);
	peer(ACK, .seq = 1, .ack = ISS + 1);
	nothing();
	app_accept();
	(void)app_events();
}
