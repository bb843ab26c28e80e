/* SPDX-License-Identifier: ISC */
/*
 * Cost of a segment without system calls: two stacks in one process, frames handed over by reference.
 *
 *   inproc plain|super OCTETS [BUFFER]
 *
 * One sends, the other reads and forgets. The link neither loses nor delays; the virtual clock goes on by 10 us a
 * round. Prints nanoseconds per KiB inside each stack, and how many segments carried the octets. Under callgrind the
 * same program gives instructions: nothing but the stacks does any work here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "platform/posix/sys.h"

#define TARGET (64u << 20)
#define PORT 9
#define BATCH PL_DRIVER_BATCH
#define SUPER_BATCH 8
#define SPANS 288
#define ROUND PL_US(10)
#define PIECE 65536u

enum side { SENDER, RECEIVER, N_SIDES };

struct bench {
	plim *s[N_SIDES];
	uint64_t ns[N_SIDES]; /* inside each stack */
	struct plim_frame frames[BATCH];
	int batch;
	pl_time now;   /* virtual */
	pl_time since; /* real */
	plim_h out, in;
	uint64_t segments, received;
};

static void
begin(struct bench *b)
{
	b->since = pl_posix_now();
}

static void
end(struct bench *b, enum side side)
{
	b->ns[side] += pl_posix_now() - b->since;
}

static bool
start(struct bench *b, enum side side, bool super, uint64_t buffer)
{
	struct plim_config c;
	struct plim_iface_config *i = &c.ifaces[0];
	uint8_t entropy[PLIM_ENTROPY_OCTETS];
	void *region = aligned_alloc(4096, TARGET);

	plim_config_default(&c);
	if (buffer > 0) {
		(void)plim_config_set(&c, "rcv_buf_max", buffer);
		(void)plim_config_set(&c, "snd_buf_max", buffer);
	}
	c.n_ifaces = 1;
	memcpy(i->mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(1 + side)}, 6);
	i->mtu = 1500;
	i->flags = super ? PLIM_IF_CSUM_OUT | PLIM_IF_TSO : 0;
	i->gso_octets = super ? PL_SUPER_OCTETS : 0;
	i->addrs[0] = (struct plim_ifaddr){{{10, 0, 0, (uint8_t)(1 + side)}, 4}, 24};
	i->n_addrs = 1;
	memset(entropy, 1 + (int)side, sizeof entropy);
	return region && plim_create(&c, region, TARGET, entropy, b->now, &b->s[side]) == PLIM_OK;
}

/* What one side has to send goes to the other. Frames. */
static int
pass(struct bench *b, enum side from)
{
	enum side to = from == SENDER ? RECEIVER : SENDER;
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
fill(struct bench *b)
{
	struct plim_span spans[SPANS];
	int64_t n;

	begin(b);
	while ((n = plim_tx_reserve(b->s[SENDER], b->out, PIECE, spans, SPANS)) > 0)
		(void)plim_tx_commit(b->s[SENDER], b->out, (size_t)n, 0);
	end(b, SENDER);
}

static void
drain(struct bench *b)
{
	struct plim_span spans[SPANS];
	int64_t n;

	begin(b);
	while ((n = plim_rx_peek(b->s[RECEIVER], b->in, spans, SPANS)) > 0) {
		(void)plim_rx_consume(b->s[RECEIVER], b->in, (size_t)n);
		b->received += (uint64_t)n;
	}
	end(b, RECEIVER);
}

static void
ticks(struct bench *b)
{
	for (int side = 0; side < N_SIDES; side++) {
		begin(b);
		if (plim_next_deadline(b->s[side]) <= b->now)
			(void)plim_poll(b->s[side], b->now, 256);
		end(b, (enum side)side);
	}
}

static bool
open_connection(struct bench *b)
{
	struct plim_endpoint at = {.addr = {{10, 0, 0, 2}, 4}, .port = PORT}, peer;
	plim_h listener;

	if (plim_tcp_listen(b->s[RECEIVER], &at, 0, &listener) != PLIM_OK ||
	    plim_tcp_connect(b->s[SENDER], &at, NULL, 0, &b->out) != PLIM_OK)
		return false;
	for (int i = 0; i < 100; i++) {
		pass(b, SENDER);
		pass(b, RECEIVER);
		ticks(b);
		b->now += ROUND;
		if (plim_tcp_accept(b->s[RECEIVER], listener, 0, &b->in, &peer) == PLIM_OK)
			return true;
	}
	return false;
}

static void
transfer(struct bench *b, uint64_t octets)
{
	struct plim_event events[16];

	for (uint64_t round = 0; b->received < octets && round < octets; round++) {
		fill(b);
		b->segments += (uint64_t)pass(b, SENDER);
		drain(b);
		pass(b, RECEIVER);
		ticks(b);
		(void)plim_events(b->s[SENDER], events, 16);
		(void)plim_events(b->s[RECEIVER], events, 16);
		b->now += ROUND;
	}
}

static void
print(const struct bench *b, const char *mode)
{
	double kib = (double)b->received / 1024;

	printf("{\"what\":\"inproc\",\"mode\":\"%s\",\"octets\":%llu,\"segments\":%llu,\"out_ns_kb\":%.1f,"
	       "\"in_ns_kb\":%.1f,\"out_ns_segment\":%.1f,\"in_ns_segment\":%.1f}\n",
	       mode, (unsigned long long)b->received, (unsigned long long)b->segments, (double)b->ns[SENDER] / kib,
	       (double)b->ns[RECEIVER] / kib, (double)b->ns[SENDER] / (double)b->segments,
	       (double)b->ns[RECEIVER] / (double)b->segments);
}

int
main(int argc, char **argv)
{
	struct bench b = {.now = PL_SEC(1000)};
	uint64_t buffer = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	bool super = argc >= 3 && strcmp(argv[1], "super") == 0;
	uint32_t room = PL_ALIGN_UP(PL_ETH_OCTETS + (super ? PL_SUPER_OCTETS : 1500u) + 2u, 64u);
	uint8_t *memory;

	if (argc < 3 || argc > 4 || (!super && strcmp(argv[1], "plain") != 0)) {
		fprintf(stderr, "usage: inproc plain|super OCTETS [BUFFER]\n");
		return 2;
	}
	b.batch = super ? SUPER_BATCH : BATCH;
	memory = aligned_alloc(64, (size_t)b.batch * room);
	for (int i = 0; memory && i < b.batch; i++)
		b.frames[i] = (struct plim_frame){.data = memory + (size_t)i * room + 2, .cap = room - 2};
	if (!memory || !start(&b, SENDER, super, buffer) || !start(&b, RECEIVER, super, buffer) ||
	    !open_connection(&b)) {
		fprintf(stderr, "inproc: the stacks do not come up\n");
		return 1;
	}
	transfer(&b, 4u << 20); /* slow start, and pages touched for the first time */
	b.received = b.segments = 0;
	memset(b.ns, 0, sizeof b.ns);
	transfer(&b, strtoull(argv[2], NULL, 10));
	print(&b, argv[1]);
	return 0;
}
