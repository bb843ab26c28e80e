/* SPDX-License-Identifier: ISC */
/* Request and response of one octet each, one after the other, over one connection. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load.h"

#define MOST_SAMPLES 4000000

static int
by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* Microseconds of one exchange; negative if the connection ended. */
static float
one_exchange(int fd)
{
	char octet = 'x';
	double began = load_now();

	if (send(fd, &octet, 1, MSG_NOSIGNAL) != 1 || recv(fd, &octet, 1, 0) != 1)
		return -1;
	return (float)((load_now() - began) * 1e6);
}

int
load_round_trips(const struct load_target *to)
{
	int fd = load_connect(to, 0), on = 1;
	float *us = calloc(MOST_SAMPLES, sizeof(*us));
	double until = load_now() + to->seconds, began = load_now(), ended;
	size_t n = 0;

	if (fd < 0 || us == NULL)
		return 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	while (load_now() < until && n < MOST_SAMPLES && (us[n] = one_exchange(fd)) >= 0)
		n++;
	ended = load_now();
	close(fd);
	if (n < 100) {
		free(us);
		fprintf(stderr, "load: the connection ended\n");
		return 1;
	}
	qsort(us, n, sizeof(*us), by_value);
	printf("{\"what\":\"round-trips\",\"count\":%zu,\"per_s\":%.0f,\"p50_us\":%.2f,\"p99_us\":%.2f}\n", n,
	       (double)n / (ended - began), (double)us[n / 2], (double)us[n / 100 * 99]);
	free(us);
	return 0;
}
