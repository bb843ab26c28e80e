#!/bin/bash
# Does fuzzing find what is there? Plants defects in a copy of the tree, one after the other; each must be found within
# SECONDS from the committed corpus by the fast build, and explained by the thorough one at the place where it was planted.
# The tree without a defect must not report anything.
#   fuzz-selftest.sh [SECONDS]      default 60. Last line: `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/plant.sh

seconds=${1:-60}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
copy_tree "$copy"

build() { (cd "$copy" && BUILD_ONLY=tests/fuzz/fuzz_stack scripts/build.sh "$1"); }

# Fuzz the copy with two processes for so many seconds, or until one finds something. It stays in $copy/found/.
fuzz() {
	local i pids=() status=0
	rm -rf "$copy/found" "$copy/grown" "$copy"/log.*
	mkdir -p "$copy/found" "$copy/grown/1" "$copy/grown/2"
	for i in 1 2; do
		"$copy/build-fuzz-fast/tests/fuzz/fuzz_stack" -max_total_time="$1" -max_len=256 -entropic=0 -timeout=20 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix="$copy/found/" "$copy/grown/$i" tests/fuzz/corpus/stack \
			>"$copy/log.$i" 2>&1 &
		pids+=($!)
	done
	wait -n || status=1
	[ $status = 0 ] || kill "${pids[@]}" 2>/dev/null
	wait "${pids[@]}" || status=1
	return $status
}

executions() { cat "$copy"/log.* | awk '/^stat::number_of_executed_units/ { n += $2 } END { print n + 0 }'; }

check_unbroken() {
	if build fuzz-fast && build fuzz && fuzz 20; then
		tally_ok "the unbroken tree: nothing found in $(executions) executions"
	else
		tail -n 40 "$copy"/log.*
		tally_fail "the unbroken tree"
	fi
}

# check_planted NAME FILE LINE DEFECT PLACE: PLACE is what the thorough build's report must name.
check_planted() {
	local started=$SECONDS found
	if ! plant_after "$2" "$3" "$4"; then
		tally_fail "$1: $2 has no such line any more, or more than one; mend this script"
		return
	fi
	if ! build fuzz-fast || ! build fuzz; then
		tally_fail "$1: the tree does not build with it; mend this script"
		mend_all
		return
	fi
	fuzz "$seconds"
	found=$(find "$copy/found" -name 'crash-*' 2>/dev/null | head -n 1)
	if [ -z "$found" ]; then
		tail -n 5 "$copy"/log.*
		tally_fail "$1: not found in $seconds s"
	elif "$copy/build-fuzz/tests/fuzz/fuzz_stack" "$found" >"$copy/why" 2>&1 || ! grep -q "$5" "$copy/why"; then
		tail -n 40 "$copy/why"
		tally_fail "$1: found, but the thorough build does not name $5"
	else
		tally_ok "$1: found after $(executions) executions ($((SECONDS - started)) s with building)"
	fi
	mend_all
}

check_unbroken

# The octet behind a segment is read when it is urgent and its third SACK block tells something new.
check_planted "an octet read behind an urgent segment with three SACK blocks" src/tcp/recovery.c \
	'			newly += pl_ledger_sack(&t->core->mem, &h->ledger, s->start, s->end);' \
	'		if (i == 2 && newly > 0 && seg->text.len > 0 && seg->flags & PL_TH_URG)
			(void)*(const volatile uint8_t *)(seg->text.p + seg->text.len);' \
	'pl_tcp_recovery_sacks'

# A segment that fills a hole and overlaps what is stored behind it spoils the first octet there.
check_planted "an octet delivered wrong when a hole is filled" src/tcp/rcvq.c \
	'	while (gone < q->n && pl_seq_le(v[gone].start, *rcv_nxt)) {' \
	'		if (v[gone].start != *rcv_nxt)
			(void)pl_bmap_write(m, &q->map, v[gone].start, pl_text_of((const uint8_t *)"!", 1), PL_GRANT_NORMAL);' \
	'streams.c:.*memcmp'

tally_close
