/* SPDX-License-Identifier: ISC */
/* The header that all ICMP messages share, both families (RFC 792, RFC 4443), and their types. */
#ifndef PL_WIRE_ICMP_H
#define PL_WIRE_ICMP_H

#include "base/bytes.h"

#define PL_ICMP_HEADER 8

enum pl_icmp4_type {
	PL_ICMP4_ECHO_REPLY = 0,
	PL_ICMP4_UNREACHABLE = 3,
	PL_ICMP4_SOURCE_QUENCH = 4,
	PL_ICMP4_REDIRECT = 5,
	PL_ICMP4_ECHO = 8,
	PL_ICMP4_TIME_EXCEEDED = 11,
	PL_ICMP4_PARAMETER = 12,
};

enum pl_icmp4_unreachable {
	PL_UNREACH4_NET = 0,
	PL_UNREACH4_HOST = 1,
	PL_UNREACH4_PROTOCOL = 2,
	PL_UNREACH4_PORT = 3,
	PL_UNREACH4_TOO_BIG = 4,
	PL_UNREACH4_SOURCE_ROUTE = 5,
	PL_UNREACH4_LAST = 15,
};

enum pl_icmp6_type {
	PL_ICMP6_UNREACHABLE = 1,
	PL_ICMP6_TOO_BIG = 2,
	PL_ICMP6_TIME_EXCEEDED = 3,
	PL_ICMP6_PARAMETER = 4,
	PL_ICMP6_INFORMATION = 128, /* from here on no errors */
	PL_ICMP6_ECHO = 128,
	PL_ICMP6_ECHO_REPLY = 129,
	PL_ICMP6_NS = 135,
	PL_ICMP6_NA = 136,
};

enum pl_icmp6_unreachable {
	PL_UNREACH6_PORT = 4,
	PL_UNREACH6_LAST = 6,
};

struct pl_icmp {
	uint8_t type, code;
	uint32_t rest;       /* identifier and number, MTU or pointer, by type */
	struct pl_span body; /* behind the 8 octets; borrowed */
};

/** False: truncated. The checksum is the caller's to verify (its pseudo-header differs by family). */
bool pl_icmp_parse(struct pl_span p, struct pl_icmp *m);

/** Write the 8 octets, checksum zero. */
void pl_icmp_put(struct pl_put *w, uint8_t type, uint8_t code, uint32_t rest);

/** Where the checksum stands in a message. */
#define PL_ICMP_CSUM_AT 2

#endif
