/* SPDX-License-Identifier: ISC */
/*
 * Request heads: nothing is read beyond the octets given, what is taken keeps its promises,
 * and what stands behind a head does not change how it is read.
 */
#include "fuzz.h"
#include "tools/http_request.h"

static bool
is_refusal(int status)
{
	return status == 400 || status == 405 || status == 414 || status == 431 || status == 501 || status == 505;
}

static void
check_range(const struct http_range *r, uint64_t size)
{
	uint64_t first = 0, last = 0;
	int status = http_range_apply(r, size, &first, &last);

	MUST(status == 200 || status == 206 || status == 416);
	MUST(status != 206 || (first <= last && last < size));
}

static void
check_taken(const char *p, size_t size, int n, const struct http_request *rq)
{
	static struct http_request again;

	MUST((size_t)n <= size && strlen(rq->path) == rq->path_len && rq->path[0] != '/');
	MUST(memchr(rq->if_range, 0, HTTP_DATE_OCTETS) && memchr(rq->if_modified_since, 0, HTTP_DATE_OCTETS));
	MUST(http_request_read(p, (size_t)n, &again) == n);
	MUST(again.path_len == rq->path_len && memcmp(again.path, rq->path, rq->path_len) == 0);
	MUST(again.is_head == rq->is_head && again.keep_alive == rq->keep_alive && again.has_body == rq->has_body);
	check_range(&rq->range, size);
	check_range(&rq->range, 0);
	check_range(&rq->range, UINT64_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_request rq;

	size = PL_MIN(size, (size_t)HTTP_HEAD_MOST);
	const char *p = (const char *)guarded_input(data, &size);
	int n = http_request_read(p, size, &rq);

	if (n > 0)
		check_taken(p, size, n, &rq);
	else
		MUST(n == 0 || is_refusal(-n));
	return 0;
}
