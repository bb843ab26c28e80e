/* SPDX-License-Identifier: ISC */
/* Sizes, numbers and addresses. Strict: nothing may follow, no sign, no blank. */
#include "tools/units.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits at the start of text; *end is what follows. */
static bool
read_digits(const char *text, uint64_t *out, const char **end)
{
	char *stop;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &stop, 10);
	*end = stop;
	return errno == 0;
}

bool
units_size(const char *text, uint64_t *out)
{
	static const struct {
		const char *name;
		unsigned shift;
	} units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
	uint64_t n;
	const char *unit;

	if (!read_digits(text, &n, &unit))
		return false;
	for (size_t i = 0; i < PL_COUNT(units); i++) {
		if (strcmp(unit, units[i].name) == 0 && n <= UINT64_MAX >> units[i].shift) {
			*out = n << units[i].shift;
			return true;
		}
	}
	return false;
}

bool
units_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	uint64_t n;
	const char *end;

	if (!read_digits(text, &n, &end) || *end != '\0' || n < least || n > most)
		return false;
	*out = n;
	return true;
}

bool
units_addr(const char *text, struct plim_addr *out)
{
	struct plim_addr a = {.family = strchr(text, ':') != NULL ? 6 : 4};

	if (inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.octets) != 1)
		return false;
	*out = a;
	return true;
}

bool
units_ifaddr(const char *text, struct plim_ifaddr *out)
{
	char addr[UNITS_ADDR_OCTETS];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct plim_ifaddr a = {0};
	uint64_t prefix;

	if (len >= sizeof(addr))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (!units_addr(addr, &a.addr))
		return false;
	prefix = a.addr.family == 4 ? 32 : 128;
	if (slash != NULL && !units_number(slash + 1, 0, prefix, &prefix))
		return false;
	a.prefix_len = (uint8_t)prefix;
	*out = a;
	return true;
}

const char *
units_print_size(char buf[UNITS_SIZE_OCTETS], uint64_t octets)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;
	uint64_t whole = octets, rest = 0;

	while (whole >= 1024 && unit + 1 < PL_COUNT(names)) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(buf, UNITS_SIZE_OCTETS, "%u B", (unsigned)whole);
	else
		snprintf(buf, UNITS_SIZE_OCTETS, "%u.%u %s", (unsigned)whole, (unsigned)(rest * 10 / 1024),
		         names[unit]);
	return buf;
}

const char *
units_print_addr(char buf[UNITS_ADDR_OCTETS], const struct plim_addr *addr)
{
	if (addr->family == 0 ||
	    inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->octets, buf, UNITS_ADDR_OCTETS) == NULL)
		snprintf(buf, UNITS_ADDR_OCTETS, "*");
	return buf;
}
