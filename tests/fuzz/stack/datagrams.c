/* SPDX-License-Identifier: ISC */
/* Operations of the peers below and beside TCP: free octets, ARP and ND, ICMP, UDP. */
#include "parts.h"

#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/icmp6.h"
#include "wire/udp.h"

void
op_raw(void)
{
	uint8_t how = u8(), buf[2048], frame[2100];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	size_t n = length() % 1600;
	uint8_t proto = how & 64 ? u8() : 6;
	unsigned flow = how & 1 ? FLOWS - 1 : 0;

	n = PL_MIN(n, (size_t)(f.end - f.p));
	if (n == 0)
		return;
	memcpy(buf, f.p, n);
	f.p += n;
	f.tainted = true;
	if (how & 2) { /* octets of a transport, checksum made good */
		give_l4(them(flow), us(flow), proto, buf, n, how & 4 ? n : proto == 17 ? 6 : proto == 6 ? 16 : 2);
		return;
	}
	if (how & 8) { /* octets behind an Ethernet header */
		struct pl_eth eth = {.type = (uint16_t)(how & 16   ? PL_ETH_TYPE_ARP
		                                        : how & 32 ? PL_ETH_TYPE_IP6
		                                                   : PL_ETH_TYPE_IP4)};

		memcpy(eth.dst, our_mac, 6);
		memcpy(eth.src, peer_mac, 6);
		pl_eth_put(&w, &eth);
	}
	pl_put_bytes(&w, buf, n);
	give(frame, (size_t)(w.p - frame), how & 128 ? PLIM_FRAME_NEEDS_CSUM : 0, how & 64 ? (uint16_t)n : 0);
}

void
op_arp(void)
{
	uint8_t how = u8(), frame[64];
	struct pl_put w = pl_put_to(frame, sizeof frame);
	struct pl_eth eth = {.type = PL_ETH_TYPE_ARP};
	struct pl_arp arp = {.op = how & 1 ? PL_ARP_REPLY : PL_ARP_REQUEST, .spa = peer4, .tpa = us4};
	struct pl_nd nd = {.type = how & 1 ? PL_ICMP6_NA : PL_ICMP6_NS, .target = how & 1 ? peer6 : us6};
	uint8_t l4[PL_ND_LEN];

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	memcpy(arp.sha, peer_mac, 6);
	memcpy(nd.mac, peer_mac, 6);
	if (how & 2)
		arp.spa.octets[3] = u8();
	if (how & 4)
		arp.sha[5] = nd.mac[5] = u8();
	if (how & 8)
		nd.target.octets[15] = u8();
	nd.has_mac = !(how & 16);
	nd.flags = how & 32 ? PL_ND_SOLICITED : PL_ND_SOLICITED | PL_ND_OVERRIDE;
	pl_eth_put(&w, &eth);
	pl_arp_put(&w, &arp);
	give(frame, (size_t)(w.p - frame), 0, 0);
	w = pl_put_to(l4, sizeof l4);
	pl_nd_put(&w, &nd);
	give_l4(peer6, us6, 58, l4, sizeof l4, 2);
}

/* An error about the stack's last frame, or an echo. */
void
op_icmp(void)
{
	uint8_t type = u8(), code = u8(), l4[256];
	struct pl_put w = pl_put_to(l4, sizeof l4);
	bool is6 = f.last_out_len > 14 && f.last_out[12] == 0x86;

	pl_icmp_put(&w, type, code, u16());
	if (f.last_out_len > 14)
		pl_put_bytes(&w, f.last_out + 14, f.last_out_len - 14);
	give_l4(is6 ? peer6 : peer4, is6 ? us6 : us4, is6 ? 58 : 1, l4, (size_t)(w.p - l4), 2);
}

void
op_udp(void)
{
	unsigned flow = u8() % FLOWS;
	static uint8_t l4[70000];
	struct pl_put w = pl_put_to(l4, sizeof l4);
	uint32_t len = length();

	len = PL_MIN(len, them(flow).family == 4 ? 60000u : 1472u);
	pl_udp_put(&w, (uint16_t)(5000 + u8() % 4), (uint16_t)(53 + u8() % 4), len);
	memset(w.p, 0x5a, len);
	give_l4(them(flow), us(flow), 17, l4, 8 + len, 6);
}
