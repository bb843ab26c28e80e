/* SPDX-License-Identifier: ISC */
/*
 * What a Linux process brings to a stack: a clock, chance, a TAP that exists or may be made, and frames in and out.
 * A file to be copied and changed; it needs <plim/plim.h> only. Failures at the start end the program.
 *
 * Leaves out: offload (the virtio header), IPv6, the host's own side of the TAP (see docs/embedding.md).
 */
#ifndef EXAMPLES_HOST_H
#define EXAMPLES_HOST_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <plim/plim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define HOST_MTU 1500
#define HOST_FRAME (14 + HOST_MTU) /* octets, with the Ethernet header */
#define HOST_BATCH 32              /* frames of one call */

/* End the program unless a system call did well. */
static inline void
host_must(bool is_ok, const char *what)
{
	if (is_ok)
		return;
	perror(what);
	exit(1);
}

/* End the program unless a call of the stack did well. */
static inline void
host_must_plim(int code, const char *what)
{
	if (code >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, plim_strerror(code));
	exit(1);
}

static inline plim_time
host_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (plim_time)t.tv_sec * 1000000000u + (plim_time)t.tv_nsec;
}

static inline int
host_open_tap(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	host_must(fd >= 0, "/dev/net/tun");
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	host_must(ioctl(fd, TUNSETIFF, &request) == 0, name);
	return fd;
}

static inline struct plim_addr
host_address(const char *text)
{
	struct plim_addr a = {.family = 4};

	if (inet_pton(AF_INET, text, a.octets) != 1) {
		fprintf(stderr, "%s: not an IPv4 address\n", text);
		exit(1);
	}
	return a;
}

/* A stack with one interface: ADDRESS/24. The region is its whole memory. */
static inline plim *
host_stack(const char *address, void *region, size_t octets)
{
	struct plim_config config;
	uint8_t entropy[PLIM_ENTROPY_OCTETS];
	plim *s = NULL;

	plim_config_default(&config);
	config.n_ifaces = 1;
	config.ifaces[0] = (struct plim_iface_config){
		.mac = {2, 0, 0, 0, 0, 2},
		.mtu = HOST_MTU,
		.addrs = {{host_address(address), 24}},
		.n_addrs = 1,
	};
	host_must(getrandom(entropy, sizeof(entropy), 0) == sizeof(entropy), "getrandom");
	host_must_plim(plim_create(&config, region, octets, entropy, host_now(), &s), "plim_create");
	return s;
}

/* Frames that wait on the TAP go to the stack, and what is due is done. True: there may be more at once. */
static inline bool
host_input(plim *s, int tap)
{
	static uint8_t octets[HOST_BATCH][HOST_FRAME];
	struct plim_frame in[HOST_BATCH];
	ssize_t len = 0;
	size_t n = 0;

	while (n < HOST_BATCH && (len = read(tap, octets[n], HOST_FRAME)) > 0) {
		in[n] = (struct plim_frame){.data = octets[n], .len = (uint32_t)len};
		n++;
	}
	host_must(len >= 0 || errno == EAGAIN || errno == EINTR, "reading the TAP");
	plim_input(s, in, n, host_now());
	bool more = plim_poll(s, host_now(), 256) == 1;
	return more || n == HOST_BATCH;
}

/* Everything the stack wants to send goes to the TAP. A frame that is refused there is lost; TCP sends it again. */
static inline void
host_output(plim *s, int tap)
{
	static uint8_t octets[HOST_BATCH][HOST_FRAME];
	struct plim_frame out[HOST_BATCH];
	ssize_t written;
	int n;

	for (int i = 0; i < HOST_BATCH; i++)
		out[i] = (struct plim_frame){.data = octets[i], .cap = HOST_FRAME};
	while ((n = plim_output(s, out, HOST_BATCH, host_now())) > 0)
		for (int i = 0; i < n; i++) {
			written = write(tap, out[i].data, out[i].len);
			(void)written;
		}
}

#endif
