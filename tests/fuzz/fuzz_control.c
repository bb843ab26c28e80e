/* SPDX-License-Identifier: ISC */
/*
 * The control socket: each request gets one answer, which is JSON, and the end. An even first
 * octet asks a stack without connections, an odd one a stack with three listeners.
 */
#include "fuzz.h"

#include <jansson.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/control.h"

#define REGION (1u << 20)

static struct control control;
static struct pl_loop loop;
static plim *stacks[2];

static plim *
make_stack(unsigned listeners)
{
	static _Alignas(64) uint8_t regions[2][REGION];
	static const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1};
	struct plim_config c;
	plim *s;
	plim_h h;

	plim_config_default(&c);
	MUST(plim_create(&c, regions[listeners != 0], REGION, entropy, 1, &s) == PLIM_OK);
	for (unsigned i = 0; i < listeners; i++)
		MUST(plim_tcp_listen(s, &(struct plim_endpoint){.port = (uint16_t)(80 + i)}, i, &h) == PLIM_OK);
	return s;
}

static void
open_control(void)
{
	char path[] = "/tmp/plim-fuzz-XXXXXX", name[64];
	struct tool_error e = {""};

	MUST(mkdtemp(path) != NULL);
	for (unsigned i = 0; i < PL_LOOP_FDS; i++)
		loop.fds[i].fd = -1;
	stacks[0] = make_stack(0);
	stacks[1] = make_stack(3);
	snprintf(name, sizeof name, "%s/s", path);
	MUST(control_open(&control, &loop, stacks[0], name, &e));
}

static int
ask(const void *question, size_t n)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(to.sun_path, control.path, sizeof to.sun_path);
	MUST(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
	MUST(write(fd, question, n) == (ssize_t)n);
	MUST(shutdown(fd, SHUT_WR) == 0);
	control.watch->ready(control.watch->ctx, POLLIN);
	return fd;
}

static void
check_answer(int fd, bool is_question)
{
	static char text[4 * CONTROL_BUFFER];
	struct control_client *k = &control.clients[0];
	size_t len = 0;
	ssize_t n;

	for (unsigned rounds = 0; k->watch != NULL; rounds++) {
		MUST(rounds < 100);
		k->watch->ready(k->watch->ctx, k->watch->events);
	}
	while ((n = read(fd, text + len, sizeof text - len)) > 0)
		len += (size_t)n;
	json_t *json = json_loadb(text, len, 0, NULL);
	MUST((json != NULL) == is_question); /* who says nothing is told nothing */
	json_decref(json);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (stacks[0] == NULL)
		open_control();
	if (size == 0 || size > 1000)
		return 0;
	control.stack = stacks[data[0] & 1];
	check_answer(ask(data + 1, size - 1), size > 1);
	return 0;
}
