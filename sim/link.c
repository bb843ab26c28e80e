/* SPDX-License-Identifier: ISC */
/* One direction of a link: see link.h. */
#include "sim/link.h"

void
sim_link_init(struct sim_link *l, const struct sim_link_config *config, struct sim_chance chance)
{
	*l = (struct sim_link){.config = *config, .chance = chance};
}

static pl_time
line_time(const struct sim_link *l, uint64_t octets)
{
	return octets * 8 * 1000000000u / l->config.rate_bps;
}

/* When the line has sent it; PL_TIME_NEVER: the queue is full. */
static pl_time
pass_line(struct sim_link *l, uint32_t len, pl_time now)
{
	pl_time start = PL_MAX(l->line_free, now);

	if (l->config.rate_bps == 0)
		return now;
	if (l->config.queue_octets > 0 && start + line_time(l, len) > now + line_time(l, l->config.queue_octets))
		return PL_TIME_NEVER;
	l->line_free = start + line_time(l, len);
	return l->line_free;
}

pl_time
sim_link_pass(struct sim_link *l, uint32_t len, pl_time now)
{
	pl_time sent = pass_line(l, len, now), due;

	l->in++;
	if (sent == PL_TIME_NEVER) {
		l->dropped++;
		return PL_TIME_NEVER;
	}
	if (l->lose_next > 0 && len > 1000) {
		l->lose_next--;
		l->lost++;
		return PL_TIME_NEVER;
	}
	if (sim_chance_ppm(&l->chance, l->config.loss_ppm)) {
		l->lost++;
		return PL_TIME_NEVER;
	}
	due = sent + l->config.delay_ns;
	if (sim_chance_ppm(&l->chance, l->config.reorder_ppm)) {
		l->reordered++;
		due += l->config.reorder_ns;
	}
	l->out++;
	return due;
}
