/* SPDX-License-Identifier: ISC */
/*
 * Discard, chargen and echo on lwIP's raw API.
 *
 * Chargen lends a static text (no copy); echo copies what came into lwIP's send queue and opens the window by as much.
 * A connection of echo has a record of its own, the others need none.
 */
#include "bench/lwip/services.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lwip/tcp.h"

#define TEXT_OCTETS (74 * 512) /* whole lines of RFC 864 */
#define POLL_HALF_SECONDS 2

static uint8_t text[TEXT_OCTETS];

struct echo {
	struct pbuf *waiting; /* came, and is not sent yet */
	bool ended;           /* the peer sent its FIN */
};

/* Close, or abort where there is no memory for a FIN. What a callback then returns. */
static err_t
close_or_abort(struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	tcp_err(pcb, NULL);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

/* ---- discard ---- */

static err_t
discard(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (p == NULL)
		return close_or_abort(pcb);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t
accept_discard(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (err != ERR_OK || pcb == NULL)
		return ERR_VAL;
	tcp_recv(pcb, discard);
	return ERR_OK;
}

/* ---- chargen ---- */

static void
fill_text(void)
{
	for (size_t i = 0; i < TEXT_OCTETS; i++) {
		size_t line = i / 74, column = i % 74;

		text[i] = column == 72 ? '\r' : column == 73 ? '\n' : (uint8_t)(' ' + (line + column) % 95);
	}
}

/* The argument is the place in the text. */
static err_t
generate(void *arg, struct tcp_pcb *pcb)
{
	uintptr_t at = (uintptr_t)arg;

	for (;;) {
		size_t n = LWIP_MIN((size_t)tcp_sndbuf(pcb), TEXT_OCTETS - at);

		if (n == 0 || tcp_write(pcb, text + at, (u16_t)n, 0) != ERR_OK)
			break;
		at = (at + n) % TEXT_OCTETS;
	}
	tcp_arg(pcb, (void *)at);
	(void)tcp_output(pcb); /* what could not go now goes with the next ACK or timer */
	return ERR_OK;
}

static err_t
generate_more(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)len;
	return generate(arg, pcb);
}

static err_t
accept_chargen(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (err != ERR_OK || pcb == NULL)
		return ERR_VAL;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, discard);
	tcp_sent(pcb, generate_more);
	tcp_poll(pcb, generate, POLL_HALF_SECONDS);
	return generate(NULL, pcb);
}

/* ---- echo ---- */

/* Take from the front of what waits as much as there is room for. */
static void
send_waiting(struct echo *e, struct tcp_pcb *pcb)
{
	while (e->waiting != NULL) {
		struct pbuf *p = e->waiting;

		if (p->len > tcp_sndbuf(pcb) || tcp_write(pcb, p->payload, p->len, TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		e->waiting = p->next;
		if (p->next != NULL)
			pbuf_ref(p->next);
		tcp_recved(pcb, p->len);
		pbuf_free(p);
	}
	(void)tcp_output(pcb); /* what could not go now goes with the next ACK or timer */
}

static err_t
go_on(struct echo *e, struct tcp_pcb *pcb)
{
	send_waiting(e, pcb);
	if (!e->ended || e->waiting != NULL)
		return ERR_OK;
	free(e);
	return close_or_abort(pcb);
}

static err_t
echo(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct echo *e = arg;

	(void)err;
	if (p == NULL)
		e->ended = true;
	else if (e->waiting == NULL)
		e->waiting = p;
	else
		pbuf_cat(e->waiting, p);
	return go_on(e, pcb);
}

static err_t
echo_more(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)len;
	return go_on(arg, pcb);
}

static err_t
echo_again(void *arg, struct tcp_pcb *pcb)
{
	return go_on(arg, pcb);
}

/* The connection is gone already. */
static void
forget_echo(void *arg, err_t err)
{
	struct echo *e = arg;

	(void)err;
	if (e->waiting != NULL)
		pbuf_free(e->waiting);
	free(e);
}

static err_t
accept_echo(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct echo *e;

	(void)arg;
	if (err != ERR_OK || pcb == NULL)
		return ERR_VAL;
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return ERR_MEM; /* lwIP aborts the connection */
	tcp_nagle_disable(pcb);
	tcp_arg(pcb, e);
	tcp_recv(pcb, echo);
	tcp_sent(pcb, echo_more);
	tcp_poll(pcb, echo_again, POLL_HALF_SECONDS);
	tcp_err(pcb, forget_echo);
	return ERR_OK;
}

/* ---- listening ---- */

static bool
listen_on(u16_t port, tcp_accept_fn accept)
{
	struct tcp_pcb *pcb = tcp_new();

	if (pcb == NULL || tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK)
		return false;
	pcb = tcp_listen(pcb);
	if (pcb == NULL)
		return false;
	tcp_accept(pcb, accept);
	return true;
}

bool
services_start(void)
{
	fill_text();
	return listen_on(7, accept_echo) && listen_on(9, accept_discard) && listen_on(19, accept_chargen);
}
