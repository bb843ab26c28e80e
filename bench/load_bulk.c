/* SPDX-License-Identifier: ISC */
/* Bulk in one direction over one connection; the first fifth of the time does not count (slow start). */
#include <errno.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load.h"

#define WARM_UP 0.2 /* of the time */

static char chunk[LOAD_CHUNK];

struct window {
	uint32_t sum_k, samples; /* KiB */
};

/* What is in flight is bounded by the peer's window and cwnd: the lesser of them is the window used. */
static void
sample_send_window(int fd, struct window *w)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	uint32_t cwnd;

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return;
	cwnd = info.tcpi_snd_cwnd * info.tcpi_snd_mss;
	w->sum_k += (info.tcpi_snd_wnd != 0 && info.tcpi_snd_wnd < cwnd ? info.tcpi_snd_wnd : cwnd) >> 10;
	w->samples++;
}

static void
sample_receive_window(int fd, struct window *w)
{
	int octets = 0;
	socklen_t len = sizeof(octets);

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, &len) != 0)
		return;
	w->sum_k += (uint32_t)octets >> 11; /* half of the buffer is window */
	w->samples++;
}

static void
print_bulk(const char *what, uint64_t octets, double seconds, const struct window *w)
{
	printf("{\"what\":\"%s\",\"gbit_s\":%.3f,\"octets\":%llu,\"seconds\":%.3f,\"window_kib\":%u}\n", what,
	       (double)octets * 8 / 1e9 / seconds, (unsigned long long)octets, seconds,
	       w->samples ? w->sum_k / w->samples : 0);
}

/* Move chunks until `until`; -1 if the connection ended. */
static int64_t
move_until(int fd, bool send_it, double until, struct window *w)
{
	int64_t octets = 0;

	for (unsigned i = 0; load_now() < until; i++) {
		ssize_t n = send_it ? send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) : recv(fd, chunk, sizeof(chunk), 0);
		if (n <= 0) {
			fprintf(stderr, "load: %s\n", n == 0 ? "the connection ended" : strerror(errno));
			return -1;
		}
		octets += n;
		if (i % 256 == 0) {
			if (send_it)
				sample_send_window(fd, w);
			else
				sample_receive_window(fd, w);
		}
	}
	return octets;
}

static int
measure(const struct load_target *to, int fd, bool send_it)
{
	struct window w = {0};
	double warm = load_now() + to->seconds * WARM_UP, began, ended;
	int64_t octets;

	if (fd < 0 || move_until(fd, send_it, warm, &w) < 0)
		return 1;
	w = (struct window){0};
	began = load_now();
	octets = move_until(fd, send_it, began + to->seconds * (1 - WARM_UP), &w);
	ended = load_now();
	if (octets < 0)
		return 1;
	print_bulk(send_it ? "send" : "receive", (uint64_t)octets, ended - began, &w);
	close(fd);
	return 0;
}

int
load_send(const struct load_target *to)
{
	return measure(to, load_connect(to, 0), true);
}

int
load_receive(const struct load_target *to, int rcvbuf)
{
	return measure(to, load_connect(to, rcvbuf), false);
}
