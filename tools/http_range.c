/* SPDX-License-Identifier: ISC */
/* Byte ranges (RFC 9110 14.1.2): one range of one unit. */
#include <string.h>

#include "tools/http_request.h"

/* Digits at *at; false if there is none, or too many to mean anything. */
static bool
read_position(const char **at, const char *end, uint64_t *out)
{
	uint64_t n = 0;
	const char *start = *at;

	for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
		if (n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(**at - '0');
	}
	*out = n;
	return *at > start;
}

struct http_range
http_range_read(const char *value, size_t len)
{
	static const char unit[] = "bytes=";
	static const struct http_range none;
	struct http_range r = {.is_given = true, .last = UINT64_MAX};
	const char *at = value + sizeof(unit) - 1, *end = value + len;

	if (len < sizeof(unit) || memcmp(value, unit, sizeof(unit) - 1) != 0)
		return none;
	if (*at == '-') {
		at++;
		r.is_suffix = true;
		return read_position(&at, end, &r.last) && at == end ? r : none;
	}
	if (!read_position(&at, end, &r.first) || at == end || *at != '-')
		return none;
	if (++at == end)
		return r;
	return read_position(&at, end, &r.last) && at == end && r.first <= r.last ? r : none;
}

int
http_range_apply(const struct http_range *r, uint64_t size, uint64_t *first, uint64_t *last)
{
	*first = 0;
	*last = size - 1; /* of an empty file: not used with 200 */
	if (!r->is_given)
		return 200;
	if (r->is_suffix) {
		if (r->last == 0 || size == 0)
			return 416;
		*first = r->last < size ? size - r->last : 0;
		return 206;
	}
	if (r->first >= size)
		return 416;
	*first = r->first;
	*last = PL_MIN(r->last, size - 1);
	return 206;
}
