/* SPDX-License-Identifier: ISC */
/* The start of one stack's TCP. */
#include "tcp/tcp.h"

#include "tcp/queue.h"
#include "tcp/table.h"
#include "tcp/timewait.h"

static size_t
heads_octets(size_t target)
{
	return PL_ALIGN_UP(pl_tcp_table_heads(target) * sizeof(pl_id), 64);
}

size_t
pl_tcp_static_octets(const struct plim_config *conf, size_t target)
{
	return heads_octets(target) + PL_ALIGN_UP(pl_syncache_buckets(conf, target) * sizeof(struct pl_syn_bucket), 64);
}

void
pl_tcp_init(struct pl_tcp *t, struct pl_core *c, struct pl_net *n, uint8_t *statics)
{
	const struct plim_config *conf = &c->conf;

	memset(t, 0, sizeof *t);
	t->core = c;
	t->net = n;
	t->heads = (pl_id *)(void *)statics;
	t->head_mask = pl_tcp_table_heads(c->mem.target) - 1;
	memset(t->heads, 0, heads_octets(c->mem.target));
	pl_tcp_queues_init(t);
	pl_list_init(&t->timewait, offsetof(struct pl_tcp_timewait, order));
	t->reopen.next = PL_TIME_NEVER;
	t->tidy_at = PL_TIME_NEVER;
	t->hand.next = t->hand.found = PL_TIME_NEVER;
	pl_wheel_init(&t->wheel, c->mem.region, offsetof(struct pl_tcp_hot, tmr), c->now);
	pl_syncache_init(t, statics + heads_octets(c->mem.target), pl_syncache_buckets(conf, c->mem.target));
	pl_tcp_challenges_init(t);
	pl_bucket_init(&t->rst_bucket, (uint32_t)conf->rst_rate, (uint32_t)PL_MAX(conf->rst_rate / 10, 1), c->now);
	pl_bucket_init(&t->cookie_bucket, (uint32_t)conf->cookie_rate, (uint32_t)PL_MAX(conf->cookie_rate / 10, 1),
	               c->now);
	t->epoch = pl_net_epoch(n);
}
