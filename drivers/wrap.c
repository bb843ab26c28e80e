/* SPDX-License-Identifier: ISC */
/* The impairing wrapper: what comes in and what goes out of a driver passes a bad link first. */
#include "drivers/memlink.h"

static void
send_due(struct pl_wrap *w, pl_time now)
{
	struct plim_frame due[PL_DRIVER_BATCH];
	int got;

	while ((got = pl_impair_take(&w->out, due, PL_DRIVER_BATCH, now)) > 0)
		w->driver.tx_dropped += (uint64_t)(got - w->inner->ops->tx(w->inner, due, got, now));
}

/* Everything that waits inside goes onto the bad link; what has arrived by now comes off it.
 * Frames of ours that were held back go out here too. */
static int
wrap_rx(struct pl_driver *d, struct plim_frame *frames, int n, pl_time now)
{
	struct pl_wrap *w = (struct pl_wrap *)d;
	int got = w->inner->ops->rx(w->inner, frames, n, now);

	send_due(w, now);
	for (int i = 0; i < got; i++)
		pl_impair_put(&w->in, &frames[i], now);
	if (got < 0)
		return got;
	got = pl_impair_take(&w->in, frames, n, now);
	for (int i = 0; i < got; i++)
		frames[i].iface = d->iface;
	return got;
}

static int
wrap_tx(struct pl_driver *d, const struct plim_frame *frames, int n, pl_time now)
{
	struct pl_wrap *w = (struct pl_wrap *)d;

	for (int i = 0; i < n; i++)
		pl_impair_put(&w->out, &frames[i], now);
	send_due(w, now);
	return n;
}

static pl_time
wrap_due(const struct pl_driver *d)
{
	const struct pl_wrap *w = (const struct pl_wrap *)d;

	return PL_MIN(pl_impair_due(&w->in), pl_impair_due(&w->out));
}

static void
wrap_close(struct pl_driver *d)
{
	pl_driver_close(((struct pl_wrap *)d)->inner);
}

static const struct pl_driver_ops wrap_ops = {
	.rx = wrap_rx,
	.tx = wrap_tx,
	.due = wrap_due,
	.close = wrap_close,
};

static struct pl_impair_config
sized_for(const struct pl_driver *inner, const struct pl_impair_config *config, uint64_t which)
{
	struct pl_impair_config c = *config;

	c.frame_octets = pl_driver_frame_octets(inner);
	c.seed = config->seed * 2 + which;
	return c;
}

size_t
pl_wrap_octets(const struct pl_driver *inner, const struct pl_impair_config *config)
{
	struct pl_impair_config c = sized_for(inner, config, 0);

	return 2 * pl_impair_octets(&c);
}

void
pl_wrap_init(struct pl_wrap *w, struct pl_driver *inner, const struct pl_impair_config *config, void *memory)
{
	struct pl_impair_config in = sized_for(inner, config, 0), out = sized_for(inner, config, 1);

	w->driver = *inner;
	w->driver.ops = &wrap_ops;
	w->inner = inner;
	pl_impair_init(&w->in, &in, memory);
	pl_impair_init(&w->out, &out, (uint8_t *)memory + pl_impair_octets(&in));
}
