/* SPDX-License-Identifier: ISC */
/* Settings by name: the table of PLIM_SETTINGS, and values derived from the target. */
#include "stack/config.h"

struct setting {
	const char *name;
	const char *text;
	uint64_t dflt, least, most;
	size_t offset;
};

static const struct setting settings[] = {
#define PLIM_X(name, dflt, least, most, text) {#name, text, dflt, least, most, offsetof(struct plim_config, name)},
	PLIM_SETTINGS(PLIM_X)
#undef PLIM_X
};

static uint64_t *
place_of(struct plim_config *config, const struct setting *s)
{
	return (uint64_t *)(void *)((uint8_t *)config + s->offset);
}

static bool
is_same_text(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

void
plim_config_default(struct plim_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	for (unsigned i = 0; i < PL_COUNT(settings); i++)
		*place_of(config, &settings[i]) = settings[i].dflt;
}

int
plim_config_set(struct plim_config *config, const char *name, uint64_t value)
{
	for (unsigned i = 0; i < PL_COUNT(settings); i++) {
		const struct setting *s = &settings[i];

		if (!is_same_text(s->name, name))
			continue;
		if (value < s->least || value > s->most)
			return PLIM_EINVAL;
		*place_of(config, s) = value;
		return PLIM_OK;
	}
	return PLIM_EINVAL;
}

bool
plim_config_describe(unsigned i, const char **name, uint64_t *dflt, uint64_t *least, uint64_t *most, const char **text)
{
	if (i >= PL_COUNT(settings))
		return false;
	if (name)
		*name = settings[i].name;
	if (dflt)
		*dflt = settings[i].dflt;
	if (least)
		*least = settings[i].least;
	if (most)
		*most = settings[i].most;
	if (text)
		*text = settings[i].text;
	return true;
}

/* ---- validity ---- */

static bool
are_settings_in_range(const struct plim_config *config)
{
	for (unsigned i = 0; i < PL_COUNT(settings); i++) {
		uint64_t v = *place_of((struct plim_config *)config, &settings[i]);

		if (v < settings[i].least || v > settings[i].most)
			return false;
	}
	return true;
}

static bool
is_iface_valid(const struct plim_iface_config *i)
{
	bool has6 = false;

	if (i->n_addrs > PLIM_MAX_ADDRS || i->mac[0] & 1)
		return false;
	for (unsigned a = 0; a < i->n_addrs; a++) {
		uint8_t family = i->addrs[a].addr.family;

		if ((family != 4 && family != 6) || i->addrs[a].prefix_len > (family == 4 ? 32 : 128))
			return false;
		has6 = has6 || family == 6;
	}
	if (i->flags & PLIM_IF_TSO && (i->gso_octets < i->mtu + 14u || i->gso_octets > 65535))
		return false;
	return i->mtu >= (has6 ? 1280 : 576);
}

static bool
is_route_valid(const struct plim_config *config, const struct plim_route_config *r)
{
	uint8_t family = r->dst.family;

	return (family == 4 || family == 6) && r->via.family == family && r->iface < config->n_ifaces &&
	       r->prefix_len <= (family == 4 ? 32 : 128);
}

static bool
do_caps_fit(const struct plim_config *c)
{
	return c->cap_syn_pct + c->cap_timewait_pct + c->cap_neighbour_pct + c->cap_fragment_pct + c->cap_udp_pct +
	               c->cap_reserve_pct + c->cap_slack_pct <=
	       60;
}

static bool
do_levels_rise(const struct plim_config *c)
{
	return c->level_1_pct <= c->level_2_pct && c->level_2_pct <= c->level_3_pct && c->level_3_pct <= c->level_4_pct;
}

bool
pl_config_is_valid(const struct plim_config *config)
{
	if (config->size != sizeof *config || config->n_ifaces > PLIM_MAX_IFACES || config->n_routes > PLIM_MAX_ROUTES)
		return false;
	if (!are_settings_in_range(config) || !do_caps_fit(config) || config->port_first > config->port_last)
		return false;
	if (!do_levels_rise(config))
		return false;
	if (config->block_octets & (config->block_octets - 1) || (config->block_octets && config->block_octets < 128))
		return false;
	for (unsigned i = 0; i < config->n_ifaces; i++)
		if (!is_iface_valid(&config->ifaces[i]))
			return false;
	for (unsigned i = 0; i < config->n_routes; i++)
		if (!is_route_valid(config, &config->routes[i]))
			return false;
	return true;
}

/* ---- derived values ---- */

void
pl_config_derive(struct plim_config *c, size_t target)
{
	if (c->block_octets == 0)
		c->block_octets = pl_mem_block_for(target);
	if (c->backlog == 0)
		c->backlog = target / 1024;
	if (c->rcv_buf_max == 0)
		c->rcv_buf_max = PL_CLAMP((uint64_t)target / 8, 65536u, 4194304u);
	if (c->snd_buf_max == 0)
		c->snd_buf_max = c->rcv_buf_max;
}

uint64_t
pl_config_conn_pct(const struct plim_config *c)
{
	return 100 - c->cap_syn_pct - c->cap_timewait_pct - c->cap_neighbour_pct - c->cap_fragment_pct -
	       c->cap_udp_pct - c->cap_reserve_pct - c->cap_slack_pct;
}

struct pl_mem_layout
pl_config_layout(const struct plim_config *c)
{
	struct pl_mem_layout l = {.conn_pct = pl_config_conn_pct(c), .block_octets = (uint32_t)c->block_octets};

	l.cap_pct[PLIM_CLASS_record] = c->cap_record_pct;
	l.cap_pct[PLIM_CLASS_app] = c->cap_app_pct;
	l.cap_pct[PLIM_CLASS_syn] = c->cap_syn_pct;
	l.cap_pct[PLIM_CLASS_timewait] = c->cap_timewait_pct;
	l.cap_pct[PLIM_CLASS_neighbour] = c->cap_neighbour_pct;
	l.cap_pct[PLIM_CLASS_fragment] = c->cap_fragment_pct;
	l.cap_pct[PLIM_CLASS_udp] = c->cap_udp_pct;
	l.cap_pct[PLIM_CLASS_reserve] = c->cap_reserve_pct;
	return l;
}
