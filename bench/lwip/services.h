/* SPDX-License-Identifier: ISC */
/* The services of the lwIP peer: discard on 9, chargen on 19, echo on 7. */
#ifndef BENCH_LWIP_SERVICES_H
#define BENCH_LWIP_SERVICES_H

#include <stdbool.h>

/** Listen on all three. */
bool services_start(void);

#endif
