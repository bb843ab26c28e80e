/* SPDX-License-Identifier: ISC */
/* Taking the common options. Every refusal names the option and the mend. */
#include "tools/netopts.h"

#include <stdio.h>
#include <string.h>

#include <ini.h>

#include "tools/units.h"

#define MEMORY_DEFAULT (8u << 20)
#define MEMORY_MOST ((uint64_t)4 << 30)

void
netopts_init(struct netopts *o, const struct args *args)
{
	memset(o, 0, sizeof(*o));
	plim_config_default(&o->config);
	o->memory = MEMORY_DEFAULT;
	o->offload = true;
	o->log = LOG_WARN;
	o->impair.seed = 1;
	o->args = args;
}

static bool
set_tap(void *ctx, const char *value, struct tool_error *e)
{
	(void)e;
	((struct netopts *)ctx)->tap = value;
	return true;
}

static bool
add_ifaddr(struct plim_ifaddr *list, unsigned *n, const char *option, const char *value, struct tool_error *e)
{
	if (*n >= PLIM_MAX_ADDRS)
		return tool_fail(e, "%s %s: at most %d addresses", option, value, PLIM_MAX_ADDRS);
	if (!units_ifaddr(value, &list[*n]))
		return tool_fail(e, "%s %s: not an address; write it like 10.77.0.2/24 or fd77::2/64", option, value);
	++*n;
	return true;
}

static bool
set_addr(void *ctx, const char *value, struct tool_error *e)
{
	struct netopts *o = ctx;

	return add_ifaddr(o->addrs, &o->n_addrs, "--addr", value, e);
}

static bool
set_host_addr(void *ctx, const char *value, struct tool_error *e)
{
	struct netopts *o = ctx;

	return add_ifaddr(o->host_addrs, &o->n_host_addrs, "--host-addr", value, e);
}

static bool
set_gateway(void *ctx, const char *value, struct tool_error *e)
{
	struct netopts *o = ctx;
	struct plim_addr a;

	if (!units_addr(value, &a))
		return tool_fail(e, "--gateway %s: not an address; write it like 10.77.0.1 or fd77::1", value);
	o->gateways[a.family == 6] = a;
	return true;
}

static bool
set_memory(void *ctx, const char *value, struct tool_error *e)
{
	uint64_t n;

	if (!units_size(value, &n) || n == 0)
		return tool_fail(e, "--memory %s: not a size; write it like 8MiB", value);
	if (n > MEMORY_MOST)
		return tool_fail(e, "--memory %s: at most 4GiB", value);
	((struct netopts *)ctx)->memory = n;
	return true;
}

static bool
set_mtu(void *ctx, const char *value, struct tool_error *e)
{
	uint64_t n;

	if (!units_number(value, 576, 65535, &n))
		return tool_fail(e, "--mtu %s: use 576 to 65535 (1280 or more with IPv6)", value);
	((struct netopts *)ctx)->mtu = (uint16_t)n;
	return true;
}

static bool
set_offload(void *ctx, const char *value, struct tool_error *e)
{
	bool on = strcmp(value, "on") == 0;

	if (!on && strcmp(value, "off") != 0)
		return tool_fail(e, "--offload %s: use on or off", value);
	((struct netopts *)ctx)->offload = on;
	return true;
}

static bool
set_queue_limit(void *ctx, const char *value, struct tool_error *e)
{
	struct netopts *o = ctx;
	uint64_t n;

	if (!units_size(value, &n) || n == 0 || plim_config_set(&o->config, "rcv_buf_max", n) != 0 ||
	    plim_config_set(&o->config, "snd_buf_max", n) != 0)
		return tool_fail(e, "--queue-limit %s: not a size up to 1GiB; write it like 256KiB", value);
	return true;
}

static bool
set_log(void *ctx, const char *value, struct tool_error *e)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (unsigned i = 0; i < PL_COUNT(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			((struct netopts *)ctx)->log = (enum log_level)i;
			return true;
		}
	}
	return tool_fail(e, "--log %s: use error, warn, info or debug", value);
}

static bool
set_pcap(void *ctx, const char *value, struct tool_error *e)
{
	(void)e;
	((struct netopts *)ctx)->pcap = value;
	return true;
}

static bool
set_control(void *ctx, const char *value, struct tool_error *e)
{
	if (strlen(value) >= 108)
		return tool_fail(e, "--control %s: longer than the 107 characters a socket path may have", value);
	((struct netopts *)ctx)->control = value;
	return true;
}

static bool
set_impair(void *ctx, const char *value, struct tool_error *e)
{
	struct netopts *o = ctx;
	const char *bad;

	if (pl_impair_parse(value, &o->impair, &bad) != 0)
		return tool_fail(e, "--impair: '%s' is not understood; write it like loss=1%%,reorder=1%%,delay=20ms",
		                 bad);
	o->is_impaired = true;
	return true;
}

/* A configuration name: its range is told when the value does not fit. */
static bool
set_setting(struct netopts *o, const char *name, const char *value, struct tool_error *e)
{
	const char *known;
	uint64_t n, least, most;

	for (unsigned i = 0; plim_config_describe(i, &known, NULL, &least, &most, NULL); i++) {
		if (strcmp(known, name) != 0)
			continue;
		if (!units_size(value, &n) || plim_config_set(&o->config, name, n) != 0)
			return tool_fail(e, "--set %s=%s: use a number from %llu to %llu", name, value,
			                 (unsigned long long)least, (unsigned long long)most);
		return true;
	}
	return tool_fail(e, "--set %s: no such setting; plim size --settings lists them", name);
}

static bool
set_set(void *ctx, const char *value, struct tool_error *e)
{
	char name[64];
	const char *equals = strchr(value, '=');

	if (equals == NULL || equals == value || (size_t)(equals - value) >= sizeof(name))
		return tool_fail(e, "--set %s: write it like --set delayed_ack_ms=20", value);
	memcpy(name, value, (size_t)(equals - value));
	name[equals - value] = '\0';
	return set_setting(ctx, name, equals + 1, e);
}

static bool
set_config(void *ctx, const char *value, struct tool_error *e)
{
	return netopts_read_file(ctx, value, e);
}

struct file_reading {
	struct netopts *o;
	struct tool_error *e;
	bool failed;
};

static bool
is_setting(const char *name)
{
	const char *known;

	for (unsigned i = 0; plim_config_describe(i, &known, NULL, NULL, NULL, NULL); i++)
		if (strcmp(known, name) == 0)
			return true;
	return false;
}

/* inih's callback. Values must outlive the reading, so they are kept with the options. */
static int
take_line(void *ctx, const char *section, const char *name, const char *value)
{
	struct file_reading *r = ctx;
	size_t len = strlen(value) + 1;

	(void)section;
	if (r->failed)
		return 1;
	if (is_setting(name)) {
		r->failed = !set_setting(r->o, name, value, r->e);
	} else if (strcmp(name, "config") == 0) {
		r->failed = !tool_fail(r->e, "config cannot name another configuration file");
	} else if (r->o->kept_octets + len > sizeof(r->o->kept)) {
		r->failed = !tool_fail(r->e, "more than %zu octets of values", sizeof(r->o->kept));
	} else {
		char *copy = memcpy(r->o->kept + r->o->kept_octets, value, len);
		r->o->kept_octets += len;
		r->failed = !args_set(r->o->args, name, copy, r->e);
	}
	return !r->failed;
}

bool
netopts_read_file(struct netopts *o, const char *path, struct tool_error *e)
{
	struct tool_error inner = {""};
	struct file_reading r = {o, &inner, false};
	int line = ini_parse(path, take_line, &r);

	if (line < 0)
		return tool_fail(e, "--config %s: cannot be read; name a readable file", path);
	if (r.failed)
		return tool_fail(e, "--config %s line %d: %.300s", path, line, inner.text);
	if (line > 0)
		return tool_fail(e, "--config %s line %d: write NAME = VALUE", path, line);
	return true;
}

bool
netopts_check(const struct netopts *o, struct tool_error *e)
{
	if (o->tap == NULL)
		return tool_fail(e, "--tap is missing; name the interface: --tap plim0");
	if (o->n_addrs == 0)
		return tool_fail(e, "--addr is missing; give an address: --addr 10.77.0.2/24");
	for (unsigned i = 0; i < o->n_addrs; i++)
		if (o->addrs[i].addr.family == 6 && o->mtu != 0 && o->mtu < 1280)
			return tool_fail(e, "--mtu %u: IPv6 needs 1280 or more", o->mtu);
	return true;
}

const struct args_option netopts_options[] = {
	{"tap", "NAME", "the TAP; made if it does not exist, and then gone at exit", set_tap},
	{"addr", "ADDR/LEN", "an address of ours; may be repeated, for IPv4 and IPv6", set_addr},
	{"gateway", "ADDR", "default gateway; one for each family", set_gateway},
	{"host-addr", "ADDR/LEN", "give the host's side of the TAP this address and set it up", set_host_addr},
	{"memory", "SIZE", "memory target, all of the stack's memory (8MiB)", set_memory},
	{"mtu", "OCTETS", "longest IP packet (1500, or what an existing TAP has)", set_mtu},
	{"offload", "on|off", "checksums and super-frames through the TAP's virtio header (on)", set_offload},
	{"queue-limit", "SIZE", "most octets one connection may queue, each way", set_queue_limit},
	{"log", "LEVEL", "error, warn (default), info or debug", set_log},
	{"pcap", "FILE", "write every frame to a pcapng file", set_pcap},
	{"impair", "LIST", "a bad link: loss=1%,reorder=1%,duplicate=..,corrupt=..,delay=20ms,rate=10M,seed=7",
         set_impair},
	{"control", "PATH", "control socket (/run/plim/TAP.sock)", set_control},
	{"set", "NAME=VALUE", "any setting of the stack; plim size --settings lists them", set_set},
	{"config", "FILE", "lines NAME = VALUE: these options and settings", set_config},
	{NULL, NULL, NULL, NULL},
};
