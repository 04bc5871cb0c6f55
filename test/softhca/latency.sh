#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# latency.sh SOFTHCA LATENCY_SMOKE: commands told to take time take it, as often as there are such
# commands and no longer than the machine is busy.
softhca=$1 program=$2
. "$(dirname "$0")/common.sh"

creates=400 modifies=1000
expected=$((creates * 1000 + modifies * 100)) # us

took() { # OPTIONS...
	"$softhca" run --profile cx6dx "$@" --stat "$T/stat" -- "$program" $creates $modifies ||
		fail "latency_smoke ends with $?"
}
without=$(took) || exit 1
with=$(took --latency create=1ms,modify=100us) || exit 1
difference=$((with - without))
echo "$without us without, $with us with latency: $difference us more, $expected expected"
[ "$with" -ge $expected ] || fail "$with us for commands of $expected us"
# Each wakes up late by some tens of microseconds; a loaded machine makes it more.
[ $difference -le $((expected * 3)) ] || fail "$difference us more, $expected expected"
exit 0
