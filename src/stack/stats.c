/* SPDX-License-Identifier: ISC */
/* What is seen of a stack from outside: counters, holders, invariants. */
#include "mem/governor.h"
#include "mem/trace.h"
#include "sock/sock.h"
#include "tcp/info.h"
#include "tcp/listener.h"

static void
stats_memory(const struct pl_mem *m, struct plim_stats *out)
{
	uint64_t live = m->static_octets + m->charged;

	out->target = m->target;
	out->used = pl_mem_used(m);
	out->peak = m->peak;
	for (unsigned c = 0; c < PLIM_N_CLASSES; c++) {
		out->by_class[c] = m->cls_octets[c];
		out->class_cap[c] = c == PLIM_CLASS_static ? m->static_octets : m->cls_cap[c];
		if (c != PLIM_CLASS_static)
			live += m->cls_live[c];
	}
	out->by_class[PLIM_CLASS_app] += m->charged;
	out->slack = out->used - live;
	out->pressure_permille = pl_pressure(m);
}

static void
stats_connections(const struct pl_tcp *t, struct plim_stats *out)
{
	const struct pl_mem *m = &t->core->mem;

	memcpy(out->by_state, t->by_state, sizeof out->by_state);
	out->orphans = t->n_orphans + t->n_closing;
	out->unaccepted = t->n_unaccepted;
	out->idle_form = m->types[PL_OBJ_conn4].live + m->types[PL_OBJ_conn6].live - t->n_hot;
}

void
plim_stats(const plim *s, struct plim_stats *out)
{
	const struct pl_core *c = &s->core;

	memset(out, 0, sizeof *out);
	stats_memory(&c->mem, out);
	stats_connections(&s->tcp, out);
	memcpy(out->drops, c->drops, sizeof out->drops);
	memcpy(out->actions, c->actions, sizeof out->actions);
	memcpy(out->tcp, c->tcp, sizeof out->tcp);
	out->frames_in = c->frames_in;
	out->frames_out = c->frames_out;
	out->octets_in = c->octets_in;
	out->octets_out = c->octets_out;
	out->udp_in = c->udp_in;
	out->udp_out = c->udp_out;
	out->work = c->work;
	out->level = c->level;
}

size_t
plim_trace(const plim *s, uint64_t *cursor, struct plim_trace_record *out, size_t n, uint64_t *lost)
{
	return pl_trace_read(&s->core, cursor, out, n, lost);
}

int
plim_conn_info(plim *s, plim_h h, struct plim_conn_info *out)
{
	struct pl_slot *sl = pl_slot_find(&s->core, h);

	if (!sl)
		return PLIM_ESTALE;
	if (sl->kind == PL_SLOT_CONN)
		pl_tcp_info_conn(&s->tcp, pl_tcp_conn(&s->tcp, sl->rec), out);
	else if (sl->kind == PL_SLOT_LISTENER)
		pl_tcp_info_listener(&s->tcp, pl_mem_ptr(&s->core.mem, sl->rec), out);
	else
		return PLIM_ENOTCONN;
	return PLIM_OK;
}

int
plim_memory_map(const plim *s, uint64_t *cursor, struct plim_conn_info *out, size_t n)
{
	return pl_tcp_info_walk(&s->tcp, cursor, out, n);
}

size_t
plim_free_spans(plim *s, uint32_t *cursor, struct plim_span *spans, size_t n)
{
	return pl_mem_free_runs(&s->core.mem, cursor, spans, n);
}

int
plim_check(const plim *s, const char **why)
{
	const char *fault = pl_mem_check(&s->core.mem);

	if (!fault)
		fault = pl_neigh_check(&s->net);
	if (!fault)
		fault = pl_reasm_check(&s->net);
	if (!fault)
		fault = pl_tcp_check(&s->tcp);
	if (fault && why)
		*why = fault;
	return fault != NULL;
}
