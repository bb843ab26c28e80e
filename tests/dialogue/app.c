/* SPDX-License-Identifier: ISC */
/* The application of a dialogue: calls, and the octets of both streams. */
#include "harness.h"

#include "base/addr.h"

/* In a faulted run a refused call is tried once more, as an application would. */
#define TRY(rc, call)                                                      \
	do {                                                               \
		(rc) = (call);                                             \
		if (watch && ((rc) == PLIM_ENOMEM || (rc) == PLIM_EAGAIN)) \
			(rc) = (call);                                     \
	} while (0)

static uint32_t bits_told;

void
fetch_events(void)
{
	struct plim_event ev[8];
	int n;

	while ((n = plim_events(d.s, ev, 8)) > 0)
		for (int i = 0; i < n; i++)
			bits_told |= ev[i].bits;
}

void
forget_events(void)
{
	bits_told = 0;
}

void
app_listen(void)
{
	struct plim_endpoint local = {.port = OUR_PORT};
	int rc;

	TRY(rc, plim_tcp_listen(d.s, &local, 1, &d.listener));
	EXPECT(rc == 0);
	drain();
}

void
app_accept(void)
{
	struct plim_endpoint from;
	struct plim_addr a = them();
	int rc;

	TRY(rc, plim_tcp_accept(d.s, d.listener, 2, &d.h, &from));
	EXPECT(rc == 0);
	assert_true(pl_addr_equal(&from.addr, &a));
	drain();
}

void
app_connect(void)
{
	struct plim_endpoint to = {them(), PEER_PORT}, from = {us(), OUR_PORT};
	int rc;

	TRY(rc, plim_tcp_connect(d.s, &to, &from, 3, &d.h));
	EXPECT(rc == 0);
	drain();
}

int64_t
app_send_flags(size_t n, unsigned flags)
{
	uint8_t *octets = malloc(n ? n : 1);
	int64_t rc;

	assert_non_null(octets);
	for (size_t i = 0; i < n; i++)
		octets[i] = pattern(d.sent + i);
	TRY(rc, plim_send(d.s, d.h, octets, n, flags));
	if (rc > 0)
		d.sent += (uint64_t)rc;
	free(octets);
	drain();
	return rc;
}

int64_t
app_send(size_t n)
{
	return app_send_flags(n, 0);
}

int64_t
app_read(size_t n)
{
	uint8_t *octets = malloc(n ? n : 1);
	int64_t rc;

	assert_non_null(octets);
	rc = plim_recv(d.s, d.h, octets, n);
	for (int64_t i = 0; i < rc; i++)
		assert_int_equal(octets[i], pattern(d.received + (uint64_t)i));
	if (rc > 0)
		d.received += (uint64_t)rc;
	free(octets);
	drain();
	return rc;
}

void
app_shutdown(void)
{
	EXPECT(plim_tcp_shutdown(d.s, d.h) == 0);
	drain();
}

void
app_close(void)
{
	EXPECT(plim_tcp_close(d.s, d.h) == 0);
	drain();
}

void
app_abort(void)
{
	EXPECT(plim_tcp_abort(d.s, d.h) == 0);
	drain();
}

void
app_set(enum plim_option o, int64_t value)
{
	int rc;

	TRY(rc, plim_set(d.s, d.h, o, value));
	EXPECT(rc == 0);
	drain();
}

int64_t
app_get(enum plim_option o)
{
	int64_t value = 0;

	EXPECT(plim_get(d.s, d.h, o, &value) == 0);
	return value;
}

uint32_t
app_events(void)
{
	uint32_t bits = bits_told;

	fetch_events();
	bits |= bits_told;
	bits_told = 0;
	return bits;
}

enum plim_state
app_state(void)
{
	return (enum plim_state)app_get(PLIM_O_STATE);
}

static struct plim_stats
stats(void)
{
	struct plim_stats st;

	plim_stats(d.s, &st);
	return st;
}

uint64_t
count_drop(enum plim_drop reason)
{
	return stats().drops[reason];
}
uint64_t
count_tcp(enum plim_tcp_counter c)
{
	return stats().tcp[c];
}
uint64_t
count_state(enum plim_state s)
{
	return stats().by_state[s];
}
