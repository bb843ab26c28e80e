/* SPDX-License-Identifier: ISC */
/* Writing HTTP response heads, dates and types. Pure: a reply is its description. */
#ifndef PL_TOOLS_HTTP_REPLY_H
#define PL_TOOLS_HTTP_REPLY_H

#include "tools/http_request.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HTTP_REPLY_MOST 1024 /* octets of a head, with a small body for refusals */

struct http_reply {
	int status;
	bool keep_alive;
	bool is_head;         /* HEAD: no body follows */
	bool is_chunked;      /* length not known beforehand */
	bool is_listing;      /* a folder: no length at all without chunks (HTTP/1.0) */
	uint64_t size;        /* of the whole file */
	uint64_t first, last; /* with 206 */
	int64_t modified;     /* seconds since 1970 */
	const char *type;     /* Content-Type */
	const char *location; /* with 301: the last part of the path, a slash is added; encoded */
};

/** The head, and for refusals its small body. Returns the length; 0: it does not fit. */
size_t http_reply_write(char *to, size_t room, const struct http_reply *r, int64_t now);

/** Octets of body that follow a head from elsewhere (a file). */
uint64_t http_reply_body(const struct http_reply *r);

/** "Sun, 06 Nov 1994 08:49:37 GMT". */
void http_date(char to[HTTP_DATE_OCTETS], int64_t seconds);

/** By the name's ending. */
const char *http_type(const char *name);

/** Encode for use in a path of a URL. Returns the length; 0: it does not fit. NUL-terminated. */
size_t http_encode_url(char *to, size_t room, const char *from);

/** Escape for HTML text and attributes. As above. */
size_t http_escape_html(char *to, size_t room, const char *from);

#ifdef __cplusplus
}
#endif

#endif
