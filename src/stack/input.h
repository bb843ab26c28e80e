/* SPDX-License-Identifier: ISC */
/* What output needs of input: time, and segments for ourselves. */
#ifndef PL_STACK_INPUT_H
#define PL_STACK_INPUT_H

#include "sock/sock.h"

/** Time never goes back. */
static inline void
pl_stack_set_now(plim *s, pl_time now)
{
	if (now > s->core.now)
		s->core.now = now;
}

/** Take in a frame that was built for one of our own addresses. */
void pl_stack_take_own(plim *s, const struct plim_frame *f);

#endif
