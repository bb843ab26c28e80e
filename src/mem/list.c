/* SPDX-License-Identifier: ISC */
/* Lists by id: see list.h. */
#include "mem/list.h"

void
pl_list_push(const struct pl_mem *m, struct pl_list *l, pl_id id)
{
	*pl_list_link(m, l, id) = (struct pl_link){.prev = l->tail};
	if (l->tail)
		pl_list_link(m, l, l->tail)->next = id;
	else
		l->head = id;
	l->tail = id;
}

void
pl_list_remove(const struct pl_mem *m, struct pl_list *l, pl_id id)
{
	struct pl_link *link = pl_list_link(m, l, id);

	if (link->prev)
		pl_list_link(m, l, link->prev)->next = link->next;
	else
		l->head = link->next;
	if (link->next)
		pl_list_link(m, l, link->next)->prev = link->prev;
	else
		l->tail = link->prev;
	*link = (struct pl_link){0};
}

void
pl_list_moved(const struct pl_mem *m, struct pl_list *l, pl_id to)
{
	struct pl_link *link = pl_list_link(m, l, to);

	if (link->prev)
		pl_list_link(m, l, link->prev)->next = to;
	else
		l->head = to;
	if (link->next)
		pl_list_link(m, l, link->next)->prev = to;
	else
		l->tail = to;
}

void
pl_list_append(const struct pl_mem *m, struct pl_list *l, struct pl_list *from)
{
	if (!from->head)
		return;
	if (l->tail) {
		pl_list_link(m, l, l->tail)->next = from->head;
		pl_list_link(m, l, from->head)->prev = l->tail;
	} else {
		l->head = from->head;
	}
	l->tail = from->tail;
	from->head = from->tail = 0;
}
