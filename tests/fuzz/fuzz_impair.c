/* SPDX-License-Identifier: ISC */
/* The text of an impairment: what is taken is in range and read again the same when written; a refusal points into the text. */
#include "options_check.h"

static void
check_again(const struct pl_impair_config *c)
{
	char text[400];
	const char *bad;
	struct pl_impair_config again = {0};

	snprintf(text, sizeof text,
	         "loss=%.4f%%,reorder=%.4f%%,duplicate=%.4f%%,corrupt=%.4f%%,delay=%lluns,reorder-delay=%lluns,"
	         "rate=%llu,queue=%u,seed=%llu",
	         c->loss_ppm / 1e4, c->reorder_ppm / 1e4, c->duplicate_ppm / 1e4, c->corrupt_ppm / 1e4,
	         (unsigned long long)c->delay_ns, (unsigned long long)c->reorder_ns, (unsigned long long)c->rate_bps,
	         c->queue_limit, (unsigned long long)c->seed);
	MUST(pl_impair_parse(text, &again, &bad) == 0);
	MUST(memcmp(&again, c, sizeof again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = guarded_text(data, &size), *bad = NULL;
	struct pl_impair_config c;

	memset(&c, 0, sizeof c); /* with its padding: compared as octets */
	if (pl_impair_parse(text, &c, &bad) == 0) {
		MUST(bad == NULL);
		check_again(&c);
	} else {
		MUST(bad >= text && bad <= text + size && (bad == text || bad[-1] == ','));
	}
	check_impair(&c);
	return 0;
}
