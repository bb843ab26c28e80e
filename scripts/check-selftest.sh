#!/bin/bash
# Do the checks check? Breaks one thing at a time in a copy of the tree: each check must fail, naming the culprit, and
# pass on the unbroken copy. A plant that no longer fits the source is a failure too.
#   check-selftest.sh [PART]...      parts: rules oracles demo counts fuzz; without an argument: all
# Last line: `N passed, N failed`. Status 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/plant.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree"
copy_tree "$work/tree"
export CMOCKA_MESSAGE_OUTPUT=STDOUT
unset PLIM_TALLY CI BUILD_ALL # what runs in the copy does not count here

in_copy() { (cd "$work/tree" && "$@") >"$work/out" 2>&1; }

build_in_copy() {
	local target
	for target in "$@"; do
		BUILD_ONLY=$target in_copy scripts/build.sh release build || return 1
	done
}

complain() {
	tail -n 30 "$work/out" | sed 's/^/      /'
	tally_fail "$1"
}

# passes NAME LAST COMMAND...: status 0, and a last line that is LAST (an expression; empty: any).
passes() {
	local name=$1 last=$2
	shift 2
	if in_copy "$@" && tail -n 1 "$work/out" | grep -qE -- "$last"; then
		tally_ok "$name"
	else
		complain "$name"
	fi
}

# fails NAME CULPRIT LAST COMMAND...: a status other than 0, the culprit named, the last line as said.
fails() {
	local name=$1 culprit=$2 last=$3
	shift 3
	if in_copy "$@"; then
		complain "$name: not noticed"
	elif ! grep -qE -- "$culprit" "$work/out"; then
		complain "$name: it failed without naming $culprit"
	elif ! tail -n 1 "$work/out" | grep -qE -- "$last"; then
		complain "$name: the last line is not $last"
	else
		tally_ok "$name: $(grep -E -m 1 -o -- "$culprit" "$work/out")"
	fi
}

# broken NAME PLANT... : plant, or say that it does not fit any more.
broken() {
	local name=$1
	shift
	mend_all
	if ! "$@"; then
		tally_fail "$name: $2 does not read so any more; mend this script"
		return 1
	fi
}

# ---- the rules on the text and the archive ----

rule_fails() { fails "$1" "$3" '^0 passed, 1 failed$' scripts/lint.sh "$2"; }

part_rules() {
	passes "the unbroken tree keeps the rules" '^4 passed, 0 failed$' scripts/lint.sh symbols layers headers api

	broken "an outside function" plant_end src/tcp/rtt.c \
		'char *getenv(const char *); char *pl_planted(void); char *pl_planted(void) { return getenv("X"); }' &&
		rule_fails "symbols: an outside function" symbols 'undefined symbols that are not allowed: getenv'
	broken "a writable variable" plant_end src/wire/arp.c \
		'unsigned pl_planted(void); unsigned pl_planted(void) { static unsigned planted_count; return planted_count++; }' &&
		rule_fails "symbols: a writable variable in a function" symbols 'writable data: planted_count'
	broken "a name of our own" plant_end src/wire/arp.c 'int planted(void); int planted(void) { return 1; }' &&
		rule_fails "symbols: a name without plim_ or pl_" symbols 'names without plim_ or pl_: planted'

	broken "wire includes tcp" plant_after src/wire/arp.c '#include "wire/arp.h"' '#include "tcp/rtt.h"' &&
		rule_fails "layers: wire includes tcp" layers 'src/wire/arp.c:[0-9]+: wire \(2\) includes tcp \(4\)'
	broken "tcp includes udp" plant_after src/tcp/rtt.c '#include "tcp/rtt.h"' '#include "udp/udp.h"' &&
		rule_fails "layers: tcp includes udp" layers 'src/tcp/rtt.c:[0-9]+: tcp \(4\) includes udp \(4\)'
	broken "a system header" plant_after src/tcp/rtt.c '#include "tcp/rtt.h"' '#include <time.h>' &&
		rule_fails "layers: the core includes a system header" layers 'src/tcp/rtt.c:[0-9]+: the core includes <time.h>'

	broken "a header that leans on another" plant_text src/base/bucket.h '#include "base/def.h"' '' &&
		rule_fails "headers: one that does not compile alone" headers 'src/base/bucket.h: does not compile alone as C$'
	broken "a header that is not C++" plant_end include/plim/plim.h 'struct plim_planted { int class; };' &&
		rule_fails "headers: one that is not C++" headers 'include/plim/plim.h: does not compile alone as C\+\+'

	broken "a function without a comment" plant_end include/plim/plim.h $'\nPLIM_API int plim_planted(void);' &&
		rule_fails "api: a function without a comment" api 'plim_planted has no comment right before it'
	broken "a function without a test" plant_end include/plim/plim.h \
		$'\n/** Nothing. */\nPLIM_API int plim_planted(void);' &&
		rule_fails "api: a function without a test" api 'plim_planted is used by no test'
	mend_all
}

# ---- the tests' oracles ----

programs=(tests/pair/pair_transfer tests/dialogue/dialogue_data tests/dialogue/dialogue_close tests/unit/test_net_input)

# oracle_fails NAME PROGRAM CULPRIT: build the planted copy and run one program of tests.
oracle_fails() {
	if ! build_in_copy "$2"; then
		complain "$1: it does not build"
		return
	fi
	fails "$1" "$3" '' "build/$2"
}

part_oracles() {
	local program
	build_in_copy "${programs[@]}" || complain "the tests of the unbroken tree do not build"
	for program in "${programs[@]}"; do
		passes "$(basename "$program") passes on the unbroken tree" '' "build/$program"
	done

	broken "one wrong octet" plant_after src/mem/bmap.c '		memcpy(to, from, run);' \
		'		if (seq - b->base <= 70000 && 70000 - (seq - b->base) < run) to[70000 - (seq - b->base)] ^= 1;' &&
		oracle_fails "pair: one octet in a stream delivered wrong" "${programs[0]}" 'octet [0-9]+ is wrong'
	broken "an address in the ISN" plant_text src/tcp/isn.c 'return (pl_seq)(t->core->now >> 12) +' \
		'return (pl_seq)((uintptr_t)t >> 12) + (pl_seq)(t->core->now >> 12) +' &&
		oracle_fails "pair: a number that depends on an address" "${programs[0]}" 'FAILED  ] same_seed_same_trace'
	broken "memory that nobody wrote in the ISN" plant_text src/tcp/isn.c 'return (pl_seq)(t->core->now >> 12) +' \
		'return t->core->mem.region[t->core->mem.target - 1] + (pl_seq)(t->core->now >> 12) +' &&
		oracle_fails "pair: a number that depends on what the memory held" "${programs[0]}" \
			'FAILED  ] same_seed_same_trace'
	broken "an ACK of refused text" plant_after src/tcp/text.c \
		'		(void)PL_DROP(t->core, tcp_text_refused); /* a probe of a shut window */' '		c->rcv_nxt = text_end;' &&
		oracle_fails "dialogue: refused text is acknowledged" "${programs[1]}" \
			'FAILED  ] .*a_probe_of_our_shut_window_is_answered'
	broken "a drop not counted" plant_text src/tcp/text.c '(void)PL_DROP(t->core, tcp_text_after_close);' '' &&
		oracle_fails "drops: one that is not counted" "${programs[2]}" \
			'FAILED  ] text_after_close_is_reset_while_ours_is_unacknowledged'
	broken "the same in the closing form" plant_text src/tcp/closing.c '(void)PL_DROP(t->core, tcp_text_after_close);' '' &&
		oracle_fails "drops: one that is not counted in the closing form" "${programs[2]}" \
			'FAILED  ] text_after_close_is_reset$'
	broken "a drop by another name" plant_text src/net/input4.c 'PL_NET_DROP(n, ip4_source)' \
		'PL_NET_DROP(n, ip4_not_for_us)' &&
		oracle_fails "drops: one counted under another name" "${programs[3]}" \
			'FAILED  ] ip4_martians_and_strangers_are_refused'
	mend_all
}

# ---- the demo ----

demo_in_copy() { timeout 120 "$@" </dev/null; }

part_demo() {
	build_in_copy plim || complain "plim of the unbroken tree does not build"
	passes "demo: the unbroken tree" '^demo: ok$' demo_in_copy build/plim demo
	fails "demo --break fails" 'FAIL download large: .*' '^demo: FAILED$' demo_in_copy build/plim demo --break
	if broken "a wrong octet served" plant_after tools/http_transfer.c '		t->offset += (uint64_t)n;' \
		'		if (t->offset > 1000000) *(uint8_t *)iov[0].iov_base ^= 1;'; then
		build_in_copy plim || complain "demo: the planted plim does not build"
		fails "demo: an octet served wrong" 'FAIL download .*' '^demo: FAILED$' demo_in_copy build/plim demo
	fi
	mend_all
}

# ---- what is counted ----

# Few and small tests: it is the counting that is checked.
write_few_tests() {
	cat >"$work/tree/tests/meson.build" <<-'END'
		unit = declare_dependency(dependencies: [core_dep, dependency('cmocka')])
		foreach name : ['bucket', 'seq', 'version']
		  test(name, executable('test_' + name, 'unit/test_' + name + '.c', dependencies: unit),
		    protocol: 'tap', env: {'CMOCKA_MESSAGE_OUTPUT': 'TAP'})
		endforeach
	END
}

at_start='__attribute__((constructor)) static void planted(void)'
crash="$at_start { __builtin_trap(); }"
skip="$at_start { puts(\"1..0 # SKIP planted\"); exit(0); }"
test_planted="tests/unit/test_bucket.c"

part_counts() {
	local others
	others=$(cat "$work/tree"/tests/unit/test_{seq,version}.c | grep -o 'cmocka_unit_test(' | wc -l)
	others=$((others + $(grep -c '^ *test(' "$work/tree/examples/meson.build"))) # they run too
	cp "$work/tree/tests/meson.build" "$work/tests"
	write_few_tests

	passes "test.sh: what passes" '^[1-9][0-9]* passed, 0 failed$' scripts/test.sh release
	broken "a crash" plant_end $test_planted "$crash" &&
		fails "test.sh: a program that crashes before its report" 'bucket +(ERROR|FAIL) .*SIG(TRAP|ILL)' \
			"^$others passed, 1 failed$" scripts/test.sh release
	broken "a skipped test" plant_end $test_planted "$skip" &&
		passes "test.sh: a skipped test" "^$others passed, 0 failed, 1 skipped$" scripts/test.sh release &&
		fails "test.sh: a skipped test under CI" '1 skipped \(' "^$others passed, 1 failed$" \
			env CI=true scripts/test.sh release
	broken "no report" plant_text scripts/test.sh 'meson test -C "$dir"' 'false' &&
		fails "test.sh: no report" 'tests-release \(no report\)' '^0 passed, 1 failed$' scripts/test.sh release
	broken "what does not compile" plant_end $test_planted 'int planted(void) { return }' &&
		fails "test.sh: what does not compile" 'FAIL  build-release' '^0 passed, 1 failed$' scripts/test.sh release
	part_ci "$others"
	cp "$work/tests" "$work/tree/tests/meson.build"
	mend_all
}

# .ci/run with these few tests and two checks on the text.
ci_plant() {
	mend_all
	plant_text scripts/test.sh '|| set -- release asan sim fuzz interop embedding' '|| set -- release' &&
		plant_text scripts/lint.sh '|| set -- layers api headers' '|| set -- layers api #' || return 1
	[ $# -eq 0 ] || "$@"
}

part_ci() {
	local others=$1
	broken "ci" ci_plant && passes ".ci/run sums tests and lint" "^$((others + 2 + 3)) passed, 0 failed$" .ci/run
	broken "ci: a crash" ci_plant plant_end $test_planted "$crash" &&
		fails ".ci/run: a failed test" 'bucket +(ERROR|FAIL)' "^$((others + 2)) passed, 1 failed$" .ci/run
	broken "ci: a layer" ci_plant plant_after src/tcp/rtt.c '#include "tcp/rtt.h"' '#include "udp/udp.h"' &&
		fails ".ci/run: a failed check of the text" 'FAIL  lint layers' "^$((others + 1 + 3)) passed, 1 failed$" .ci/run
	broken "ci: no count" ci_plant plant_after scripts/test.sh 'set -uo pipefail' 'exit 1' &&
		fails ".ci/run: tests that end before they count" 'ended early' '^2 passed, 1 failed$' .ci/run
}

# ---- fuzzing ----

part_fuzz() {
	export BUILD_ONLY=tests/fuzz/fuzz_arp
	passes "fuzz.sh: the unbroken tree" '^1 passed, 0 failed$' scripts/fuzz.sh 1 arp
	broken "a crash in a target" plant_after src/wire/arp.c '	uint16_t htype, ptype;' \
		'	if (pl_cur_left(&c) == 28) __builtin_trap();' &&
		fails "fuzz.sh: a target that crashes" 'FAIL  fuzz arp' '^0 passed, 1 failed$' scripts/fuzz.sh 1 arp
	unset BUILD_ONLY
	mend_all
}

[ $# -gt 0 ] || set -- rules oracles demo counts fuzz
for part in "$@"; do
	"part_$part"
done
tally_close
