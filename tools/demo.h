/* SPDX-License-Identifier: ISC */
/*
 * The parts of plim demo: a content with its hash, clients as jobs of their own, the trouble, the two stages
 * (a TAP with kernel clients, or two stacks on the in-memory link).
 */
#ifndef PL_TOOLS_DEMO_H
#define PL_TOOLS_DEMO_H

#include <sha256.h>
#include <sys/types.h>

#include "tools/tool.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEMO_MEMORY "4MiB"
#define DEMO_ADDR "10.77.0.2"
#define DEMO_HOST_ADDR "10.77.0.1"
#define DEMO_HTTP 80
#define DEMO_ECHO 7
#define DEMO_HOLD 1000
#define DEMO_FILE_OCTETS ((uint64_t)16 << 20)
#define DEMO_ECHO_OCTETS ((uint64_t)4 << 20)
#define DEMO_JOB_SECONDS 25 /* longer and a client has failed */

/* What a client found. */
struct demo_result {
	bool ok;
	uint64_t octets;
	uint64_t count; /* of connections, for those that have many */
	char hash[SHA256_DIGEST_STRING_LENGTH];
	char why[120]; /* if not ok */
};

/* A client or a trouble-maker: a process of its own. */
struct demo_job {
	const char *name;
	void (*run)(const struct demo_job *job, struct demo_result *r);
	const char *path; /* to download */
	uint64_t amount;  /* octets, or connections */
	uint64_t seed;
	double hold_seconds;
	bool is_trouble;      /* need not succeed, and is ended with its act */
	bool drops_an_octet;  /* --break */
	const char *expected; /* hash; NULL: none */
	pid_t pid;
	int pipe;
	bool is_done;
	double began, ended;
	struct demo_result result;
};

/* An HTTP response being read: head away, body hashed. */
struct demo_reader {
	SHA256_CTX sha;
	char head[2048];
	size_t head_octets;
	bool is_body;
	uint64_t length, got;
	bool drops_an_octet;
};

void demo_reader_init(struct demo_reader *r, bool drops_an_octet);
/** Take octets. False: not a response with 200 and a length, or longer than it said. */
bool demo_reader_take(struct demo_reader *r, const uint8_t *data, size_t len);
bool demo_reader_is_done(const struct demo_reader *r);

/** Pseudo-random octets of a stream that a seed names, from position at on. */
void demo_fill(uint64_t seed, uint64_t at, uint8_t *to, size_t len);

/** The hash of the first octets of such a stream. */
void demo_hash(uint64_t seed, uint64_t octets, char hash[SHA256_DIGEST_STRING_LENGTH]);

double demo_seconds(void);

/** Start a job's process; read its result when it ends. */
bool demo_job_start(struct demo_job *job);
void demo_job_poll(struct demo_job *job);
void demo_job_stop(struct demo_job *job);

/** The job is over: check its hash; why: it failed for this reason, NULL: its result tells. */
void demo_job_finish(struct demo_job *job, const char *why);

/* Jobs with kernel sockets. */
void demo_download(const struct demo_job *job, struct demo_result *r);
void demo_download_curl(const struct demo_job *job, struct demo_result *r);
void demo_echo(const struct demo_job *job, struct demo_result *r);
void demo_many_idle(const struct demo_job *job, struct demo_result *r);
/* Trouble. */
void demo_slow_readers(const struct demo_job *job, struct demo_result *r);
void demo_never_read(const struct demo_job *job, struct demo_result *r);
void demo_syn_flood(const struct demo_job *job, struct demo_result *r);

/** Connect a kernel socket, without waiting for it if is_patient is false. -1: refused. */
int demo_connect(uint16_t port, bool is_patient);

/** A network namespace of our own with a TAP allowed in it? False with the reason. */
bool demo_enter_namespace(char *why, size_t octets);

/** Start plim serve as a child; returns once READY came. -1: it did not. */
pid_t demo_start_server(const char *folder, const char *control);

/**
 * The stage without a TAP: a child with two stacks on the in-memory link and built-in clients. jobs are all there will
 * be; they are known to the child by their number. -1: it did not start.
 */
pid_t demo_start_pair(const char *folder, const char *control, struct demo_job *jobs, unsigned n);

/** As demo_job_start() and demo_job_poll(), in that child. A trouble-maker ends by itself. */
bool demo_pair_start(struct demo_job *job);
void demo_pair_poll(struct demo_job *job);

/** Can this job be done by a built-in client? */
bool demo_pair_can(const struct demo_job *job);

#ifdef __cplusplus
}
#endif

#endif
