/* SPDX-License-Identifier: ISC */
/*
 * A static HTTP/1.1 server over the stack's own queues.
 *
 * A request is parsed in the receive queue and consumed once its answer's head is queued. If the head does not fit
 * yet, nothing is remembered: the next event finds the request where it was. A small answer is queued whole, so that
 * an ordinary request needs no memory of ours at all; a longer body becomes a transfer.
 */
#include "tools/svc_http.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/beneath.h"

#define QUICK_OCTETS 1400 /* an answer that may wait for no ACK because it is one segment */

static char head_in[HTTP_HEAD_MOST]; /* the request at hand, in one piece */
static struct http_request request;
static char location[3 * 256 + 4];

/* An answer being made: what it says, and the file behind it. */
struct answer {
	struct http_reply reply;
	int fd; /* -1: none */
	size_t request_octets;
};

static int64_t
epoch_seconds(const struct server *sv)
{
	return ((int64_t)sv->now + sv->epoch_offset) / 1000000000;
}

static int
status_of_errno(int error)
{
	switch (error) {
	case EACCES:
	case EPERM: return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM: return 503;
	default: return 404; /* also what leads outside: whether it exists is nobody's business */
	}
}

static void
drop_file(struct answer *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static void
refuse(struct answer *a, int status)
{
	drop_file(a);
	a->reply.status = status;
}

/* A folder: its index.html if there is one, else its listing. */
static void
open_folder(struct answer *a)
{
	struct stat st;
	int index = beneath_open(a->fd, "index.html");

	if (index >= 0 && fstat(index, &st) == 0 && S_ISREG(st.st_mode)) {
		close(a->fd);
		a->fd = index;
		a->reply.size = (uint64_t)st.st_size;
		a->reply.modified = st.st_mtim.tv_sec;
		a->reply.type = http_type("index.html");
		return;
	}
	if (index >= 0)
		close(index);
	a->reply.is_listing = true;
	a->reply.is_chunked = request.is_http11;
	if (!request.is_http11)
		a->reply.keep_alive = false; /* the end of the connection is the end of the body */
}

/* "name" of "a/b/name", for a redirect to "name/". */
static bool
choose_location(struct answer *a)
{
	const char *slash = strrchr(request.path, '/');

	a->reply.location = location;
	return http_encode_url(location, sizeof(location), slash != NULL ? slash + 1 : request.path) > 0;
}

static void
open_path(const struct server *sv, struct answer *a)
{
	struct stat st;

	a->fd = beneath_open(sv->root, request.path);
	if (a->fd < 0) {
		refuse(a, status_of_errno(-a->fd));
		a->fd = -1;
	} else if (fstat(a->fd, &st) != 0) {
		refuse(a, 503);
	} else if (S_ISDIR(st.st_mode)) {
		if (!request.ends_in_slash)
			refuse(a, choose_location(a) ? 301 : 404);
		else
			open_folder(a);
	} else if (!S_ISREG(st.st_mode)) {
		refuse(a, 403);
	} else {
		a->reply.size = (uint64_t)st.st_size;
		a->reply.modified = st.st_mtim.tv_sec;
		a->reply.type = http_type(request.path);
	}
}

/* Conditions and ranges: they may turn 200 into 304, 206 or 416. */
static void
apply_conditions(struct answer *a)
{
	struct http_reply *r = &a->reply;
	char date[HTTP_DATE_OCTETS];

	if (r->status != 200 || r->is_listing)
		return;
	http_date(date, r->modified);
	if (request.if_modified_since[0] != '\0' && strcmp(request.if_modified_since, date) == 0) {
		r->status = 304;
		drop_file(a);
		return;
	}
	if (request.if_range[0] != '\0' && strcmp(request.if_range, date) != 0)
		return; /* the client's part is of another version: it gets the whole */
	if (request.is_head)
		return; /* ranges are for GET */
	r->status = http_range_apply(&request.range, r->size, &r->first, &r->last);
	if (r->status == 416)
		drop_file(a);
}

static struct answer
answer_request(const struct server *sv, int parsed)
{
	struct answer a = {.fd = -1, .reply = {.status = 200}};

	if (parsed < 0) { /* where the next request begins is not known, so there is none */
		a.reply.status = -parsed;
		return a;
	}
	a.request_octets = (size_t)parsed;
	a.reply.keep_alive = request.keep_alive && !request.has_body;
	a.reply.is_head = request.is_head;
	open_path(sv, &a);
	apply_conditions(&a);
	return a;
}

/* The first octets of the body, as many as fit beside the head. False: the file is shorter than it said. */
static bool
read_body(const struct server *sv, const struct answer *a, size_t head, size_t n)
{
	static struct iovec iov[SERVER_SPANS];

	return n == 0 || preadv(a->fd, iov, spans_iov(sv->out, head, n, iov), (off_t)a->reply.first) == (ssize_t)n;
}

/* Queue head and body octets in one go. DONE, WAIT if it does not fit now, GONE. */
static enum outcome
queue_head(const struct visit *v, const struct answer *a, const char *head, size_t len, size_t body, bool more)
{
	struct server *sv = v->server;
	int64_t unacked = 0, room = plim_tx_reserve(sv->stack, v->h, len + body, sv->out, SERVER_SPANS);

	if (room < (int64_t)(len + body)) {
		(void)plim_get(sv->stack, v->h, PLIM_O_UNACKED, &unacked); /* also ends what was lent */
		if (room >= 0 || room == PLIM_EAGAIN)
			return unacked > 0 || room == PLIM_EAGAIN ? OUTCOME_WAIT : OUTCOME_GONE;
		return OUTCOME_GONE;
	}
	spans_write(sv->out, head, len);
	if (!read_body(sv, a, len, body))
		return OUTCOME_GONE;
	if (plim_tx_commit(sv->stack, v->h, len + body, more ? PLIM_SEND_MORE : 0) != PLIM_OK)
		return OUTCOME_GONE;
	return plim_rx_consume(sv->stack, v->h, a->request_octets) == PLIM_OK ? OUTCOME_DONE : OUTCOME_GONE;
}

/* Nothing more will be answered here: send FIN, and read what still comes, so that no reset overtakes the answer. */
static enum outcome
finish_connection(const struct visit *v)
{
	if (plim_tcp_shutdown(v->server->stack, v->h) != PLIM_OK) {
		visit_close(v);
		return OUTCOME_GONE;
	}
	visit_keep(v, SERVICE_DISCARD, 0);
	(void)visit_drain(v); /* it closes the handle at the end */
	return OUTCOME_GONE;
}

/* Give a transfer its turn; at its end the connection goes on or finishes. */
static enum outcome
run_transfer(const struct visit *v)
{
	struct transfer *t = transfer_of(v);
	bool keep_alive = t->keep_alive; /* asked first: the piece goes with the connection */
	enum outcome o = t->is_listing ? transfer_send_listing(v, t) : transfer_send_file(v, t);

	if (o == OUTCOME_WAIT)
		return o;
	transfer_end(v, false);
	if (o == OUTCOME_GONE) {
		(void)plim_tcp_abort(v->server->stack, v->h); /* the promised length cannot be kept */
		return o;
	}
	return keep_alive ? OUTCOME_DONE : finish_connection(v);
}

/* A body too long for the send queue: its transfer comes first, because without it the head must not go out. */
static enum outcome
send_long(const struct visit *v, struct answer *a, const char *head, size_t len, uint64_t body)
{
	struct visit later = *v;
	struct transfer t = {
		.offset = a->reply.first,
		.end = a->reply.first + body,
		.fd = (uint32_t)a->fd,
		.keep_alive = a->reply.keep_alive,
		.is_listing = a->reply.is_listing,
		.is_chunked = a->reply.is_chunked,
	};

	if (!transfer_start(v, &t)) {
		drop_file(a);
		visit_abort_for_memory(v);
		return OUTCOME_GONE;
	}
	later.number = t.fd + 1;
	(void)plim_set(v->server->stack, v->h, PLIM_O_NODELAY, 1); /* refused: the last segment waits for an ACK */
	enum outcome o = queue_head(v, a, head, len, 0, true);
	if (o == OUTCOME_DONE)
		return run_transfer(&later);
	transfer_end(&later, false);
	if (o == OUTCOME_GONE)
		(void)plim_tcp_abort(v->server->stack, v->h); /* stale: over already */
	return o;
}

static enum outcome
send_short(const struct visit *v, struct answer *a, const char *head, size_t len, size_t body)
{
	enum outcome o = queue_head(v, a, head, len, body, false);

	drop_file(a);
	if (o == OUTCOME_GONE)
		(void)plim_tcp_abort(v->server->stack, v->h); /* stale: over already */
	if (o != OUTCOME_DONE)
		return o;
	return a->reply.keep_alive ? OUTCOME_DONE : finish_connection(v);
}

static enum outcome
send_answer(const struct visit *v, struct answer *a)
{
	char head[HTTP_REPLY_MOST];
	size_t len = http_reply_write(head, sizeof(head), &a->reply, epoch_seconds(v->server));
	uint64_t body = http_reply_body(&a->reply);
	int64_t room = 0;

	(void)plim_get(v->server->stack, v->h, PLIM_O_WRITABLE, &room); /* stale: 0, and found out below */
	bool is_long = (a->reply.is_listing && !a->reply.is_head) ||
	               (body > QUICK_OCTETS && len + body > (uint64_t)PL_MIN(room, 65536));
	return is_long ? send_long(v, a, head, len, body) : send_short(v, a, head, len, (size_t)body);
}

static size_t
gather(const struct plim_span *spans, size_t n, char *to, size_t room)
{
	size_t at = 0;

	for (; n > 0 && at < room; spans++) {
		size_t k = PL_MIN(PL_MIN(n, spans->len), room - at);
		memcpy(to + at, spans->data, k);
		at += k;
		n -= k;
	}
	return at;
}

/* Half a request, and no more will come? */
static bool
is_cut_off(const struct visit *v)
{
	int64_t state = PLIM_CLOSED;

	(void)plim_get(v->server->stack, v->h, PLIM_O_STATE, &state); /* stale: closed */
	return state != PLIM_ESTABLISHED && state != PLIM_FIN_WAIT_1 && state != PLIM_FIN_WAIT_2;
}

/* One request, if there is a whole one. */
static enum outcome
serve_one(const struct visit *v)
{
	struct server *sv = v->server;
	int64_t n = plim_rx_peek(sv->stack, v->h, sv->in, SERVER_SPANS);

	if (n == PLIM_EAGAIN)
		return OUTCOME_WAIT;
	if (n <= 0) {
		visit_close(v);
		return OUTCOME_GONE;
	}
	int parsed = http_request_read(head_in, gather(sv->in, (size_t)n, head_in, sizeof(head_in)), &request);
	if (parsed == 0) {
		if (!is_cut_off(v))
			return OUTCOME_WAIT;
		visit_close(v);
		return OUTCOME_GONE;
	}
	struct answer a = answer_request(sv, parsed);
	return send_answer(v, &a);
}

void
svc_http(const struct visit *v)
{
	struct visit next = *v;
	enum outcome o = OUTCOME_DONE;

	if (visit_is_over(v)) {
		transfer_end(v, true);
		visit_close(v);
		return;
	}
	if (transfer_of(v) != NULL)
		o = run_transfer(v);
	next.number = 0;
	while (o == OUTCOME_DONE)
		o = serve_one(&next);
}
