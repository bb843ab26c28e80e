/* SPDX-License-Identifier: ISC */
/* Response heads. Nothing here asks for the time or allocates; snprintf is used with integers and strings only. */
#include "tools/http_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *
reason_of(int status)
{
	switch (status) {
	case 200: return "OK";
	case 206: return "Partial Content";
	case 301: return "Moved Permanently";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 414: return "URI Too Long";
	case 416: return "Range Not Satisfiable";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Internal Server Error";
	}
}

/* Days since 1970 to a date: Howard Hinnant's civil_from_days, for days from 1970 on. */
static void
civil_date(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

void
http_date(char to[HTTP_DATE_OCTETS], int64_t seconds)
{
	static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int year;
	unsigned month, day, rest;

	seconds = PL_CLAMP(seconds, 0, 253402300799); /* 1970 to 9999 */
	rest = (unsigned)(seconds % 86400);
	civil_date(seconds / 86400, &year, &month, &day);
	snprintf(to, HTTP_DATE_OCTETS, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * (seconds / 86400 % 7),
	         day % 100, months + 3 * (month - 1), (unsigned)year % 10000, rest / 3600, rest / 60 % 60, rest % 60);
}

const char *
http_type(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{".html", "text/html; charset=utf-8"},
		{".htm", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".txt", "text/plain; charset=utf-8"},
		{".md", "text/plain; charset=utf-8"},
		{".json", "application/json"},
		{".xml", "application/xml"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".jpg", "image/jpeg"},
		{".jpeg", "image/jpeg"},
		{".gif", "image/gif"},
		{".webp", "image/webp"},
		{".ico", "image/x-icon"},
		{".pdf", "application/pdf"},
		{".wasm", "application/wasm"},
		{".mp4", "video/mp4"},
		{".gz", "application/gzip"},
		{".zip", "application/zip"},
	};
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending != NULL && i < PL_COUNT(types); i++)
		if (strcasecmp(ending, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

struct text {
	char *at, *end;
	bool is_short;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(t->at, (size_t)(t->end - t->at), format, args);
	va_end(args);
	if (n < 0 || n >= t->end - t->at)
		t->is_short = true;
	else
		t->at += n;
}

static bool
is_refusal(const struct http_reply *r)
{
	return r->status >= 400 || r->status == 301;
}

uint64_t
http_reply_body(const struct http_reply *r)
{
	if (r->is_head || r->is_listing)
		return 0;
	if (r->status == 206)
		return r->last - r->first + 1;
	return r->status == 200 ? r->size : 0;
}

static void
add_fields_of_file(struct text *t, const struct http_reply *r)
{
	char date[HTTP_DATE_OCTETS];

	http_date(date, r->modified);
	add(t, "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n", date);
	if (r->status == 304)
		return;
	uint64_t length = r->status == 206 ? r->last - r->first + 1 : r->size;
	add(t, "Content-Type: %s\r\nContent-Length: %llu\r\n", r->type, (unsigned long long)length);
	if (r->status == 206)
		add(t, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)r->first,
		    (unsigned long long)r->last, (unsigned long long)r->size);
}

static void
add_fields_of_listing(struct text *t, const struct http_reply *r)
{
	add(t, "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-cache\r\n");
	if (r->is_chunked)
		add(t, "Transfer-Encoding: chunked\r\n");
}

/* "404 Not Found\n" */
static size_t
small_body(char to[64], const struct http_reply *r)
{
	return (size_t)snprintf(to, 64, "%d %s\n", r->status, reason_of(r->status));
}

static void
add_fields_of_refusal(struct text *t, const struct http_reply *r)
{
	char body[64];

	if (r->status == 405)
		add(t, "Allow: GET, HEAD\r\n");
	if (r->status == 416)
		add(t, "Content-Range: bytes */%llu\r\n", (unsigned long long)r->size);
	if (r->status == 503)
		add(t, "Retry-After: 1\r\n");
	if (r->status == 301)
		add(t, "Location: %s/\r\n", r->location);
	add(t, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n", small_body(body, r));
}

size_t
http_reply_write(char *to, size_t room, const struct http_reply *r, int64_t now)
{
	struct text t = {to, to + room, false};
	char date[HTTP_DATE_OCTETS], body[64];

	http_date(date, now);
	add(&t, "HTTP/1.1 %d %s\r\nServer: plim\r\nDate: %s\r\nConnection: %s\r\n", r->status, reason_of(r->status),
	    date, r->keep_alive ? "keep-alive" : "close");
	if (is_refusal(r))
		add_fields_of_refusal(&t, r);
	else if (r->is_listing)
		add_fields_of_listing(&t, r);
	else
		add_fields_of_file(&t, r);
	add(&t, "\r\n");
	if (is_refusal(r) && !r->is_head && small_body(body, r) > 0)
		add(&t, "%s", body);
	return t.is_short ? 0 : (size_t)(t.at - to);
}

size_t
http_encode_url(char *to, size_t room, const char *from)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *from != '\0'; from++) {
		unsigned char c = (unsigned char)*from;
		if (n + 4 > room)
			return 0;
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-._~", c) != NULL) {
			to[n++] = (char)c;
		} else {
			to[n++] = '%';
			to[n++] = digits[c >> 4];
			to[n++] = digits[c & 15];
		}
	}
	to[n] = '\0';
	return n;
}

size_t
http_escape_html(char *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; *from != '\0'; from++) {
		char one[2] = {*from, '\0'};
		const char *piece = *from == '&'   ? "&amp;"
		                    : *from == '<' ? "&lt;"
		                    : *from == '>' ? "&gt;"
		                    : *from == '"' ? "&quot;"
		                                   : one;
		size_t len = strlen(piece);
		if (n + len + 1 > room)
			return 0;
		memcpy(to + n, piece, len);
		n += len;
	}
	to[n] = '\0';
	return n;
}
