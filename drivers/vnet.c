/* SPDX-License-Identifier: ISC */
/* The virtio network header, both ways; pure. */
#include "drivers/vnet.h"

#include "base/bytes.h"

#define HDR_F_NEEDS_CSUM 1
#define HDR_F_DATA_VALID 2
#define GSO_NONE 0
#define GSO_TCPV4 1
#define GSO_TCPV6 4
#define GSO_ECN 0x80

#define ETH_OCTETS 14u
#define IPV4_LEAST 20u
#define TCP_LEAST 20u
#define ETHERTYPE_IPV6 0x86dd

_Static_assert(sizeof(struct pl_vnet) == 10, "the header has ten octets");

/* The sum must start behind an IP header and its field lie inside the frame. */
static bool
is_csum_inside(const struct pl_vnet *v, uint32_t len)
{
	return v->csum_start >= ETH_OCTETS + IPV4_LEAST && (uint32_t)v->csum_start + v->csum_offset + 2 <= len;
}

static bool
read_gso(const struct pl_vnet *v, struct plim_frame *f)
{
	uint8_t type = v->gso_type & (uint8_t)~GSO_ECN;

	if (type == GSO_NONE)
		return true;
	if (type != GSO_TCPV4 && type != GSO_TCPV6)
		return false; /* never asked for */
	if (v->gso_size == 0 || f->len <= ETH_OCTETS + IPV4_LEAST + TCP_LEAST)
		return false;
	if ((v->flags & HDR_F_NEEDS_CSUM) == 0)
		return false; /* a super-frame has no finished sum */
	f->gso_size = v->gso_size;
	f->hdr_len = (uint16_t)PL_MIN((uint32_t)v->hdr_len, f->len);
	return true;
}

bool
pl_vnet_read(const struct pl_vnet *v, struct plim_frame *f)
{
	f->flags = 0;
	f->gso_size = f->hdr_len = f->csum_start = f->csum_offset = 0;
	if ((v->flags & HDR_F_NEEDS_CSUM) != 0) {
		if (!is_csum_inside(v, f->len))
			return false;
		f->flags = PLIM_FRAME_NEEDS_CSUM;
		f->csum_start = v->csum_start;
		f->csum_offset = v->csum_offset;
	} else if ((v->flags & HDR_F_DATA_VALID) != 0) {
		f->flags = PLIM_FRAME_CSUM_VALID;
	}
	return read_gso(v, f);
}

static bool
is_ipv6(const struct plim_frame *f)
{
	return f->len >= ETH_OCTETS && pl_load16(f->data + 12) == ETHERTYPE_IPV6;
}

struct pl_vnet
pl_vnet_of(const struct plim_frame *f)
{
	struct pl_vnet v = {0};

	if ((f->flags & PLIM_FRAME_NEEDS_CSUM) != 0) {
		v.flags = HDR_F_NEEDS_CSUM;
		v.csum_start = f->csum_start;
		v.csum_offset = f->csum_offset;
	}
	if (f->gso_size != 0) {
		v.gso_type = is_ipv6(f) ? GSO_TCPV6 : GSO_TCPV4;
		v.gso_size = f->gso_size;
		v.hdr_len = f->hdr_len;
	}
	return v;
}
