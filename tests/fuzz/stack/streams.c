/* SPDX-License-Identifier: ISC */
/* Operations of the application on streams: octets given and taken, copied or in place; what is read must be the peer's. */
#include "parts.h"

void
op_send(void)
{
	struct held *h = any_handle();
	uint32_t len = length(), how = u8();
	const uint8_t *text = text_from(h->flow ? (uint32_t)h->flow->queued : 0);
	int64_t rc = plim_send(f.s, h->h, text, len, how & 3);

	MUST(rc <= (int64_t)len);
	if (rc > 0 && h->flow)
		h->flow->queued += (uint64_t)rc;
	h->n_lent = 0;
}

static size_t
fill(const struct plim_span *lent, uint32_t from)
{
	if (lent->len)
		memcpy(lent->data, text_from(from), lent->len);
	return lent->len;
}

void
op_reserve(void)
{
	struct held *h = any_handle();
	uint32_t want = length();
	size_t at = 0;

	memset(h->lent, 0, sizeof h->lent);
	h->n_lent = plim_tx_reserve(f.s, h->h, want, h->lent, u8() % 5);
	for (unsigned i = 0; h->n_lent > 0 && i < 4; i++)
		at += fill(&h->lent[i], (h->flow ? (uint32_t)h->flow->queued : 0) + (uint32_t)at);
	MUST(h->n_lent <= 0 || at == (size_t)h->n_lent);
}

void
op_commit(void)
{
	struct held *h = any_handle();
	uint32_t len = length();
	int rc = plim_tx_commit(f.s, h->h, len, u8() & 3);

	MUST(rc != PLIM_OK || (int64_t)len <= PL_MAX(h->n_lent, 0));
	if (rc == PLIM_OK) {
		if (h->flow)
			h->flow->queued += len;
		h->n_lent = 0;
	}
}

static void
check_read(struct held *h, const uint8_t *p, size_t n)
{
	if (n && h->flow && !f.tainted)
		MUST(memcmp(p, text_from(h->flow->irs + 1 + (uint32_t)h->read), n) == 0);
}

void
op_recv(void)
{
	struct held *h = any_handle();
	static uint8_t text[MOST_TEXT];
	uint32_t len = length();
	int64_t rc = plim_recv(f.s, h->h, text, len);

	MUST(rc <= (int64_t)len);
	h->n_lent = 0;
	if (rc <= 0)
		return;
	check_read(h, text, (size_t)rc);
	h->read += (uint64_t)rc;
}

void
op_peek(void)
{
	struct held *h = any_handle();
	struct plim_span spans[4] = {{0}};
	uint64_t read = h->read;
	uint32_t len = length();
	int64_t rc = plim_rx_peek(f.s, h->h, spans, u8() % 5);

	h->n_lent = 0;
	for (unsigned i = 0; rc > 0 && i < 4; i++) {
		check_read(h, spans[i].data, spans[i].len);
		h->read += spans[i].len;
	}
	MUST(rc < 0 || h->read == read + (uint64_t)rc);
	h->read = read;
	if (plim_rx_consume(f.s, h->h, len) == PLIM_OK)
		h->read += len;
}
