/* SPDX-License-Identifier: ISC */
/* Request heads: nothing is read beyond the octets given, and what is taken keeps its promises. */
#include <stdlib.h>
#include <string.h>

#include "tools/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_request rq;
	uint64_t first, last;
	int n = http_request_read((const char *)data, PL_MIN(size, (size_t)HTTP_HEAD_MOST), &rq);

	if (n > 0 && ((size_t)n > size || strlen(rq.path) != rq.path_len || rq.path[0] == '/'))
		abort();
	if (n > 0 && http_range_apply(&rq.range, size, &first, &last) == 206 && (first > last || last >= size))
		abort();
	return 0;
}
