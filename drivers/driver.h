/* SPDX-License-Identifier: ISC */
/*
 * What every driver is: a way to take frames in batches and to send them in batches.
 *
 * A driver allocates nothing after it was opened. Received frames are lent until the next
 * pl_driver_rx() on the same driver; frames to send are borrowed. What cannot be sent is
 * dropped and counted: TCP finds out by itself.
 */
#ifndef PL_DRIVERS_DRIVER_H
#define PL_DRIVERS_DRIVER_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PL_DRIVER_BATCH 48 /* most frames of one call: with 1 448 octets each, about a quarter of a window of 256 KiB */
#define PL_ETH_OCTETS 14
#define PL_SUPER_OCTETS 65535 /* longest IP packet, and so the longest super-frame without its Ethernet header */

struct pl_driver;
struct pl_pcapng;

struct pl_driver_ops {
	/* Fill up to n frames; how many, 0 if none waits, or -errno when the link is gone. */
	int (*rx)(struct pl_driver *d, struct plim_frame *frames, int n, pl_time now);
	/* Send n frames; how many went out. */
	int (*tx)(struct pl_driver *d, const struct plim_frame *frames, int n, pl_time now);
	/* When rx or tx has something to do without new input; PL_TIME_NEVER if not. */
	pl_time (*due)(const struct pl_driver *d);
	void (*close)(struct pl_driver *d);
};

struct pl_driver {
	const struct pl_driver_ops *ops;
	struct pl_pcapng *pcap; /* what passes is written there; may be NULL */
	int fd;                 /* readable when frames wait; -1: none */
	uint32_t if_flags;      /* PLIM_IF_...: what the driver can finish for us */
	uint32_t gso_octets;    /* longest super-frame, both ways, without its Ethernet header; 0: none */
	uint16_t mtu;
	uint8_t iface;       /* number of the interface in the stack's configuration */
	uint64_t rx_refused; /* frames dropped here: malformed virtio header, too long */
	uint64_t tx_dropped; /* frames that could not be sent */
};

/** Take up to n frames. Lent until the next call. */
int pl_driver_rx(struct pl_driver *d, struct plim_frame *frames, int n, pl_time now);

/** Send n frames. Borrows. Returns how many went out. */
int pl_driver_tx(struct pl_driver *d, const struct plim_frame *frames, int n, pl_time now);

/** When the driver wants to be asked again without new input. */
pl_time pl_driver_due(const struct pl_driver *d);

/** Close it. Its memory stays the opener's. */
void pl_driver_close(struct pl_driver *d);

/** Longest frame this driver carries, Ethernet header included. */
uint32_t pl_driver_frame_octets(const struct pl_driver *d);

#ifdef __cplusplus
}
#endif

#endif
