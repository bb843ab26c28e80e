/* SPDX-License-Identifier: ISC */
#include "wire/icmp.h"

bool
pl_icmp_parse(struct pl_span p, struct pl_icmp *m)
{
	struct pl_cur c = pl_cur_of(p.p, p.len);
	uint16_t csum;

	if (!pl_cur_u8(&c, &m->type) || !pl_cur_u8(&c, &m->code) || !pl_cur_be16(&c, &csum) ||
	    !pl_cur_be32(&c, &m->rest))
		return false;
	m->body = (struct pl_span){c.p, pl_cur_left(&c)};
	return true;
}

void
pl_icmp_put(struct pl_put *w, uint8_t type, uint8_t code, uint32_t rest)
{
	pl_put_u8(w, type);
	pl_put_u8(w, code);
	pl_put_be16(w, 0);
	pl_put_be32(w, rest);
}
