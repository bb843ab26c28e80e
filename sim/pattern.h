/* SPDX-License-Identifier: ISC */
/*
 * What streams carry: octets from one table with a prime period, each stream from a place of its own. A stream's octets
 * can be sent and compared in place; an octet that is lost, doubled or moved shows, unless it moved by a whole period.
 */
#ifndef SIM_PATTERN_H
#define SIM_PATTERN_H

#include "base/def.h"

#define SIM_PATTERN_PERIOD 65521u
#define SIM_PATTERN_RUN 65536u /* octets that can be read from any place */

/** Fill the table; the same in every run. */
void sim_pattern_init(void);

/** SIM_PATTERN_RUN octets of a stream from a position on. */
const uint8_t *sim_pattern(uint32_t stream, uint64_t at);

/** Streams of a connection, known to both ends by the client's address and port. */
uint32_t sim_stream(const struct plim_addr *client, uint16_t port, bool is_down);

#endif
