/* SPDX-License-Identifier: ISC */
/* The virtio header: what is accepted lies inside the frame, and is written back as it was read. */
#include <stdlib.h>
#include <string.h>

#include "drivers/vnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_vnet v;
	struct plim_frame f = {.data = (uint8_t *)(uintptr_t)data};

	if (size < sizeof(v))
		return 0;
	memcpy(&v, data, sizeof(v));
	f.data += sizeof(v);
	f.len = (uint32_t)(size - sizeof(v));
	if (!pl_vnet_read(&v, &f))
		return 0;
	if ((f.flags & PLIM_FRAME_NEEDS_CSUM) != 0 && (uint32_t)f.csum_start + f.csum_offset + 2 > f.len)
		abort();
	if (f.gso_size != 0 && ((f.flags & PLIM_FRAME_NEEDS_CSUM) == 0 || f.hdr_len > f.len))
		abort();
	struct pl_vnet back = pl_vnet_of(&f);
	if (back.gso_size != f.gso_size ||
	    (back.flags & 1) != (f.flags & PLIM_FRAME_NEEDS_CSUM) / PLIM_FRAME_NEEDS_CSUM)
		abort();
	return 0;
}
