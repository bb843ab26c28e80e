/* SPDX-License-Identifier: ISC */
/*
 * The world of one run: its region, its input, the text everybody sends, and the grants
 * that are refused by chance (the program is linked with --wrap for that).
 */
#include "world.h"

#include "tests/unit/grant_wraps.h"

#define TARGET (1u << 20)
#define FILL 0xa5 /* what fresh memory holds */

struct world f;

const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2}, peer_mac[6] = {2, 0, 0, 0, 0, 9};
const struct plim_addr us4 = {{10, 0, 0, 2}, 4}, peer4 = {{10, 0, 0, 9}, 4};
const struct plim_addr us6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 6}, peer6 = {{0x20, 1, 0xd, 0xb8, [15] = 9}, 6};

static uint64_t refuse_pct, refuse_chance; /* so many grants of a hundred are refused */
static struct guarded region;
static uint8_t text[65536 + MOST_TEXT];

/* ---- refused grants ---- */

static bool
grant_is_refused(unsigned cls)
{
	(void)cls;
	refuse_chance = refuse_chance * 6364136223846793005u + 1442695040888963407u;
	return (refuse_chance >> 33) % 100 < refuse_pct;
}

void
world_grant_all(void)
{
	refuse_pct = 0;
}

/* ---- the input ---- */

uint8_t
u8(void)
{
	return f.p < f.end ? *f.p++ : 0;
}

uint32_t
u16(void)
{
	uint32_t hi = u8();

	return hi << 8 | u8();
}

uint32_t
length(void)
{
	uint32_t x = u8();

	return x < 64 ? x : x < 192 ? (x - 63) * 64 : (x - 191) * 1024;
}

uint32_t
distance(void)
{
	uint8_t x = u8();
	uint32_t d = (x & 31) * (x & 32 ? 1 : 173);

	if (x < 128)
		return x < 96 ? 0 : d;
	if (x < 224)
		return x & 64 ? 0u - d : d;
	return 0x7fffff00u + (x & 31) * 16;
}

/* ---- text ---- */

/* It comes again after 65536 octets, so one table holds every run. */
const uint8_t *
text_from(uint32_t seq)
{
	return text + (seq & 0xffff);
}

static void
make_text(void)
{
	for (uint32_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 167 + (i >> 8) * 29);
}

/* ---- life ---- */

static struct plim_config
config_for(uint8_t how)
{
	struct plim_config conf;
	struct plim_iface_config *i = &conf.ifaces[0];

	plim_config_default(&conf);
	conf.n_ifaces = 1;
	memcpy(i->mac, our_mac, 6);
	i->mtu = 1500;
	i->n_addrs = 2;
	i->addrs[0] = (struct plim_ifaddr){us4, 24};
	i->addrs[1] = (struct plim_ifaddr){us6, 64};
	conf.n_routes = 1;
	conf.routes[0] = (struct plim_route_config){.dst = {.family = 4}, .via = peer4};
	conf.syn_cookies = how % 3;
	conf.sack = !(how & 4);
	conf.congestion_control = !(how & 8);
	conf.block_octets = how & 16 ? 128 : 0;
	if (how & 32) {
		i->flags = PLIM_IF_TSO | PLIM_IF_CSUM_OUT;
		i->gso_octets = 65535;
	}
	conf.backlog = how & 64 ? 4 : 0;
	conf.compact_ms = how & 128 ? 10 : 1000;
	return conf;
}

static void
create(void)
{
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1, 2, 3};
	uint8_t how = u8(), refuse = u8();
	struct plim_config conf = config_for(how);

	refuse_pct = refuse & 3 ? 0 : refuse / 4;
	refuse_chance = refuse;
	f.out_cap = 14 + PL_MAX(conf.ifaces[0].mtu, conf.ifaces[0].gso_octets);
	MUST(plim_create(&conf, region.start, TARGET, entropy, f.now, &f.s) == PLIM_OK);
}

static void
first_time(void)
{
	region = guarded_room(TARGET);
	memset(region.start, FILL, TARGET);
	make_text();
}

void
world_begin(const uint8_t *data, size_t size)
{
	if (!region.start)
		first_time();
	memset(&f, 0, sizeof f);
	f.p = data;
	f.end = data + size;
	f.now = MS(5000000);
	for (unsigned i = 0; i < FLOWS; i++) {
		f.flows[i].irs = i & 2 ? 0u - 5000 : 1000 * i; /* some wrap soon */
		f.flows[i].snd = f.flows[i].irs;
	}
	create();
}

/* Slabs at or beyond fresh_slabs were never touched. */
void
world_end(void)
{
	const struct pl_mem *m = &f.s->core.mem;

	memset(region.start, FILL, m->first_octet + ((size_t)m->fresh_slabs << m->slab_shift));
	f.s = NULL;
}
