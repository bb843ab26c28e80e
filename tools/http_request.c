/* SPDX-License-Identifier: ISC */
/*
 * Request heads. libhttp-parser does the syntax; here is what a static server wants to know of it.
 *
 * The parser sees the head in one piece, so each name and value comes in one piece too.
 */
#include "tools/http_request.h"

#include <string.h>
#include <strings.h>

#include <http_parser.h>

struct reading {
	struct http_request *rq;
	const char *url;
	size_t url_len;
	const char *name;
	size_t name_len;
	bool has_host;
	bool is_complete;
};

static bool
is_field(const struct reading *r, const char *name)
{
	return r->name_len == strlen(name) && strncasecmp(r->name, name, r->name_len) == 0;
}

static int
on_url(http_parser *p, const char *at, size_t len)
{
	struct reading *r = p->data;

	if (r->url == NULL)
		r->url = at;
	r->url_len += len;
	return 0;
}

static int
on_field(http_parser *p, const char *at, size_t len)
{
	struct reading *r = p->data;

	r->name = at;
	r->name_len = len;
	return 0;
}

static void
keep_date(char to[HTTP_DATE_OCTETS], const char *at, size_t len)
{
	if (len >= HTTP_DATE_OCTETS)
		len = 0; /* not a date, so nothing equals it: "?" is no date either */
	memcpy(to, len > 0 ? at : "?", len > 0 ? len : 1);
	to[len > 0 ? len : 1] = '\0';
}

static int
on_value(http_parser *p, const char *at, size_t len)
{
	struct reading *r = p->data;

	if (is_field(r, "Range"))
		r->rq->range = http_range_read(at, len);
	else if (is_field(r, "If-Range"))
		keep_date(r->rq->if_range, at, len);
	else if (is_field(r, "If-Modified-Since"))
		keep_date(r->rq->if_modified_since, at, len);
	else if (is_field(r, "Host"))
		r->has_host = true;
	return 0;
}

static int
on_head(http_parser *p)
{
	struct reading *r = p->data;

	r->is_complete = true;
	r->rq->has_body = (p->flags & F_CHUNKED) != 0 || (p->content_length != 0 && p->content_length != UINT64_MAX);
	r->rq->keep_alive = http_should_keep_alive(p) != 0;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
};

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
http_decode(const char *from, size_t len, char *to, size_t room, size_t *out_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = from[i];
		if (n + 1 >= room)
			return false;
		if (c == '%') {
			int high = len - i < 3 ? -1 : hex(from[i + 1]), low = len - i < 3 ? -1 : hex(from[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
			if (c == '\0' || c == '/')
				return false;
		}
		to[n++] = c;
	}
	to[n] = '\0';
	*out_len = n;
	return true;
}

/* The path of origin form (/a/b?c) or absolute form (http://host/a/b?c), decoded. A status, 0 if it is fine. */
static int
read_target(const struct reading *r)
{
	struct http_request *rq = r->rq;
	struct http_parser_url u;

	if (r->url_len >= HTTP_PATH_MOST)
		return 414;
	http_parser_url_init(&u);
	if (r->url == NULL || http_parser_parse_url(r->url, r->url_len, 0, &u) != 0)
		return 400;
	const char *path = r->url + u.field_data[UF_PATH].off;
	size_t len = (u.field_set & 1 << UF_PATH) != 0 ? u.field_data[UF_PATH].len : 0;
	rq->ends_in_slash = len == 0 || path[len - 1] == '/';
	while (len > 0 && *path == '/')
		path++, len--;
	return http_decode(path, len, rq->path, sizeof(rq->path), &rq->path_len) ? 0 : 400;
}

/* What the head as a whole must fulfil. A status, 0 if it is fine. */
static int
check_head(const struct reading *r, const http_parser *p)
{
	if (p->http_major != 1)
		return 505;
	r->rq->is_http11 = p->http_minor >= 1;
	r->rq->is_head = p->method == HTTP_HEAD;
	if (r->rq->is_http11 && !r->has_host)
		return 400; /* RFC 9112 3.2 */
	if (p->method != HTTP_GET && p->method != HTTP_HEAD)
		return 405;
	return read_target(r);
}

static int
refusal_of(enum http_errno error)
{
	switch (error) {
	case HPE_INVALID_METHOD: return 501;
	case HPE_INVALID_VERSION: return 505;
	case HPE_HEADER_OVERFLOW: return 431;
	default: return 400;
	}
}

/* A head that does not end within what we hold: is it the target that is too long? */
static int
too_long(const char *data, size_t len)
{
	return memchr(data, '\n', len) == NULL ? 414 : 431;
}

int
http_request_read(const char *data, size_t len, struct http_request *rq)
{
	struct reading r = {.rq = rq};
	http_parser parser;

	memset(rq, 0, offsetof(struct http_request, path));
	rq->path_len = 0;
	memset(&rq->range, 0, sizeof(*rq) - offsetof(struct http_request, range));
	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = &r;
	size_t used = http_parser_execute(&parser, &settings, data, len);
	if (!r.is_complete) {
		enum http_errno error = HTTP_PARSER_ERRNO(&parser);
		if (error != HPE_OK)
			return -refusal_of(error);
		return len >= HTTP_HEAD_MOST ? -too_long(data, len) : 0;
	}
	int status = check_head(&r, &parser);
	return status != 0 ? -status : (int)used + 1; /* the pause leaves the head's last LF unread */
}
