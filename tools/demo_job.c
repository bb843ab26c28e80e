/* SPDX-License-Identifier: ISC */
/* Jobs of the demo as processes, and the content they check: pseudo-random streams and HTTP responses. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/posix/sys.h"
#include "tools/demo.h"

double
demo_seconds(void)
{
	return (double)pl_posix_now() / 1e9;
}

/* Eight octets of the stream at a multiple of eight (SplitMix64 of the position). */
static uint64_t
stream_word(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void
demo_fill(uint64_t seed, uint64_t at, uint8_t *to, size_t len)
{
	while (len > 0) {
		uint64_t word = stream_word(seed, at / 8);
		size_t skip = at % 8, k = PL_MIN(len, 8 - skip);
		memcpy(to, (const uint8_t *)&word + skip, k);
		to += k;
		at += k;
		len -= k;
	}
}

void
demo_hash(uint64_t seed, uint64_t octets, char hash[SHA256_DIGEST_STRING_LENGTH])
{
	static uint8_t piece[65536];
	SHA256_CTX sha;

	SHA256Init(&sha);
	for (uint64_t at = 0; at < octets;) {
		size_t k = (size_t)PL_MIN(octets - at, sizeof(piece));
		demo_fill(seed, at, piece, k);
		SHA256Update(&sha, piece, k);
		at += k;
	}
	SHA256End(&sha, hash);
}

void
demo_reader_init(struct demo_reader *r, bool drops_an_octet)
{
	memset(r, 0, sizeof(*r));
	SHA256Init(&r->sha);
	r->drops_an_octet = drops_an_octet;
}

/* The head is whole: is it a 200, and how long is the body? */
static bool
read_head(struct demo_reader *r)
{
	const char *length = strcasestr(r->head, "\r\nContent-Length:");

	if (strncmp(r->head, "HTTP/1.1 200 ", 13) != 0 || length == NULL)
		return false;
	r->length = strtoull(length + 17, NULL, 10);
	r->is_body = true;
	return true;
}

static bool
take_body(struct demo_reader *r, const uint8_t *data, size_t len)
{
	if (len > r->length - r->got)
		return false;
	r->got += len;
	if (r->drops_an_octet && len > 0) {
		data++;
		len--;
		r->drops_an_octet = false;
	}
	SHA256Update(&r->sha, data, len);
	return true;
}

bool
demo_reader_take(struct demo_reader *r, const uint8_t *data, size_t len)
{
	while (len > 0 && !r->is_body) {
		if (r->head_octets + 1 >= sizeof(r->head))
			return false;
		r->head[r->head_octets++] = (char)*data++;
		len--;
		if (r->head_octets >= 4 && memcmp(r->head + r->head_octets - 4, "\r\n\r\n", 4) == 0 && !read_head(r))
			return false;
	}
	return len == 0 || take_body(r, data, len);
}

bool
demo_reader_is_done(const struct demo_reader *r)
{
	return r->is_body && r->got == r->length;
}

bool
demo_job_start(struct demo_job *job)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	job->began = demo_seconds();
	job->pid = fork();
	if (job->pid == 0) {
		struct demo_result r = {0};
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		job->run(job, &r);
		_exit(write(ends[1], &r, sizeof(r)) == sizeof(r) ? 0 : 1);
	}
	close(ends[1]);
	job->pipe = ends[0];
	(void)fcntl(job->pipe, F_SETFL, O_NONBLOCK); /* it cannot fail on a pipe */
	return job->pid > 0;
}

void
demo_job_finish(struct demo_job *job, const char *why)
{
	job->is_done = true;
	job->ended = demo_seconds();
	if (why != NULL) {
		job->result.ok = false;
		snprintf(job->result.why, sizeof(job->result.why), "%s", why);
	} else if (job->result.ok && job->expected != NULL && strcmp(job->expected, job->result.hash) != 0) {
		job->result.ok = false;
		snprintf(job->result.why, sizeof(job->result.why), "the hash differs");
	}
}

static void
finish(struct demo_job *job, const char *why)
{
	demo_job_finish(job, why);
	close(job->pipe);
	(void)waitpid(job->pid, NULL, 0); /* its result says more than its status */
}

void
demo_job_poll(struct demo_job *job)
{
	if (job->is_done)
		return;
	ssize_t n = read(job->pipe, &job->result, sizeof(job->result));
	if (n == sizeof(job->result)) {
		finish(job, NULL);
	} else if (n >= 0) {
		finish(job, "its process ended early");
	} else if (errno == EAGAIN && demo_seconds() - job->began > DEMO_JOB_SECONDS) {
		kill(job->pid, SIGKILL);
		finish(job, "not done in time");
	}
}

void
demo_job_stop(struct demo_job *job)
{
	if (job->is_done)
		return;
	kill(job->pid, SIGKILL);
	finish(job, NULL);
}
