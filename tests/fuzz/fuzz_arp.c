/* SPDX-License-Identifier: ISC */
/* ARP: what is taken is written back octet for octet, and what is right is taken. */
#include "fuzz.h"
#include "wire/arp.h"

static const uint8_t head[6] = {0, 1, 8, 0, 6, 4}; /* Ethernet, IPv4 and their lengths */

static bool
is_right(const uint8_t *p, size_t n)
{
	return n >= PL_ARP_LEN && memcmp(p, head, sizeof head) == 0 && p[6] == 0 && (p[7] == 1 || p[7] == 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = guarded_input(data, &size);
	uint8_t back[PL_ARP_LEN];
	struct pl_put w = pl_put_to(back, sizeof back);
	struct pl_arp arp;
	bool taken = pl_arp_parse(pl_cur_of(p, size), &arp);

	MUST(taken == is_right(p, size));
	if (!taken)
		return 0;
	pl_arp_put(&w, &arp);
	MUST(!w.short_of && w.p == w.end);
	MUST(memcmp(back, p, PL_ARP_LEN) == 0);
	return 0;
}
