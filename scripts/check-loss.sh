#!/bin/bash
# Goodput through loss: 100 MB with each of five seeds over a path of 100 Mbit/s, RTT 40 ms, 2 % lost each way, in virtual
# time. Every octet is checked; the median must be 2.0 Mbit/s or more.
#   check-loss.sh [SEEDS [OCTETS]]     Last line: `N passed, N failed`. Status 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

export LOSS_SEEDS=${1:-5} LOSS_OCTETS=${2:-100000000} CMOCKA_MESSAGE_OUTPUT=STDOUT
program=build/tests/pair/pair_loss
log=$(mktemp)
trap 'rm -f "$log"' EXIT

if ! BUILD_ONLY=tests/pair/pair_loss scripts/build.sh release build; then
	tally_fail "build of $program"
elif "$program" >"$log" 2>&1; then
	sed -n 's/^# //p' "$log"
	tally_ok "goodput through 2 % loss"
else
	cat "$log"
	tally_fail "goodput through 2 % loss"
fi
tally_close
