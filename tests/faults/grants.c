/* SPDX-License-Identifier: ISC */
/* Grants counted and refused: see grants.h. */
#include "grants.h"

#include "tests/unit/grant_wraps.h"

struct grant_counts grants;

static struct grant_plan plan;
static bool counting;

bool __real_pl_mem_charge(struct pl_mem *m, uint64_t octets);
bool __wrap_pl_mem_charge(struct pl_mem *m, uint64_t octets);

void
grants_start(const struct grant_plan *p)
{
	memset(&grants, 0, sizeof grants);
	plan = p ? *p : (struct grant_plan){0};
	counting = true;
}

void
grants_stop(void)
{
	counting = false;
}

static bool
grant_is_refused(unsigned cls)
{
	uint64_t n;

	if (!counting)
		return false;
	grants.asked++;
	grants.asked_of[cls]++;
	n = plan.one_class ? grants.asked_of[cls] : grants.asked;
	if (plan.from == 0 || (plan.one_class && plan.cls != cls) || n < plan.from || n >= plan.to)
		return false;
	grants.refused++;
	grants.refused_of[cls]++;
	return true;
}

bool
__wrap_pl_mem_charge(struct pl_mem *m, uint64_t octets)
{
	return grant_is_refused(PLIM_CLASS_app) ? false : __real_pl_mem_charge(m, octets);
}
