/* SPDX-License-Identifier: ISC */
/*
 * Reading one HTTP request head (RFC 9112), out of octets that are all there. Pure.
 *
 * A head is parsed where it lies in the receive queue and consumed when it is answered, so that a waiting
 * request costs nothing beyond its own octets.
 */
#ifndef PL_TOOLS_HTTP_REQUEST_H
#define PL_TOOLS_HTTP_REQUEST_H

#include "base/def.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HTTP_HEAD_MOST 8192 /* longer heads are refused (431, or 414 if it is the target) */
#define HTTP_PATH_MOST 4096
#define HTTP_DATE_OCTETS 32

struct http_range {
	bool is_given;
	uint64_t first, last; /* last UINT64_MAX: to the end; with is_suffix: the last `last` octets */
	bool is_suffix;
};

struct http_request {
	bool is_head;
	bool is_http11;
	bool keep_alive;
	bool has_body;
	char path[HTTP_PATH_MOST]; /* decoded, without the leading '/', without query */
	size_t path_len;
	bool ends_in_slash;
	struct http_range range;
	char if_range[HTTP_DATE_OCTETS]; /* "" not given */
	char if_modified_since[HTTP_DATE_OCTETS];
};

/**
 * Parse a head at the start of data. 0: not complete yet. > 0: its length, *rq is filled. < 0: -status of the refusal
 * (400, 405, 414, 431, 501, 505).
 */
int http_request_read(const char *data, size_t len, struct http_request *rq);

/** Read a Range field's value; more than one range, other units and nonsense are as if it were not there (RFC 9110 14.2). */
struct http_range http_range_read(const char *value, size_t len);

/**
 * Apply a range to a file of that size. 200: the whole file; 206: [*first, *last] of it; 416: not satisfiable.
 */
int http_range_apply(const struct http_range *r, uint64_t size, uint64_t *first, uint64_t *last);

/** Decode %XX. False: malformed, or a NUL or a slash came out. Returns the length in *out_len; NUL-terminated. */
bool http_decode(const char *from, size_t len, char *to, size_t room, size_t *out_len);

#ifdef __cplusplus
}
#endif

#endif
