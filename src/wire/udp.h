/* SPDX-License-Identifier: ISC */
/* The UDP header (RFC 768). */
#ifndef PL_WIRE_UDP_H
#define PL_WIRE_UDP_H

#include "base/bytes.h"

#define PL_UDP_HEADER 8
#define PL_UDP_CSUM_AT 6

struct pl_udp_hdr {
	uint16_t sport, dport;
	uint16_t len;        /* header and text */
	uint16_t csum;       /* 0: none */
	struct pl_span text; /* borrowed; len says how long, what follows is ignored */
};

/** False: truncated, or a length under 8 or beyond the datagram. */
bool pl_udp_parse(struct pl_span l4, struct pl_udp_hdr *h);

/** As pl_udp_parse(), where `rest` octets of the datagram follow elsewhere: text is what lies in l4. */
bool pl_udp_parse_part(struct pl_span l4, size_t rest, struct pl_udp_hdr *h);

/** Write the 8 octets for text_len octets of text, checksum zero. */
void pl_udp_put(struct pl_put *w, uint16_t sport, uint16_t dport, size_t text_len);

#endif
