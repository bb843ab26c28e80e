/* SPDX-License-Identifier: ISC */
/*
 * A train: frames of one batch that continue each other, taken as one segment.
 *
 * Of text: each frame's SEQ is where the one before ended. Of ACKs: each acknowledges more than the one before, and
 * none carries text or SACK blocks. The first frame is parsed and checked like any other. A frame continues it if
 * its checksums are right and every octet of its headers is the same, but for IP identification, PSH, checksums, and
 * SEQ and length (text) or ACK and window (ACKs). So whatever was decided about the first frame's headers holds for
 * it too, and the steps of RFC 9293 §3.10.7.4 see what a card that joins segments would have given them. Frames are
 * borrowed.
 */
#ifndef PL_WIRE_TRAIN_H
#define PL_WIRE_TRAIN_H

#include "base/checksum.h"
#include "wire/tcp.h"

#define PL_TRAIN_RUNS 64  /* frames in one train */
#define PL_TRAIN_WORDS 15 /* 120 octets: Ethernet, IPv6 and the longest TCP header are 114 */

struct pl_train {
	unsigned n;   /* frames; 0: no train */
	bool is_acks; /* of ACKs, not of text */
	pl_seq ack;   /* of ACKs: the last one's */
	uint32_t wnd;
	uint32_t len; /* octets of text in all */
	pl_seq next;  /* SEQ of what continues it */
	const struct pl_csum *csum;
	uint64_t pseudo; /* sum of the pseudo-header without the length */
	uint16_t l4;     /* where TCP begins in the frame */
	uint16_t text;   /* where its text does */
	uint8_t family;  /* 4 or 6 */
	uint8_t iface;
	uint32_t longest; /* octets of the first frame: none that follows has more */
	unsigned words;   /* of the header, compared in one go */
	uint64_t want[PL_TRAIN_WORDS], mask[PL_TRAIN_WORDS];
	struct pl_span run[PL_TRAIN_RUNS]; /* text, frame by frame */
};

/** Start a train with a frame whose TCP header stands at l4, read and verified. False, and no train: nothing could continue it. */
bool pl_train_begin(struct pl_train *t, const struct plim_frame *f, const uint8_t *l4, uint64_t pseudo,
                    const struct pl_tcp_seg *seg);

/** Take a frame that continues the train. False: it does not; the train is as it was. */
bool pl_train_take(struct pl_train *t, const struct plim_frame *f);

/** Give seg, the first frame's, the text of all (it borrows from t), or what its ACKs say together. */
void pl_train_end(struct pl_train *t, struct pl_tcp_seg *seg);

#endif
