/* SPDX-License-Identifier: ISC */
/* The state diagram: see state.h. */
#include "tcp/state.h"

#include "tcp/credit.h"
#include "tcp/table.h"

#define TO(s) (1u << PLIM_##s)

static const uint16_t edges[PLIM_N_STATES] = {
	[PLIM_CLOSED] = TO(LISTEN) | TO(SYN_SENT),
	[PLIM_LISTEN] = TO(SYN_RECEIVED) | TO(SYN_SENT),
	[PLIM_SYN_SENT] = TO(ESTABLISHED) | TO(SYN_RECEIVED),
	[PLIM_SYN_RECEIVED] = TO(ESTABLISHED) | TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(LISTEN),
	[PLIM_ESTABLISHED] = TO(FIN_WAIT_1) | TO(CLOSE_WAIT),
	[PLIM_FIN_WAIT_1] = TO(FIN_WAIT_2) | TO(CLOSING) | TO(TIME_WAIT),
	[PLIM_FIN_WAIT_2] = TO(TIME_WAIT),
	[PLIM_CLOSE_WAIT] = TO(LAST_ACK),
	[PLIM_CLOSING] = TO(TIME_WAIT),
};

bool
pl_tcp_is_legal_edge(enum plim_state from, enum plim_state to)
{
	return to == PLIM_CLOSED || (edges[from] >> to & 1u);
}

void
pl_tcp_set_state(struct pl_tcp *t, struct pl_tcp_rec *r, enum plim_state to)
{
	PL_ASSERT(pl_tcp_is_legal_edge(r->state, to));
	if (to == PLIM_ESTABLISHED) {
		struct plim_addr raddr = pl_tcp_rec_tuple(r).raddr;

		pl_prefix_enter(&t->prefixes, t->core, &raddr);
	}
	if (r->kind == PL_REC_CONN)
		pl_tcp_credit_leave(t, (struct pl_tcp_conn *)r);
	t->by_state[r->state]--;
	t->by_state[to]++;
	r->state = (uint8_t)to;
	if (r->kind == PL_REC_CONN)
		pl_tcp_credit_enter(t, (struct pl_tcp_conn *)r);
}

void
pl_tcp_state_born(struct pl_tcp *t, struct pl_tcp_rec *r, enum plim_state in)
{
	r->state = (uint8_t)in;
	t->by_state[in]++;
}

void
pl_tcp_state_gone(struct pl_tcp *t, struct pl_tcp_rec *r)
{
	t->by_state[r->state]--;
	r->state = PLIM_CLOSED;
}
