/* SPDX-License-Identifier: ISC */
/*
 * A folder as HTML, straight from getdents64(): no list is kept, so a folder of any size costs nothing.
 *
 * Entries come in the folder's own order. What does not fit the send queue is read again later, from the
 * position that the kernel gives with each entry.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/svc_http.h"

#define ENTRY_MOST 3072 /* of the longest line: 255 octets, each encoded threefold, and escaped sixfold */
#define CHUNK_FRAME 12  /* "ffffffff\r\n" and "\r\n" */

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off; /* where the next entry begins */
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

#define TYPE_FOLDER 4

static const char opening[] = "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>Listing</title>\n<ul>\n"
			      "<li><a href=\"../\">../</a>\n";
static const char closing[] = "</ul>\n";

static size_t
write_entry(char *to, size_t room, const struct linux_dirent64 *d)
{
	char url[3 * 256 + 4], text[6 * 256 + 2];
	const char *slash = d->d_type == TYPE_FOLDER ? "/" : "";

	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return 0;
	if (http_encode_url(url, sizeof(url), d->d_name) == 0 || http_escape_html(text, sizeof(text), d->d_name) == 0)
		return 0; /* no name is that long */
	int n = snprintf(to, room, "<li><a href=\"%s%s\">%s%s</a>\n", url, slash, text, slash);
	return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

/* Queue one piece of the body; the caller knows that it fits. */
static bool
send_piece(const struct visit *v, const struct transfer *t, const char *text, size_t len)
{
	plim *s = v->server->stack;
	char frame[CHUNK_FRAME];
	int64_t n = (int64_t)len;

	if (t->is_chunked) {
		int head = snprintf(frame, sizeof(frame), "%zx\r\n", len);
		if (plim_send(s, v->h, frame, (size_t)head, PLIM_SEND_MORE) != head)
			return false;
	}
	if (len > 0 && plim_send(s, v->h, text, len, PLIM_SEND_MORE) != n)
		return false;
	return !t->is_chunked || plim_send(s, v->h, "\r\n", 2, len > 0 ? PLIM_SEND_MORE : 0) == 2;
}

/* Is there room for len octets more? If not, an event follows as long as something is under way. */
static enum outcome
await_room(const struct visit *v, size_t len)
{
	int64_t room = 0, unacked = 0;

	if (plim_get(v->server->stack, v->h, PLIM_O_WRITABLE, &room) != PLIM_OK)
		return OUTCOME_GONE;
	if (room >= (int64_t)len)
		return OUTCOME_DONE;
	(void)plim_get(v->server->stack, v->h, PLIM_O_UNACKED, &unacked); /* the handle lives */
	return unacked > 0 ? OUTCOME_WAIT : OUTCOME_GONE;
}

static enum outcome
begin(const struct visit *v, struct transfer *t)
{
	if (t->is_begun)
		return OUTCOME_DONE;
	enum outcome o = await_room(v, sizeof(opening) + CHUNK_FRAME);
	if (o == OUTCOME_DONE)
		t->is_begun = send_piece(v, t, opening, sizeof(opening) - 1);
	return o == OUTCOME_DONE && !t->is_begun ? OUTCOME_GONE : o;
}

static enum outcome
finish(const struct visit *v, struct transfer *t)
{
	enum outcome o = await_room(v, sizeof(closing) + 2 * CHUNK_FRAME);

	if (o != OUTCOME_DONE)
		return o;
	if (!send_piece(v, t, closing, sizeof(closing) - 1) || (t->is_chunked && !send_piece(v, t, "", 0)))
		return OUTCOME_GONE;
	return OUTCOME_DONE;
}

/* The entries of one buffer. DONE: all are queued. */
static enum outcome
send_entries(const struct visit *v, struct transfer *t, const char *buffer, size_t len)
{
	static char line[ENTRY_MOST];

	for (size_t at = 0; at < len;) {
		const struct linux_dirent64 *d = (const struct linux_dirent64 *)(const void *)(buffer + at);
		size_t n = write_entry(line, sizeof(line), d);
		enum outcome o = await_room(v, n + CHUNK_FRAME);
		if (o != OUTCOME_DONE)
			return o;
		if (n > 0 && !send_piece(v, t, line, n))
			return OUTCOME_GONE;
		t->offset = (uint64_t)d->d_off;
		at += d->d_reclen;
	}
	return OUTCOME_DONE;
}

enum outcome
transfer_send_listing(const struct visit *v, struct transfer *t)
{
	static _Alignas(8) char buffer[8192];
	enum outcome o = begin(v, t);

	while (o == OUTCOME_DONE) {
		if (lseek((int)t->fd, (off_t)t->offset, SEEK_SET) < 0)
			return OUTCOME_GONE;
		long n = syscall(SYS_getdents64, (int)t->fd, buffer, sizeof(buffer));
		if (n < 0)
			return OUTCOME_GONE;
		if (n == 0)
			return finish(v, t);
		o = send_entries(v, t, buffer, (size_t)n);
	}
	return o;
}
