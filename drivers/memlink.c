/* SPDX-License-Identifier: ISC */
/* The link in memory: two drivers over two impaired directions. */
#include "drivers/memlink.h"

static int
end_rx(struct pl_driver *d, struct plim_frame *frames, int n, pl_time now)
{
	struct pl_memlink_end *e = (struct pl_memlink_end *)d;
	int got = pl_impair_take(e->from, frames, n, now);

	for (int i = 0; i < got; i++)
		frames[i].iface = d->iface;
	return got;
}

static int
end_tx(struct pl_driver *d, const struct plim_frame *frames, int n, pl_time now)
{
	struct pl_memlink_end *e = (struct pl_memlink_end *)d;

	for (int i = 0; i < n; i++)
		pl_impair_put(e->to, &frames[i], now);
	return n;
}

static pl_time
end_due(const struct pl_driver *d)
{
	return pl_impair_due(((const struct pl_memlink_end *)d)->from);
}

static const struct pl_driver_ops end_ops = {
	.rx = end_rx,
	.tx = end_tx,
	.due = end_due,
	.close = NULL,
};

static struct pl_impair_config
direction_config(const struct pl_impair_config *config, uint32_t ip_octets, uint64_t which)
{
	struct pl_impair_config c = *config;

	c.frame_octets = PL_ETH_OCTETS + ip_octets;
	c.seed = config->seed * 2 + which;
	return c;
}

size_t
pl_memlink_octets(const struct pl_impair_config *config, uint16_t mtu, uint32_t gso_octets)
{
	struct pl_impair_config c = direction_config(config, PL_MAX((uint32_t)mtu, gso_octets), 0);

	return 2 * pl_impair_octets(&c);
}

void
pl_memlink_init(struct pl_memlink *l, const struct pl_impair_config *config, uint16_t mtu, uint32_t gso_octets,
                void *memory)
{
	uint8_t *p = memory;

	for (unsigned i = 0; i < 2; i++) {
		struct pl_impair_config c = direction_config(config, PL_MAX((uint32_t)mtu, gso_octets), i);
		pl_impair_init(&l->dir[i], &c, p);
		p += pl_impair_octets(&c);
		l->end[i] = (struct pl_memlink_end){
			.driver =
				{
					.ops = &end_ops,
					.fd = -1,
					.mtu = mtu,
					.if_flags = gso_octets != 0 ? PLIM_IF_CSUM_OUT | PLIM_IF_TSO : 0,
					.gso_octets = gso_octets,
				},
			.to = &l->dir[i],
			.from = &l->dir[1 - i],
		};
	}
}
