/* SPDX-License-Identifier: ISC */
/* What lwIP asks of its port: chance and a word when something is wrong. The rest are its defaults for a hosted C. */
#ifndef BENCH_LWIP_CC_H
#define BENCH_LWIP_CC_H

#include <stdio.h>
#include <stdlib.h>

#define LWIP_RAND() ((u32_t)random())
#define LWIP_PLATFORM_DIAG(x) \
	do {                  \
		printf x;     \
	} while (0)
#define LWIP_PLATFORM_ASSERT(x)                                                 \
	do {                                                                    \
		fprintf(stderr, "lwIP: %s (%s:%d)\n", (x), __FILE__, __LINE__); \
		abort();                                                        \
	} while (0)

#endif
