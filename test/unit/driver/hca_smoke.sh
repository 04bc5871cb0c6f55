#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# hca_smoke.sh SOFTHCA HCA_SMOKE: the driver's commands are all taken by a NIC that knows every field
# of them; each refused in turn leaves nothing behind; the port's link goes down and up.
softhca=$1 program=$2
. "$(dirname "$0")/../../softhca/common.sh"

"$softhca" run --stat "$T/stat" --trace "$T/trace" --numa-node 0 --function 0,mac=52:54:00:00:00:2a \
	-- "$program" all >"$T/log" 2>&1 || fail "all: $? $(cat "$T/log")"
! grep refused "$T/log" || fail "refused where nothing fails"
grep -q '^mac 52:54:00:00:00:2a$' "$T/log" || fail "MAC: $(cat "$T/log")"
[ "$(alive "$T/stat")" = 0 ] || fail "all: $(alive "$T/stat") objects alive"
# One command for what differs, none if nothing does; the first is refused, since the queue runs.
tuned=$(grep -oE 'modify_field_select=0x(20|1000|1020) .*-> [A-Z_]+' "$T/trace" |
	sed -E 's/ .*-> / /; s/.*=//' | tr '\n' ' ')
[[ $tuned =~ ^0x20\ [^O][A-Z_]*\ 0x20\ OK\ 0x1000\ OK\ 0x1020\ OK\ $ ]] ||
	fail "tuned: $tuned"

# A device without tables of a program's own.
printf '[device]\nflow_tables = no\n' >"$T/plain.ini"
"$softhca" run --profile "$T/plain.ini" --stat "$T/stat" --trace "$T/trace" -- "$program" plain \
	>"$T/log" 2>&1 || fail "plain: $? $(cat "$T/log")"
! grep refused "$T/log" || fail "plain: refused where nothing fails"
[ "$(alive "$T/stat")" = 0 ] || fail "plain: $(alive "$T/stat") objects alive"

# Each command of a life, in turn.
for ((n = 1; ; n++)); do
	"$softhca" run --stat "$T/stat" --fail "any:$n" -- "$program" steer >"$T/log" 2>&1
	status=$?
	[ $status = 0 ] || [ $status = 3 ] || fail "any:$n: exit $status: $(cat "$T/log")"
	[ "$(alive "$T/stat")" = 0 ] || fail "any:$n: $(alive "$T/stat") objects alive"
	"$softhca" stat -j "$T/stat" | grep -q '"commands_failed": [1-9]' || break
done
echo "$((n - 1)) commands refused, one in each life"
[ $n -gt 60 ] || fail "only $((n - 1)) commands in a life: that cannot be"

"$softhca" run --stat "$T/stat" -- "$program" link >"$T/log" 2>&1 &
pid=$!
for want in up down up; do
	for ((i = 0; i < 600; i++)); do
		[ "$(tail -n 1 "$T/log" | cut -d' ' -f1)" != $want ] || break
		kill -0 $pid 2>/dev/null || fail "link: $(cat "$T/log")"
		sleep 0.05
	done
	case $want-$(wc -l <"$T/log") in
	up-1) "$softhca" inject "$T/stat" link 0 down ;;
	down-2) "$softhca" inject "$T/stat" link 0 up ;;
	esac
done
wait $pid || fail "link: $? $(cat "$T/log")"
[ "$(cut -d' ' -f1 "$T/log" | tr '\n' ' ')" = "up down up " ] || fail "link: $(cat "$T/log")"
grep -qE '^up [1-9][0-9]{3,}$' "$T/log" || fail "speed: $(cat "$T/log")"
cat "$T/log"
[ "$(alive "$T/stat")" = 0 ] || fail "link: $(alive "$T/stat") objects alive"
