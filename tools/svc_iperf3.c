/* SPDX-License-Identifier: ISC */
/*
 * The server's side of iperf3's protocol, for TCP, one test at a time.
 *
 * Every connection begins with a cookie of 37 octets. The first one of a new cookie is the control connection; on
 * it go one-octet states, and JSON behind a length of four octets:
 *
 *   we: PARAM_EXCHANGE   client: parameters   we: CREATE_STREAMS   (the client opens its streams)
 *   we: TEST_START, TEST_RUNNING    (octets flow)    client: TEST_END    we: EXCHANGE_RESULTS
 *   client: results      we: results, DISPLAY_RESULTS      client: IPERF_DONE
 *
 * Leaves out: UDP, SCTP, both directions at once, authentication, the server's own output.
 * JSON is parsed and made in a pool of 64 KiB.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/bytes.h"
#include "tools/server.h"

#define COOKIE_OCTETS 37
#define STREAMS_MOST 128
#define JSON_MOST 4096 /* parameters; longer results are skipped */
#define POOL_OCTETS (64u << 10)
#define FILL 0x50

/* iperf_api.h */
#define TEST_START 1
#define TEST_RUNNING 2
#define TEST_END 4
#define PARAM_EXCHANGE 9
#define CREATE_STREAMS 10
#define EXCHANGE_RESULTS 13
#define DISPLAY_RESULTS 14
#define ACCESS_DENIED 0xff
#define SERVER_ERROR 0xfe
#define IEUNIMP 13 /* "not implemented": what the client is told about a test we do not do */

/* A connection's number in its cookie: what it is. */
#define NUMBER_NEW 0
#define NUMBER_CONTROL 1
#define NUMBER_STREAM 2 /* + index */

enum reading { READ_STATE, READ_PARAMS, READ_RESULTS };

struct stream {
	plim_h h;
	bool is_open;
	uint64_t octets;
};

static struct test {
	bool is_on;
	plim_h control;
	char cookie[COOKIE_OCTETS];
	enum reading reading;
	uint32_t json_octets; /* announced; 0: the length is still to come */
	uint32_t skipped;     /* of results */
	bool is_reverse;      /* we send */
	bool is_running;
	unsigned n_streams, n_open;
	pl_time begun;
	double seconds;
	struct stream streams[STREAMS_MOST];
} test;

static _Alignas(16) uint8_t pool[POOL_OCTETS];
static size_t pool_used;

static void *
pool_alloc(size_t octets)
{
	octets = PL_ALIGN_UP(octets, 16u);
	if (octets > POOL_OCTETS - pool_used)
		return NULL;
	pool_used += octets;
	return pool + pool_used - octets;
}

static void
pool_free(void *p)
{
	(void)p; /* the pool is emptied as a whole before each message */
}

static void
empty_pool(void)
{
	json_set_alloc_funcs(pool_alloc, pool_free);
	pool_used = 0;
}

static bool
same_handle(plim_h a, plim_h b)
{
	return a.index == b.index && a.generation == b.generation;
}

static bool
send_all(const struct visit *v, const void *data, size_t len)
{
	return plim_send(v->server->stack, test.control, data, len, 0) == (int64_t)len;
}

static bool
send_state(const struct visit *v, uint8_t state)
{
	return send_all(v, &state, 1);
}

/* End the test: streams and control connection. */
static void
end_test(const struct visit *v)
{
	plim *s = v->server->stack;

	for (unsigned i = 0; i < test.n_open; i++)
		if (test.streams[i].is_open)
			(void)plim_tcp_close(s, test.streams[i].h); /* stale: gone already */
	(void)plim_tcp_close(s, test.control);
	memset(&test, 0, sizeof(test));
}

/* Tell the client that this test is not done here (two error numbers follow the state), and end. */
static void
refuse_test(const struct visit *v)
{
	uint8_t message[9] = {SERVER_ERROR};

	pl_store32(message + 1, IEUNIMP);
	(void)send_all(v, message, sizeof(message)); /* it ends either way */
	end_test(v);
}

static bool
is_true(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_true(value) || (json_is_integer(value) && json_integer_value(value) != 0);
}

/* Take over the parameters. False: not a test that we do. */
static bool
read_parameters(const char *text, size_t len)
{
	empty_pool();
	json_t *root = json_loadb(text, len, 0, NULL);
	json_int_t parallel = 1;

	if (root == NULL || !is_true(root, "tcp") || is_true(root, "bidirectional"))
		return false;
	test.is_reverse = is_true(root, "reverse");
	if (json_is_integer(json_object_get(root, "parallel")))
		parallel = json_integer_value(json_object_get(root, "parallel"));
	if (parallel < 1 || parallel > STREAMS_MOST)
		return false;
	test.n_streams = (unsigned)parallel;
	return true;
}

/* iperf3 numbers streams 1, 3, 4, 5, ... */
static int
stream_id(unsigned i)
{
	return i == 0 ? 1 : (int)i + 2;
}

static json_t *
stream_result(unsigned i)
{
	return json_pack("{s:i s:I s:i s:i s:i s:i s:f s:f}", "id", stream_id(i), "bytes",
	                 (json_int_t)test.streams[i].octets, "retransmits", -1, "jitter", 0, "errors", 0, "packets", 0,
	                 "start_time", 0.0, "end_time", test.seconds);
}

/* Our results, behind their length. */
static bool
send_results(const struct visit *v)
{
	static char text[4 + (16u << 10)];

	empty_pool();
	json_t *streams = json_array();
	for (unsigned i = 0; i < test.n_streams; i++)
		(void)json_array_append_new(streams, stream_result(i)); /* out of pool: found out below */
	json_t *root = json_pack("{s:f s:f s:f s:i s:o}", "cpu_util_total", 0.0, "cpu_util_user", 0.0,
	                         "cpu_util_system", 0.0, "sender_has_retransmits", 0, "streams", streams);
	size_t len = root != NULL ? json_dumpb(root, text + 4, sizeof(text) - 4, JSON_COMPACT) : 0;
	if (len == 0 || len > sizeof(text) - 4)
		return false;
	pl_store32((uint8_t *)text, (uint32_t)len);
	return send_all(v, text, len + 4);
}

/* Exactly n octets of a connection, if they are there. 1, 0 not yet, -1 the connection ended. */
static int
read_exactly(const struct visit *v, plim_h h, void *to, size_t n)
{
	plim *s = v->server->stack;
	int64_t there = plim_rx_peek(s, h, v->server->in, SERVER_SPANS);

	if (there <= 0)
		return there == PLIM_EAGAIN ? 0 : -1;
	if ((size_t)there < n)
		return 0;
	return plim_recv(s, h, to, n) == (int64_t)n ? 1 : -1;
}

/* A message's length, then its octets into `to`. 1, 0 not yet, -1. */
static int
read_json(const struct visit *v, char *to)
{
	uint8_t length[4];

	if (test.json_octets == 0) {
		int r = read_exactly(v, test.control, length, 4);
		if (r <= 0)
			return r;
		test.json_octets = pl_load32(length);
		if (test.json_octets == 0 || test.json_octets > JSON_MOST)
			return -1;
	}
	return read_exactly(v, test.control, to, test.json_octets);
}

static int
take_parameters(const struct visit *v)
{
	static char text[JSON_MOST];
	int r = read_json(v, text);

	if (r <= 0)
		return r;
	if (!read_parameters(text, test.json_octets)) {
		refuse_test(v);
		return 0;
	}
	test.json_octets = 0;
	test.reading = READ_STATE;
	return send_state(v, CREATE_STREAMS) ? 1 : -1;
}

/* The client's results are of no use to us: they are read past. */
static int
skip_results(const struct visit *v)
{
	plim *s = v->server->stack;
	uint8_t length[4];
	int64_t n = 0;

	if (test.json_octets == 0) {
		int r = read_exactly(v, test.control, length, 4);
		if (r <= 0)
			return r;
		test.json_octets = pl_load32(length);
		test.skipped = 0;
	}
	while (test.skipped < test.json_octets &&
	       (n = plim_rx_peek(s, test.control, v->server->in, SERVER_SPANS)) > 0) {
		uint32_t k = (uint32_t)PL_MIN((uint64_t)n, test.json_octets - test.skipped);
		(void)plim_rx_consume(s, test.control, k); /* exactly what was shown */
		test.skipped += k;
	}
	if (test.skipped < test.json_octets)
		return n == PLIM_EAGAIN ? 0 : -1;
	test.json_octets = 0;
	test.reading = READ_STATE;
	return send_results(v) && send_state(v, DISPLAY_RESULTS) ? 1 : -1;
}

/*
 * The flow is over. What we send ends with FIN: the client reads whole buffers and waits for the rest until then. What
 * we receive is read to its own end.
 */
static void
stop_flow(const struct visit *v)
{
	test.is_running = false;
	test.seconds = (double)(v->server->now - test.begun) / 1e9;
	for (unsigned i = 0; test.is_reverse && i < test.n_open; i++)
		if (test.streams[i].is_open)
			(void)plim_tcp_shutdown(v->server->stack, test.streams[i].h); /* stale: gone already */
}

/* A state of the client's. */
static int
take_state(const struct visit *v)
{
	uint8_t state;
	int r = read_exactly(v, test.control, &state, 1);

	if (r <= 0)
		return r;
	if (state == TEST_END) {
		stop_flow(v);
		test.reading = READ_RESULTS;
		return send_state(v, EXCHANGE_RESULTS) ? 1 : -1;
	}
	return -1; /* IPERF_DONE, CLIENT_TERMINATE, or nothing we know: over either way */
}

static void
visit_control(const struct visit *v)
{
	static int (*const readers[])(const struct visit *) = {take_state, take_parameters, skip_results};
	int r;

	do
		r = readers[test.reading](v);
	while (r > 0);
	if (test.is_on && (r < 0 || visit_is_over(v)))
		end_test(v);
}

static void
visit_stream(const struct visit *v, struct stream *st)
{
	plim *s = v->server->stack;
	int64_t n;

	while ((n = plim_rx_peek(s, v->h, v->server->in, SERVER_SPANS)) > 0) {
		st->octets += (uint64_t)n;
		(void)plim_rx_consume(s, v->h, (size_t)n); /* exactly what was shown */
	}
	while (n == PLIM_EAGAIN && test.is_reverse && test.is_running) {
		int64_t room = plim_tx_reserve(s, v->h, 65536, v->server->out, SERVER_SPANS);
		if (room <= 0)
			break;
		int64_t left = room;
		for (struct plim_span *p = v->server->out; left > 0; left -= (int64_t)p->len, p++)
			memset(p->data, FILL, p->len);
		if (plim_tx_commit(s, v->h, (size_t)room, 0) != PLIM_OK)
			break;
		st->octets += (uint64_t)room;
	}
	if (n != PLIM_EAGAIN || visit_is_over(v)) {
		st->is_open = false;
		visit_close(v);
	}
}

static void
start_when_all_are_here(const struct visit *v)
{
	if (test.n_open < test.n_streams)
		return;
	test.is_running = true;
	test.begun = v->server->now;
	if (!send_state(v, TEST_START) || !send_state(v, TEST_RUNNING)) {
		end_test(v);
		return;
	}
	for (unsigned i = 0; test.is_reverse && i < test.n_open; i++) {
		struct visit stream = {v->server, test.streams[i].h, 0, NUMBER_STREAM + i};
		visit_stream(&stream, &test.streams[i]);
	}
}

static void
begin_test(const struct visit *v, const char *cookie)
{
	test.is_on = true;
	test.control = v->h;
	memcpy(test.cookie, cookie, COOKIE_OCTETS);
	test.reading = READ_PARAMS;
	visit_keep(v, SERVICE_IPERF3, NUMBER_CONTROL);
	(void)plim_set(v->server->stack, v->h, PLIM_O_NODELAY, 1); /* refused: a little slower */
	(void)plim_set(v->server->stack, v->h, PLIM_O_KEEPALIVE_IDLE_MS, 10000);
	(void)plim_set(v->server->stack, v->h, PLIM_O_KEEPALIVE, 1); /* refused: a vanished client holds its test */
	if (!send_state(v, PARAM_EXCHANGE))
		end_test(v);
}

/* A connection says its cookie. */
static void
visit_new(const struct visit *v)
{
	char cookie[COOKIE_OCTETS];
	int r = read_exactly(v, v->h, cookie, sizeof(cookie));
	uint8_t denied = ACCESS_DENIED;

	if (r < 0 || visit_is_over(v)) {
		visit_close(v);
	} else if (r > 0 && !test.is_on) {
		begin_test(v, cookie);
	} else if (r > 0 && memcmp(cookie, test.cookie, sizeof(cookie)) == 0 && test.n_open < test.n_streams) {
		visit_keep(v, SERVICE_IPERF3, NUMBER_STREAM + test.n_open);
		test.streams[test.n_open++] = (struct stream){.h = v->h, .is_open = true};
		start_when_all_are_here(v);
	} else if (r > 0) {
		(void)plim_send(v->server->stack, v->h, &denied, 1, 0); /* it is closed either way */
		visit_close(v);
	}
}

void
svc_iperf3(const struct visit *v)
{
	uint32_t i = v->number - NUMBER_STREAM;

	if (v->number == NUMBER_NEW)
		visit_new(v);
	else if (v->number == NUMBER_CONTROL && test.is_on && same_handle(v->h, test.control))
		visit_control(v);
	else if (v->number >= NUMBER_STREAM && i < test.n_open && same_handle(v->h, test.streams[i].h))
		visit_stream(v, &test.streams[i]);
	else
		(void)visit_drain(v); /* left over from a test that ended */
}
