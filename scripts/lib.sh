# Shared by the scripts here: source it. Counts results and prints the closing line.
#   tally_add NAME PASSED FAILED [SKIPPED]     tally_ok NAME / tally_fail NAME
# With PLIM_TALLY=FILE the counts are also added to that file, so that a caller can sum several scripts.

tally_passed=0 tally_failed=0 tally_skipped=0

tally_add() {
	tally_passed=$((tally_passed + $2))
	tally_failed=$((tally_failed + $3))
	tally_skipped=$((tally_skipped + ${4:-0}))
	if [ -n "${PLIM_TALLY:-}" ]; then
		echo "$2 $3 ${4:-0} $1" >>"$PLIM_TALLY"
	fi
}

tally_ok() {
	echo "ok    $1"
	tally_add "$1" 1 0
}

tally_fail() {
	echo "FAIL  $1"
	tally_add "$1" 0 1
}

# A test that cannot run: a failure under CI, else shown with the reason.
tally_cannot_run() {
	if [ "${CI:-}" = true ]; then
		echo "FAIL  $1 cannot run: $2"
		tally_add "$1" 0 1
	else
		echo "skip  $1: $2"
		tally_add "$1" 0 0 1
	fi
}

# Print `N passed, N failed` alone and last; succeed only if something passed and nothing failed.
tally_close() {
	local line="$tally_passed passed, $tally_failed failed"
	if [ "$tally_skipped" -gt 0 ]; then
		line="$line, $tally_skipped skipped"
	fi
	echo "$line"
	[ "$tally_failed" -eq 0 ] && [ "$tally_passed" -gt 0 ]
}

# Go on in a network namespace of one's own: as root directly, else with a user namespace. Returns only inside, or
# with 1 if it is not permitted.
#   own_network "$0" "$@"
own_network() {
	[ -z "${PLIM_CHECK_INSIDE:-}" ] || return 0
	export PLIM_CHECK_INSIDE=1
	if unshare -n true 2>/dev/null; then
		exec unshare -n "$@"
	elif unshare -rn true 2>/dev/null; then
		exec unshare -rn "$@"
	fi
	return 1
}
