/* SPDX-License-Identifier: ISC */
/*
 * The event loop: driver -> stack -> application -> stack -> driver, then sleep until something is due.
 *
 * It allocates nothing. The stack, the driver and the frame buffers are the caller's and outlive the loop.
 */
#ifndef PL_PLATFORM_POSIX_LOOP_H
#define PL_PLATFORM_POSIX_LOOP_H

#include <signal.h>

#include "drivers/driver.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PL_LOOP_FDS 8

/* Somebody else's file descriptor: ready() is called when it has one of the wanted events. */
struct pl_loop_fd {
	int fd; /* -1: not used */
	short events;
	void (*ready)(void *ctx, short revents);
	void *ctx;
};

struct pl_loop {
	plim *stack;
	struct pl_driver *driver;
	/* The application's turn: fetch events and do a bounded amount of work. True: it has more to do at once. */
	bool (*turn)(void *ctx, pl_time now);
	void *ctx;
	pl_time wake;           /* the application wants a turn at this time; PL_TIME_NEVER */
	struct plim_frame *out; /* n_out buffers to send from */
	int n_out;
	struct pl_loop_fd fds[PL_LOOP_FDS];
	sigset_t sleep_mask; /* signals let through only while sleeping */
	bool stop;
	int error; /* -errno of the driver, when it ended the loop */
	unsigned since_poll;
	unsigned looks;          /* for a next frame, before it sleeps; 0 on a single processor */
	struct plim_frame found; /* by such a look */
	bool is_found;
	bool slept; /* the frame that ended a sleep (or a look) is answered before the next one is asked for */
};

/** Octets of buffer for each frame to send. */
uint32_t pl_loop_frame_octets(const struct pl_driver *d);

/** Prepare a loop; out_memory holds n_out buffers of pl_loop_frame_octets(). The fds start unused. */
void pl_loop_init(struct pl_loop *l, plim *stack, struct pl_driver *driver, struct plim_frame *out, int n_out,
                  void *out_memory);

/** Watch a file descriptor. The slot, or NULL if all are used. */
struct pl_loop_fd *pl_loop_watch(struct pl_loop *l, int fd, short events, void (*ready)(void *ctx, short revents),
                                 void *ctx);

/** One round without sleeping. True: there may be more to do at once. */
bool pl_loop_round(struct pl_loop *l, pl_time now);

/** Sleep until something is due or readable (not at all if is_busy), and call what is ready. */
void pl_loop_wait(struct pl_loop *l, pl_time now, bool is_busy);

/** Run until stop is set or the driver fails. 0 or -errno. */
int pl_loop_run(struct pl_loop *l);

#ifdef __cplusplus
}
#endif

#endif
