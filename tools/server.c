/* SPDX-License-Identifier: ISC */
/* From events to services: accepting, handing over, stopping. */
#include "tools/server.h"

#define EVENTS 64
#define ACCEPTS_AT_ONCE 256

static service_visit *const visits[N_SERVICES] = {
	[SERVICE_HTTP] = svc_http,       [SERVICE_ECHO] = svc_echo, [SERVICE_DISCARD] = svc_discard,
	[SERVICE_CHARGEN] = svc_chargen, [SERVICE_HOLD] = svc_hold, [SERVICE_ONESHOT] = svc_oneshot,
	[SERVICE_IPERF3] = svc_iperf3,
};

static const char *const option_names[N_SERVICES] = {"",          "--http", "--echo",    "--discard",
                                                     "--chargen", "--hold", "--oneshot", "--iperf3"};

bool
server_listen(struct server *sv, struct tool_error *e)
{
	for (unsigned i = 1; i < N_SERVICES; i++) {
		struct plim_endpoint local = {.port = sv->port[i]};
		if (sv->port[i] == 0)
			continue;
		int code = plim_tcp_listen(sv->stack, &local, cookie_of(SERVICE_LISTENER, i), &sv->listener[i]);
		if (code != PLIM_OK)
			return tool_fail(e, "%s %u: cannot listen: %s", option_names[i], sv->port[i],
			                 plim_strerror(code));
	}
	return true;
}

static void
call_service(struct server *sv, plim_h h, uint32_t bits, uint32_t cookie)
{
	struct visit v = {sv, h, bits, cookie & COOKIE_NUMBER};

	if (sv->stopping)
		(void)visit_drain(&v); /* it closes what ended; nothing else is left to do */
	else
		visits[cookie_service(cookie)](&v);
}

/* A new connection may have brought octets already, so it gets its first visit at once. */
static void
accept_all(struct server *sv, enum service service)
{
	uint32_t cookie = cookie_of(service, 0);
	plim_h h;
	int code = PLIM_OK;

	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		code = plim_tcp_accept(sv->stack, sv->listener[service], cookie, &h, NULL);
		if (code != PLIM_OK)
			break;
		call_service(sv, h, PLIM_EV_READABLE | PLIM_EV_WRITABLE, cookie);
	}
	sv->accept_again[service] = code == PLIM_OK || code == PLIM_ENOMEM;
}

static void
handle_event(struct server *sv, const struct plim_event *ev)
{
	enum service service = cookie_service(ev->cookie);

	if (ev->h.index == 0 && ev->h.generation == 0)
		return; /* the pressure level changed: nothing to do for it here */
	if (service == SERVICE_LISTENER)
		accept_all(sv, (enum service)(ev->cookie & COOKIE_NUMBER));
	else
		call_service(sv, ev->h, ev->bits, ev->cookie);
}

bool
server_turn(struct server *sv, pl_time now)
{
	struct plim_event ev[EVENTS];

	sv->now = now;
	int n = plim_events(sv->stack, ev, EVENTS);
	for (int i = 0; i < n; i++)
		handle_event(sv, &ev[i]);
	for (unsigned i = 1; i < N_SERVICES; i++)
		if (sv->accept_again[i])
			accept_all(sv, (enum service)i);
	return n == EVENTS;
}

static void
stop_listening(struct server *sv)
{
	for (unsigned i = 1; i < N_SERVICES; i++) {
		if (sv->port[i] != 0)
			(void)plim_tcp_close(sv->stack, sv->listener[i]); /* gone is gone */
		sv->port[i] = 0;
		sv->accept_again[i] = false;
	}
}

void
server_stop(struct server *sv)
{
	struct plim_conn_info info[16];
	uint64_t cursor = 0;
	int n;

	sv->stopping = true;
	stop_listening(sv);
	do {
		n = plim_memory_map(sv->stack, &cursor, info, PL_COUNT(info));
		for (int i = 0; i < n; i++)
			if (info[i].h.index != 0 || info[i].h.generation != 0)
				(void)plim_tcp_shutdown(sv->stack, info[i].h); /* not open any more: nothing to send */
	} while (n > 0);
}

bool
server_is_drained(const struct server *sv)
{
	struct plim_stats st;
	uint64_t open = 0;

	plim_stats(sv->stack, &st);
	for (unsigned i = 0; i < PLIM_N_STATES; i++)
		if (i != PLIM_CLOSED && i != PLIM_LISTEN && i != PLIM_SYN_RECEIVED && i != PLIM_TIME_WAIT)
			open += st.by_state[i];
	return open == 0;
}

void
visit_keep(const struct visit *v, enum service service, uint32_t number)
{
	(void)plim_set(v->server->stack, v->h, PLIM_O_COOKIE,
	               cookie_of(service, number)); /* a stale handle has no events */
}

bool
visit_is_over(const struct visit *v)
{
	int64_t error = 0;

	if ((v->bits & PLIM_EV_CLOSED) != 0)
		return true;
	return plim_get(v->server->stack, v->h, PLIM_O_ERROR, &error) != PLIM_OK || error != 0;
}

void
visit_close(const struct visit *v)
{
	(void)plim_tcp_close(v->server->stack, v->h); /* stale: closed already */
}

void
visit_abort_for_memory(const struct visit *v)
{
	v->server->aborted_for_memory++;
	(void)plim_tcp_abort(v->server->stack, v->h); /* stale: closed already */
}

bool
visit_drain(const struct visit *v)
{
	plim *s = v->server->stack;
	int64_t n;

	while ((n = plim_rx_peek(s, v->h, v->server->in, SERVER_SPANS)) > 0)
		(void)plim_rx_consume(s, v->h, (size_t)n); /* exactly what was shown */
	if (n == PLIM_EAGAIN && (v->bits & PLIM_EV_CLOSED) == 0)
		return true;
	visit_close(v);
	return false;
}
