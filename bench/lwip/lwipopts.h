/* SPDX-License-Identifier: ISC */
/*
 * lwIP's settings for the benchmark: no threads, raw API, IPv4 and TCP only, and as much throughput as the settings
 * give. Windows are those that plim is measured with; checksums are in software, as on a plain TAP.
 */
#ifndef BENCH_LWIPOPTS_H
#define BENCH_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_NETIF_API 0

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 1
#define LWIP_ICMP 1
#define LWIP_UDP 0
#define LWIP_RAW 0
#define LWIP_DHCP 0
#define LWIP_TCP 1
#define IP_REASSEMBLY 0
#define IP_FRAG 0

/* Pools are static arrays: touched memory is what is used. The heap is malloc, which is faster than lwIP's first fit. */
#define MEM_ALIGNMENT 8
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 0
#define MEMP_OVERFLOW_CHECK 0
#define MEMP_NUM_TCP_PCB 20000
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG 65535
#define MEMP_NUM_PBUF 65535
#define PBUF_POOL_SIZE 32768
#define PBUF_POOL_BUFSIZE 1536

#define TCP_MSS 1460
#define TCP_WND (256 * 1024)
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN (8 * TCP_SND_BUF / TCP_MSS)
#define TCP_SNDLOWAT 32768 /* unused by the raw API; the default would not fit */
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 3
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 0
#define TCP_LISTEN_BACKLOG 0
#define TCP_OVERSIZE TCP_MSS

#define LWIP_CHKSUM_ALGORITHM 3 /* the fastest of its own */
#define LWIP_CHECKSUM_ON_COPY 1

#define LWIP_STATS 0
#define LWIP_PROVIDE_ERRNO 0

#endif
