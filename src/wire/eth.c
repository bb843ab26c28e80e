/* SPDX-License-Identifier: ISC */
#include "wire/eth.h"

bool
pl_eth_parse(struct pl_cur *c, struct pl_eth *eth)
{
	return pl_cur_bytes(c, eth->dst, PL_MAC_LEN) && pl_cur_bytes(c, eth->src, PL_MAC_LEN) &&
	       pl_cur_be16(c, &eth->type);
}

void
pl_eth_put(struct pl_put *w, const struct pl_eth *eth)
{
	pl_put_bytes(w, eth->dst, PL_MAC_LEN);
	pl_put_bytes(w, eth->src, PL_MAC_LEN);
	pl_put_be16(w, eth->type);
}
