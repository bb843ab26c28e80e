/* SPDX-License-Identifier: ISC */
/*
 * The calls common to all drivers: hand over to the driver, and to the capture file if there is one.
 */
#include "drivers/driver.h"

#include "drivers/pcapng.h"

static void
capture(struct pl_driver *d, const struct plim_frame *frames, int n, enum pl_pcapng_direction direction, pl_time now)
{
	if (d->pcap == NULL)
		return;
	for (int i = 0; i < n; i++)
		pl_pcapng_write(d->pcap, &frames[i], direction, now);
}

int
pl_driver_rx(struct pl_driver *d, struct plim_frame *frames, int n, pl_time now)
{
	int got = d->ops->rx(d, frames, PL_MIN(n, PL_DRIVER_BATCH), now);

	capture(d, frames, got, PL_PCAPNG_IN, now);
	return got;
}

int
pl_driver_tx(struct pl_driver *d, const struct plim_frame *frames, int n, pl_time now)
{
	capture(d, frames, n, PL_PCAPNG_OUT, now);
	return d->ops->tx(d, frames, n, now);
}

pl_time
pl_driver_due(const struct pl_driver *d)
{
	return d->ops->due != NULL ? d->ops->due(d) : PL_TIME_NEVER;
}

void
pl_driver_close(struct pl_driver *d)
{
	if (d->ops->close != NULL)
		d->ops->close(d);
}

uint32_t
pl_driver_frame_octets(const struct pl_driver *d)
{
	return PL_ETH_OCTETS + PL_MAX((uint32_t)d->mtu, d->gso_octets);
}
