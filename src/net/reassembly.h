/* SPDX-License-Identifier: ISC */
/* Reassembly of IPv4 datagrams: state and bounds. What it does and in which order it replaces stands in reassembly.c. */
#ifndef PL_NET_REASSEMBLY_H
#define PL_NET_REASSEMBLY_H

#include "mem/list.h"
#include "net/frag_store.h"

/** A source prefix (/24) by keyed hash; prefixes that meet in one share its quota. */
struct pl_reasm_source {
	struct pl_list all;       /* its datagrams, oldest first */
	uint32_t held;            /* their real octets */
	uint32_t proven_prefix;   /* the prefix that completed a datagram last */
	uint32_t proven_until_ms; /* since creation; 0: none did */
};

/** A datagram in parts. */
struct pl_reasm_datagram {
	pl_id chain;            /* next of its hash chain */
	struct pl_link age;     /* among the proven or the others, oldest first */
	struct pl_link sibling; /* among its source's */
	uint16_t source;        /* number of its source */
	uint16_t id;            /* the key: source, destination, protocol, identification, interface */
	pl_time at;             /* its first fragment came */
	struct pl_frag_store store;
	uint8_t src[4], dst[4];
	uint8_t proto, iface;
	uint16_t total;   /* octets without header; 0: not known */
	uint8_t tos, ttl; /* of the first fragment */
	uint8_t laddr;
	uint8_t ecn;   /* bit n: a fragment had ECN field n */
	uint8_t flags; /* DATAGRAM_... */
	uint8_t src_mac[6];
};

_Static_assert(sizeof(struct pl_reasm_datagram) <= 176, "frag in objects.h");

struct pl_reasm {
	pl_id *heads; /* in statics, as the next two */
	struct pl_reasm_source *sources;
	uint8_t *scratch;
	uint32_t scratch_octets;
	uint32_t head_mask, source_mask;
	struct pl_list by_age[2]; /* 1: sources that are proven */
	uint64_t held[2];         /* real octets of each */
	uint32_t n, most;         /* datagrams */
	uint32_t blocks, most_blocks;
	pl_id lent; /* the whole datagram that was handed up last */
};

#endif
