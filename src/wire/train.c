/* SPDX-License-Identifier: ISC */
/* Trains: see train.h. pl_train_take() runs once for each frame of bulk text. */
#include "wire/train.h"

#define ETH 14u
#define IP4_LEN (ETH + 2)
#define IP4_ID (ETH + 4)
#define IP4_CSUM (ETH + 10)
#define IP6_LEN (ETH + 4)
#define IP6_HEADER 40u
#define TCP_SEQ 4u /* from the TCP header on */
#define TCP_ACK 8u
#define TCP_FLAGS 13u
#define TCP_WND 14u
#define TCP_CSUM 16u

/* ---- beginning ---- */

static bool
may_lead(const struct plim_frame *f, const struct pl_tcp_seg *seg)
{
	return (seg->flags & ~PL_TH_PSH) == PL_TH_ACK && seg->opt.n_sacks == 0 && f->flags == 0 && f->gso_size == 0;
}

/* Where word i of the header is compared: the last one ends with the header. */
static inline size_t
word_at(const struct pl_train *t, unsigned i)
{
	return i + 1 < t->words ? i * 8u : t->text - 8u;
}

static void
ignore(uint8_t *mask, size_t at, size_t n)
{
	memset(mask + at, 0, n);
}

/* What may differ from frame to frame. */
static void
make_mask(const struct pl_train *t, uint8_t *mask)
{
	uint8_t *tcp = mask + t->l4;

	memset(mask, 0xff, t->text);
	if (t->family == 4) {
		ignore(mask, IP4_ID, 2);
		ignore(mask, IP4_CSUM, 2);
	}
	if (!t->is_acks)
		ignore(mask, t->family == 4 ? IP4_LEN : IP6_LEN, 2);
	ignore(tcp, t->is_acks ? TCP_ACK : TCP_SEQ, 4);
	if (t->is_acks)
		ignore(tcp, TCP_WND, 2);
	ignore(tcp, TCP_CSUM, 2);
	tcp[TCP_FLAGS] = (uint8_t)~PL_TH_PSH;
}

static void
note_header(struct pl_train *t, const uint8_t *header)
{
	uint8_t mask[PL_TRAIN_WORDS * 8];

	make_mask(t, mask);
	for (unsigned i = 0; i < t->words; i++) {
		memcpy(&t->mask[i], mask + word_at(t, i), 8);
		memcpy(&t->want[i], header + word_at(t, i), 8);
		t->want[i] &= t->mask[i];
	}
}

bool
pl_train_begin(struct pl_train *t, const struct plim_frame *f, const uint8_t *l4, uint64_t pseudo,
               const struct pl_tcp_seg *seg)
{
	t->n = 0;
	t->l4 = (uint16_t)(l4 - f->data);
	t->text = (uint16_t)(seg->text.p - f->data);
	t->words = (t->text + 7u) / 8;
	if (!may_lead(f, seg) || t->words > PL_TRAIN_WORDS)
		return false;
	t->family = f->data[ETH] >> 4;
	t->iface = f->iface;
	t->longest = f->len;
	t->pseudo = pseudo;
	t->is_acks = seg->text.len == 0;
	note_header(t, f->data);
	t->n = 1;
	t->ack = seg->ack;
	t->wnd = seg->wnd;
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

		memcpy(&w, p + word_at(t, i), 8);
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

	if (t->family == 4 && !pl_csum_is_valid(pl_csum_words(0, p + ETH, t->l4 - ETH)))
		return false;
	pl_store32(len, (uint32_t)(end - t->l4));
	sum = pl_csum_words(t->pseudo, len, sizeof len);
	return pl_csum_is_valid(t->csum->add(sum, p + t->l4, end - t->l4));
}

static bool
take_ack(struct pl_train *t, const uint8_t *p)
{
	pl_seq ack = pl_load32(p + t->l4 + TCP_ACK);

	if (!pl_seq_lt(t->ack, ack) || !is_sound(t, p, t->text))
		return false;
	t->ack = ack;
	t->wnd = pl_load16(p + t->l4 + TCP_WND);
	t->n++;
	return true;
}

static bool
take_text(struct pl_train *t, const uint8_t *p, size_t frame_len)
{
	size_t end = datagram_end(t, p);
	uint32_t len = (uint32_t)(end - t->text);

	if (end > frame_len || end <= t->text || pl_load32(p + t->l4 + TCP_SEQ) != t->next || !is_sound(t, p, end))
		return false;
	t->run[t->n++] = (struct pl_span){p + t->text, len};
	t->len += len;
	t->next = pl_seq_add(t->next, len);
	return true;
}

bool
pl_train_take(struct pl_train *t, const struct plim_frame *f)
{
	if (f->len < t->text || f->len > t->longest || t->n == PL_TRAIN_RUNS || f->flags || f->gso_size ||
	    f->iface != t->iface)
		return false;
	if (!is_same_header(t, f->data))
		return false;
	return t->is_acks ? take_ack(t, f->data) : take_text(t, f->data, f->len);
}

/* ---- ending ---- */

static void
join_text(const struct pl_train *t, struct pl_tcp_seg *seg)
{
	seg->gso_size = (uint16_t)PL_MIN(t->run[0].len, 65535u);
	seg->text = (struct pl_text){t->run[0].p, t->run[0].len, t->len, &t->run[1]};
	seg->len = t->len;
}

static void
join_acks(const struct pl_train *t, struct pl_tcp_seg *seg)
{
	seg->ack = t->ack;
	seg->wnd = t->wnd;
	seg->acks = (uint16_t)t->n;
}

void
pl_train_end(struct pl_train *t, struct pl_tcp_seg *seg)
{
	if (t->n > 1) {
		if (t->is_acks)
			join_acks(t, seg);
		else
			join_text(t, seg);
	}
	t->n = 0;
}
