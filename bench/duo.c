/* SPDX-License-Identifier: ISC */
/* Two stacks in one process: see duo.h. */
#include "bench/duo.h"

#include <stdlib.h>
#include <string.h>

#include "platform/posix/sys.h"

#define TARGET (64u << 20)
#define PORT 9
#define SUPER_BATCH 8
#define SPANS 288
#define ROUND PL_US(10)
#define PIECE 65536u
#define DUO_AT_ONCE 256u

static void
begin(struct duo *b)
{
	b->since = pl_posix_now();
}

static void
end(struct duo *b, enum duo_side side)
{
	b->ns[side] += pl_posix_now() - b->since;
}

static bool
start_side(struct duo *b, enum duo_side side, const struct duo_config *want)
{
	struct plim_config c;
	struct plim_iface_config *i = &c.ifaces[0];
	uint8_t entropy[PLIM_ENTROPY_OCTETS];

	b->region[side] = aligned_alloc(4096, TARGET);
	plim_config_default(&c);
	c.governor = want->governor;
	if (want->buffer > 0) {
		(void)plim_config_set(&c, "rcv_buf_max", want->buffer);
		(void)plim_config_set(&c, "snd_buf_max", want->buffer);
	}
	c.n_ifaces = 1;
	memcpy(i->mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(1 + side)}, 6);
	i->mtu = 1500;
	i->flags = want->super ? PLIM_IF_CSUM_OUT | PLIM_IF_TSO : 0;
	i->gso_octets = want->super ? PL_SUPER_OCTETS : 0;
	i->addrs[0] = (struct plim_ifaddr){{{10, 0, 0, (uint8_t)(1 + side)}, 4}, 24};
	i->n_addrs = 1;
	memset(entropy, 1 + (int)side, sizeof entropy);
	return b->region[side] && plim_create(&c, b->region[side], TARGET, entropy, b->now, &b->s[side]) == PLIM_OK;
}

bool
duo_start(struct duo *b, const struct duo_config *c)
{
	uint32_t room = PL_ALIGN_UP(PL_ETH_OCTETS + (c->super ? PL_SUPER_OCTETS : 1500u) + 2u, 64u);
	struct plim_endpoint at = {.addr = {{10, 0, 0, 2}, 4}, .port = PORT};

	*b = (struct duo){.now = PL_SEC(1000), .batch = c->super ? SUPER_BATCH : PL_DRIVER_BATCH};
	b->room = aligned_alloc(64, (size_t)b->batch * room);
	for (int i = 0; b->room && i < b->batch; i++)
		b->frames[i] = (struct plim_frame){.data = (uint8_t *)b->room + (size_t)i * room + 2, .cap = room - 2};
	return b->room && start_side(b, DUO_SENDER, c) && start_side(b, DUO_RECEIVER, c) &&
	       plim_tcp_listen(b->s[DUO_RECEIVER], &at, 0, &b->listener) == PLIM_OK;
}

void
duo_free(struct duo *b)
{
	for (int side = 0; side < DUO_SIDES; side++)
		free(b->region[side]);
	free(b->room);
}

/* What one side has to send goes to the other. Frames. */
static int
pass(struct duo *b, enum duo_side from)
{
	enum duo_side to = from == DUO_SENDER ? DUO_RECEIVER : DUO_SENDER;
	int n;

	begin(b);
	n = plim_output(b->s[from], b->frames, (size_t)b->batch, b->now);
	end(b, from);
	if (n <= 0)
		return 0;
	begin(b);
	plim_input(b->s[to], b->frames, (size_t)n, b->now);
	end(b, to);
	return n;
}

static void
fill(struct duo *b)
{
	struct plim_span spans[SPANS];
	int64_t n;

	begin(b);
	while ((n = plim_tx_reserve(b->s[DUO_SENDER], b->out, PIECE, spans, SPANS)) > 0)
		(void)plim_tx_commit(b->s[DUO_SENDER], b->out, (size_t)n, 0);
	end(b, DUO_SENDER);
}

static void
drain(struct duo *b)
{
	struct plim_span spans[SPANS];
	int64_t n;

	begin(b);
	while ((n = plim_rx_peek(b->s[DUO_RECEIVER], b->in, spans, SPANS)) > 0) {
		(void)plim_rx_consume(b->s[DUO_RECEIVER], b->in, (size_t)n);
		b->received += (uint64_t)n;
	}
	end(b, DUO_RECEIVER);
}

static void
ticks(struct duo *b)
{
	for (int side = 0; side < DUO_SIDES; side++) {
		begin(b);
		if (plim_next_deadline(b->s[side]) <= b->now)
			(void)plim_poll(b->s[side], b->now, 256);
		end(b, (enum duo_side)side);
	}
}

bool
duo_open(struct duo *b)
{
	struct plim_endpoint at = {.addr = {{10, 0, 0, 2}, 4}, .port = PORT}, peer;

	if (plim_tcp_connect(b->s[DUO_SENDER], &at, NULL, 0, &b->out) != PLIM_OK)
		return false;
	for (int i = 0; i < 100; i++) {
		pass(b, DUO_SENDER);
		pass(b, DUO_RECEIVER);
		ticks(b);
		b->now += ROUND;
		if (plim_tcp_accept(b->s[DUO_RECEIVER], b->listener, 0, &b->in, &peer) == PLIM_OK)
			return true;
	}
	return false;
}

static void
take_events(struct duo *b)
{
	struct plim_event events[16];

	for (int side = 0; side < DUO_SIDES; side++)
		while (plim_events(b->s[side], events, 16) > 0)
			;
}

void
duo_reset(struct duo *b)
{
	b->received = b->segments = 0;
	memset(b->ns, 0, sizeof b->ns);
}

void
duo_transfer(struct duo *b, uint64_t octets)
{
	for (uint64_t round = 0; b->received < octets && round < octets; round++) {
		fill(b);
		b->segments += (uint64_t)pass(b, DUO_SENDER);
		drain(b);
		pass(b, DUO_RECEIVER);
		ticks(b);
		take_events(b);
		b->now += ROUND;
	}
}

/* ---- connections ---- */

static void
rounds(struct duo *b, unsigned n)
{
	while (n-- > 0) {
		while (pass(b, DUO_SENDER) > 0)
			;
		while (pass(b, DUO_RECEIVER) > 0)
			;
		ticks(b);
		b->now += ROUND;
	}
}

static uint64_t
accept_all(struct duo *b)
{
	struct plim_endpoint peer;
	uint64_t came = 0;
	plim_h h;

	begin(b);
	while (plim_tcp_accept(b->s[DUO_RECEIVER], b->listener, 0, &h, &peer) == PLIM_OK) {
		(void)plim_tcp_close(b->s[DUO_RECEIVER], h);
		came++;
	}
	end(b, DUO_RECEIVER);
	return came;
}

uint64_t
duo_connections(struct duo *b, uint64_t n, unsigned at_once)
{
	struct plim_endpoint at = {.addr = {{10, 0, 0, 2}, 4}, .port = PORT};
	plim_h h[DUO_AT_ONCE];
	uint64_t came = 0;

	at_once = PL_MIN(at_once, DUO_AT_ONCE);
	for (uint64_t begun = 0; begun < n; begun += at_once) {
		unsigned open = 0;

		while (open < at_once && plim_tcp_connect(b->s[DUO_SENDER], &at, NULL, 0, &h[open]) == PLIM_OK)
			open++;
		rounds(b, 2);
		came += accept_all(b);
		while (open > 0)
			(void)plim_tcp_abort(b->s[DUO_SENDER], h[--open]);
		rounds(b, 2);
		take_events(b);
	}
	return came;
}
