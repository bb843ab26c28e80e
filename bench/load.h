/* SPDX-License-Identifier: ISC */
/*
 * The load of the benchmarks: clients and a server with kernel sockets. Every measurement prints one line of JSON.
 *
 * Loops end by time; the server ends with its standard input.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LOAD_CHUNK (32 * 1024) /* octets of one read or write: a reader of whole windows would stall its sender */

struct load_target {
	struct sockaddr_storage addr;
	socklen_t len;
	double seconds;
	int at_a_time; /* connections */
};

/** Seconds, monotonic. */
double load_now(void);

/** Parse an address and a port. False: not an address. */
bool load_address(const char *addr, const char *port, struct load_target *to);

/** CUBIC, as our own default; a kernel that paces by itself measures its pacing. Says so once if it cannot. */
void load_use_cubic(int fd);

/** A connected socket, or -1 with a message. Windows are the kernel's own unless SO_RCVBUF is given (0: not). */
int load_connect(const struct load_target *to, int rcvbuf);

int load_send(const struct load_target *to);
int load_receive(const struct load_target *to, int rcvbuf);
int load_connections(const struct load_target *to, bool orderly);
int load_round_trips(const struct load_target *to);
int load_serve(const struct load_target *at);

#endif
