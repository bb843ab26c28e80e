/* SPDX-License-Identifier: ISC */
#include "wire/udp.h"

bool
pl_udp_parse(struct pl_span l4, struct pl_udp_hdr *h)
{
	return pl_udp_parse_part(l4, 0, h);
}

bool
pl_udp_parse_part(struct pl_span l4, size_t rest, struct pl_udp_hdr *h)
{
	struct pl_cur c = pl_cur_of(l4.p, l4.len);

	if (!pl_cur_be16(&c, &h->sport) || !pl_cur_be16(&c, &h->dport) || !pl_cur_be16(&c, &h->len) ||
	    !pl_cur_be16(&c, &h->csum))
		return false;
	if (h->len < PL_UDP_HEADER || h->len > l4.len + rest)
		return false;
	h->text = (struct pl_span){c.p, PL_MIN(h->len, l4.len) - (size_t)PL_UDP_HEADER};
	return true;
}

void
pl_udp_put(struct pl_put *w, uint16_t sport, uint16_t dport, size_t text_len)
{
	pl_put_be16(w, sport);
	pl_put_be16(w, dport);
	pl_put_be16(w, (uint16_t)(PL_UDP_HEADER + text_len));
	pl_put_be16(w, 0);
}
