/* SPDX-License-Identifier: ISC */
/*
 * Time inside the stack: linked with --wrap around its public functions, this counts what passes between entering
 * and leaving them. Process time would count system calls too, which are the TAP's.
 *
 * At the end of the process the totals go to the file that PLIM_OWN_CPU names. What reading the clock adds to each
 * call (clock_ns, about 20) is measured then and taken off.
 */
#include <stdio.h>
#include <stdlib.h>

#include "platform/posix/sys.h"

#define CALIBRATIONS 100000

static struct {
	uint64_t ns, calls, rx_octets, tx_octets;
	unsigned depth;
	pl_time since;
} own;

static void
enter(void)
{
	if (own.depth++ == 0)
		own.since = pl_posix_now();
}

static void
leave(void)
{
	if (--own.depth > 0)
		return;
	own.ns += pl_posix_now() - own.since;
	own.calls++;
}

/* What the clock itself adds to each call. */
static double
clock_cost_ns(void)
{
	uint64_t before = own.ns;

	for (int i = 0; i < CALIBRATIONS; i++) {
		enter();
		leave();
	}
	own.calls -= CALIBRATIONS;
	return (double)(own.ns - before) / CALIBRATIONS;
}

__attribute__((destructor)) static void
tell(void)
{
	const char *name = getenv("PLIM_OWN_CPU");
	FILE *to = name ? fopen(name, "w") : NULL;
	double gross = (double)own.ns, clock;

	if (to == NULL)
		return;
	clock = clock_cost_ns();
	fprintf(to, "{\"own_ns\":%.0f,\"clock_ns\":%.1f,\"calls\":%llu,\"rx_octets\":%llu,\"tx_octets\":%llu}\n",
	        gross - clock * (double)own.calls, clock, (unsigned long long)own.calls,
	        (unsigned long long)own.rx_octets, (unsigned long long)own.tx_octets);
	fclose(to);
}

/* X(type, name, parameters, arguments, what else is counted) */
#define TIMED(X)                                                                                                      \
	X(int, plim_input, (plim * s, const struct plim_frame *frames, size_t n, plim_time now), (s, frames, n, now), \
	  (void)0)                                                                                                    \
	X(int, plim_poll, (plim * s, plim_time now, unsigned budget), (s, now, budget), (void)0)                      \
	X(int, plim_output, (plim * s, struct plim_frame * frames, size_t n, plim_time now), (s, frames, n, now),     \
	  (void)0)                                                                                                    \
	X(plim_time, plim_next_deadline, (const plim *s), (s), (void)0)                                               \
	X(int, plim_events, (plim * s, struct plim_event * ev, size_t n), (s, ev, n), (void)0)                        \
	X(int, plim_tcp_accept,                                                                                       \
	  (plim * s, plim_h listener, uint32_t cookie, plim_h * out, struct plim_endpoint * peer),                    \
	  (s, listener, cookie, out, peer), (void)0)                                                                  \
	X(int, plim_tcp_close, (plim * s, plim_h h), (s, h), (void)0)                                                 \
	X(int64_t, plim_tx_reserve, (plim * s, plim_h h, size_t want, struct plim_span * spans, size_t n),            \
	  (s, h, want, spans, n), (void)0)                                                                            \
	X(int, plim_tx_commit, (plim * s, plim_h h, size_t len, unsigned flags), (s, h, len, flags),                  \
	  own.tx_octets += len)                                                                                       \
	X(int64_t, plim_rx_peek, (plim * s, plim_h h, struct plim_span * spans, size_t n), (s, h, spans, n), (void)0) \
	X(int, plim_rx_consume, (plim * s, plim_h h, size_t len), (s, h, len), own.rx_octets += len)                  \
	X(int, plim_get, (plim * s, plim_h h, enum plim_option opt, int64_t * value), (s, h, opt, value), (void)0)    \
	X(int, plim_set, (plim * s, plim_h h, enum plim_option opt, int64_t value), (s, h, opt, value), (void)0)

#define WRAP(type, name, parameters, arguments, count) \
	type __real_##name parameters;                 \
	type __wrap_##name parameters;                 \
	type __wrap_##name parameters                  \
	{                                              \
		enter();                               \
		type result = __real_##name arguments; \
		leave();                               \
		count;                                 \
		return result;                         \
	}

TIMED(WRAP)
