/* SPDX-License-Identifier: ISC */
/* Protections by name: see prove.h. */
#include "stack/prove.h"

#include "mem/prove.h"
#include "sock/sock.h"

#ifdef PL_PROVE
static const char *const names[PL_N_PROTECTIONS] = {
#define PL_X(name, text) #name,
	PL_PROTECTIONS(PL_X)
#undef PL_X
};

const char *
plim_prove_name(unsigned i)
{
	return i < PL_N_PROTECTIONS ? names[i] : NULL;
}

/* "interval-cap" and "interval_cap" are the same. */
static bool
is_same_name(const char *a, const char *b)
{
	while (*a && (*a == *b || (*a == '_' && (*b == '-' || *b == '.')))) {
		a++;
		b++;
	}
	return *a == *b;
}

uint64_t
plim_prove_refuse_each(plim *s, uint64_t k)
{
	struct pl_mem *m = &s->core.mem;
	uint64_t refused = m->refuse_each > 0 ? m->asked / m->refuse_each : 0;

	m->asked = 0;
	m->refuse_each = k;
	return refused;
}

bool
plim_prove_without(plim *s, const char *name)
{
	for (unsigned i = 0; i < PL_N_PROTECTIONS; i++) {
		if (!is_same_name(names[i], name))
			continue;
		s->core.mem.without |= UINT64_C(1) << i;
		return true;
	}
	return false;
}
#endif
