/* SPDX-License-Identifier: ISC */
/* The host's side of an interface: address, MTU, up. Through rtnetlink; no program is needed. */
#ifndef PL_PLATFORM_POSIX_HOSTIF_H
#define PL_PLATFORM_POSIX_HOSTIF_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Set the MTU and bring the interface up. 0 or -errno. */
int pl_hostif_up(const char *name, uint16_t mtu);

/** Give the interface an address, usable at once (no duplicate address detection). There already: 0. 0 or -errno. */
int pl_hostif_add_addr(const char *name, const struct plim_ifaddr *addr);

/** The interface's MTU, or -errno. */
int pl_hostif_mtu(const char *name);

#ifdef __cplusplus
}
#endif

#endif
