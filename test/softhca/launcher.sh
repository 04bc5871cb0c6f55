#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# launcher.sh SOFTHCA: command line, environment, exit status and cleaning up.
softhca=$1
. "$(dirname "$0")/common.sh"
export TMPDIR=$T/tmp
mkdir "$TMPDIR"

expect() { # STATUS MESSAGE ARGUMENTS...: softhca ends so, and says that in one line
	local want=$1 message=$2 status=0
	shift 2
	"$softhca" "$@" >"$T/out" 2>"$T/err" || status=$?
	[ $status = "$want" ] || fail "softhca $*: $status instead of $want: $(cat "$T/err")"
	[ -z "$message" ] || grep -qF -- "$message" "$T/out" "$T/err" ||
		fail "softhca $*: '$(cat "$T/err")'"
	if [ "$want" = 2 ] || [ "$want" = 125 ]; then
		[ "$(wc -l <"$T/err")" = 1 ] || fail "softhca $*: not one line: $(cat "$T/err")"
	fi
	[ -z "$(ls -A "$T/tmp")" ] || fail "softhca $* left $(ls -A "$T/tmp")"
}

# What the command line gets wrong.
expect 2 "'fly' is not a command" fly
expect 2 "which command?" run
expect 2 "'--bogus' is not an option" run --bogus
expect 2 "needs a value" run --functions
expect 2 "not a number from 1 to 64" run --functions 65 true
expect 2 "not a number from 1 to 64" run --functions 2x true
expect 2 "not a number from 1 to 16" run --threads 0 true
expect 2 "neither none nor loopback" run --wire fibre true
expect 2 "'create_cq:0' in 'create_cq:0' is not" run --fail create_cq:0 true
expect 2 "'' in 'any:2,' is not" run --fail any:2, true
expect 2 "'fly' in 'create_cq,fly' is not" run --fail create_cq,fly true
expect 0 "" run --fail CREATE_CQ:2,any:7 true
expect 2 "No such file or directory" run --stat "$T/none/stat" true
expect 2 "Is a directory" run --trace "$T" true
expect 0 "--functions" run --help
expect 0 "softhca run" --help

# What the command does is the launcher's status.
expect 0 "" run true
expect 7 "" run -- sh -c 'exit 7'
expect 143 "" run -- sh -c 'kill -TERM $$'
expect 127 "nothing-here: No such file" run -- nothing-here
expect 126 "Permission denied" run -- /etc/passwd
TMPDIR=$T/none expect 125 "cannot make a directory in" run true
TMPDIR=relative expect 125 "not an absolute path" run true

# What the command sees.
expect 0 "mlx5_2" run --functions 3 -- ls /sys/class/infiniband
expect 0 "character special file e7:c0" run -- stat -c '%F %t:%T' /dev/infiniband/uverbs0
expect 0 "0x15b3" run -- cat /sys/bus/pci/devices/0000:3b:00.0/vendor
expect 1 "No such file" run -- cat /sys/bus/pci/devices/0000:3b:00.1/vendor

# The tree can be read by others even under a tight mask.
(umask 077 && "$softhca" run -- sh -c 'stat -c %a "$SYSFS_PATH/class/infiniband/mlx5_0/node_guid"') |
	grep -qx 644 || fail "the tree depends on the umask"

# Paths with spaces reach the program, and the library in spite of them.
mkdir "$T/with space"
cp "$softhca" "$(dirname "$softhca")/libsofthca.so" "$T/with space"
"$T/with space/softhca" run -- ibv_devices | grep -q mlx5_0 || fail "library in a path with a space"
rm "$T/with space/libsofthca.so"
status=0
"$T/with space/softhca" run true 2>"$T/err" || status=$?
[ $status = 125 ] || fail "no library: status $status"
grep -q 'libsofthca.so: No such file' "$T/err" || fail "no library: $(cat "$T/err")"

# A signal to the launcher is one to the program, and the tree goes.
"$softhca" run -- sh -c 'trap "exit 5" TERM; echo ready >"'"$T"'/ready"; while :; do sleep 0.1; done' &
launcher=$!
for _ in $(seq 300); do
	[ -s "$T/ready" ] && break
	sleep 0.1
done
[ -n "$(ls -A "$TMPDIR")" ] || fail "no tree while it runs"
kill -TERM $launcher
status=0
wait $launcher || status=$?
[ $status = 5 ] || fail "TERM: status $status"
[ -z "$(ls -A "$TMPDIR")" ] || fail "TERM left $(ls -A "$TMPDIR")"

# Killed with all its processes, it still leaves nothing.
setsid "$softhca" run -- sh -c 'echo ready >"'"$T"'/ready2"; while :; do sleep 0.1; done' &
launcher=$!
for _ in $(seq 300); do
	[ -s "$T/ready2" ] && break
	sleep 0.1
done
kill -KILL -- -$launcher
wait $launcher 2>/dev/null
for _ in $(seq 300); do
	[ -z "$(ls -A "$TMPDIR")" ] && break
	sleep 0.1
done
[ -z "$(ls -A "$TMPDIR")" ] || fail "KILL left $(ls -A "$TMPDIR")"

# Figures: of nobody, of something else, as text and JSON.
expect 1 "No such file" stat "$T/none"
: >"$T/empty"
expect 1 "no program has opened a device yet" stat "$T/empty"
head -c 10000 /dev/zero >"$T/zeros"
expect 1 "not a file of softhca's figures" stat "$T/zeros"
"$softhca" run --stat "$T/stat" -- ibv_devinfo >/dev/null || fail "ibv_devinfo"
expect 0 "query" run --trace - -- ibv_devinfo
expect 0 "context" stat "$T/stat"
python3 -c 'import json, sys
s = json.load(sys.stdin)
assert s["commands"] > 0 and s["objects"]["context"] == {"alive": 0, "made": 1}, s' \
	< <("$softhca" stat -j "$T/stat") || fail "JSON"
exit 0
