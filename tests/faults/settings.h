/* SPDX-License-Identifier: ISC */
/* How much of its faults a program of this folder tries: numbers from the environment. */
#ifndef TESTS_FAULTS_SETTINGS_H
#define TESTS_FAULTS_SETTINGS_H

#include "tests/unit/unit.h"

static inline uint64_t
fault_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

#endif
