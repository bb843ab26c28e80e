/* SPDX-License-Identifier: ISC */
/* Questions about IP addresses: see addr.h. */
#include "base/addr.h"

struct plim_addr
pl_addr_from(uint8_t family, const uint8_t *octets)
{
	struct plim_addr a = {.family = family};

	memcpy(a.octets, octets, pl_addr_len(family));
	return a;
}

bool
pl_addr_equal(const struct plim_addr *a, const struct plim_addr *b)
{
	return a->family == b->family && memcmp(a->octets, b->octets, pl_addr_len(a->family)) == 0;
}

bool
pl_addr_in_prefix(const struct plim_addr *a, const struct plim_addr *prefix, unsigned prefix_len)
{
	unsigned whole = prefix_len / 8, rest = prefix_len % 8;

	if (a->family != prefix->family || prefix_len > pl_addr_len(a->family) * 8)
		return false;
	if (memcmp(a->octets, prefix->octets, whole) != 0)
		return false;
	return rest == 0 || ((a->octets[whole] ^ prefix->octets[whole]) >> (8 - rest)) == 0;
}

bool
pl_addr_is_any(const struct plim_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->octets, zero, pl_addr_len(a->family)) == 0;
}

bool
pl_addr_is_multicast(const struct plim_addr *a)
{
	return a->family == 4 ? (a->octets[0] & 0xf0) == 0xe0 : a->octets[0] == 0xff;
}

bool
pl_addr_is_loopback(const struct plim_addr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	return a->family == 4 ? a->octets[0] == 127 : memcmp(a->octets, one, 16) == 0;
}

bool
pl_addr_is_link_local(const struct plim_addr *a)
{
	if (a->family == 4)
		return a->octets[0] == 169 && a->octets[1] == 254;
	return a->octets[0] == 0xfe && (a->octets[1] & 0xc0) == 0x80;
}

bool
pl_addr_is_valid_source(const struct plim_addr *a)
{
	if (pl_addr_is_multicast(a) || pl_addr_is_loopback(a) || pl_addr_is_any(a))
		return false;
	return a->family != 4 || (a->octets[0] != 0 && a->octets[0] < 240);
}
