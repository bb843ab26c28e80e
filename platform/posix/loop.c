/* SPDX-License-Identifier: ISC */
/*
 * One round: take a batch of frames, let the stack see them, do what is due, give the application its
 * turn, send what came of it. A round that found work is followed by another without sleeping; other
 * file descriptors are looked at every 32 rounds then, so that a flood cannot hide the control socket.
 *
 * Before it sleeps the loop looks for the next frame a few times more, about 10 us in all: an answer is often
 * that near, and being woken costs both ends more. On a single processor the other end could not run meanwhile.
 */
#include "platform/posix/loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "platform/posix/sys.h"

#define POLL_BUDGET 256 /* units of plim_poll() in one round */
#define BATCHES_OUT 8   /* batches sent in one round */
#define ROUNDS_BLIND 32 /* busy rounds without looking at other file descriptors */
#define LOOKS 48        /* for a frame, before sleeping; about 0.2 us each */

uint32_t
pl_loop_frame_octets(const struct pl_driver *d)
{
	return PL_ALIGN_UP(pl_driver_frame_octets(d) + 2u, 64u); /* 2 in front: the IP header is aligned */
}

void
pl_loop_init(struct pl_loop *l, plim *stack, struct pl_driver *driver, struct plim_frame *out, int n_out,
             void *out_memory)
{
	uint32_t octets = pl_loop_frame_octets(driver);

	memset(l, 0, sizeof(*l));
	l->stack = stack;
	l->driver = driver;
	l->wake = PL_TIME_NEVER;
	l->out = out;
	l->n_out = n_out;
	for (int i = 0; i < n_out; i++)
		out[i] = (struct plim_frame){.data = (uint8_t *)out_memory + (size_t)i * octets + 2, .cap = octets - 2};
	for (int i = 0; i < PL_LOOP_FDS; i++)
		l->fds[i].fd = -1;
	l->looks = pl_posix_processors() > 1 ? LOOKS : 0;
	sigprocmask(SIG_SETMASK, NULL, &l->sleep_mask);
}

struct pl_loop_fd *
pl_loop_watch(struct pl_loop *l, int fd, short events, void (*ready)(void *ctx, short revents), void *ctx)
{
	for (int i = 0; i < PL_LOOP_FDS; i++) {
		if (l->fds[i].fd < 0) {
			l->fds[i] = (struct pl_loop_fd){fd, events, ready, ctx};
			return &l->fds[i];
		}
	}
	return NULL;
}

/* The next frames. How many, or -errno. */
static int
receive(struct pl_loop *l, struct plim_frame *in, pl_time now)
{
	int n = l->slept ? 1 : PL_DRIVER_BATCH;

	l->slept = false;
	if (!l->is_found)
		return pl_driver_rx(l->driver, in, n, now);
	in[0] = l->found;
	l->is_found = false;
	return 1;
}

/* Look for a next frame. True if there is one (or an error, which the next round meets again). */
static bool
find_frame(struct pl_loop *l, pl_time now)
{
	int n = 0;

	for (unsigned i = 0; i < l->looks && n == 0; i++)
		n = pl_driver_rx(l->driver, &l->found, 1, now);
	l->is_found = n > 0;
	return n != 0;
}

/* Frames in, and what is due. True if there was anything. */
static bool
take_input(struct pl_loop *l, pl_time now)
{
	struct plim_frame in[PL_DRIVER_BATCH];
	int n = receive(l, in, now);

	if (n < 0) {
		l->error = n;
		l->stop = true;
		return false;
	}
	if (n > 0)
		plim_input(l->stack, in, (size_t)n, now);
	bool more = plim_next_deadline(l->stack) <= now && plim_poll(l->stack, now, POLL_BUDGET) == 1;
	return n > 0 || more;
}

/* Frames out. True if more may be waiting. */
static bool
send_output(struct pl_loop *l, pl_time now)
{
	for (int batch = 0; batch < BATCHES_OUT; batch++) {
		int n = plim_output(l->stack, l->out, (size_t)l->n_out, now);
		if (n <= 0)
			return false;
		pl_driver_tx(l->driver, l->out, n, now);
		if (n < l->n_out)
			return false;
	}
	return true;
}

static struct timespec
time_until(const struct pl_loop *l, pl_time now, bool is_busy)
{
	pl_time due = PL_MIN(plim_next_deadline(l->stack), PL_MIN(pl_driver_due(l->driver), l->wake));
	pl_time wait = is_busy || due <= now ? 0 : PL_MIN(due - now, PL_SEC(3600));

	return (struct timespec){.tv_sec = (time_t)(wait / PL_SEC(1)), .tv_nsec = (long)(wait % PL_SEC(1))};
}

static void
call_ready(struct pl_loop *l, const struct pollfd *p)
{
	for (int i = 0; i < PL_LOOP_FDS; i++)
		if (l->fds[i].fd >= 0 && l->fds[i].fd == p[i].fd && p[i].revents != 0)
			l->fds[i].ready(l->fds[i].ctx, p[i].revents);
}

void
pl_loop_wait(struct pl_loop *l, pl_time now, bool is_busy)
{
	struct pollfd p[PL_LOOP_FDS + 1];
	struct timespec timeout = time_until(l, now, is_busy);

	for (int i = 0; i < PL_LOOP_FDS; i++)
		p[i] = (struct pollfd){.fd = l->fds[i].fd, .events = l->fds[i].events};
	l->slept = !is_busy;
	p[PL_LOOP_FDS] = (struct pollfd){.fd = l->driver->fd, .events = POLLIN};
	if (ppoll(p, PL_LOOP_FDS + 1, &timeout, &l->sleep_mask) > 0)
		call_ready(l, p);
}

bool
pl_loop_round(struct pl_loop *l, pl_time now)
{
	bool is_busy = take_input(l, now);

	is_busy |= l->turn(l->ctx, now);
	is_busy |= send_output(l, now);
	return is_busy;
}

int
pl_loop_run(struct pl_loop *l)
{
	while (!l->stop) {
		pl_time now = pl_posix_now();
		bool is_busy = pl_loop_round(l, now);
		if ((is_busy || find_frame(l, now)) && ++l->since_poll < ROUNDS_BLIND)
			continue;
		is_busy |= l->is_found;
		l->since_poll = 0;
		pl_loop_wait(l, now, is_busy);
	}
	return l->error;
}
