/* SPDX-License-Identifier: ISC */
/*
 * The demo's stage where no TAP is permitted: one process with two stacks on the in-memory link, the server with
 * the services of plim serve, the client with built-in clients. It is told by a pipe which job to start and answers
 * by another; its figures are asked for through the control socket, as anybody would.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "platform/posix/sys.h"
#include "tools/control.h"
#include "tools/demo.h"
#include "tools/server.h"
#include "tools/units.h"
#include "tools/world.h"

#define CLIENT_MEMORY ((uint64_t)32 << 20)
#define CLIENTS 64
#define MANY 2000
#define MTU 1500
#define BATCH PL_DRIVER_BATCH

enum many_phase { MANY_HELD, MANY_ASKED, MANY_ANSWERED };
enum phase { PHASE_FREE, PHASE_OPENING, PHASE_RUNNING };

/* One built-in client; a job for many connections has many. */
struct client {
	enum phase phase;
	unsigned job;
	plim_h h;
	uint64_t sent;
	struct demo_result result;
	SHA256_CTX sha;
	struct demo_reader reader;
};

struct report {
	unsigned job;
	struct demo_result result;
};

static struct pair {
	struct pl_memlink link;
	struct pl_loop loops[2]; /* 0: server, 1: client */
	struct plim_frame frames[2][BATCH];
	struct server server;
	struct control control;
	struct demo_job *jobs;
	unsigned n_jobs;
	int orders, reports; /* the child's ends */
	struct client clients[CLIENTS];
	struct plim_span spans[SERVER_SPANS];
	struct many {
		plim_h h[MANY];
		uint8_t phase[MANY]; /* enum many_phase */
		uint64_t n;
		unsigned job;
		double until; /* held idle until then; 0: the job is not running */
	} many;
} pair;

static int to_child = -1, from_child = -1; /* the parent's ends */
static struct demo_job *all_jobs;
static unsigned n_all_jobs;

bool
demo_pair_can(const struct demo_job *job)
{
	return job->run == demo_download || job->run == demo_echo || job->run == demo_many_idle ||
	       job->run == demo_slow_readers;
}

static plim *
client_stack(void)
{
	return pair.loops[1].stack;
}

static bool
open_connection(uint16_t port, plim_h *h)
{
	struct plim_endpoint to = {.port = port};

	units_addr(DEMO_ADDR, &to.addr);
	return plim_tcp_connect(client_stack(), &to, NULL, 0, h) == PLIM_OK;
}

static void
report(unsigned job, const struct demo_result *result)
{
	struct report r = {job, *result};

	if (write(pair.reports, &r, sizeof(r)) != sizeof(r))
		pair.loops[0].stop = true; /* nobody is listening any more */
}

static void
finish(struct client *c, const char *why)
{
	c->result.ok = why == NULL;
	if (why != NULL)
		snprintf(c->result.why, sizeof(c->result.why), "%s", why);
	SHA256End(pair.jobs[c->job].run == demo_echo ? &c->sha : &c->reader.sha, c->result.hash);
	(void)plim_tcp_close(client_stack(), c->h); /* stale: gone already */
	report(c->job, &c->result);
	c->phase = PHASE_FREE;
}

static void
send_request(struct client *c)
{
	char request[256];
	int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: demo\r\n\r\n", pair.jobs[c->job].path);

	if (plim_send(client_stack(), c->h, request, (size_t)len, 0) != len)
		finish(c, "the request was not taken");
}

/* Fill the send queue with the stream. */
static void
send_stream(struct client *c)
{
	const struct demo_job *job = &pair.jobs[c->job];
	int64_t room;

	while (c->sent < job->amount) {
		room = plim_tx_reserve(client_stack(), c->h, (size_t)PL_MIN(job->amount - c->sent, 65536), pair.spans,
		                       SERVER_SPANS);
		if (room <= 0)
			return;
		int64_t left = room;
		for (struct plim_span *p = pair.spans; left > 0; left -= (int64_t)p->len, p++) {
			demo_fill(job->seed, c->sent, p->data, p->len);
			c->sent += p->len;
		}
		if (plim_tx_commit(client_stack(), c->h, (size_t)room, 0) != PLIM_OK)
			return;
	}
}

static bool
take_octets(struct client *c, const uint8_t *data, size_t len)
{
	c->result.octets += len;
	if (pair.jobs[c->job].run == demo_download)
		return demo_reader_take(&c->reader, data, len);
	SHA256Update(&c->sha, data, len);
	return true;
}

static bool
is_complete(const struct client *c)
{
	const struct demo_job *job = &pair.jobs[c->job];

	return job->run == demo_download ? demo_reader_is_done(&c->reader) : c->result.octets >= job->amount;
}

static void
receive(struct client *c)
{
	int64_t n;

	while ((n = plim_rx_peek(client_stack(), c->h, pair.spans, SERVER_SPANS)) > 0) {
		int64_t left = n;
		for (struct plim_span *p = pair.spans; left > 0; left -= (int64_t)p->len, p++) {
			if (!take_octets(c, p->data, p->len)) {
				finish(c, "not the response that was asked for");
				return;
			}
		}
		(void)plim_rx_consume(client_stack(), c->h, (size_t)n); /* exactly what was shown */
	}
	if (is_complete(c))
		finish(c, NULL);
	else if (n != PLIM_EAGAIN)
		finish(c, n == 0 ? "the body ended early" : plim_strerror((int)n));
}

static void
progress(struct client *c)
{
	int64_t state = PLIM_CLOSED, error = 0;

	(void)plim_get(client_stack(), c->h, PLIM_O_STATE, &state); /* stale: closed */
	if (c->phase == PHASE_OPENING && state == PLIM_ESTABLISHED) {
		c->phase = PHASE_RUNNING;
		if (pair.jobs[c->job].run != demo_echo)
			send_request(c);
	} else if (c->phase == PHASE_OPENING && state == PLIM_CLOSED) {
		(void)plim_get(client_stack(), c->h, PLIM_O_ERROR, &error); /* stale: no reason is known */
		finish(c, plim_strerror((int)error));
	}
	if (c->phase == PHASE_RUNNING && pair.jobs[c->job].run == demo_echo)
		send_stream(c);
	if (c->phase == PHASE_RUNNING && pair.jobs[c->job].run != demo_slow_readers)
		receive(c);
}

/* One of many: asked for an answer once, closed when it came. */
static void
ask_one(struct many *m, uint64_t i)
{
	char c = 'x';

	if (m->phase[i] == MANY_HELD && plim_send(client_stack(), m->h[i], &c, 1, 0) == 1)
		m->phase[i] = MANY_ASKED;
	if (m->phase[i] == MANY_ASKED && plim_recv(client_stack(), m->h[i], &c, 1) == 1) {
		m->phase[i] = MANY_ANSWERED;
		(void)plim_tcp_close(client_stack(), m->h[i]); /* its answer is here; how it ends does not matter */
	}
}

/* The job with many connections: held idle for a while, then each is asked. */
static void
progress_many(struct many *m)
{
	struct demo_result r = {0};

	if (m->until == 0 || demo_seconds() < m->until)
		return;
	for (uint64_t i = 0; i < m->n; i++) {
		ask_one(m, i);
		r.count += m->phase[i] == MANY_ANSWERED;
	}
	r.ok = r.count == pair.jobs[m->job].amount;
	if (!r.ok && demo_seconds() < m->until + 5)
		return;
	snprintf(r.why, sizeof(r.why), "%llu answered", (unsigned long long)r.count);
	m->until = 0;
	report(m->job, &r);
}

static void
start_many(unsigned number)
{
	struct many *m = &pair.many;
	const struct demo_job *job = &pair.jobs[number];

	memset(m, 0, sizeof(*m));
	m->job = number;
	while (m->n < PL_MIN(job->amount, MANY) && open_connection(DEMO_ECHO, &m->h[m->n]))
		m->n++;
	m->until = demo_seconds() + job->hold_seconds;
}

static void
start_client(unsigned number)
{
	const struct demo_job *job = &pair.jobs[number];
	struct demo_result refused = {.why = "the connection was refused"};

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &pair.clients[i];
		if (c->phase != PHASE_FREE)
			continue;
		memset(c, 0, sizeof(*c));
		c->job = number;
		SHA256Init(&c->sha);
		demo_reader_init(&c->reader, job->drops_an_octet);
		if (open_connection(job->run == demo_echo ? DEMO_ECHO : DEMO_HTTP, &c->h))
			c->phase = PHASE_OPENING;
		else
			report(number, &refused);
		return;
	}
	report(number, &refused);
}

/* An order: the number of a job to start. */
static void
order_ready(void *ctx, short revents)
{
	uint8_t number;

	(void)ctx;
	(void)revents;
	if (read(pair.orders, &number, 1) != 1 || number >= pair.n_jobs) {
		pair.loops[0].stop = true; /* the parent is gone */
		return;
	}
	const struct demo_job *job = &pair.jobs[number];
	if (job->run == demo_many_idle)
		start_many(number);
	else
		for (uint64_t i = 0; i < (job->run == demo_slow_readers ? job->amount : 1); i++)
			start_client(number);
}

static bool
server_loop_turn(void *ctx, pl_time now)
{
	(void)ctx;
	return server_turn(&pair.server, now);
}

static bool
client_loop_turn(void *ctx, pl_time now)
{
	struct plim_event ev[64];

	(void)ctx;
	(void)now;
	while (plim_events(client_stack(), ev, PL_COUNT(ev)) > 0) {
	} /* every client is looked at each time, so the events need not be */
	for (unsigned i = 0; i < CLIENTS; i++)
		if (pair.clients[i].phase != PHASE_FREE)
			progress(&pair.clients[i]);
	progress_many(&pair.many);
	return false;
}

/* One end: options as if given on the command line, a stack, a loop. */
static bool
make_end(unsigned i, const char *addr, uint64_t memory, uint8_t **region, struct tool_error *e)
{
	static uint8_t out[2][BATCH * (MTU + 128)];
	struct plim_config config;
	struct netopts o;
	plim *stack;

	netopts_init(&o, NULL);
	units_ifaddr(addr, &o.addrs[0]);
	o.n_addrs = 1;
	world_config(&config, &o, &pair.link.end[i].driver);
	if (!world_make_stack(&config, memory, region, &stack, e))
		return false;
	pl_loop_init(&pair.loops[i], stack, &pair.link.end[i].driver, pair.frames[i], BATCH, out[i]);
	return true;
}

static bool
open_stage(const char *folder, const char *control, struct tool_error *e)
{
	static const struct pl_impair_config clean = {.delay_ns = PL_US(100), .queue_limit = 1024, .seed = 1};
	uint64_t memory;
	uint8_t *unused;
	void *queue = pl_posix_region(pl_memlink_octets(&clean, MTU, 0));

	units_size(DEMO_MEMORY, &memory);
	if (queue == NULL)
		return tool_fail(e, "no memory for the link");
	pl_memlink_init(&pair.link, &clean, MTU, 0, queue);
	if (!make_end(0, DEMO_ADDR "/24", memory, &pair.server.region, e) ||
	    !make_end(1, DEMO_HOST_ADDR "/24", CLIENT_MEMORY, &unused, e))
		return false;
	pair.loops[0].turn = server_loop_turn;
	pair.loops[1].turn = client_loop_turn;
	pair.server.stack = pair.loops[0].stack;
	pair.server.epoch_offset = pl_posix_epoch_offset();
	pair.server.port[SERVICE_HTTP] = DEMO_HTTP;
	pair.server.port[SERVICE_ECHO] = DEMO_ECHO;
	pair.server.root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pl_loop_watch(&pair.loops[0], pair.orders, POLLIN, order_ready, NULL);
	return server_listen(&pair.server, e) &&
	       control_open(&pair.control, &pair.loops[0], pair.server.stack, control, e);
}

/* Both loops in turn; sleeping is done by the server's, which is woken for the client's deadlines too. */
static void
run_both(void)
{
	while (!pair.loops[0].stop) {
		pl_time now = pl_posix_now();
		bool is_busy = pl_loop_round(&pair.loops[0], now);
		is_busy |= pl_loop_round(&pair.loops[1], now);
		pair.loops[0].wake = PL_MIN(PL_MIN(plim_next_deadline(client_stack()), now + PL_MS(5)),
		                            pl_driver_due(pair.loops[1].driver));
		pl_loop_wait(&pair.loops[0], now, is_busy);
	}
}

static void
run_child(const char *folder, const char *control, struct demo_job *jobs, unsigned n)
{
	struct tool_error e;
	uint8_t ready = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	pair.jobs = jobs;
	pair.n_jobs = n;
	if (!open_stage(folder, control, &e))
		_exit(tool_complain("demo", &e, TOOL_FAILED));
	if (write(pair.reports, &ready, 1) == 1)
		run_both();
	control_close(&pair.control);
	_exit(TOOL_OK);
}

pid_t
demo_start_pair(const char *folder, const char *control, struct demo_job *jobs, unsigned n)
{
	int orders[2], reports[2];
	uint8_t ready = 0;

	if (pipe2(orders, O_CLOEXEC) != 0 || pipe2(reports, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		pair.orders = orders[0];
		pair.reports = reports[1];
		close(orders[1]);
		close(reports[0]);
		run_child(folder, control, jobs, n);
	}
	close(orders[0]);
	close(reports[1]);
	to_child = orders[1];
	from_child = reports[0];
	all_jobs = jobs;
	n_all_jobs = n;
	bool ok = pid > 0 && read(from_child, &ready, 1) == 1;
	(void)fcntl(from_child, F_SETFL, O_NONBLOCK); /* it cannot fail on a pipe */
	return ok ? pid : -1;
}

bool
demo_pair_start(struct demo_job *job)
{
	uint8_t number = (uint8_t)(job - all_jobs);

	job->began = demo_seconds();
	return write(to_child, &number, 1) == 1;
}

void
demo_pair_poll(struct demo_job *job)
{
	struct report r;

	while (read(from_child, &r, sizeof(r)) == sizeof(r)) {
		if (r.job >= n_all_jobs || all_jobs[r.job].is_done)
			continue;
		all_jobs[r.job].result = r.result;
		demo_job_finish(&all_jobs[r.job], NULL);
	}
	if (!job->is_done && demo_seconds() - job->began > DEMO_JOB_SECONDS)
		demo_job_finish(job, "not done in time");
}
