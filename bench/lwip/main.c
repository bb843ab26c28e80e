/* SPDX-License-Identifier: ISC */
/*
 * lwIP as a peer of the benchmark: its stack on a plain TAP, one thread, the services of services.c.
 *
 *   bench-lwip TAP ADDR4/24 HOSTADDR4/24 [timed]
 *
 * Makes the TAP, sets the host's address, prints READY and ends by SIGTERM. The TAP, the host's side and the clock are
 * ours, as for plim. With `timed` it prints at the end how long lwIP and the services worked, without system calls.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/lwip/services.h"
#include "drivers/tap.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"
#include "platform/posix/hostif.h"
#include "platform/posix/sys.h"

#define MTU 1500
#define SLEEP_MOST_MS 1000

struct peer {
	struct pl_tap tap;
	struct netif netif;
	uint8_t frame[PL_ETH_OCTETS + MTU];
	bool is_timed;
	pl_time inside, outside; /* in lwIP; of that, in the driver */
	uint64_t rx_octets, tx_octets, no_memory;
};

static volatile sig_atomic_t stopping;

static void
stop(int number)
{
	(void)number;
	stopping = 1;
}

u32_t
sys_now(void)
{
	return (u32_t)(pl_posix_now() / 1000000);
}

/* ---- the interface ---- */

static err_t
send_frame(struct netif *netif, struct pbuf *p)
{
	struct peer *w = netif->state;
	struct plim_frame f = {.data = p->payload, .len = p->tot_len};
	pl_time before = w->is_timed ? pl_posix_now() : 0;

	if (p->next != NULL) {
		if (p->tot_len > sizeof w->frame)
			return ERR_BUF;
		(void)pbuf_copy_partial(p, w->frame, p->tot_len, 0); /* all of it: it fits */
		f.data = w->frame;
	}
	if (pl_driver_tx(&w->tap.driver, &f, 1, 0) == 1)
		w->tx_octets += f.len;
	if (w->is_timed)
		w->outside += pl_posix_now() - before;
	return ERR_OK;
}

static err_t
init_netif(struct netif *netif)
{
	static const uint8_t mac[6] = {2, 'l', 'w', 'i', 'p', 1};

	memcpy(netif->name, "tp", 2);
	memcpy(netif->hwaddr, mac, sizeof mac);
	netif->hwaddr_len = sizeof mac;
	netif->mtu = MTU;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	netif->output = etharp_output;
	netif->linkoutput = send_frame;
	return ERR_OK;
}

static void
take_frame(struct peer *w, const struct plim_frame *f)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)f->len, PBUF_POOL);

	w->rx_octets += f->len;
	if (p == NULL) {
		w->no_memory++;
		return;
	}
	(void)pbuf_take(p, f->data, (u16_t)f->len); /* it was made for so many octets */
	if (w->netif.input(p, &w->netif) != ERR_OK)
		pbuf_free(p);
}

/* ---- the loop ---- */

/* One batch of frames and the timers that are due. Returns how many frames, or a negative error. */
static int
turn(struct peer *w)
{
	struct plim_frame f[PL_DRIVER_BATCH];
	int n = pl_driver_rx(&w->tap.driver, f, PL_DRIVER_BATCH, 0);
	pl_time before = w->is_timed ? pl_posix_now() : 0;

	for (int i = 0; i < n; i++)
		take_frame(w, &f[i]);
	sys_check_timeouts();
	if (w->is_timed)
		w->inside += pl_posix_now() - before;
	return n;
}

static int
run(struct peer *w)
{
	struct pollfd p = {.fd = w->tap.driver.fd, .events = POLLIN};
	int n;

	while (!stopping) {
		n = turn(w);
		if (n < 0) {
			fprintf(stderr, "bench-lwip: the TAP is gone: %s\n", strerror(-n));
			return 1;
		}
		if (n == 0)
			(void)poll(&p, 1, (int)LWIP_MIN(sys_timeouts_sleeptime(), SLEEP_MOST_MS)); /* EINTR: stopping */
	}
	if (w->is_timed)
		printf("own %.3f s, octets in %llu, out %llu, without memory %llu\n",
		       (double)(w->inside - w->outside) / 1e9, (unsigned long long)w->rx_octets,
		       (unsigned long long)w->tx_octets, (unsigned long long)w->no_memory);
	pl_driver_close(&w->tap.driver);
	return 0;
}

/* ---- starting ---- */

static bool
open_tap(struct peer *w, const char *name, const struct plim_ifaddr *host)
{
	char why[200];
	void *buffers = aligned_alloc(64, (pl_tap_buffer_octets(MTU, false) + 63) / 64 * 64);
	int rc;

	if (buffers == NULL || pl_tap_open(&w->tap, name, MTU, false, buffers, why, sizeof why) != 0) {
		fprintf(stderr, "bench-lwip: %s\n", buffers != NULL ? why : "no memory");
		return false;
	}
	rc = pl_hostif_up(w->tap.name, MTU);
	if (rc == 0)
		rc = pl_hostif_add_addr(w->tap.name, host);
	if (rc != 0)
		fprintf(stderr, "bench-lwip: %s: %s\n", w->tap.name, strerror(-rc));
	return rc == 0;
}

static bool
start_lwip(struct peer *w, const struct plim_ifaddr *us)
{
	ip4_addr_t addr, mask, gateway = {0};

	memcpy(&addr.addr, us->addr.octets, 4);
	mask.addr = htonl(us->prefix_len ? UINT32_MAX << (32 - us->prefix_len) : 0);
	lwip_init();
	if (netif_add(&w->netif, &addr, &mask, &gateway, w, init_netif, netif_input) == NULL)
		return false;
	netif_set_default(&w->netif);
	netif_set_up(&w->netif);
	return services_start();
}

static bool
read_addr(const char *text, struct plim_ifaddr *a)
{
	char addr[INET_ADDRSTRLEN];
	unsigned prefix;

	*a = (struct plim_ifaddr){.addr.family = 4};
	if (sscanf(text, "%15[0-9.]/%u", addr, &prefix) != 2 || prefix > 32)
		return false;
	a->prefix_len = (uint8_t)prefix;
	return inet_pton(AF_INET, addr, a->addr.octets) == 1;
}

int
main(int argc, char **argv)
{
	static struct peer w;
	struct plim_ifaddr us, host;

	if (argc < 4 || argc > 5 || !read_addr(argv[2], &us) || !read_addr(argv[3], &host) ||
	    (argc == 5 && strcmp(argv[4], "timed") != 0)) {
		fprintf(stderr, "usage: bench-lwip TAP ADDR4/PREFIX HOSTADDR4/PREFIX [timed]\n");
		return 2;
	}
	w.is_timed = argc == 5;
	srandom((unsigned)pl_posix_now());
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	if (!open_tap(&w, argv[1], &host) || !start_lwip(&w, &us)) {
		fprintf(stderr, "bench-lwip: it did not start\n");
		return 1;
	}
	puts("READY");
	fflush(stdout);
	return run(&w);
}
