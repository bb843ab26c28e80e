/* SPDX-License-Identifier: ISC */
/* Trains: see train.h. Compiled for speed: this runs once for each frame of bulk text. */
#include "wire/train.h"

#include "base/checksum.h"

#define ETH 14u
#define IP4_LEN (ETH + 2)
#define IP4_ID (ETH + 4)
#define IP4_CSUM (ETH + 10)
#define IP6_LEN (ETH + 4)
#define IP6_HEADER 40u
#define TCP_SEQ 4u /* from the TCP header on */
#define TCP_FLAGS 13u
#define TCP_CSUM 16u

/* ---- beginning ---- */

static bool
may_lead(const struct plim_frame *f, const struct pl_tcp_seg *seg)
{
	return (seg->flags & ~PL_TH_PSH) == PL_TH_ACK && seg->text.len > 0 && f->flags == 0 && f->gso_size == 0;
}

static void
ignore(uint8_t *mask, size_t at, size_t n)
{
	memset(mask + at, 0, n);
}

static void
make_mask(struct pl_train *t, uint8_t *mask)
{
	memset(mask, 0, sizeof t->mask);
	memset(mask, 0xff, t->text);
	if (t->family == 4) {
		ignore(mask, IP4_LEN, 2);
		ignore(mask, IP4_ID, 2);
		ignore(mask, IP4_CSUM, 2);
	} else {
		ignore(mask, IP6_LEN, 2);
	}
	ignore(mask, t->l4 + TCP_SEQ, 4);
	ignore(mask, t->l4 + TCP_CSUM, 2);
	mask[t->l4 + TCP_FLAGS] = (uint8_t)~PL_TH_PSH;
}

bool
pl_train_begin(struct pl_train *t, const struct plim_frame *f, const uint8_t *l4, uint64_t pseudo,
               const struct pl_tcp_seg *seg)
{
	t->n = 0;
	t->l4 = (uint16_t)(l4 - f->data);
	t->text = (uint16_t)(seg->text.p - f->data);
	t->words = (t->text + 7u) / 8;
	if (!may_lead(f, seg) || t->words > PL_TRAIN_WORDS || f->len < t->words * 8)
		return false;
	t->family = f->data[ETH] >> 4;
	t->iface = f->iface;
	t->pseudo = pseudo;
	make_mask(t, (uint8_t *)t->mask);
	memcpy(t->want, f->data, t->words * 8);
	for (unsigned i = 0; i < t->words; i++)
		t->want[i] &= t->mask[i];
	t->n = 1;
	t->len = (uint32_t)seg->text.len;
	t->next = pl_seq_add(seg->seq, t->len);
	t->run[0] = (struct pl_span){seg->text.p, seg->text.len};
	return true;
}

/* ---- going on ---- */

static inline bool
is_same_header(const struct pl_train *t, const uint8_t *p)
{
	uint64_t differs = 0;

	for (unsigned i = 0; i < t->words; i++) {
		uint64_t w;

		memcpy(&w, p + i * 8, 8);
		differs |= (w & t->mask[i]) ^ t->want[i];
	}
	return differs == 0;
}

/* Where the datagram ends in the frame: padding may follow. */
static inline size_t
datagram_end(const struct pl_train *t, const uint8_t *p)
{
	if (t->family == 4)
		return ETH + (size_t)pl_load16(p + IP4_LEN);
	return ETH + IP6_HEADER + (size_t)pl_load16(p + IP6_LEN);
}

static inline bool
is_sound(const struct pl_train *t, const uint8_t *p, size_t end)
{
	uint8_t len[4];
	uint64_t sum;

	if (t->family == 4 && !pl_csum_is_valid(pl_csum_add(0, p + ETH, t->l4 - ETH)))
		return false;
	pl_store32(len, (uint32_t)(end - t->l4));
	sum = pl_csum_add(t->pseudo, len, sizeof len);
	return pl_csum_is_valid(pl_csum_add(sum, p + t->l4, end - t->l4));
}

bool
pl_train_take(struct pl_train *t, const struct plim_frame *f)
{
	size_t end;

	if (f->len < t->words * 8 || t->n == PL_TRAIN_RUNS || f->flags || f->gso_size || f->iface != t->iface)
		return false;
	if (!is_same_header(t, f->data) || pl_load32(f->data + t->l4 + TCP_SEQ) != t->next)
		return false;
	end = datagram_end(t, f->data);
	if (end > f->len || end <= t->text || !is_sound(t, f->data, end))
		return false;
	t->run[t->n++] = (struct pl_span){f->data + t->text, end - t->text};
	t->len += (uint32_t)(end - t->text);
	t->next = pl_seq_add(t->next, (uint32_t)(end - t->text));
	return true;
}

/* ---- ending ---- */

void
pl_train_end(struct pl_train *t, struct pl_tcp_seg *seg)
{
	if (t->n > 1) {
		seg->gso_size = (uint16_t)PL_MIN(t->run[0].len, 65535u);
		seg->text = (struct pl_text){t->run[0].p, t->run[0].len, t->len, &t->run[1]};
		seg->len = t->len;
	}
	t->n = 0;
}
