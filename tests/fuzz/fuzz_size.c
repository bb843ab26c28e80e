/* SPDX-License-Identifier: ISC */
/* Sizes and numbers as people write them, against a slow and obvious reader. */
#include "fuzz.h"
#include "tools/units.h"

/* Digits only, then one of four units, and nothing beyond 64 bits: the value in *out. */
static bool
slow_size(const char *text, uint64_t *out)
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB"};
	__uint128_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (unsigned)(*p - '0');
		if (n > UINT64_MAX)
			return false;
	}
	for (unsigned i = 0; p > text && i < PL_COUNT(units); i++) {
		if (strcmp(p, units[i]) == 0) {
			n <<= 10 * i;
			*out = (uint64_t)n;
			return n <= UINT64_MAX;
		}
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = guarded_text(data, &size);
	char printed[UNITS_SIZE_OCTETS];
	uint64_t slow = 0, fast = 0, number = 0;
	bool is_size = slow_size(text, &slow), has_unit = strchr(text, 'B') != NULL;

	MUST(units_size(text, &fast) == is_size);
	MUST(slow == fast || !is_size);
	MUST(units_number(text, 0, UINT64_MAX, &number) == (is_size && !has_unit));
	MUST(!is_size || has_unit || number == slow);
	MUST(!units_number(text, 576, 65535, &number) || (number >= 576 && number <= 65535));
	if (is_size) {
		MUST(strlen(units_print_size(printed, slow)) < UNITS_SIZE_OCTETS);
		MUST(strtoull(printed, NULL, 10) <= (slow < 1024 ? slow : UINT64_MAX));
	}
	return 0;
}
