/* SPDX-License-Identifier: ISC */
/* Pages of freed slabs go back to the system. */
#include <sys/mman.h>
#include <unistd.h>

#include "platform/posix/sys.h"

#define GIVE_RUNS 64 /* in one call */

/* The whole pages within a span; octets given. */
static size_t
give_pages(const struct plim_span *span)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = PL_ALIGN_UP((uintptr_t)span->data, page);
	uintptr_t end = ((uintptr_t)span->data + span->len) / page * page;

	if (first >= end || madvise((void *)first, end - first, MADV_DONTNEED) != 0)
		return 0; /* kept: it costs only memory */
	return end - first;
}

size_t
pl_posix_give_back(plim *s)
{
	struct plim_span spans[GIVE_RUNS / 4];
	uint32_t cursor = 0;
	size_t octets = 0, n;

	for (unsigned i = 0; i < 4; i++) {
		n = plim_free_spans(s, &cursor, spans, PL_COUNT(spans));
		for (size_t k = 0; k < n; k++)
			octets += give_pages(&spans[k]);
		if (cursor == 0)
			break;
	}
	return octets;
}
