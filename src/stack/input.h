/* SPDX-License-Identifier: ISC */
/* What output needs of input: time, and segments for ourselves. */
#ifndef PL_STACK_INPUT_H
#define PL_STACK_INPUT_H

#include "sock/sock.h"

#define PL_PAUSE PL_SEC(1) /* so late a call is no delay of the caller's: the machine stood still */

/** Time never goes back. */
static inline void
pl_stack_set_now(plim *s, pl_time now)
{
	if (PL_UNLIKELY(now > s->core.now + PL_PAUSE && plim_next_deadline(s) < now - PL_PAUSE))
		s->core.resumed = now;
	if (now > s->core.now)
		s->core.now = now;
}

/** Take in a frame that was built for one of our own addresses. */
void pl_stack_take_own(plim *s, const struct plim_frame *f);

#endif
