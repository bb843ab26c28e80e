/* SPDX-License-Identifier: ISC */
/*
 * plim demo: acts of clients and trouble against plim serve under a small target, a live memory line, and a summary
 * whose figures are those of `plim stat --json`. It fails unless every hash agrees, every client succeeds and the
 * peak stays within the target.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "tools/args.h"
#include "tools/control.h"
#include "tools/demo.h"
#include "tools/units.h"

#define SMALL_OCTETS ((uint64_t)2 << 20)
#define SEED_LARGE 1
#define SEED_SMALL 2
#define SEED_ECHO 3
#define BAR 32

struct act {
	const char *title;
	unsigned first, n; /* of its jobs */
	double seconds;    /* it lasts at least so long, to be watched */
};

static char hash_large[SHA256_DIGEST_STRING_LENGTH], hash_small[SHA256_DIGEST_STRING_LENGTH],
	hash_echo[SHA256_DIGEST_STRING_LENGTH];

#define DOWNLOAD(file, hash)                                                                         \
	{                                                                                            \
		.name = "download " file, .run = demo_download, .path = "/" file, .expected = (hash) \
	}
#define ECHO                                                                                                           \
	{                                                                                                              \
		.name = "echo", .run = demo_echo, .amount = DEMO_ECHO_OCTETS, .seed = SEED_ECHO, .expected = hash_echo \
	}

static struct demo_job jobs[] = {
	/* act 1 */
	DOWNLOAD("large", hash_large),
	DOWNLOAD("large", hash_large),
	DOWNLOAD("large", hash_large),
	{.name = "download large (curl)", .run = demo_download_curl, .path = "/large", .expected = hash_large},
	/* act 2 */
	ECHO,
	ECHO,
	ECHO,
	{.name = "1000 idle connections", .run = demo_many_idle, .amount = 1000, .hold_seconds = 2},
	/* act 3 */
	{.name = "24 readers that never read",
         .run = demo_slow_readers,
         .path = "/large",
         .amount = 24,
         .hold_seconds = 5,
         .is_trouble = true},
	{.name = "32 senders nobody reads",
         .run = demo_never_read,
         .amount = 32,
         .hold_seconds = 5,
         .is_trouble = true},
	{.name = "20000 half-open", .run = demo_syn_flood, .amount = 20000, .is_trouble = true},
	DOWNLOAD("small", hash_small),
	DOWNLOAD("small", hash_small),
	DOWNLOAD("large", hash_large),
	ECHO,
	ECHO,
	/* act 4 */
	DOWNLOAD("large", hash_large),
	ECHO,
};

static const struct act acts[] = {
	{"downloads", 0, 4, 1},
	{"echoes, and a thousand idle connections", 4, 4, 0},
	{"trouble, and clients all the same", 8, 8, 4},
	{"after the trouble", 16, 2, 1},
};

static struct demo {
	bool drops_an_octet;
	bool has_tap, avoids_tap;
	char folder[64], control[80];
	pid_t server;
	double began, line_at;
	uint64_t target, used, peak, open, level;
	bool has_figures;
	bool is_terminal;
} demo;

static bool
set_break(void *ctx, const char *value, struct tool_error *e)
{
	(void)ctx;
	(void)value;
	(void)e;
	demo.drops_an_octet = true;
	return true;
}

static bool
set_no_tap(void *ctx, const char *value, struct tool_error *e)
{
	(void)ctx;
	(void)value;
	(void)e;
	demo.avoids_tap = true;
	return true;
}

static const struct args_option options[] = {
	{"no-tap", NULL, "the in-memory link even where a TAP is permitted", set_no_tap},
	{"break", NULL, "drop one octet of one download on purpose: the demo must fail", set_break},
	{NULL, NULL, NULL, NULL},
};

static bool
write_content(const char *name, uint64_t seed, uint64_t octets, struct tool_error *e)
{
	static uint8_t piece[65536];
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", demo.folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool ok = fd >= 0;
	for (uint64_t at = 0; ok && at < octets; at += sizeof(piece)) {
		demo_fill(seed, at, piece, sizeof(piece));
		ok = write(fd, piece, sizeof(piece)) == sizeof(piece);
	}
	if (fd >= 0)
		close(fd);
	return ok || tool_fail(e, "%s: %s", path, strerror(errno));
}

static bool
make_content(struct tool_error *e)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(demo.folder, sizeof(demo.folder), "%.40s/plim-demo-XXXXXX",
	         tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	if (mkdtemp(demo.folder) == NULL)
		return tool_fail(e, "%s: %s; set TMPDIR to a folder that can be written", demo.folder, strerror(errno));
	snprintf(demo.control, sizeof(demo.control), "%s/c.sock", demo.folder);
	demo_hash(SEED_LARGE, DEMO_FILE_OCTETS, hash_large);
	demo_hash(SEED_SMALL, SMALL_OCTETS, hash_small);
	demo_hash(SEED_ECHO, DEMO_ECHO_OCTETS, hash_echo);
	return write_content("large", SEED_LARGE, DEMO_FILE_OCTETS, e) &&
	       write_content("small", SEED_SMALL, SMALL_OCTETS, e);
}

static void
remove_content(void)
{
	static const char *const names[] = {"large", "small", "c.sock"};
	char path[128];

	for (size_t i = 0; i < PL_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", demo.folder, names[i]);
		(void)unlink(path); /* the socket is gone already */
	}
	(void)rmdir(demo.folder);
}

static uint64_t
number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* Ask for the figures, as `plim stat --json` does. */
static bool
ask_figures(void)
{
	struct tool_error e;
	int status;
	char *text = control_ask(demo.control, "stat\n", &e, &status);
	json_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;
	json_t *memory = json_object_get(root, "memory");
	json_t *states = json_object_get(json_object_get(root, "connections"), "by_state");

	demo.has_figures = memory != NULL && states != NULL;
	if (demo.has_figures) {
		demo.target = number(memory, "target");
		demo.used = number(memory, "used");
		demo.peak = number(memory, "peak");
		demo.level = number(root, "level");
		demo.open =
			number(states, "ESTABLISHED") + number(states, "CLOSE_WAIT") + number(states, "SYN_RECEIVED");
	}
	json_decref(root);
	free(text);
	return demo.has_figures;
}

/* 0.7 s  [#####......:...............]  1.2 MiB of 4.0 MiB   peak 1.6 MiB   open 812   L0 */
static void
print_line(void)
{
	char bar[BAR + 1], used[UNITS_SIZE_OCTETS], target[UNITS_SIZE_OCTETS], peak[UNITS_SIZE_OCTETS];

	for (unsigned i = 0; i < BAR; i++)
		bar[i] = demo.used * BAR > i * demo.target ? '#' : demo.peak * BAR > i * demo.target ? ':' : '.';
	bar[BAR] = '\0';
	printf("%s%5.1f s  [%s|  %8s of %s  peak %8s  open %5llu  L%llu%s", demo.is_terminal ? "\r" : "",
	       demo_seconds() - demo.began, bar, units_print_size(used, demo.used),
	       units_print_size(target, demo.target), units_print_size(peak, demo.peak), (unsigned long long)demo.open,
	       (unsigned long long)demo.level, demo.is_terminal ? "  " : "\n");
	fflush(stdout);
}

static void
watch_memory(bool at_once)
{
	double now = demo_seconds();

	if (!at_once && now < demo.line_at)
		return;
	demo.line_at = now + (demo.is_terminal ? 0.1 : 0.5);
	if (ask_figures())
		print_line();
}

static bool
can_run(const struct demo_job *job)
{
	return demo.has_tap || demo_pair_can(job);
}

static bool
has_curl(void)
{
	return system("command -v curl >/dev/null 2>&1") == 0;
}

/* Without curl, its part is a built-in client's. */
static void
adapt_jobs(void)
{
	bool with_curl = demo.has_tap && has_curl();

	for (size_t i = 0; i < PL_COUNT(jobs); i++) {
		if (jobs[i].run == demo_download_curl && !with_curl) {
			jobs[i].run = demo_download;
			jobs[i].name = "download large";
		}
	}
	jobs[0].drops_an_octet = demo.drops_an_octet;
}

static bool
start_job(struct demo_job *job)
{
	return demo.has_tap ? demo_job_start(job) : demo_pair_start(job);
}

/* Poll the jobs of an act. True while a client of it is at work. */
static bool
poll_act(const struct act *a)
{
	bool is_on = false;

	for (unsigned i = a->first; i < a->first + a->n; i++) {
		struct demo_job *job = &jobs[i];
		if (!can_run(job))
			continue;
		if (demo.has_tap)
			demo_job_poll(job);
		else
			demo_pair_poll(job);
		is_on |= !job->is_done && !job->is_trouble;
	}
	return is_on;
}

static void
print_job(const struct demo_job *job)
{
	char size[UNITS_SIZE_OCTETS];

	printf("%s  %-4s %s", demo.is_terminal ? "\r" : "", job->result.ok ? "ok" : "FAIL", job->name);
	if (job->result.octets > 0)
		printf(": %s in %.2f s", units_print_size(size, job->result.octets), job->ended - job->began);
	if (job->result.ok && job->expected != NULL)
		printf(", hash agrees");
	printf("%s%s\n", job->result.ok ? "" : ": ", job->result.ok ? "" : job->result.why);
}

static void
end_act(const struct act *a)
{
	watch_memory(true);
	if (demo.is_terminal)
		printf("\n");
	for (unsigned i = a->first; i < a->first + a->n; i++) {
		if (!can_run(&jobs[i]))
			continue;
		if (jobs[i].is_trouble && demo.has_tap)
			demo_job_stop(&jobs[i]);
		if (!jobs[i].is_trouble)
			print_job(&jobs[i]);
	}
}

static void
play(const struct act *a, unsigned number_of)
{
	printf("\nact %u: %s\n", number_of, a->title);
	for (unsigned i = a->first; i < a->first + a->n; i++) {
		if (!can_run(&jobs[i]))
			continue;
		if (jobs[i].is_trouble)
			printf("  trouble: %s\n", jobs[i].name);
		if (!start_job(&jobs[i]))
			demo_job_finish(&jobs[i], "it cannot be started");
		if (jobs[i].is_trouble && i + 1 < a->first + a->n && !jobs[i + 1].is_trouble)
			usleep(500000); /* let it take hold first */
	}
	fflush(stdout);
	double end = demo_seconds() + a->seconds;
	while (poll_act(a) || demo_seconds() < end) {
		watch_memory(false);
		usleep(20000);
	}
	end_act(a);
}

/* The figures, and whether all went well. */
static bool
summarise(void)
{
	char target[UNITS_SIZE_OCTETS], peak[UNITS_SIZE_OCTETS];
	unsigned clients = 0, good = 0;

	for (size_t i = 0; i < PL_COUNT(jobs); i++) {
		clients += can_run(&jobs[i]) && !jobs[i].is_trouble;
		good += can_run(&jobs[i]) && !jobs[i].is_trouble && jobs[i].result.ok;
	}
	bool is_within = ask_figures() && demo.peak <= demo.target && demo.target > 0;
	printf("\nsummary\n  clients   %u of %u succeeded, with every hash that there is\n", good, clients);
	printf("  memory    peak %s, target %s: %s\n", units_print_size(peak, demo.peak),
	       units_print_size(target, demo.target), is_within ? "within" : "NOT WITHIN");
	printf("  time      %.1f s\n", demo_seconds() - demo.began);
	printf("%s\n", good == clients && is_within ? "demo: ok" : "demo: FAILED");
	return good == clients && is_within;
}

static void
choose_stage(void)
{
	char why[300] = "--no-tap";

	demo.has_tap = !demo.avoids_tap && demo_enter_namespace(why, sizeof(why));
	if (demo.has_tap) {
		printf("plim demo: plim serve on a TAP in a network namespace of its own, all of its TCP in %s.\n",
		       DEMO_MEMORY);
		printf("The clients use the kernel's TCP.\n");
		return;
	}
	printf("plim demo: no TAP here (%s).\n", why);
	printf("Two stacks on the in-memory link instead, the server's in %s, with built-in clients.\n", DEMO_MEMORY);
}

static bool
start_stage(struct tool_error *e)
{
	choose_stage();
	adapt_jobs();
	fflush(stdout);
	demo.server = demo.has_tap ? demo_start_server(demo.folder, demo.control)
	                           : demo_start_pair(demo.folder, demo.control, jobs, PL_COUNT(jobs));
	return demo.server > 0 || tool_fail(e, "the server did not start");
}

/* End the server as anybody would, and see that it ends well. */
static bool
stop_stage(void)
{
	int status = 0;

	kill(demo.server, SIGTERM);
	for (int i = 0; i < 250; i++) {
		if (waitpid(demo.server, &status, WNOHANG) == demo.server)
			return !demo.has_tap || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
		usleep(20000);
	}
	kill(demo.server, SIGKILL);
	(void)waitpid(demo.server, &status, 0); /* it is gone */
	return false;
}

static int
run(void)
{
	for (unsigned i = 0; i < PL_COUNT(acts); i++)
		play(&acts[i], i + 1);
	bool ok = summarise();
	if (!stop_stage()) {
		fprintf(stderr, "plim demo: the server did not end by SIGTERM\n");
		ok = false;
	}
	return ok ? TOOL_OK : TOOL_FAILED;
}

int
tool_demo(int argc, char **argv)
{
	struct tool_error e;
	int status = TOOL_FAILED;
	struct args a = {
		.usage = "demo [--break] [--no-tap]",
		.about = "The tour: clients and trouble against plim serve, all of its memory under one line.",
		.groups = {{options, NULL}},
	};

	if (!args_read(&a, argc, argv, &e))
		return tool_complain("demo", &e, TOOL_USAGE);
	if (a.help)
		return TOOL_OK;
	signal(SIGPIPE, SIG_IGN);
	demo.began = demo_seconds();
	demo.is_terminal = isatty(STDOUT_FILENO) == 1;
	if (make_content(&e) && start_stage(&e))
		status = run();
	else
		tool_complain("demo", &e, status);
	remove_content();
	return status;
}
