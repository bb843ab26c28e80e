/* SPDX-License-Identifier: ISC */
/*
 * Bodies under way. A file's octets go with pread straight into the stack's send blocks.
 *
 * The only memory outside the target is one number for each descriptor.
 */
#include <string.h>
#include <unistd.h>

#include "tools/svc_http.h"

#define FILES_MOST 16384

/* Where the transfer of a descriptor lies: offset in the region / 8; 0: none. */
static uint32_t piece_of[FILES_MOST];

bool
transfer_start(const struct visit *v, const struct transfer *t)
{
	const struct server *sv = v->server;

	if (t->fd >= FILES_MOST)
		return false;
	struct transfer *piece = plim_alloc(sv->stack, v->h, sizeof(*piece));
	if (piece == NULL)
		return false;
	*piece = *t;
	piece_of[t->fd] = (uint32_t)((size_t)((uint8_t *)piece - sv->region) / 8);
	visit_keep(v, SERVICE_HTTP, t->fd + 1);
	return true;
}

struct transfer *
transfer_of(const struct visit *v)
{
	uint32_t piece = v->number > 0 && v->number <= FILES_MOST ? piece_of[v->number - 1] : 0;

	return piece != 0 ? (struct transfer *)(void *)(v->server->region + (size_t)piece * 8) : NULL;
}

void
transfer_end(const struct visit *v, bool is_over)
{
	struct transfer *t = transfer_of(v);

	if (t == NULL)
		return;
	piece_of[v->number - 1] = 0;
	close((int)v->number - 1);
	if (!is_over) {
		(void)plim_free(v->server->stack, v->h, t); /* ours, and the connection lives */
		visit_keep(v, SERVICE_HTTP, 0);
	}
}

void
spans_write(const struct plim_span *spans, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 0; spans++) {
		size_t k = PL_MIN(len, spans->len);
		memcpy(spans->data, p, k);
		p += k;
		len -= k;
	}
}

int
spans_iov(const struct plim_span *spans, size_t skip, size_t n, struct iovec *iov)
{
	int count = 0;

	for (; n > 0; spans++) {
		if (skip >= spans->len) {
			skip -= spans->len;
			continue;
		}
		size_t k = PL_MIN(n, spans->len - skip);
		iov[count++] = (struct iovec){spans->data + skip, k};
		n -= k;
		skip = 0;
	}
	return count;
}

enum outcome
transfer_send_file(const struct visit *v, struct transfer *t)
{
	struct server *sv = v->server;
	static struct iovec iov[SERVER_SPANS];

	while (t->offset < t->end) {
		size_t want = (size_t)PL_MIN(t->end - t->offset, 65536u);
		int64_t room = plim_tx_reserve(sv->stack, v->h, want, sv->out, SERVER_SPANS);
		if (room == PLIM_EAGAIN)
			return OUTCOME_WAIT;
		if (room < 0)
			return OUTCOME_GONE;
		ssize_t n = preadv((int)t->fd, iov, spans_iov(sv->out, 0, PL_MIN((size_t)room, want), iov),
		                   (off_t)t->offset);
		if (n <= 0)
			return OUTCOME_GONE; /* the file became shorter than was promised */
		t->offset += (uint64_t)n;
		if (plim_tx_commit(sv->stack, v->h, (size_t)n, t->offset < t->end ? PLIM_SEND_MORE : 0) != PLIM_OK)
			return OUTCOME_GONE;
	}
	return OUTCOME_DONE;
}
