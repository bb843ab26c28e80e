/* SPDX-License-Identifier: ISC */
/* plim serve: options, start, run, stop. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "platform/posix/sys.h"
#include "tools/control.h"
#include "tools/server.h"
#include "tools/units.h"
#include "tools/world.h"

#define STOP_NS PL_MS(3500) /* for FINs to be answered; then resets */
#define MEMORY_LINE_NS PL_SEC(5)
#define GIVE_BACK_NS PL_SEC(1)
#define GIVE_BACK_PART 16 /* pages go back when so much of the target came free */

struct serve {
	struct netopts net;
	uint16_t port[N_SERVICES];
	const char *folder;
	struct world world;
	struct server server;
	struct control control;
	pl_time stop_at;   /* PL_TIME_NEVER: not stopping */
	pl_time told_at;   /* when the memory line was last written */
	pl_time looked_at; /* when the counters were last compared */
	uint64_t told_refusals;
	pl_time gave_at;     /* when pages could last be given back */
	uint64_t used_most;  /* octets held, the most since pages were given back */
	unsigned level_then; /* pressure level a second ago */
};

static struct serve serve;

static bool
set_port(unsigned service, const char *option, const char *value, struct tool_error *e)
{
	uint64_t n;

	if (!units_number(value, 1, 65535, &n))
		return tool_fail(e, "--%s %s: not a port; use 1 to 65535", option, value);
	serve.port[service] = (uint16_t)n;
	return true;
}

#define PORT_OPTION(name, service)                                                 \
	static bool set_##name(void *ctx, const char *value, struct tool_error *e) \
	{                                                                          \
		(void)ctx;                                                         \
		return set_port(service, #name, value, e);                         \
	}
PORT_OPTION(http, SERVICE_HTTP)
PORT_OPTION(echo, SERVICE_ECHO)
PORT_OPTION(discard, SERVICE_DISCARD)
PORT_OPTION(chargen, SERVICE_CHARGEN)
PORT_OPTION(hold, SERVICE_HOLD)
PORT_OPTION(oneshot, SERVICE_ONESHOT)
PORT_OPTION(iperf3, SERVICE_IPERF3)

static const struct args_option options[] = {
	{"http", "PORT", "static files of DIR (80 when DIR is given)", set_http},
	{"echo", "PORT", "send back what comes", set_echo},
	{"discard", "PORT", "read and forget", set_discard},
	{"chargen", "PORT", "send a pattern for ever", set_chargen},
	{"iperf3", "PORT", "answer the iperf3 client (TCP)", set_iperf3},
	{"hold", "PORT", "accept and never read", set_hold},
	{"oneshot", "PORT", "send back what comes first, and close", set_oneshot},
	{NULL, NULL, NULL, NULL},
};

static const char *const service_names[N_SERVICES] = {"",        "http", "echo",    "discard",
                                                      "chargen", "hold", "oneshot", "iperf3"};

static bool
check_ports(struct tool_error *e)
{
	bool is_any = false;

	for (unsigned i = 1; i < N_SERVICES; i++) {
		is_any |= serve.port[i] != 0;
		for (unsigned j = 1; j < i; j++)
			if (serve.port[i] != 0 && serve.port[i] == serve.port[j])
				return tool_fail(e, "--%s %u: the port of --%s; give each service a port of its own",
				                 service_names[i], serve.port[i], service_names[j]);
	}
	return is_any || tool_fail(e, "no service is asked for; give a DIR, or --echo 7 and the like");
}

static bool
open_folder(struct tool_error *e)
{
	const char *folder = serve.folder != NULL ? serve.folder : ".";

	serve.server.root = -1;
	if (serve.port[SERVICE_HTTP] == 0)
		return true;
	serve.server.root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return serve.server.root >= 0 ||
	       tool_fail(e, "DIR %s: %s; name a folder that can be read", folder, strerror(errno));
}

static bool
read_options(int argc, char **argv, struct args *a, struct tool_error *e)
{
	netopts_init(&serve.net, a);
	if (!args_read(a, argc, argv, e) || a->help)
		return a->help;
	serve.folder = a->positional[0];
	if (serve.folder != NULL && serve.port[SERVICE_HTTP] == 0)
		serve.port[SERVICE_HTTP] = 80;
	return netopts_check(&serve.net, e) && check_ports(e) && open_folder(e);
}

/* Refusals for want of memory, of any kind. */
static uint64_t
count_refusals(void)
{
	struct plim_stats st;

	plim_stats(serve.world.stack, &st);
	return st.drops[PLIM_DROP_syn_no_memory] + st.drops[PLIM_DROP_syn_backlog] +
	       st.actions[PLIM_ACTION_orphan_evicted] + serve.server.aborted_for_memory;
}

/* When memory is used up, say so: one line, at most every five seconds. */
static void
tell_of_memory(pl_time now)
{
	struct plim_stats st;
	char used[UNITS_SIZE_OCTETS], target[UNITS_SIZE_OCTETS];

	if (now < serve.looked_at + PL_SEC(1))
		return;
	serve.looked_at = now;
	uint64_t refusals = count_refusals();
	if (refusals == serve.told_refusals || now < serve.told_at + MEMORY_LINE_NS || serve.net.log < LOG_WARN)
		return;
	plim_stats(serve.world.stack, &st);
	fprintf(stderr, "plim serve: memory is used up: %s of %s, %llu new refusals; existing connections go on\n",
	        units_print_size(used, st.used), units_print_size(target, st.target),
	        (unsigned long long)(refusals - serve.told_refusals));
	serve.told_refusals = refusals;
	serve.told_at = now;
}

/* After a wave the pages of the region that hold nothing go back to the system. */
static void
give_back(pl_time now)
{
	struct plim_stats st;

	if (now < serve.gave_at + GIVE_BACK_NS)
		return;
	serve.gave_at = now;
	plim_stats(serve.world.stack, &st);
	if (st.used + st.target / GIVE_BACK_PART <= serve.used_most || st.level < serve.level_then) {
		(void)pl_posix_give_back(serve.world.stack);
		serve.used_most = 0;
	}
	serve.used_most = PL_MAX(serve.used_most, st.used);
	serve.level_then = st.level;
}

static void
reset_rest(void)
{
	struct plim_conn_info info[16];
	uint64_t cursor = 0;
	int n;

	do {
		n = plim_memory_map(serve.world.stack, &cursor, info, PL_COUNT(info));
		for (int i = 0; i < n; i++)
			if (info[i].h.index != 0 || info[i].h.generation != 0)
				(void)plim_tcp_abort(serve.world.stack, info[i].h); /* gone is gone */
	} while (n > 0);
}

/* After a signal: FIN to all, wait for the answers, and reset what does not answer. */
static void
go_on_stopping(pl_time now)
{
	struct pl_loop *loop = &serve.world.loop;

	if (serve.stop_at == PL_TIME_NEVER) {
		server_stop(&serve.server);
		serve.stop_at = now + STOP_NS;
		loop->wake = serve.stop_at;
	} else if (server_is_drained(&serve.server)) {
		loop->stop = true;
	} else if (now >= serve.stop_at) {
		reset_rest();
		loop->stop = true;
	}
}

static bool
turn(void *ctx, pl_time now)
{
	(void)ctx;
	bool more = server_turn(&serve.server, now);
	tell_of_memory(now);
	give_back(now);
	if (world_is_stopping())
		go_on_stopping(now);
	return more;
}

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer files at once, then 503 */
	}
}

static bool
start_services(struct tool_error *e)
{
	struct server *sv = &serve.server;

	sv->stack = serve.world.stack;
	sv->region = serve.world.region;
	sv->epoch_offset = pl_posix_epoch_offset();
	sv->log = serve.net.log;
	memcpy(sv->port, serve.port, sizeof(sv->port));
	return server_listen(sv, e);
}

static bool
open_control(struct tool_error *e)
{
	char path[CONTROL_PATH_OCTETS];

	if (serve.net.control != NULL)
		return control_open(&serve.control, &serve.world.loop, serve.world.stack, serve.net.control, e);
	return control_default_path(path, serve.net.tap, e) &&
	       control_open(&serve.control, &serve.world.loop, serve.world.stack, path, e);
}

/* From READY to the end; nothing here allocates. */
static int
run(void)
{
	static char out_buffer[1024];

	setvbuf(stdout, out_buffer, _IOLBF, sizeof(out_buffer));
	serve.stop_at = PL_TIME_NEVER;
	serve.world.loop.turn = turn;
	world_ready(&serve.world);
	int error = pl_loop_run(&serve.world.loop);
	if (error != 0)
		fprintf(stderr, "plim serve: --tap %s: the interface is gone: %s\n", serve.net.tap, strerror(-error));
	return error != 0 ? TOOL_FAILED : TOOL_OK;
}

int
tool_serve(int argc, char **argv)
{
	struct tool_error e;
	int status;
	struct args a = {
		.usage = "serve [DIR] --tap NAME --addr ADDR/LEN [--memory SIZE] [SERVICES...]",
		.about = "Serve files and simple services through our own TCP, in no more memory than given.",
		.groups = {{options, NULL}, {netopts_options, &serve.net}},
		.most_positionals = 1,
	};

	if (!read_options(argc, argv, &a, &e))
		return tool_complain("serve", &e, TOOL_USAGE);
	if (a.help)
		return TOOL_OK;
	raise_file_limit();
	world_catch_signals();
	if (!world_open(&serve.world, &serve.net, &e, &status)) {
		world_close(&serve.world);
		return tool_complain("serve", &e, status);
	}
	status = TOOL_FAILED;
	if (start_services(&e) && open_control(&e))
		status = run();
	else
		tool_complain("serve", &e, status);
	control_close(&serve.control);
	world_close(&serve.world);
	return status;
}
