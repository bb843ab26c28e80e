/* SPDX-License-Identifier: ISC */
/*
 * A stack in a region: struct plim, then the static tables of net and tcp, then slab
 * descriptors and slabs. Everything the caller gave is inside [region, region + size).
 */
#include "mem/level.h"
#include "sock/sock.h"
#include "stack/config.h"

#define LEAST_TARGET (1024u * 1024u)                              /* the least T with defaults */
#define MOST_TARGET PL_MIN(UINT64_C(1) << 34, (uint64_t)SIZE_MAX) /* 2^32 ids of PL_ID_OCTETS */

static size_t
head_octets(void)
{
	return PL_ALIGN_UP(sizeof(struct plim), 64);
}

static size_t
statics_octets(const struct plim_config *config, size_t target)
{
	return head_octets() + PL_ALIGN_UP(pl_net_static_octets(config, target), 64) +
	       pl_tcp_static_octets(config, target);
}

/* The static part is paid from slack and reserve. */
static bool
does_fit(const struct plim_config *config, size_t target)
{
	size_t descriptors = 1024 * sizeof(struct pl_slab) * 2;

	return statics_octets(config, target) + descriptors <=
	       target / 100 * (config->cap_slack_pct + config->cap_reserve_pct);
}

size_t
plim_size_min(const struct plim_config *config)
{
	uint64_t target = LEAST_TARGET; /* wider than a size_t may be: the last step passes the most */

	if (!pl_config_is_valid(config))
		return 0;
	while (target < MOST_TARGET && !does_fit(config, (size_t)target))
		target += target / 8;
	return target < MOST_TARGET ? (size_t)target : 0;
}

/* ---- chance ---- */

static struct pl_key
derive_key(const uint8_t *entropy, uint8_t number)
{
	struct pl_key key, out;
	uint8_t label[2] = {number, 0};

	key = pl_key_from(entropy);
	out.k0 = pl_siphash24(&key, label, sizeof label);
	label[1] = 1;
	out.k1 = pl_siphash24(&key, label, sizeof label);
	key = pl_key_from(entropy + sizeof key);
	label[1] = 2;
	out.k0 ^= pl_siphash24(&key, label, sizeof label);
	label[1] = 3;
	out.k1 ^= pl_siphash24(&key, label, sizeof label);
	return out;
}

static void
init_keys(struct pl_core *c, const uint8_t *entropy)
{
	c->hash_key = derive_key(entropy, 1);
	c->isn_key = derive_key(entropy, 2);
	c->port_key = derive_key(entropy, 3);
	c->ts_key = derive_key(entropy, 4);
	c->cookie_key = derive_key(entropy, 5);
	c->rng = (struct pl_rng){.key = derive_key(entropy, 6)};
}

static bool
is_entropy(const uint8_t *entropy)
{
	uint8_t any = 0;

	for (unsigned i = 0; i < PLIM_ENTROPY_OCTETS; i++)
		any |= entropy[i];
	return any != 0;
}

/* ---- creation ---- */

static void
init_parts(plim *s, uint8_t *statics)
{
	const struct plim_config *conf = &s->core.conf;
	size_t net_octets = PL_ALIGN_UP(pl_net_static_octets(conf, s->core.mem.target), 64);

	pl_net_init(&s->net, &s->core, statics);
	pl_tcp_init(&s->tcp, &s->core, &s->net, statics + net_octets);
	pl_udp_init(&s->udp, &s->core, &s->net);
	/* The reply ring and the echo buffers are the reserve's static part. */
	pl_mem_charge_reserve(&s->core.mem, net_octets);
}

int
plim_create(const struct plim_config *config, void *region, size_t size, const uint8_t *entropy, plim_time now,
            plim **out)
{
	plim *s = region;
	struct pl_mem_layout layout;

	if (!pl_config_is_valid(config) || (uintptr_t)region % 64 || !region || size >= MOST_TARGET)
		return PLIM_EINVAL;
	if (size < plim_size_min(config))
		return PLIM_ETOOSMALL;
	if (!entropy || !is_entropy(entropy))
		return PLIM_ENOENTROPY;
	memset(s, 0, sizeof *s);
	s->core.conf = *config;
	s->core.csum = pl_csum_choose();
	s->core.now = s->core.created = now;
	pl_config_derive(&s->core.conf, size);
	layout = pl_config_layout(&s->core.conf);
	if (!pl_mem_init(&s->core.mem, region, statics_octets(&s->core.conf, size), size, &layout))
		return PLIM_ETOOSMALL;
	init_keys(&s->core, entropy);
	init_parts(s, (uint8_t *)region + head_octets());
	pl_level_look(&s->core);
	*out = s;
	return PLIM_OK;
}
