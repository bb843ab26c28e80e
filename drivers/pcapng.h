/* SPDX-License-Identifier: ISC */
/*
 * A capture file in pcapng: what passed a driver, with nanoseconds and direction.
 *
 * Frames whose checksum was left to the driver are written with the finished one. Nothing is
 * copied and nothing is buffered here, so a capture is complete up to the last frame even after
 * a crash. When writing fails the capture ends; the traffic goes on.
 */
#ifndef PL_DRIVERS_PCAPNG_H
#define PL_DRIVERS_PCAPNG_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pl_pcapng_direction { PL_PCAPNG_IN = 1, PL_PCAPNG_OUT = 2 };

struct pl_pcapng {
	int fd;               /* -1: closed, or ended by a failed write */
	int error;            /* errno of the write that ended it */
	int64_t epoch_offset; /* added to a pl_time: nanoseconds since 1970 */
	uint64_t frames;      /* written so far */
};

/** Start a file on fd (takes it): section header and one Ethernet interface. 0 or -errno. */
int pl_pcapng_open(struct pl_pcapng *p, int fd, int64_t epoch_offset);

/** Write one frame. Borrows. */
void pl_pcapng_write(struct pl_pcapng *p, const struct plim_frame *frame, enum pl_pcapng_direction direction,
                     pl_time now);

void pl_pcapng_close(struct pl_pcapng *p);

#ifdef __cplusplus
}
#endif

#endif
