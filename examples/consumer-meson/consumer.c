/* SPDX-License-Identifier: ISC */
/* The least that uses the library: make a stack, and say how much memory it takes. */
#include <plim/plim.h>
#include <stdio.h>

static _Alignas(64) uint8_t region[1 << 20];

int
main(void)
{
	const uint8_t entropy[PLIM_ENTROPY_OCTETS] = {1}; /* a real program takes unpredictable ones */
	struct plim_config config;
	struct plim_stats st;
	plim *stack;

	plim_config_default(&config);
	int code = plim_create(&config, region, sizeof(region), entropy, 0, &stack);
	if (code != PLIM_OK) {
		fprintf(stderr, "plim_create: %s\n", plim_strerror(code));
		return 1;
	}
	plim_stats(stack, &st);
	printf("plimsoll %s: target %llu, used %llu\n", plim_version(), (unsigned long long)st.target,
	       (unsigned long long)st.used);
	return 0;
}
