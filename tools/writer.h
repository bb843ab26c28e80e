/* SPDX-License-Identifier: ISC */
/* Text into a buffer of fixed size: nothing is written past its end, and what did not fit is told. */
#ifndef PL_TOOLS_WRITER_H
#define PL_TOOLS_WRITER_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

struct writer {
	char *text;
	size_t len, room;
	bool is_short; /* something did not fit, and was left out whole */
};

/** Append; integers and strings only, so that nothing allocates. */
void writer_add(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** {"memory":{...},...}: the object of `plim stat --json`, in one line. */
void report_stats(struct writer *w, const struct plim_stats *st);

/** One connection as an object, without a line end. */
void report_conn(struct writer *w, const struct plim_conn_info *c);

#ifdef __cplusplus
}
#endif

#endif
