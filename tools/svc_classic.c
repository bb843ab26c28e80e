/* SPDX-License-Identifier: ISC */
/*
 * The classic services: echo (RFC 862), discard (RFC 863), chargen (RFC 864); hold, which accepts and never
 * reads; oneshot, which echoes what comes first and closes. None keeps anything of its own for a connection.
 */
#include <string.h>

#include "tools/server.h"

#define CHARGEN_LINE 74  /* 72 characters, CR, LF */
#define CHARGEN_CYCLE 95 /* printable characters; the pattern repeats after as many lines */

/* Copy from runs to runs; both hold at least n octets. */
static void
copy_spans(const struct plim_span *to, const struct plim_span *from, size_t n)
{
	size_t at_to = 0, at_from = 0;

	while (n > 0) {
		size_t k = PL_MIN(n, PL_MIN(to->len - at_to, from->len - at_from));
		memcpy(to->data + at_to, from->data + at_from, k);
		n -= k;
		at_to += k;
		at_from += k;
		if (at_to == to->len)
			to++, at_to = 0;
		if (at_from == from->len)
			from++, at_from = 0;
	}
}

/* Move what fits from the receive to the send queue. Octets moved; 0 at the end of the stream; or a code. */
static int64_t
echo_some(const struct visit *v)
{
	struct server *sv = v->server;
	int64_t came = plim_rx_peek(sv->stack, v->h, sv->in, SERVER_SPANS);

	if (came <= 0)
		return came;
	int64_t room = plim_tx_reserve(sv->stack, v->h, (size_t)came, sv->out, SERVER_SPANS);
	if (room <= 0)
		return room;
	size_t n = (size_t)PL_MIN(came, room);
	copy_spans(sv->out, sv->in, n);
	int code = plim_tx_commit(sv->stack, v->h, n, 0);
	if (code != PLIM_OK)
		return code;
	code = plim_rx_consume(sv->stack, v->h, n);
	return code == PLIM_OK ? (int64_t)n : code;
}

void
svc_echo(const struct visit *v)
{
	int64_t n;

	do
		n = echo_some(v);
	while (n > 0);
	if (n != PLIM_EAGAIN || (v->bits & PLIM_EV_CLOSED) != 0)
		visit_close(v); /* end of stream: all is echoed, and FIN follows it */
}

void
svc_discard(const struct visit *v)
{
	(void)visit_drain(v); /* it closes the handle at the end */
}

static uint8_t pattern[CHARGEN_LINE * CHARGEN_CYCLE]; /* made by the first visit */

static void
make_pattern(void)
{
	for (uint32_t i = 0; i < sizeof(pattern); i++) {
		uint32_t line = i / CHARGEN_LINE, column = i % CHARGEN_LINE;
		pattern[i] = (uint8_t)(column < 72    ? ' ' + (line + column) % CHARGEN_CYCLE
		                       : column == 72 ? '\r'
		                                      : '\n');
	}
}

/* Where in the pattern a connection stands is the number in its cookie. */
static uint32_t
chargen_fill(const struct plim_span *spans, size_t n, uint32_t position)
{
	size_t at = 0;

	if (pattern[0] == 0)
		make_pattern();
	while (n > 0) {
		size_t k = PL_MIN(PL_MIN(n, spans->len - at), sizeof(pattern) - position);
		memcpy(spans->data + at, pattern + position, k);
		n -= k;
		at += k;
		position = (uint32_t)((position + k) % sizeof(pattern));
		if (at == spans->len)
			spans++, at = 0;
	}
	return position;
}

void
svc_chargen(const struct visit *v)
{
	struct server *sv = v->server;
	uint32_t position = v->number;
	int64_t n;

	if (!visit_drain(v))
		return;
	while ((n = plim_tx_reserve(sv->stack, v->h, 65536, sv->out, SERVER_SPANS)) > 0) {
		position = chargen_fill(sv->out, (size_t)n, position);
		if (plim_tx_commit(sv->stack, v->h, (size_t)n, 0) != PLIM_OK)
			break;
	}
	if (n == PLIM_EAGAIN)
		visit_keep(v, SERVICE_CHARGEN, position);
	else
		visit_close(v);
}

void
svc_hold(const struct visit *v)
{
	int64_t unread = 0;

	if (visit_is_over(v))
		visit_close(v);
	else if ((v->bits & PLIM_EV_PEER_FIN) != 0 &&
	         plim_get(v->server->stack, v->h, PLIM_O_READABLE, &unread) == PLIM_OK && unread == 0)
		visit_close(v); /* nothing is held back by going */
}

void
svc_oneshot(const struct visit *v)
{
	int64_t n = echo_some(v);

	if (n == PLIM_EAGAIN && !visit_is_over(v))
		return;
	if (n > 0 && plim_tcp_shutdown(v->server->stack, v->h) == PLIM_OK)
		visit_keep(v, SERVICE_DISCARD, 0); /* what else comes is read, so that the FIN is not a reset */
	else
		visit_close(v);
}
