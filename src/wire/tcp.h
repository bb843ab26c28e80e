/* SPDX-License-Identifier: ISC */
/*
 * The TCP header and its options (RFC 9293 §3.1, RFC 7323, RFC 2018), to and from
 * host order. Knows no connection. Options that are not offered are skipped (MUST-6).
 */
#ifndef PL_WIRE_TCP_H
#define PL_WIRE_TCP_H

#include "base/bytes.h"
#include "base/seq.h"
#include "base/text.h"

#define PL_TH_FIN 0x01
#define PL_TH_SYN 0x02
#define PL_TH_RST 0x04
#define PL_TH_PSH 0x08
#define PL_TH_ACK 0x10
#define PL_TH_URG 0x20
#define PL_TH_ECE 0x40
#define PL_TH_CWR 0x80

#define PL_TCP_HEADER 20
#define PL_TCP_MAX_OPTIONS 40
#define PL_TCP_MAX_SACKS 4

struct pl_sack {
	pl_seq start, end; /* [start, end) */
};

enum pl_tcp_opt_bit {
	PL_OPT_MSS = 1,
	PL_OPT_WSCALE = 2,
	PL_OPT_TS = 4,
	PL_OPT_SACK_OK = 8,
};

struct pl_tcp_opts {
	uint8_t has;    /* PL_OPT_... */
	uint8_t wscale; /* as received or to send; a received one above 14 is given as 14 (RFC 7323 §2.3) */
	uint8_t n_sacks;
	uint16_t mss;
	uint32_t tsval, tsecr;
	struct pl_sack sacks[PL_TCP_MAX_SACKS];
};

/** A segment in host order. */
struct pl_tcp_seg {
	uint16_t sport, dport;
	pl_seq seq, ack;
	uint32_t len;  /* octets of sequence space: text + SYN + FIN */
	uint32_t wnd;  /* as in the header; the connection scales it once, before its steps */
	uint16_t urg;  /* urgent pointer, valid with PL_TH_URG */
	uint8_t flags; /* PL_TH_* */
	struct pl_tcp_opts opt;
	struct pl_text text; /* borrowed from the frame: valid until input returns */
	uint16_t gso_size;   /* of a super-frame or a train, else 0 */
	uint16_t acks;       /* segments it stands for, if it came as a train of ACKs; else 1 */
	pl_time at;          /* arrival */
};

/**
 * Parse a TCP header and its options. Illegal option lengths end the options (MUST-7).
 * Leaves gso_size and at alone. Returns false when truncated or the data offset is bad.
 */
bool pl_tcp_parse(struct pl_span l4, struct pl_tcp_seg *seg);

/** Octets that the options take, padded to four. */
size_t pl_tcp_opts_len(const struct pl_tcp_opts *opt);

/**
 * Write a header with options, checksum field zero. wnd is written as it is (16 bits).
 * Returns its length in octets; 0 if it does not fit in room.
 */
size_t pl_tcp_put(uint8_t *p, size_t room, const struct pl_tcp_seg *seg);

/** Turn a copy of a written header into that of the next segment. The checksum is left zero. */
void pl_tcp_put_again(uint8_t *p, pl_seq seq, uint8_t flags);

#endif
