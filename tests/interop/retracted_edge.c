/* SPDX-License-Identifier: ISC */
/*
 * The kernel's sender before a right edge that goes back below its SND.NXT, and opens again.
 *
 *   retracted_edge TAP OWN-ADDRESS          such as: retracted_edge plR0 10.77.3.2
 *
 * One process is the kernel's client, the other our stack behind the TAP, in a small memory. In each round our side first
 * lets the client's text wait on the TAP, so that it is in flight; then pressure comes (memory charged up to level 3), the
 * first segments are taken and acknowledged, with the window that is left; only when the kernel itself reports more
 * in flight than its peer's window has the rest delivered. In every other round nothing is read until the pressure goes.
 * Prints `ok|short NAME VALUE LIMIT`. Status 0 when all was well, 1 if not.
 */
#include "../../examples/host.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define PORT 9000
#define ROUNDS 8u
#define SERVED (512u << 10)         /* octets of a round before its pressure */
#define TRIES (2 * ROUNDS)          /* one more where the hole of an earlier loss lay in between */
#define TOTAL (3 * ROUNDS * SERVED) /* the rest comes afterwards */
#define GATHER 64u                  /* segments in flight */
#define FIRST 5000u                 /* octets of them taken under pressure: an ACK that says something new */
#define HELD_MOST 1024u
#define PERMILLE 900u
#define PATIENCE_MS 5000u
#define ALL_SECONDS 60u
#define HEADERS (14u + 20u + 20u)

/* Between the two processes. */
struct shared {
	atomic_uint round,
		retracted;  /* the round under way; the last in which the kernel saw the edge behind SND.NXT */
	atomic_uint failed; /* errno of the client */
};

static struct shared *shared;

static uint8_t
pattern(uint64_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

/* ---- the kernel's side ---- */

static void
look(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;
	int queued = 0, unsent = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 || ioctl(fd, SIOCOUTQ, &queued) != 0 ||
	    ioctl(fd, SIOCOUTQNSD, &unsent) != 0)
		return;
	if (queued - unsent > 0 && (uint32_t)(queued - unsent) > info.tcpi_snd_wnd)
		atomic_store(&shared->retracted, atomic_load(&shared->round));
}

static int
send_all(int fd)
{
	static uint8_t piece[65536];
	uint64_t sent = 0;

	while (sent < TOTAL) {
		size_t want = sizeof piece < TOTAL - sent ? sizeof piece : (size_t)(TOTAL - sent);
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		ssize_t n;

		for (size_t i = 0; i < want; i++)
			piece[i] = pattern(sent + i);
		n = send(fd, piece, want, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return errno;
		sent += n > 0 ? (uint64_t)n : 0;
		look(fd);
		(void)poll(&p, 1, 1);
	}
	return shutdown(fd, SHUT_WR) == 0 ? 0 : errno;
}

/* Until the server's FIN: 0, or the errno of what came instead. */
static int
client(const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), code;
	uint8_t octet;

	alarm(ALL_SECONDS);
	(void)inet_pton(AF_INET, address, &to.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		return errno;
	code = send_all(fd);
	if (code == 0 && recv(fd, &octet, 1, 0) != 0)
		code = errno != 0 ? errno : EPROTO;
	close(fd);
	return code;
}

/* ---- our side ---- */

struct server {
	plim *s;
	int tap;
	plim_h listener, h;
	bool is_open, is_ended, reads;
	uint64_t received, wrong;
	uint8_t held[HELD_MOST][HOST_FRAME];
	uint32_t len[HELD_MOST];
	unsigned n_held, n_text;
	size_t charged;
};

static struct server v;

static void
start(const char *name, const char *address)
{
	static _Alignas(64) uint8_t region[4 << 20];
	struct plim_endpoint any = {.port = PORT};
	uint8_t entropy[PLIM_ENTROPY_OCTETS];
	struct plim_config c;

	v.tap = host_open_tap(name);
	plim_config_default(&c);
	c.n_ifaces = 1;
	c.ifaces[0] = (struct plim_iface_config){
		.mac = {2, 0, 0, 0, 0, 2}, .mtu = HOST_MTU, .addrs = {{host_address(address), 24}}, .n_addrs = 1};
	c.cap_app_pct = 75;
	host_must(getrandom(entropy, sizeof entropy, 0) == sizeof entropy, "getrandom");
	host_must_plim(plim_create(&c, region, sizeof region, entropy, host_now(), &v.s), "plim_create");
	host_must_plim(plim_tcp_listen(v.s, &any, 0, &v.listener), "plim_tcp_listen");
	v.reads = true;
}

static void
read_all(void)
{
	struct plim_span in;
	int64_t n;

	while (v.is_open && v.reads && (n = plim_rx_peek(v.s, v.h, &in, 1)) != PLIM_EAGAIN) {
		if (n <= 0) {
			v.is_ended = true;
			v.is_open = false;
			(void)plim_tcp_close(v.s, v.h);
			return;
		}
		for (size_t i = 0; i < in.len; i++)
			v.wrong += in.data[i] != pattern(v.received + i);
		v.received += in.len;
		(void)plim_rx_consume(v.s, v.h, in.len);
	}
}

/* What follows every call into the stack. */
static void
settle(void)
{
	struct plim_event ev[16];

	(void)plim_poll(v.s, host_now(), 256);
	while (plim_events(v.s, ev, 16) > 0)
		;
	if (!v.is_open && !v.is_ended && plim_tcp_accept(v.s, v.listener, 0, &v.h, NULL) == PLIM_OK)
		v.is_open = true;
	read_all();
	host_output(v.s, v.tap);
}

static void
wait_for_frames(void)
{
	struct pollfd p = {.fd = v.tap, .events = POLLIN};

	(void)poll(&p, 1, 1);
}

/* As any server does. */
static void
serve(void)
{
	wait_for_frames();
	(void)host_input(v.s, v.tap);
	settle();
}

/* What waits on the TAP comes to us, and not yet to the stack. */
static void
hold(void)
{
	ssize_t n;

	wait_for_frames();
	while (v.n_held < HELD_MOST && (n = read(v.tap, v.held[v.n_held], HOST_FRAME)) > 0) {
		v.n_text += n > (ssize_t)HEADERS + 500;
		v.len[v.n_held++] = (uint32_t)n;
	}
}

/* Octets that came in order. */
static uint64_t
in_order(void)
{
	struct plim_conn_info i;

	return v.received + (v.is_open && plim_conn_info(v.s, v.h, &i) == PLIM_OK ? i.rcv_queued : 0);
}

/* What was held, from a frame on, until so many octets more are in order. Returns the next frame. */
static unsigned
deliver(unsigned from, uint64_t octets)
{
	uint64_t until = in_order() + octets;

	for (; from < v.n_held && in_order() < until; from++) {
		struct plim_frame f = {.data = v.held[from], .len = v.len[from]};

		(void)plim_input(v.s, &f, 1, host_now());
	}
	settle();
	return from;
}

static void
press(void)
{
	struct plim_stats st;
	uint64_t cap = (4u << 20) / 100 * 75;

	plim_stats(v.s, &st);
	v.charged = (size_t)(cap / 1000 * (PERMILLE - st.pressure_permille));
	host_must_plim(plim_charge(v.s, v.h, v.charged), "plim_charge");
}

static void
release(void)
{
	(void)plim_uncharge(v.s, v.h, v.charged);
	v.charged = 0;
	v.reads = true;
	settle();
}

static bool
is_over(plim_time since)
{
	return host_now() - since > PATIENCE_MS * 1000000ull;
}

/* True: the kernel saw its edge go back below what it had sent. */
static bool
one_round(unsigned round)
{
	plim_time since = host_now();
	unsigned next;

	for (uint64_t until = v.received + SERVED; v.received < until && !is_over(since);)
		serve();
	v.n_held = v.n_text = 0;
	for (since = host_now(); v.n_text < GATHER && !is_over(since);)
		hold();
	atomic_store(&shared->round, round);
	press();
	v.reads = round % 2 == 0;
	next = deliver(0, FIRST);
	for (since = host_now(); atomic_load(&shared->retracted) != round && !is_over(since);)
		hold();
	(void)deliver(next, UINT64_MAX / 2);
	for (unsigned i = 0; i < 20; i++)
		serve();
	release();
	return atomic_load(&shared->retracted) == round;
}

/* ---- the whole ---- */

static bool
judge(const char *name, uint64_t value, uint64_t least, uint64_t most)
{
	bool ok = value >= least && value <= most;

	printf("%s retracted-edge-%s %llu %llu\n", ok ? "ok" : "short", name, (unsigned long long)value,
	       (unsigned long long)(least > 0 ? least : most));
	return ok;
}

static bool
run(pid_t child)
{
	unsigned retracted = 0;
	struct plim_stats st;
	bool ok = true;
	int status = 0;
	plim_time since = host_now();

	while (!v.is_open && !is_over(since))
		serve();
	for (unsigned round = 1; round <= TRIES && retracted < ROUNDS && v.is_open; round++)
		retracted += one_round(round);
	while (!v.is_ended && waitpid(child, &status, WNOHANG) == 0)
		serve();
	while (waitpid(child, &status, WNOHANG) == 0)
		serve();
	plim_stats(v.s, &st);
	ok &= judge("rounds", retracted, ROUNDS, ROUNDS);
	ok &= judge("windows-shrunk", st.actions[PLIM_ACTION_window_shrunk], ROUNDS, UINT64_MAX);
	ok &= judge("octets", v.received, TOTAL, TOTAL);
	ok &= judge("octets-wrong", v.wrong, 0, 0);
	ok &= judge("client-error", atomic_load(&shared->failed), 0, 0);
	ok &= judge("resets", st.tcp[PLIM_TCP_resets_out] + st.tcp[PLIM_TCP_resets_in], 0, 0);
	return ok;
}

int
main(int argc, char **argv)
{
	pid_t child;

	if (argc != 3) {
		fprintf(stderr, "usage: retracted_edge TAP OWN-ADDRESS\n");
		return 2;
	}
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	host_must(shared != MAP_FAILED, "mmap");
	start(argv[1], argv[2]);
	fflush(stdout);
	child = fork();
	host_must(child >= 0, "fork");
	if (child == 0) {
		atomic_store(&shared->failed, ETIMEDOUT); /* should the alarm end it */
		atomic_store(&shared->failed, (unsigned)client(argv[2]));
		_exit(0);
	}
	return run(child) ? 0 : 1;
}
