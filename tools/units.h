/* SPDX-License-Identifier: ISC */
/* Reading and writing sizes, numbers and addresses as people give them. */
#ifndef PL_TOOLS_UNITS_H
#define PL_TOOLS_UNITS_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

#define UNITS_SIZE_OCTETS 16
#define UNITS_ADDR_OCTETS 64

/** "4096", "64KiB", "8MiB", "2GiB". False: not a size. */
bool units_size(const char *text, uint64_t *out);

/** A decimal number within [least, most]. */
bool units_number(const char *text, uint64_t least, uint64_t most, uint64_t *out);

/** "10.77.0.2" or "fd77::2". */
bool units_addr(const char *text, struct plim_addr *out);

/** "10.77.0.2/24" or "fd77::2/64"; without a length it is a host of its own. */
bool units_ifaddr(const char *text, struct plim_ifaddr *out);

/** "8.0 MiB". Returns buf. */
const char *units_print_size(char buf[UNITS_SIZE_OCTETS], uint64_t octets);

/** "10.77.0.2". Returns buf. */
const char *units_print_addr(char buf[UNITS_ADDR_OCTETS], const struct plim_addr *addr);

#ifdef __cplusplus
}
#endif

#endif
