/* SPDX-License-Identifier: ISC */
/* Putting a stack together from options. */
#include "tools/world.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/posix/hostif.h"
#include "platform/posix/sys.h"
#include "tools/units.h"

#define MTU_DEFAULT 1500
#define FRAME_MEMORY (1u << 20) /* in, and as much out */

static _Alignas(64) uint8_t in_memory[FRAME_MEMORY];
static _Alignas(64) uint8_t out_memory[FRAME_MEMORY];
static struct plim_frame out_frames[PL_DRIVER_BATCH];
static volatile sig_atomic_t stop_signal;

static void
note_signal(int number)
{
	stop_signal = number;
}

void
world_catch_signals(void)
{
	struct sigaction action = {.sa_handler = note_signal};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool
world_is_stopping(void)
{
	return stop_signal != 0;
}

/* Locally administered, and the same at every start with the same address: neighbours' caches stay right. */
static void
choose_mac(uint8_t mac[6], const struct plim_ifaddr *addr)
{
	const uint8_t *end = addr->addr.octets + (addr->addr.family == 4 ? 4 : 16);

	mac[0] = 0x02;
	mac[1] = 'P';
	mac[2] = 'L';
	memcpy(mac + 3, end - 3, 3);
}

void
world_config(struct plim_config *c, const struct netopts *o, const struct pl_driver *d)
{
	struct plim_iface_config *iface = &c->ifaces[0];

	*c = o->config;
	c->n_ifaces = 1;
	choose_mac(iface->mac, &o->addrs[0]);
	iface->mtu = d->mtu;
	iface->flags = d->if_flags;
	iface->gso_octets = d->gso_octets;
	iface->n_addrs = (uint8_t)o->n_addrs;
	memcpy(iface->addrs, o->addrs, o->n_addrs * sizeof(o->addrs[0]));
	for (unsigned i = 0; i < 2; i++) {
		if (o->gateways[i].family == 0)
			continue;
		struct plim_route_config *r = &c->routes[c->n_routes++];
		r->dst.family = o->gateways[i].family;
		r->via = o->gateways[i];
	}
}

bool
world_make_stack(const struct plim_config *config, uint64_t memory, uint8_t **region, plim **out, struct tool_error *e)
{
	uint8_t entropy[PLIM_ENTROPY_OCTETS];
	size_t least = plim_size_min(config);

	if (least == 0)
		return tool_fail(e, "--addr, --gateway, --mtu, --set: these do not go together");
	if (memory < least)
		return tool_fail(e, "--memory %lluKiB: too small; the least for this configuration is %zuKiB",
		                 (unsigned long long)(memory >> 10), (least + 1023) >> 10);
	if (!pl_posix_entropy(entropy, sizeof(entropy)))
		return tool_fail(e, "the system gives no random octets (getrandom)");
	*region = pl_posix_region(memory);
	if (*region == NULL)
		return tool_fail(e, "--memory %lluKiB: the system refuses so much address space: %s",
		                 (unsigned long long)(memory >> 10), strerror(errno));
	int code = plim_create(config, *region, memory, entropy, pl_posix_now(), out);
	if (code != PLIM_OK)
		return tool_fail(e, "the stack cannot be made: %s", plim_strerror(code));
	return true;
}

/* The MTU: as told, else an existing TAP's own, else 1500. */
static uint16_t
choose_mtu(const struct netopts *o)
{
	int own;

	if (o->mtu != 0)
		return o->mtu;
	own = pl_hostif_mtu(o->tap);
	return own >= 576 && own <= 65535 ? (uint16_t)own : MTU_DEFAULT;
}

/* What is ours on the host's side: an interface that we made, or one we were told to give an address. */
static bool
set_up_host(const struct world *w, struct tool_error *e)
{
	const struct netopts *o = w->opts;
	int error = 0;

	if (!w->tap.was_made && o->n_host_addrs == 0)
		return true;
	for (unsigned i = 0; i < o->n_host_addrs && error == 0; i++)
		error = pl_hostif_add_addr(o->tap, &o->host_addrs[i]);
	if (error != 0)
		return tool_fail(e, "--host-addr: %s refuses it: %s; give --host-addr as root or leave it away", o->tap,
		                 strerror(-error));
	error = pl_hostif_up(o->tap, w->tap.driver.mtu);
	if (error != 0)
		return tool_fail(e, "--tap %s: cannot be set up: %s; as root run: ip link set %s up", o->tap,
		                 strerror(-error), o->tap);
	return true;
}

static bool
open_capture(struct world *w, struct tool_error *e)
{
	if (w->opts->pcap == NULL)
		return true;
	int fd = open(w->opts->pcap, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int error = fd < 0 ? -errno : pl_pcapng_open(&w->pcap, fd, pl_posix_epoch_offset());
	if (error != 0)
		return tool_fail(e, "--pcap %s: cannot be written: %s; name a writable file", w->opts->pcap,
		                 strerror(-error));
	w->driver->pcap = &w->pcap;
	return true;
}

static bool
add_impairment(struct world *w, struct tool_error *e)
{
	if (!w->opts->is_impaired)
		return true;
	void *memory = pl_posix_region(pl_wrap_octets(w->driver, &w->opts->impair));
	if (memory == NULL)
		return tool_fail(e, "--impair: no memory for queue=%u", w->opts->impair.queue_limit);
	pl_wrap_init(&w->wrap, w->driver, &w->opts->impair, memory);
	w->driver = &w->wrap.driver;
	return true;
}

static bool
open_driver(struct world *w, struct tool_error *e)
{
	const struct netopts *o = w->opts;
	struct tool_error why;
	uint16_t mtu = choose_mtu(o);

	if (!o->offload && pl_tap_buffer_octets(mtu, false) > sizeof(in_memory))
		return tool_fail(e, "--mtu %u: with --offload off at most 32000", mtu);
	if (pl_tap_open(&w->tap, o->tap, mtu, o->offload, in_memory, why.text, sizeof(why.text)) != 0)
		return tool_fail(e, "--tap %s: %.300s", o->tap, why.text);
	w->driver = &w->tap.driver;
	return set_up_host(w, e) && add_impairment(w, e) && open_capture(w, e);
}

bool
world_open(struct world *w, const struct netopts *o, struct tool_error *e, int *status)
{
	memset(w, 0, sizeof(*w));
	w->opts = o;
	w->pcap.fd = -1;
	*status = TOOL_FAILED;
	if (!open_driver(w, e))
		return false;
	world_config(&w->config, o, w->driver);
	*status = TOOL_USAGE;
	if (!world_make_stack(&w->config, o->memory, &w->region, &w->stack, e))
		return false;
	int n_out = (int)PL_MIN(FRAME_MEMORY / pl_loop_frame_octets(w->driver), PL_COUNT(out_frames));
	pl_loop_init(&w->loop, w->stack, w->driver, out_frames, n_out, out_memory);
	sigdelset(&w->loop.sleep_mask, SIGTERM);
	sigdelset(&w->loop.sleep_mask, SIGINT);
	return true;
}

void
world_ready(const struct world *w)
{
	char addr[UNITS_ADDR_OCTETS];

	for (unsigned i = 0; i < w->opts->n_addrs; i++)
		printf("%s%s/%u", i == 0 ? "READY addr=" : ",", units_print_addr(addr, &w->opts->addrs[i].addr),
		       w->opts->addrs[i].prefix_len);
	printf(" mtu=%u memory=%llu\n", w->driver->mtu, (unsigned long long)w->opts->memory);
	fflush(stdout);
}

void
world_close(struct world *w)
{
	if (w->driver != NULL)
		pl_driver_close(w->driver);
	if (w->pcap.fd >= 0)
		pl_pcapng_close(&w->pcap);
}
