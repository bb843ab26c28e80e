/* SPDX-License-Identifier: ISC */
/* What is told over the control socket: counters and connections as JSON, without an allocator. */
#include "tools/writer.h"

#include <stdarg.h>
#include <stdio.h>

#include "platform/posix/sys.h"
#include "tools/units.h"

typedef unsigned long long wide;

void
writer_add(struct writer *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(w->text + w->len, w->room - w->len, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= w->room - w->len)
		w->is_short = true;
	else
		w->len += (size_t)n;
}

/* "title":{"name":value,...} over a table of names. */
static void
add_table(struct writer *w, const char *title, const char *(*name)(unsigned), const uint64_t *values)
{
	writer_add(w, "\"%s\":{", title);
	for (unsigned i = 0; name(i) != NULL; i++)
		writer_add(w, "%s\"%s\":%llu", i > 0 ? "," : "", name(i), (wide)values[i]);
	writer_add(w, "}");
}

static void
add_memory(struct writer *w, const struct plim_stats *st)
{
	writer_add(w, "\"memory\":{\"target\":%llu,\"used\":%llu,\"peak\":%llu,\"slack\":%llu,", (wide)st->target,
	           (wide)st->used, (wide)st->peak, (wide)st->slack);
	add_table(w, "by_class", plim_class_name, st->by_class);
	writer_add(w, ",");
	add_table(w, "cap", plim_class_name, st->class_cap);
	writer_add(w, "}");
}

static void
add_connections(struct writer *w, const struct plim_stats *st)
{
	writer_add(w, "\"connections\":{");
	add_table(w, "by_state", plim_state_name, st->by_state);
	writer_add(w, ",\"idle_form\":%llu,\"orphans\":%llu,\"unaccepted\":%llu}", (wide)st->idle_form,
	           (wide)st->orphans, (wide)st->unaccepted);
}

void
report_stats(struct writer *w, const struct plim_stats *st)
{
	writer_add(w, "{");
	add_memory(w, st);
	writer_add(w, ",\"level\":%u,\"pressure_permille\":%u,", st->level, st->pressure_permille);
	add_connections(w, st);
	writer_add(w, ",");
	add_table(w, "actions", plim_action_name, st->actions);
	writer_add(w, ",");
	add_table(w, "drops", plim_drop_name, st->drops);
	writer_add(w, ",");
	add_table(w, "tcp", plim_tcp_counter_name, st->tcp);
	writer_add(w, ",\"frames\":{\"in\":%llu,\"out\":%llu,\"octets_in\":%llu,\"octets_out\":%llu}",
	           (wide)st->frames_in, (wide)st->frames_out, (wide)st->octets_in, (wide)st->octets_out);
	writer_add(w, ",\"udp\":{\"in\":%llu,\"out\":%llu}", (wide)st->udp_in, (wide)st->udp_out);
	writer_add(w, ",\"process\":{\"resident\":%llu,\"resident_peak\":%llu}}\n", (wide)pl_posix_resident(),
	           (wide)pl_posix_resident_peak());
}

static void
add_endpoint(struct writer *w, const char *title, const struct plim_endpoint *e)
{
	char addr[UNITS_ADDR_OCTETS];

	units_print_addr(addr, &e->addr);
	writer_add(w, e->addr.family == 6 ? ",\"%s\":\"[%s]:%u\"" : ",\"%s\":\"%s:%u\"", title, addr, e->port);
}

void
report_conn(struct writer *w, const struct plim_conn_info *c)
{
	writer_add(w, "{\"state\":\"%s\"", plim_state_name(c->state));
	add_endpoint(w, "local", &c->local);
	add_endpoint(w, "remote", &c->remote);
	writer_add(w, ",\"rcv_queued\":%llu,\"snd_queued\":%llu,\"out_of_order\":%llu", (wide)c->rcv_queued,
	           (wide)c->snd_queued, (wide)c->out_of_order);
	writer_add(w,
	           ",\"rcv_wnd\":%u,\"snd_wnd\":%u,\"cwnd\":%u,\"ssthresh\":%u,\"mss\":%u,\"srtt_us\":%u,\"rto_ms\":%u",
	           c->rcv_wnd, c->snd_wnd, c->cwnd, c->ssthresh, c->mss, c->srtt_us, c->rto_ms);
	writer_add(w, ",\"held\":%llu,\"charged\":%llu,\"limit\":%llu,\"age_ms\":%llu,\"idle_ms\":%llu", (wide)c->held,
	           (wide)c->charged, (wide)c->limit, (wide)c->age_ms, (wide)c->idle_ms);
	writer_add(w, ",\"idle_form\":%s,\"orphan\":%s,\"unaccepted\":%s}", c->idle_form ? "true" : "false",
	           c->orphan ? "true" : "false", c->unaccepted ? "true" : "false");
}
