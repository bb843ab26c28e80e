/* SPDX-License-Identifier: ISC */
/* What the parts of the HTTP service share: transfers under way, and runs of lent octets. */
#ifndef PL_TOOLS_SVC_HTTP_H
#define PL_TOOLS_SVC_HTTP_H

#include <sys/uio.h>

#include "tools/http_reply.h"
#include "tools/server.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A body that did not fit into the send queue at once. It lies in a piece of the stack's arena, charged to the
 * connection. The connection's cookie holds the file's descriptor + 1, not the piece: the piece goes with the
 * connection, and the descriptor must be closed all the same.
 */
struct transfer {
	uint64_t offset, end; /* of the file */
	uint32_t fd;
	bool keep_alive;
	bool is_listing;
	bool is_chunked;
	bool is_begun; /* listing: its opening line is out */
};

enum outcome {
	OUTCOME_DONE, /* all is queued: the next request may be looked at */
	OUTCOME_WAIT, /* an event will call again */
	OUTCOME_GONE, /* the connection is closed, or left to the discard service */
};

/** Start a transfer for fd, which it takes. False: no memory (fd is still the caller's). */
bool transfer_start(const struct visit *v, const struct transfer *t);

/** The transfer of the visit, or NULL. */
struct transfer *transfer_of(const struct visit *v);

/** End it: close the file, give the piece back (unless the connection is over, which did). */
void transfer_end(const struct visit *v, bool is_over);

/** Queue more of a file. */
enum outcome transfer_send_file(const struct visit *v, struct transfer *t);

/** Queue more of a folder's listing. */
enum outcome transfer_send_listing(const struct visit *v, struct transfer *t);

/** Copy into the front of the runs. */
void spans_write(const struct plim_span *spans, const void *data, size_t len);

/** The runs from octet `skip` on, n octets, as an iovec; returns its length. */
int spans_iov(const struct plim_span *spans, size_t skip, size_t n, struct iovec *iov);

#ifdef __cplusplus
}
#endif

#endif
