/* SPDX-License-Identifier: ISC */
/*
 * Every type of object that the arena holds: X(name, class, octets). A slab holds
 * one type. Sizes are multiples of 8, or of 4 where no member is wider; `PL_BLOCK` stands for the storage block size.
 * A size is checked against its struct where the struct is (static_assert).
 */
#ifndef PL_MEM_OBJECTS_H
#define PL_MEM_OBJECTS_H

#define PL_BLOCK 0

/* What test builds need to take a cap away (mem/prove.h). */
#ifdef PL_PROVE
#define PL_PROVE_OBJECTS(X) X(ivl240, index, 1920) X(ledger240, index, 2880)
#else
#define PL_PROVE_OBJECTS(X)
#endif

#define PL_OBJECTS(X)                                                             \
	X(slot, record, 16)     /* handle slot */                                 \
	X(conn4, record, 104)   /* connection, idle form, IPv4 */                 \
	X(conn6, record, 120)   /* the same, IPv6 */                              \
	X(hot, record, 368)     /* what an active connection adds */              \
	X(closing4, record, 56) /* closing without data */                        \
	X(closing6, record, 72)                                                   \
	X(listener, record, 80)                                                   \
	X(connopt, record, 48)     /* options that differ from the stack's */     \
	X(block, stream, PL_BLOCK) /* octets of a stream */                       \
	X(node, index, 256)        /* 64 ids of a block map */                    \
	X(park, index, 96)         /* queue of a parked connection */             \
	X(ivl32, index, 256)       /* 32 intervals */                             \
	X(ledger16, index, 192)                                                   \
	X(ledger64, index, 768)                                                   \
	X(appmem64, app, 64) /* plim_alloc, by size */                            \
	X(appmem256, app, 256)                                                    \
	X(appblock, app, PL_BLOCK)                                                \
	X(syn4, syn, 48) /* half-open */                                          \
	X(syn6, syn, 64)                                                          \
	X(tw4, timewait, 44)                                                      \
	X(tw6, timewait, 56)                                                      \
	X(neigh4, neighbour, 48)                                                  \
	X(neigh6, neighbour, 64)                                                  \
	X(neighbuf, neighbour, PL_BLOCK) /* a datagram waiting for a neighbour */ \
	X(frag, fragment, 176)           /* a datagram in parts */                \
	X(fragblock, fragment, 256)      /* its octets, or ids of them */         \
	X(udpsock, udp, 96)                                                       \
	X(udpgram, udp, 48)        /* a queued datagram's descriptor */           \
	X(udpblock, udp, PL_BLOCK) /* its octets */                               \
	PL_PROVE_OBJECTS(X)

enum pl_obj {
	PL_OBJ_none,
#define PL_X(name, cls, octets) PL_OBJ_##name,
	PL_OBJECTS(PL_X)
#undef PL_X
		PL_N_OBJS
};

enum {
	PL_OCTETS_none,
#define PL_X(name, cls, octets) PL_OCTETS_##name = (octets),
	PL_OBJECTS(PL_X)
#undef PL_X
};

/* What a connection may cost in each form, all in (DESIGN section 4, docs/memory.md). */
#define PL_HASH_OCTETS 4 /* its share of the hash heads */
#define PL_CONN_OCTETS(family) (PL_OCTETS_conn##family + PL_OCTETS_slot + PL_HASH_OCTETS)

_Static_assert(PL_CONN_OCTETS(4) <= 128 && PL_CONN_OCTETS(6) <= 144, "established and idle");
_Static_assert(PL_CONN_OCTETS(4) + PL_OCTETS_hot <= 512, "active, without blocks");
_Static_assert(PL_CONN_OCTETS(6) + PL_OCTETS_hot <= 512, "active, without blocks, IPv6");
_Static_assert(PL_OCTETS_tw4 + PL_HASH_OCTETS <= 48 && PL_OCTETS_tw6 + PL_HASH_OCTETS <= 64, "TIME_WAIT");
_Static_assert(PL_OCTETS_syn4 + PL_HASH_OCTETS <= 64 && PL_OCTETS_syn6 + PL_HASH_OCTETS <= 80, "half-open");
_Static_assert(PL_OCTETS_closing4 + PL_HASH_OCTETS <= 64 && PL_OCTETS_closing6 + PL_HASH_OCTETS <= 80, "closing");

#endif
