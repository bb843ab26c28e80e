/* SPDX-License-Identifier: ISC */
/* Addresses as people write them: what is taken is printed, and read again the same. */
#include "base/addr.h"
#include "fuzz.h"
#include "tools/units.h"

static void
check_same(const struct plim_addr *a)
{
	char text[UNITS_ADDR_OCTETS];
	struct plim_addr again;

	MUST(a->family == 4 || a->family == 6);
	MUST(units_addr(units_print_addr(text, a), &again) && pl_addr_equal(a, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = guarded_text(data, &size);
	struct plim_ifaddr ifaddr;
	struct plim_addr addr;
	bool is_addr = units_addr(text, &addr), is_ifaddr = units_ifaddr(text, &ifaddr);

	if (is_addr) {
		check_same(&addr);
		MUST(is_ifaddr && pl_addr_equal(&addr, &ifaddr.addr));
		MUST(ifaddr.prefix_len == (addr.family == 4 ? 32 : 128));
	}
	if (is_ifaddr) {
		check_same(&ifaddr.addr);
		MUST(ifaddr.prefix_len <= (ifaddr.addr.family == 4 ? 32 : 128));
		MUST(is_addr == (strchr(text, '/') == NULL));
	}
	return 0;
}
