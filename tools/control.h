/* SPDX-License-Identifier: ISC */
/*
 * The control socket: a client sends one line, "stat" or "ss", and gets JSON until the end.
 *
 * The server side allocates nothing: four clients at once, each with a buffer of its own; more wait.
 */
#ifndef PL_TOOLS_CONTROL_H
#define PL_TOOLS_CONTROL_H

#include "platform/posix/loop.h"
#include "tools/tool.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CONTROL_CLIENTS 4
#define CONTROL_BUFFER 16384
#define CONTROL_PATH_OCTETS 108

struct control;

struct control_client {
	struct control *control;
	struct pl_loop_fd *watch; /* NULL: free */
	uint64_t cursor;          /* of the walk over connections */
	bool is_walking;
	size_t len, sent;
	char text[CONTROL_BUFFER];
};

struct control {
	plim *stack;
	struct pl_loop *loop;
	struct pl_loop_fd *watch;
	char path[CONTROL_PATH_OCTETS];
	struct control_client clients[CONTROL_CLIENTS];
};

/** Where the socket of a TAP is: /run/plim/TAP.sock, or under XDG_RUNTIME_DIR without root. */
bool control_default_path(char path[CONTROL_PATH_OCTETS], const char *tap, struct tool_error *e);

/** Open the socket (mode 0600), making its folder if it is missing, and watch it in the loop. */
bool control_open(struct control *c, struct pl_loop *loop, plim *stack, const char *path, struct tool_error *e);

void control_close(struct control *c);

/** The client: find the socket (path, or the only one there) and ask. The answer is malloc'ed; *status on failure. */
char *control_ask(const char *path, const char *question, struct tool_error *e, int *status);

#ifdef __cplusplus
}
#endif

#endif
