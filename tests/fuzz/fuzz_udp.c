/* SPDX-License-Identifier: ISC */
/* The UDP header: what is taken lies inside the datagram and is written back octet for octet. */
#include "fuzz.h"
#include "wire/udp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = guarded_input(data, &size);
	uint8_t back[PL_UDP_HEADER];
	struct pl_put w = pl_put_to(back, sizeof back);
	struct pl_udp_hdr h;

	if (!pl_udp_parse((struct pl_span){p, size}, &h)) {
		MUST(size < PL_UDP_HEADER || pl_load16(p + 4) < PL_UDP_HEADER || pl_load16(p + 4) > size);
		return 0;
	}
	MUST(h.text.p == p + PL_UDP_HEADER && h.text.len + PL_UDP_HEADER == h.len && h.len <= size);
	MUST(h.csum == pl_load16(p + PL_UDP_CSUM_AT));
	pl_udp_put(&w, h.sport, h.dport, h.text.len);
	MUST(!w.short_of && memcmp(back, p, PL_UDP_CSUM_AT) == 0);
	return 0;
}
