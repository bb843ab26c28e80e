/* SPDX-License-Identifier: ISC */
/* Results as people and programs read them: see report.h. */
#include "sim/report.h"

#include <jansson.h>

static void
print_figure(FILE *to, const char *name, double value)
{
	if (value >= 0)
		fprintf(to, " %s %.3f", name, value);
}

static void
print_failed(FILE *to, const struct sim_result *r)
{
	bool is_whole = r->target % (1u << 20) == 0;

	for (unsigned i = 0; i < r->n_failed; i++)
		fprintf(to, "       %s: %s\n", r->failed[i].check, r->failed[i].text);
	fprintf(to, "       repeat: plim sim run %s --memory %llu%s --seed %llu%s%s%s\n", r->id,
	        (unsigned long long)(is_whole ? r->target >> 20 : r->target), is_whole ? "MiB" : "",
	        (unsigned long long)r->seed, r->governor ? "" : " --governor off",
	        r->without[0] != 0 ? " --without " : "", r->without);
}

void
sim_report_print(FILE *to, const struct sim_result *r, bool with_timing)
{
	fprintf(to, "%-6s %-4s %-26s %2llu MiB", r->pass ? "ok" : "failed", r->id, r->name,
	        (unsigned long long)(r->target >> 20));
	if (!r->governor)
		fprintf(to, " governor off");
	if (r->without[0] != '\0')
		fprintf(to, " without %s", r->without);
	print_figure(to, "G", r->G);
	print_figure(to, "H", r->H);
	print_figure(to, "P95", r->P95);
	fprintf(to, " R %llu", (unsigned long long)r->R);
	print_figure(to, "T_rec", r->T_rec);
	fprintf(to, " peak %.1f%% level %u", (double)r->peak * 100 / (double)r->target, r->most_level);
	print_figure(to, "W", r->W);
	print_figure(to, "applied", r->applied);
	if (r->at_law)
		fprintf(to, " at_law %.3g", r->law);
	if (with_timing)
		fprintf(to, " | %.0f s, %llu frames, %llu events, %llu walks, %.2f CPU s", r->sim_s,
		        (unsigned long long)r->frames, (unsigned long long)r->events, (unsigned long long)r->walks,
		        r->cpu_s);
	fprintf(to, "\n");
	if (!r->pass)
		print_failed(to, r);
}

/* ---- JSON ---- */

static json_t *
figure(double value)
{
	return value >= 0 ? json_real(value) : json_null();
}

static json_t *
failed_of(const struct sim_result *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->n_failed; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:s}", "check", r->failed[i].check, "value",
		                                      figure(r->failed[i].value), "limit", figure(r->failed[i].limit),
		                                      "text", r->failed[i].text));
	return list;
}

static json_t *
actions_of(const struct sim_result *r)
{
	json_t *list = json_array();

	for (unsigned a = 0; a < PLIM_N_ACTIONS; a++)
		if (r->actions[a] > 0)
			json_array_append_new(list, json_string(plim_action_name(a)));
	return list;
}

static json_t *
run_of(const struct sim_result *r)
{
	char trace[24];
	json_t *o;

	snprintf(trace, sizeof trace, "%016llx", (unsigned long long)r->trace);
	o = json_pack("{s:s, s:s, s:I, s:s, s:I, s:b, s:o, s:b}", "id", r->id, "name", r->name, "target",
	              (json_int_t)r->target, "governor", r->governor ? "on" : "off", "seed", (json_int_t)r->seed,
	              "pass", r->pass, "failed", failed_of(r), "at_law", r->at_law);
	json_object_set_new(o, "applied", figure(r->applied));
	json_object_set_new(o, "peak", json_integer((json_int_t)r->peak));
	json_object_set_new(o, "G", figure(r->G));
	json_object_set_new(o, "H", figure(r->H));
	json_object_set_new(o, "P95", figure(r->P95));
	json_object_set_new(o, "R", json_integer((json_int_t)r->R));
	json_object_set_new(o, "T_rec", figure(r->T_rec));
	json_object_set_new(o, "W", figure(r->W));
	json_object_set_new(o, "actions", actions_of(r));
	json_object_set_new(o, "trace", json_string(trace));
	return o;
}

bool
sim_report_json(const char *path, const struct sim_result *const *runs, const struct sim_result *const *reference,
                unsigned n)
{
	json_t *list = json_array(), *all;
	bool ok;

	for (unsigned i = 0; i < n; i++) {
		json_t *o = run_of(runs[i]);

		if (reference != NULL)
			json_object_set_new(o, "reference", run_of(reference[i]));
		json_array_append_new(list, o);
	}
	all = json_pack("{s:i, s:o}", "version", 1, "runs", list);
	ok = json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0;
	json_decref(all);
	return ok;
}
