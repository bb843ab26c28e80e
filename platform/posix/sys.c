/* SPDX-License-Identifier: ISC */
/* Time, chance, memory. None of these calls an allocator. */
#include "platform/posix/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static pl_time
read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return PL_SEC(ts.tv_sec) + (pl_time)ts.tv_nsec;
}

pl_time
pl_posix_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
pl_posix_epoch_offset(void)
{
	return (int64_t)(read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC));
}

bool
pl_posix_entropy(void *to, size_t octets)
{
	uint8_t *p = to;

	while (octets > 0) {
		ssize_t n = getrandom(p, octets, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		octets -= (size_t)n;
	}
	return true;
}

void *
pl_posix_region(size_t octets)
{
	void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

/* "VmRSS:      1234 kB" of /proc/self/status. */
static uint64_t
status_octets(const char *name)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *at = strstr(text, name);
	return at != NULL ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

uint64_t
pl_posix_resident(void)
{
	return status_octets("VmRSS:");
}

uint64_t
pl_posix_resident_peak(void)
{
	return status_octets("VmHWM:");
}

unsigned
pl_posix_processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return (unsigned)PL_MAX(n, 1);
}
