/* SPDX-License-Identifier: ISC */
/* The demo's trouble-makers. All are bounded: in number, and by the act that they belong to. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/checksum.h"
#include "tools/demo.h"

#define PEERS_MOST 256

static void
hold(double seconds)
{
	usleep((useconds_t)(seconds * 1e6));
}

/* Ask for the large file and never read it. */
void
demo_slow_readers(const struct demo_job *job, struct demo_result *r)
{
	static const char request[] = "GET /large HTTP/1.1\r\nHost: demo\r\n\r\n";
	int small = 4096;

	for (uint64_t i = 0; i < PL_MIN(job->amount, PEERS_MOST); i++) {
		int fd = demo_connect(DEMO_HTTP, true);
		if (fd < 0)
			continue;
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)); /* a larger one is as good */
		r->count += write(fd, request, sizeof(request) - 1) == sizeof(request) - 1;
	}
	hold(job->hold_seconds);
	r->ok = true;
}

/* Send to a service that never reads, as much as it takes. */
void
demo_never_read(const struct demo_job *job, struct demo_result *r)
{
	static uint8_t octets[65536];
	int fds[PEERS_MOST];
	uint64_t n = PL_MIN(job->amount, PEERS_MOST);

	for (uint64_t i = 0; i < n; i++)
		fds[i] = demo_connect(DEMO_HOLD, true);
	for (double end = demo_seconds() + job->hold_seconds; demo_seconds() < end; hold(0.02)) {
		for (uint64_t i = 0; i < n; i++) {
			ssize_t k = fds[i] >= 0 ? send(fds[i], octets, sizeof(octets), MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
			r->octets += k > 0 ? (uint64_t)k : 0;
		}
	}
	r->count = n;
	r->ok = true;
}

struct syn {
	struct iphdr ip;
	struct tcphdr tcp;
};

/* A SYN from an address that nobody has (198.18/15 is for tests of networks). */
static void
make_syn(struct syn *s, uint32_t i)
{
	struct plim_addr src = {.family = 4}, dst = {.family = 4};

	memset(s, 0, sizeof(*s));
	s->ip.version = 4;
	s->ip.ihl = 5;
	s->ip.ttl = 64;
	s->ip.protocol = IPPROTO_TCP;
	s->ip.saddr = htonl(0xc6120000u + (i * 2654435761u >> 15));
	inet_pton(AF_INET, DEMO_ADDR, &s->ip.daddr);
	s->tcp.source = htons((uint16_t)(1024 + i % 60000));
	s->tcp.dest = htons(DEMO_HTTP);
	s->tcp.seq = htonl(i * 2654435761u);
	s->tcp.doff = 5;
	s->tcp.syn = 1;
	s->tcp.window = htons(65535);
	memcpy(src.octets, &s->ip.saddr, 4);
	memcpy(dst.octets, &s->ip.daddr, 4);
	uint64_t sum = pl_csum_pseudo(&src, &dst, IPPROTO_TCP, sizeof(s->tcp));
	pl_csum_store((uint8_t *)&s->tcp.check, pl_csum_add(sum, &s->tcp, sizeof(s->tcp)));
}

/* Half-open connections from many addresses, a thousand each tenth of a second. */
void
demo_syn_flood(const struct demo_job *job, struct demo_result *r)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct syn s;

	inet_pton(AF_INET, DEMO_ADDR, &to.sin_addr);
	for (uint32_t i = 0; fd >= 0 && i < job->amount; i++) {
		make_syn(&s, i);
		r->count += sendto(fd, &s, sizeof(s), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(s);
		if (i % 1000 == 999)
			hold(0.1);
	}
	r->ok = fd >= 0;
	if (!r->ok)
		snprintf(r->why, sizeof(r->why), "no raw socket here");
}
