/* SPDX-License-Identifier: ISC */
/* What stands between the hosts: links, the router that knows where everybody is, and its answers to ARP. */
#include "sim/world.h"

#include "wire/arp.h"
#include "wire/eth.h"

#define ARP_DELAY PL_US(200)
#define DST_AT 30u /* destination address of an IPv4 frame */

const uint8_t sim_router_mac[6] = {2, 0xff, 0, 0, 0, 1};

static const uint8_t client_mac[6] = {2, 0, 1, 0, 0, 1};

void
sim_server_mac(unsigned port, uint8_t mac[6])
{
	memset(mac, 0, 6);
	mac[0] = 2; /* locally administered */
	mac[5] = (uint8_t)(port + 1);
}

static void
address_to(struct sim_frame *f, const uint8_t *mac)
{
	memcpy(f->data, mac, PL_MAC_LEN);
	memcpy(f->data + PL_MAC_LEN, sim_router_mac, PL_MAC_LEN);
}

/* The router has every address that is asked for, but those on the second port's link, where only the gateway is. */
static bool
is_at_router(unsigned iface, const struct plim_addr *a)
{
	return iface == 0 || (a->octets[2] == 255 && a->octets[3] == 254);
}

/* Turn a request into its answer, in place. False: nobody answers. */
static bool
answer_arp(unsigned iface, struct sim_frame *f)
{
	struct pl_cur c = pl_cur_of(f->data + 14, f->len - 14);
	struct pl_arp arp, reply;
	struct pl_put w = pl_put_to(f->data, SIM_FRAME_ROOM);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};

	if (!pl_arp_parse(c, &arp) || arp.op != PL_ARP_REQUEST || !is_at_router(iface, &arp.tpa) ||
	    memcmp(arp.tpa.octets, arp.spa.octets, 4) == 0)
		return false;
	reply = (struct pl_arp){.op = PL_ARP_REPLY, .spa = arp.tpa, .tpa = arp.spa};
	memcpy(reply.sha, sim_router_mac, PL_MAC_LEN);
	memcpy(reply.tha, arp.sha, PL_MAC_LEN);
	memcpy(eth.dst, arp.sha, PL_MAC_LEN);
	memcpy(eth.src, sim_router_mac, PL_MAC_LEN);
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &reply);
	f->len = (uint32_t)(w.p - f->data);
	return true;
}

static void
take_arp(struct sim_world *w, struct sim_host *h, unsigned iface, uint32_t frame)
{
	if (answer_arp(iface, &w->pool.frames[frame])) {
		sim_world_note(w, &w->pool.frames[frame]);
		sim_host_arrival(h, iface, frame, w->now + ARP_DELAY);
	} else {
		sim_pool_give(&w->pool, frame);
	}
}

/* Which client has this address; NULL: none. */
static struct sim_host *
client_of(const struct sim_world *w, const uint8_t *dst)
{
	unsigned number = ((unsigned)dst[1] - 1) << 8 | dst[2];

	return dst[0] == 10 && dst[1] > 0 && number < w->n_clients ? w->clients[number] : NULL;
}

/* Down: over the server's port, then over the client's line. Both are fed in order of time. */
static void
to_client(struct sim_world *w, uint32_t frame)
{
	struct sim_frame *f = &w->pool.frames[frame];
	struct sim_host *to = client_of(w, f->data + DST_AT);
	pl_time due = sim_link_pass(&w->port_out[0], f->len, w->now);

	if (to == NULL)
		w->counts.misrouted++;
	if (to != NULL && due != PL_TIME_NEVER)
		due = sim_link_pass(&to->down, f->len, due);
	if (to == NULL || due == PL_TIME_NEVER) {
		sim_pool_give(&w->pool, frame);
		return;
	}
	address_to(f, client_mac);
	sim_host_arrival(to, 0, frame, due);
}

static void
to_server(struct sim_world *w, struct sim_host *from, uint32_t frame)
{
	struct sim_frame *f = &w->pool.frames[frame];
	uint8_t mac[6];
	pl_time due = sim_link_pass(&from->up, f->len, w->now);

	if (w->sniff != NULL)
		w->sniff(w->sniffer, from, f);
	if (due == PL_TIME_NEVER || (w->lose != NULL && w->lose(w->loser, from, f))) {
		sim_pool_give(&w->pool, frame);
		return;
	}
	sim_server_mac(0, mac);
	address_to(f, mac);
	sim_host_arrival(&w->server, 0, frame, due);
}

static void
to_raw(struct sim_world *w, uint32_t frame)
{
	pl_time due = sim_link_pass(&w->port_out[1], w->pool.frames[frame].len, w->now);

	if (due == PL_TIME_NEVER || w->raw_in == NULL)
		sim_pool_give(&w->pool, frame);
	else
		w->raw_in(w->raw, frame, due);
}

void
sim_net_from_host(struct sim_world *w, struct sim_host *h, unsigned iface, uint32_t frame)
{
	struct sim_frame *f = &w->pool.frames[frame];
	uint16_t type = pl_load16(f->data + 12);

	sim_world_note(w, f);
	if (type == PL_ETH_TYPE_ARP)
		take_arp(w, h, iface, frame);
	else if (h->number != SIM_SERVER)
		to_server(w, h, frame);
	else if (iface == 0)
		to_client(w, frame);
	else
		to_raw(w, frame);
}

void
sim_net_from_raw(struct sim_world *w, uint32_t frame, unsigned port)
{
	struct sim_frame *f = &w->pool.frames[frame];
	pl_time due = sim_link_pass(&w->port_in[1], f->len, w->now);

	sim_world_note(w, f);
	if (due == PL_TIME_NEVER)
		sim_pool_give(&w->pool, frame);
	else
		sim_host_arrival(&w->server, port, frame, due);
	w->counts.attack_in += due != PL_TIME_NEVER && port == 0; /* those of port 1 are counted as they are taken */
}
