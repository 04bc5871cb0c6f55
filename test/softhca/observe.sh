#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# observe.sh SOFTHCA OBSERVE_SMOKE: look at a NIC that nobody has prepared for it, make a command of
# it fail, and see who left what behind.
softhca=$1 program=$2
. "$(dirname "$0")/common.sh"
export TMPDIR=$T/tmp
mkdir "$TMPDIR"

declare -A IN=()
start() { # NAME OPTIONS...: the program under softhca; $PID is the launcher's
	local name=$1
	shift
	mkfifo "$T/$name.in"
	"$softhca" run "$@" -- "$program" <"$T/$name.in" >"$T/$name.out" 2>"$T/$name.err" &
	PID=$!
	exec {fd}>"$T/$name.in"
	IN[$name]=$fd
	wait_for "$name" ready
}
wait_for() { # NAME TEXT
	for _ in $(seq 300); do
		! grep -q -- "$2" "$T/$1.out" || return 0
		sleep 0.1
	done
	fail "$1 does not say '$2': $(cat "$T/$1.out" "$T/$1.err")"
}
tell() { # NAME WORD: and wait for its answer
	local before
	before=$(wc -l <"$T/$1.out")
	echo "$2" >&"${IN[$1]}"
	for _ in $(seq 300); do
		[ "$(wc -l <"$T/$1.out")" = "$before" ] || break
		sleep 0.1
	done
	ANSWER=$(tail -n 1 "$T/$1.out")
}
end() { # NAME LAUNCHER
	local fd=${IN[$1]}
	exec {fd}>&-
	wait "$2" || fail "$1 ends with $?: $(cat "$T/$1.err")"
}
expect() { # STATUS MESSAGE ARGUMENTS...
	local want=$1 message=$2 status=0
	shift 2
	"$softhca" "$@" >"$T/out" 2>"$T/err" || status=$?
	[ $status = "$want" ] || fail "softhca $*: $status instead of $want: $(cat "$T/err")"
	grep -qF -- "$message" "$T/out" "$T/err" || fail "softhca $*: $(cat "$T/out" "$T/err")"
	[ "$want" = 0 ] || [ "$(wc -l <"$T/err")" = 1 ] || fail "not one line: $(cat "$T/err")"
	[ "$1" != stat ] || ! grep -E '.{101}' "$T/out" || fail "softhca $*: wider than 100 columns"
}
json() { # PYTHON-EXPRESSION ARGUMENTS...: it is true of the JSON
	local expression=$1
	shift
	"$softhca" stat -j "$@" >"$T/json" || fail "stat -j $*"
	python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
assert eval(sys.argv[2]), s' "$T/json" "$expression" || fail "not so: $expression"
}

# What the command line gets wrong.
expect 2 "'--bogus' is not an option" stat --bogus
expect 2 "'0' is not a number of seconds" stat --watch 0 1
expect 2 "only with --watch" stat --count 3
expect 2 "not 'b', too" stat a b
expect 2 "inject what?" inject
expect 2 "inject what?" inject 4711 nothing
expect 2 "which queue?" inject queue
expect 2 "'0' is not FUNCTION:INDEX" inject queue 0
expect 2 "'0:x' is not FUNCTION:INDEX" inject queue 0:x
expect 2 "'worse' is none of bad_desc" inject queue 0:1 worse
expect 2 "which command?" inject fail
expect 2 "which link?" inject link 0
expect 2 "'x' is not the number of a function" inject link x up
expect 2 "'sideways' is neither up nor down" inject link 0 sideways
expect 0 "softhca inject queue 0:1" inject --help
expect 0 "softhca stat --watch 1" stat --help

# Nobody is there.
expect 1 "no NIC of this user is running" stat
expect 1 "process 1: no NIC" stat 1
expect 1 "no NIC of this user is running" inject fail alloc_pd

# One: found without a name, by its launcher, by its own number, and in the list.
start one --functions 2
one=$PID
expect 0 "create_cq" inject fail create_cq:7
expect 0 "observe_smoke" stat
nic=$(awk 'NR == 2 { print $1 }' "$T/out")
expect 0 "open_context" stat "$one"
expect 0 "process $nic: " stat "$nic"
json "s['nic']['pid'] == $nic and s['nic']['alive'] and s['nic']['fresh'] and not s['queues']"
json "[p['name'] for p in s['ports']] == ['fn0', 'fn1'] and s['ports'][0]['mac'][:2] == '02'" "$nic"
json "s['command']['open_context']['count'] == 1 and 'create_cq' not in s['command']" "$one"
json "'interval' in s['rates']" --watch 0.1 --count 1 "$one"
expect 0 "/s" stat --watch 0.1 --count 2 "$one"
[ "$(grep -c '^process' "$T/out")" = 2 ] || fail "--count 2: $(cat "$T/out")"

# The second command from now fails, once; what cannot be done is said.
expect 0 "alloc_pd:2 will fail" inject "$one" fail alloc_pd:2
tell one pd && [ "$ANSWER" = "pd: ok" ] || fail "first: $ANSWER"
tell one pd && [ "$ANSWER" = "pd: Cannot allocate memory" ] || fail "second: $ANSWER"
tell one pd && [ "$ANSWER" = "pd: ok" ] || fail "third: $ANSWER"
json "s['command']['alloc_pd'] | {'time_ns': 0, 'max_ns': 0, 'below_2_to_n_us': 0} == {
	'count': 3, 'refused': 0, 'failed': 1, 'time_ns': 0, 'max_ns': 0, 'latency_ns': 0,
	'below_2_to_n_us': 0} and s['commands_failed'] == 1"
expect 1 "not COMMAND or COMMAND:N" inject "$one" fail fly
expect 1 "function 0 has no queue of index 1" inject "$one" queue 0:1 bad_ring
expect 1 "there are functions 0 to 1 only" inject "$one" queue 2:1

# A link goes down, and up again.
expect 0 "link of function 1 is down" inject "$one" link 1 down
expect 0 "was down already" inject "$one" link 1 down
json "[p['link_up'] for p in s['ports']] == [True, False]" "$one"
expect 0 " down " stat "$one"
expect 0 "link of function 1 is up" inject "$one" link 1 up
json "all(p['link_up'] for p in s['ports'])" "$one"
expect 1 "there are functions 0 to 1 only" inject "$one" link 2 up

# Two: each by its own number only.
start two
two=$PID
expect 1 "2 NICs are running there" inject fail alloc_pd
expect 0 "open_context" stat "$two"
expect 0 "observe_smoke" stat
[ "$(wc -l <"$T/out")" = 3 ] || fail "two NICs: $(cat "$T/out")"

# Others' NICs are not for everybody.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$softhca" "$T/softhca"
	chmod 755 "$T/softhca" "$TMPDIR"
	status=0
	(softhca=$T/softhca && setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$softhca" inject "$nic" fail alloc_pd) 2>"$T/err" || status=$?
	[ $status = 1 ] && grep -q 'no NIC of this user' "$T/err" ||
		fail "as nobody: $(cat "$T/err")"
fi
end two "$two"

# A NIC that was killed is none, and its launcher cleans up.
start three
kill -KILL "$("$softhca" stat -j "$PID" | python3 -c 'import json, sys
print(json.load(sys.stdin)["nic"]["pid"])')"
wait "$PID"
[ $? = 137 ] || fail "the launcher of a killed program ends with $?"
end one "$one"
expect 1 "no NIC of this user is running" stat
[ -z "$(ls -A "$TMPDIR")" ] || fail "left: $(ls -A "$TMPDIR")"

# --stat: also after the end.
start four --stat "$T/figures"
json "s['nic']['alive']" "$T/figures"
json "s['nic']['alive']" "$PID"
tell four pd
end four "$PID"
json "not s['nic']['alive'] and s['objects']['pd'] == {'alive': 0, 'made': 1}" "$T/figures"
expect 0 "it has ended" stat "$T/figures"
expect 1 "the process has ended" inject "$T/figures" fail alloc_pd

# A slow command holds no other one of its context up, and is counted once.
start slow --latency alloc_transport_domain=2s
tell slow both && [ "$ANSWER" = "both: ok" ] || fail "$ANSWER"
json "s['latency_ns'] == 2000000000 and s['latency_commands'] == 1" "$PID"
end slow "$PID"

# Who left what behind: the program's own functions are named.
start five --leaks --trace "$T/trace"
tell five leak && [ "$ANSWER" = "leak: ok" ] || fail "$ANSWER"
tell five close
wait_for five close
end five "$PID"
for what in "1 mkey by create_mkey .*observe_smoke.* leak_mkey+0x" \
	"1 cq by create_cq .*observe_smoke.* leak_cq+0x" "    cq 0x[0-9a-f]*, command [0-9]"; do
	grep -q "^softhca: .*$what" "$T/five.err" || fail "no '$what' in $(cat "$T/five.err")"
done
grep -q "leaked cq 0x.*, made by create_cq .* leak_cq+0x" "$T/trace" || fail "$(cat "$T/trace")"
# Those who leave nothing are not mentioned.
echo close | "$softhca" run --leaks -- "$program" >/dev/null 2>"$T/err" || fail "close: $?"
[ ! -s "$T/err" ] || fail "close: $(cat "$T/err")"
exit 0
