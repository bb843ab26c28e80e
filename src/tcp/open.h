/* SPDX-License-Identifier: ISC */
/* What both kinds of open share: segment sizes, our SYN's options, and filling in an established connection. */
#ifndef PL_TCP_OPEN_H
#define PL_TCP_OPEN_H

#include "tcp/tcp.h"

/** What a handshake agreed on. */
struct pl_handshake {
	pl_seq iss, irs;
	uint16_t mss;     /* the peer's, 0: none told (MUST-15) */
	uint8_t opts;     /* PL_OPT_WSCALE, PL_OPT_TS, PL_OPT_SACK_OK agreed */
	uint8_t wscale;   /* peer's shift */
	uint32_t rcv_wnd; /* octets that our SYN or SYN-ACK advertised */
	uint32_t tsval;   /* of the peer's SYN, as far as we know */
};

/** The MSS we advertise on the way to a peer (MUST-67, SHLD-5). */
uint16_t pl_tcp_our_mss(const struct pl_tcp *t, const struct pl_tuple *k);

/** min(peer's MSS or the default, ours), not under the floor (MUST-15, MUST-16). */
uint16_t pl_tcp_send_mss(const struct pl_tcp *t, const struct pl_tuple *k, uint16_t peer_mss);

/** Octets of text per full segment: SMSS less our options. */
uint32_t pl_tcp_text_mss(const struct pl_tcp_conn *c);

/** Options of our SYN, or of a SYN-ACK to `peer_opts`. */
void pl_tcp_syn_options(const struct pl_tcp *t, const struct pl_tuple *k, bool is_answer, uint8_t peer_opts,
                        struct pl_tcp_reply *r);

/** What of a peer's SYN options we agree to. */
uint8_t pl_tcp_agreed(const struct pl_tcp *t, const struct pl_tcp_opts *opt);

/** Sequence variables, scales and flags of a connection after its handshake. */
void pl_tcp_fill(struct pl_tcp *t, struct pl_tcp_conn *c, const struct pl_tuple *k, const struct pl_handshake *hs);

#endif
