/* SPDX-License-Identifier: ISC */
/*
 * The TAP driver: one read or write for each frame, in batches.
 *
 * With offload the kernel hands over super-frames up to 64 KiB and takes ours; few large buffers
 * then beat many small ones, because they stay in the cache.
 */
#include "drivers/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define SUPER_BUFFERS 14 /* 14 * 64 KiB in, and as many out: under 2 MiB */
#define PLAIN_BUFFERS PL_DRIVER_BATCH
#define VNET_OCTETS sizeof(struct pl_vnet)
#define HEADROOM 10u /* as long as the virtio header: the IP header behind Ethernet is then aligned to 8 */

static uint32_t
buffer_octets(uint16_t mtu, bool offload)
{
	uint32_t ip_octets = offload ? PL_SUPER_OCTETS : mtu;

	return PL_ALIGN_UP(HEADROOM + PL_ETH_OCTETS + ip_octets, 64u);
}

static int
buffer_count(bool offload)
{
	return offload ? SUPER_BUFFERS : PLAIN_BUFFERS;
}

size_t
pl_tap_buffer_octets(uint16_t mtu, bool offload)
{
	return (size_t)buffer_count(offload) * buffer_octets(mtu, offload);
}

/* Read one frame into a buffer. 1, 0 if none waits, -errno; a malformed one is refused and the next one tried. */
static int
read_frame(struct pl_tap *t, uint8_t *buffer, struct plim_frame *f)
{
	uint8_t *data = buffer + HEADROOM;
	struct pl_vnet v = {0};
	struct iovec iov[] = {{&v, t->has_vnet ? VNET_OCTETS : 0}, {data, t->buffer_octets - HEADROOM}};

	for (;;) {
		ssize_t n = t->has_vnet ? readv(t->driver.fd, iov, 2) : read(t->driver.fd, data, iov[1].iov_len);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		*f = (struct plim_frame){.data = data, .cap = 0, .iface = t->driver.iface};
		if ((size_t)n >= iov[0].iov_len) {
			f->len = (uint32_t)((size_t)n - iov[0].iov_len);
			if (!t->has_vnet || pl_vnet_read(&v, f))
				return 1;
		}
		t->driver.rx_refused++;
	}
}

static int
tap_rx(struct pl_driver *d, struct plim_frame *frames, int n, pl_time now)
{
	struct pl_tap *t = (struct pl_tap *)d;
	int got = 0;

	(void)now;
	n = PL_MIN(n, t->n_buffers);
	while (got < n) {
		int r = read_frame(t, t->buffers + (size_t)got * t->buffer_octets, &frames[got]);
		if (r < 0 && got == 0)
			return r;
		if (r <= 0)
			break;
		got++;
	}
	return got;
}

static bool
write_frame(const struct pl_tap *t, const struct plim_frame *f)
{
	struct pl_vnet v;

	if (!t->has_vnet)
		return write(t->driver.fd, f->data, f->len) == (ssize_t)f->len;
	v = pl_vnet_of(f);
	struct iovec iov[] = {{&v, VNET_OCTETS}, {f->data, f->len}};
	return writev(t->driver.fd, iov, 2) == (ssize_t)(VNET_OCTETS + f->len);
}

static int
tap_tx(struct pl_driver *d, const struct plim_frame *frames, int n, pl_time now)
{
	const struct pl_tap *t = (const struct pl_tap *)d;
	int sent = 0;

	(void)now;
	for (int i = 0; i < n; i++) {
		if (write_frame(t, &frames[i]))
			sent++;
		else
			d->tx_dropped++;
	}
	return sent;
}

static void
tap_close(struct pl_driver *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

static const struct pl_driver_ops tap_ops = {
	.rx = tap_rx,
	.tx = tap_tx,
	.due = NULL,
	.close = tap_close,
};

static void
explain_open(int error, char *why, size_t octets)
{
	if (error == ENOENT || error == ENODEV || error == ENXIO)
		snprintf(why, octets,
		         "/dev/net/tun is missing; as root run: modprobe tun; mkdir -p /dev/net; "
		         "mknod -m 666 /dev/net/tun c 10 200");
	else if (error == EACCES || error == EPERM)
		snprintf(why, octets, "no permission to open /dev/net/tun; as root run: chmod 666 /dev/net/tun");
	else
		snprintf(why, octets, "/dev/net/tun: %s", strerror(error));
}

static void
explain_attach(int error, const char *name, char *why, size_t octets)
{
	if (error == EPERM || error == EACCES)
		snprintf(why, octets,
		         "no permission for a TAP; run as root, or as root once: "
		         "ip tuntap add dev %s mode tap user $USER",
		         name);
	else if (error == EBUSY)
		snprintf(why, octets, "another process uses %s; end it or take another name", name);
	else if (error == EINVAL)
		snprintf(why, octets, "%s is not a single-queue TAP; take another name", name);
	else
		snprintf(why, octets, "%s: %s", name, strerror(error));
}

static int
attach(int fd, const char *name, bool offload)
{
	struct ifreq ifr = {0};

	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	ifr.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0));
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		return errno;
	unsigned abilities = offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0;
	return ioctl(fd, TUNSETOFFLOAD, abilities) < 0 ? errno : 0;
}

static void
fill_driver(struct pl_tap *t, int fd, uint16_t mtu, bool offload, void *buffers)
{
	t->driver = (struct pl_driver){
		.ops = &tap_ops,
		.fd = fd,
		.mtu = mtu,
		.if_flags = offload ? PLIM_IF_CSUM_OUT | PLIM_IF_TSO : 0,
		.gso_octets = offload ? PL_SUPER_OCTETS : 0,
	};
	t->has_vnet = offload;
	t->buffers = buffers;
	t->buffer_octets = buffer_octets(mtu, offload);
	t->n_buffers = buffer_count(offload);
}

int
pl_tap_open(struct pl_tap *t, const char *name, uint16_t mtu, bool offload, void *buffers, char *why, size_t why_octets)
{
	if (name[0] == '\0' || strlen(name) >= sizeof(t->name) || strchr(name, '/') != NULL) {
		snprintf(why, why_octets, "'%s' is no interface name; use 1 to 15 characters without '/'", name);
		return -1;
	}
	memset(t, 0, sizeof(*t));
	memcpy(t->name, name, strlen(name) + 1);
	t->was_made = if_nametoindex(name) == 0;
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		explain_open(errno, why, why_octets);
		return -1;
	}
	int error = attach(fd, name, offload);
	if (error != 0) {
		explain_attach(error, name, why, why_octets);
		close(fd);
		return -1;
	}
	fill_driver(t, fd, mtu, offload, buffers);
	return 0;
}
