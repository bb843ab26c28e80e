/* SPDX-License-Identifier: ISC */
/*
 * A Linux TAP, with the virtio header (checksum offload, super-frames both ways) or without.
 *
 * An existing TAP is used as it is and stays; an absent one is made and goes when it is closed.
 */
#ifndef PL_DRIVERS_TAP_H
#define PL_DRIVERS_TAP_H

#include "drivers/driver.h"
#include "drivers/vnet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PL_TAP_NAME_OCTETS 16

struct pl_tap {
	struct pl_driver driver;
	char name[PL_TAP_NAME_OCTETS];
	bool has_vnet;    /* every frame carries a virtio header */
	bool was_made;    /* by us: it goes at close */
	uint8_t *buffers; /* received frames, n_buffers of buffer_octets each */
	uint32_t buffer_octets;
	int n_buffers;
};

/** Octets of memory that pl_tap_open() wants for received frames. */
size_t pl_tap_buffer_octets(uint16_t mtu, bool offload);

/**
 * Open or make the TAP. buffers (pl_tap_buffer_octets() of them, aligned to 8) stays the caller's and must outlive it.
 * 0, or -1 with one line in why: what failed and what to do.
 */
int pl_tap_open(struct pl_tap *t, const char *name, uint16_t mtu, bool offload, void *buffers, char *why,
                size_t why_octets);

#ifdef __cplusplus
}
#endif

#endif
