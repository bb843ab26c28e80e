/* SPDX-License-Identifier: ISC */
/*
 * Names and texts for the numbers of the public header, from its X-macro lists.
 *
 * Invariant: every table is as long as its enum. Texts are static storage and never change.
 */
#include <plim/plim.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define STR_(x) #x
#define STR(x) STR_(x)

const char *
plim_version(void)
{
	return STR(PLIM_VERSION_MAJOR) "." STR(PLIM_VERSION_MINOR) "." STR(PLIM_VERSION_PATCH);
}

const char *
plim_strerror(int code)
{
	switch (code) {
	case PLIM_OK: return "no error";
#define PLIM_X(name, number, text) \
	case PLIM_##name: return text;
		PLIM_ERRORS(PLIM_X)
#undef PLIM_X
	default: return "unknown error";
	}
}

#define PLIM_X(name, text) #name,
static const char *const class_names[] = {PLIM_CLASSES(PLIM_X)};
static const char *const drop_names[] = {PLIM_DROPS(PLIM_X)};
static const char *const action_names[] = {PLIM_ACTIONS(PLIM_X)};
#undef PLIM_X

#define PLIM_X(name) #name,
static const char *const state_names[] = {PLIM_STATES(PLIM_X)};
static const char *const tcp_counter_names[] = {PLIM_TCP_COUNTERS(PLIM_X)};
#undef PLIM_X

_Static_assert(COUNT(class_names) == PLIM_N_CLASSES, "one name for each class");
_Static_assert(COUNT(drop_names) == PLIM_N_DROPS, "one name for each drop reason");
_Static_assert(COUNT(action_names) == PLIM_N_ACTIONS, "one name for each action");
_Static_assert(COUNT(state_names) == PLIM_N_STATES, "one name for each state");
_Static_assert(COUNT(tcp_counter_names) == PLIM_N_TCP_COUNTERS, "one name for each TCP counter");

static const char *
name_at(const char *const *table, unsigned length, unsigned i)
{
	return i < length ? table[i] : NULL;
}

const char *
plim_class_name(unsigned cls)
{
	return name_at(class_names, PLIM_N_CLASSES, cls);
}

const char *
plim_state_name(unsigned state)
{
	return name_at(state_names, PLIM_N_STATES, state);
}

const char *
plim_drop_name(unsigned drop)
{
	return name_at(drop_names, PLIM_N_DROPS, drop);
}

const char *
plim_action_name(unsigned action)
{
	return name_at(action_names, PLIM_N_ACTIONS, action);
}

const char *
plim_tcp_counter_name(unsigned counter)
{
	return name_at(tcp_counter_names, PLIM_N_TCP_COUNTERS, counter);
}
