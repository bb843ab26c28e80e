/* SPDX-License-Identifier: ISC */
/*
 * The virtio network header of a TAP: what it says about a frame, and what we say.
 *
 * Received fields are hostile input: a header that does not fit its frame refuses the frame.
 */
#ifndef PL_DRIVERS_VNET_H
#define PL_DRIVERS_VNET_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

/* struct virtio_net_hdr of linux/virtio_net.h, legacy form: the machine's byte order. */
struct pl_vnet {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

/** Take over what the header says into the frame, whose data and len are set. False: it cannot be true. */
bool pl_vnet_read(const struct pl_vnet *v, struct plim_frame *frame);

/** The header for a frame of ours. */
struct pl_vnet pl_vnet_of(const struct plim_frame *frame);

#ifdef __cplusplus
}
#endif

#endif
