/* SPDX-License-Identifier: ISC */
/* The world: how it is made, and its loop. See world.h. */
#include "sim/world.h"

#include <stdlib.h>

#define PORT_QUEUE (512u << 10) /* octets before a port's line */
#define PORT_DELAY PL_MS(20)    /* between the second port and the raw peers, each way */
#define START PL_SEC(1000)      /* no time is special; not zero, so that forgetting it shows */
#define CLIENT_TARGET (1280u << 10)

enum stream { STREAM_PORT = 2, STREAM_ACCESS = 3 };

static const uint8_t legit_net[4] = {10}, anywhere[4] = {0};
static const uint8_t gateway[2][4] = {{10, 0, 0, 254}, {192, 168, 255, 254}};

static const struct plim_addr server_addr[2] = {
	{.octets = {10, 0, 0, 1}, .family = 4},
	{.octets = {192, 168, 0, 1}, .family = 4},
};

struct plim_addr
sim_server_addr(unsigned port)
{
	return server_addr[port];
}

struct plim_addr
sim_client_addr(unsigned number)
{
	return (struct plim_addr){.octets = {10, (uint8_t)(1 + (number >> 8)), (uint8_t)number, 2}, .family = 4};
}

void
sim_world_defaults(struct sim_world_config *c)
{
	memset(c, 0, sizeof *c);
	c->seed = 1;
	c->target = 4u << 20;
	c->port_bps[0] = c->port_bps[1] = 200000000;
	c->pool_frames = 128u << 10;
	plim_config_default(&c->stack);
}

static void
add_iface(struct plim_config *c, const uint8_t *mac, struct plim_addr addr, uint8_t prefix_len)
{
	struct plim_iface_config *i = &c->ifaces[c->n_ifaces++];

	memcpy(i->mac, mac, 6);
	i->mtu = 1500;
	i->addrs[0] = (struct plim_ifaddr){addr, prefix_len};
	i->n_addrs = 1;
}

static void
add_route(struct plim_config *c, const uint8_t *dst, uint8_t prefix_len, const uint8_t *via, uint8_t iface)
{
	struct plim_route_config *rc = &c->routes[c->n_routes++];

	*rc = (struct plim_route_config){.prefix_len = prefix_len, .iface = iface};
	rc->dst.family = rc->via.family = 4;
	memcpy(rc->dst.octets, dst, 4);
	memcpy(rc->via.octets, via, 4);
}

static bool
start_server(struct sim_world *w, const struct sim_world_config *c, int *why)
{
	struct plim_config config = c->stack;
	uint8_t mac[6];

	w->server = (struct sim_host){.w = w, .target = c->target, .number = SIM_SERVER, .n_nics = 2};
	w->server.owner = sim_world_add_owners(w, 1, NULL, &w->server);
	w->server.nic[0].stage = &w->port_in[0];
	sim_server_mac(0, mac);
	add_iface(&config, mac, server_addr[0], 24);
	sim_server_mac(1, mac);
	add_iface(&config, mac, server_addr[1], 16);
	add_route(&config, legit_net, 8, gateway[0], 0);
	add_route(&config, anywhere, 0, gateway[1], 1);
	return sim_host_start(&w->server, &config, 0, why);
}

static void
init_ports(struct sim_world *w, const struct sim_world_config *c)
{
	for (unsigned i = 0; i < 2; i++) {
		struct sim_link_config l = {.rate_bps = c->port_bps[i], .queue_octets = PORT_QUEUE};

		l.delay_ns = i == 1 ? PORT_DELAY : 0;
		sim_link_init(&w->port_in[i], &l, sim_chance_of(w->seed, STREAM_PORT, 2 * i));
		sim_link_init(&w->port_out[i], &l, sim_chance_of(w->seed, STREAM_PORT, 2 * i + 1));
	}
}

bool
sim_world_init(struct sim_world *w, const struct sim_world_config *c, int *why)
{
	memset(w, 0, sizeof *w);
	w->now = START;
	w->seed = c->seed;
	w->trace = UINT64_C(0x9ae16a3b2f90404f);
	*why = PLIM_ENOMEM;
	if (!sim_queue_init(&w->queue) || !sim_pool_init(&w->pool, c->pool_frames))
		return false;
	for (unsigned i = 0; i < SIM_BATCH; i++)
		w->tx[i] = sim_pool_take(&w->pool);
	init_ports(w, c);
	return start_server(w, c, why);
}

void
sim_world_free(struct sim_world *w)
{
	sim_host_free(&w->server);
	for (unsigned i = 0; i < w->n_clients; i++) {
		sim_host_free(w->clients[i]);
		free(w->clients[i]);
	}
	sim_queue_free(&w->queue);
	sim_pool_free(&w->pool);
}

static void
init_access(struct sim_host *h, const struct sim_access *a)
{
	struct sim_link_config l = {
		.rate_bps = a->rate_bps,
		.queue_octets = a->queue_octets,
		.delay_ns = a->rtt / 2,
		.reorder_ns = PL_MS(10),
		.loss_ppm = a->loss_ppm,
		.reorder_ppm = a->reorder_ppm,
	};

	sim_link_init(&h->up, &l, sim_chance_of(h->w->seed, STREAM_ACCESS, 2u * h->number));
	sim_link_init(&h->down, &l, sim_chance_of(h->w->seed, STREAM_ACCESS, 2u * h->number + 1));
}

static void
client_config(struct plim_config *config, const struct sim_host *h, const struct sim_access *a)
{
	struct plim_addr addr = sim_client_addr(h->number), via = addr;

	plim_config_default(config);
	config->rcv_buf_max = a->rcv_buf_max;
	add_iface(config, (const uint8_t[]){2, 0, 1, 0, 0, 1}, addr, 24);
	via.octets[3] = 1;
	add_route(config, anywhere, 0, via.octets, 0);
}

struct sim_host *
sim_world_add_client(struct sim_world *w, const struct sim_access *a, struct sim_app app, void *ctx)
{
	struct sim_host *h = w->n_clients < SIM_MAX_CLIENTS ? calloc(1, sizeof *h) : NULL;
	struct plim_config config;
	int why;

	if (h == NULL)
		return NULL;
	*h = (struct sim_host){.w = w, .number = (uint16_t)w->n_clients, .n_nics = 1, .app = app, .ctx = ctx};
	h->target = a->target > 0 ? a->target : CLIENT_TARGET;
	client_config(&config, h, a);
	if (!sim_host_start(h, &config, 1u + h->number, &why)) {
		sim_host_free(h);
		free(h);
		return NULL;
	}
	init_access(h, a);
	h->owner = sim_world_add_owners(w, 1, NULL, h);
	w->clients[w->n_clients++] = h;
	return h;
}

/* ---- the loop ---- */

static void
run_host(void *ctx, uint32_t index)
{
	(void)index;
	sim_host_run(ctx);
}

uint32_t
sim_world_add_owners(struct sim_world *w, uint32_t n, void (*run)(void *ctx, uint32_t index), void *ctx)
{
	uint32_t first = sim_queue_add_owners(&w->queue, n);

	PL_ASSERT(w->n_blocks < SIM_MAX_BLOCKS);
	w->blocks[w->n_blocks++] = (struct sim_block){first, n, run != NULL ? run : run_host, ctx};
	return first;
}

/* Blocks are in order of their first owner. */
static void
dispatch(struct sim_world *w, uint32_t owner)
{
	unsigned low = 0, high = w->n_blocks;

	while (high - low > 1) {
		unsigned mid = (low + high) / 2;

		if (w->blocks[mid].first <= owner)
			low = mid;
		else
			high = mid;
	}
	w->blocks[low].run(w->blocks[low].ctx, owner - w->blocks[low].first);
}

void
sim_world_run(struct sim_world *w, pl_time until, const bool *stop)
{
	while (!(stop != NULL && *stop) && sim_queue_next(&w->queue) <= until) {
		struct sim_event e = sim_queue_pop(&w->queue);

		w->now = PL_MAX(w->now, e.at);
		w->counts.events++;
		dispatch(w, e.owner);
	}
	if (!(stop != NULL && *stop))
		w->now = PL_MAX(w->now, until);
}

/* ---- the trace ---- */

/*
 * Of a frame its time, its length and its first 96 octets behind the link header: with the checksums of the headers
 * these say as much as all octets.
 */
void
sim_world_note(struct sim_world *w, const struct sim_frame *f)
{
	uint64_t x = w->trace ^ (w->now * UINT64_C(0x9e3779b97f4a7c15) + f->len), part;
	uint32_t end = PL_MIN(f->len, 14u + 96);

	for (uint32_t at = 14; at < end; at += 8) {
		part = 0;
		memcpy(&part, f->data + at, PL_MIN(8u, end - at));
		x = (x ^ part) * UINT64_C(0x9fb21c651e98df25);
		x ^= x >> 29;
	}
	w->trace = x;
	w->counts.frames++;
}
