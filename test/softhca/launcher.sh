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
expect 2 "'--functio' is not an option" run --functio 1 true
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

# One option's value.
expect 2 "--shape: pf=0: not a number from 1 to 64" run --shape pf=0 true
expect 2 "--shape: vf=: not a number from 0 to 64" run --shape pf=1,vf true
expect 2 "--shape: 'vfs' is none of pf=N, vf=N, sf=N" run --shape pf=1,vfs=2 true
expect 2 "--shape: '' is none of" run --shape pf=1, true
expect 2 "'pf=2,vf=62,sf=1' are 65 functions, there can be 64" run --shape pf=2,vf=62,sf=1 true
expect 2 "--numa-node: 'x' is not a number from 0 to 1023, or -1" run --numa-node x true
expect 2 "--seed: '-1' is not a number from 0 to 18446744073709551615" run --seed -1 true
expect 2 "--cpus: '0,x' is not a list of processors like 0,2-3; this machine has 0 to" run --cpus 0,x true
expect 2 "--cpus: '1-0' is not" run --cpus 1-0 true
expect 2 "--cpus: '99999' is not" run --cpus 99999 true
expect 2 "--delay-drop: '60001' is not a number from 0 to 60000" run --delay-drop 60001 true
expect 2 "--latency: " run --latency create true
expect 2 "--latency: " run --latency fly=1ms true
expect 2 "'--leaks=x' is not an option" run --leaks=x true
expect 2 "--function: 'x' does not start with the number of a function, 0 to 63" run --function x true
expect 2 "--function: 'mac=2' does not start with" run --function mac=2 true
expect 2 "--function: '64,mtu=1500' does not start with" run --function 64,mtu=1500 true
expect 2 "--function 0: what about it?" run --function 0 true
expect 2 "--function 0: mac=: not an address like 02:00:00:00:00:01" run --function 0,mac true
expect 2 "--function 0: mac=2:0:0:0:0:1: not an address" run --function 0,mac=2:0:0:0:0:1 true
expect 2 "mac=01:00:5e:00:00:01: not the address of one station" run --function 0,mac=01:00:5e:00:00:01 true
expect 2 "mac=00:00:00:00:00:00: not the address" run --function 0,mac=00:00:00:00:00:00 true
expect 2 "--function 0: vlan=4095: not a VLAN, 1 to 4094, or 0 for all" run --function 0,vlan=4095 true
expect 2 "--function 0: mtu=67: not a number from 68" run --function 0,mtu=67 true
expect 2 "--function 0: spoof-check=maybe: not on or off" run --function 0,spoof-check=maybe true
expect 2 "--function 0: 'speed' is none of mac=, vlan=, spoof-check=, mtu=" run --function 0,speed=1 true
expect 2 "--port: 'tap:x' is neither uplink=" run --port tap:x true
expect 2 "--port: 'rep=tap:x' is neither" run --port rep=tap:x true
expect 2 "--port: 'rep64=tap:x' is neither" run --port rep64=tap:x true
expect 2 "--port uplink: \"fibre\" is no kind of port" run --port uplink=fibre:x true

# Options together.
expect 2 "--functions 3 and --shape with 2 functions: --shape is enough" \
	run --functions 3 --shape pf=1,vf=1 true
expect 0 "" run --functions 2 --shape pf=1,vf=1 true
expect 2 "--function 1: there are functions 0 to 0" run --function 1,vlan=5 true
expect 0 "" run --function 1,vlan=5 --functions 2 true
expect 2 "--function 0: mtu=9217: profile default allows 9216" run --function 0,mtu=9217 true
expect 2 "--function 0: function 1 has this mac already" \
	run --functions 2 --function 0,mac=02:5f:7c:a0:00:01 true
expect 0 "" run --functions 2 --function 0,mac=02:5f:7c:a0:00:01 --function 1,mac=02:5f:7c:a0:00:00 true
expect 2 "--wire and --port uplink: there is one wire" \
	run --wire none --port "uplink=wire:$T/wire" true
expect 2 "--port uplink: there is one already" \
	run --port "uplink=wire:$T/wire" --port "uplink=wire:$T/other" true
expect 2 "--port rep1: there are functions 0 to 0" run --port "rep1=wire:$T/wire" true
expect 0 "note: 16 NIC threads take turns on" run --threads 16 true

# Options from a file; those behind it count more.
config() { # LINES...
	printf '%s\n' "$@" >"$T/run.ini"
}
config "[run]" "shape = pf=1,vf=1" "function = 0,vlan=5" "function = 1,vlan=6" "leaks = no" \
	"latency = create=1us" "profile = bf3"
expect 0 "0x101e" run --config "$T/run.ini" -- cat /sys/bus/pci/devices/0000:3b:00.1/device
expect 0 "0xa2dc" run --config "$T/run.ini" -- cat /sys/bus/pci/devices/0000:3b:00.0/device
expect 0 "0x101d" run --config "$T/run.ini" --profile default -- \
	cat /sys/bus/pci/devices/0000:3b:00.0/device
config "[run]" "threads = 0"
expect 2 "run.ini:2: --threads: '0' is not a number from 1 to 16" run --config "$T/run.ini" true
config "" "[run]" "help = 1"
expect 2 "run.ini:3: 'help' is not an option" run --config "$T/run.ini" true
config "[run]" "leaks = 2"
expect 2 "run.ini:2: leaks = 2: neither yes nor no" run --config "$T/run.ini" true
config "[device]" "threads = 1"
expect 2 "run.ini:2: threads: in section [device]; there is [run]" run --config "$T/run.ini" true
config "[run]" "threads"
expect 2 "run.ini:2: neither [SECTION] nor KEY = VALUE" run --config "$T/run.ini" true
expect 2 "--config: $T/none: No such file" run --config "$T/none" true
# Back on the command line, the file is not blamed.
config "[run]" "threads = 1"
expect 2 "softhca: --threads: '0' is not" run --config "$T/run.ini" --threads 0 true

expect 0 "--functions" run --help
expect 0 "profiles" --help
expect 0 "softhca run" --help

# What the command does is the launcher's status.
expect 0 "" run true
expect 7 "" run -- sh -c 'exit 7'
expect 143 "" run -- sh -c 'kill -TERM $$'
expect 127 "nothing-here: No such file" run -- nothing-here
expect 126 "Permission denied" run -- /etc/passwd
TMPDIR=$T/none expect 125 "cannot make a directory in" run true
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
	TMPDIR=/dev/shm timeout 60 "$softhca" run -- ibv_devices | grep -q mlx5_0 || fail "a tree below /dev"
fi
TMPDIR=relative expect 125 "not an absolute path" run true

# What the command sees.
expect 0 "mlx5_2" run --functions 3 -- ls /sys/class/infiniband
expect 0 "character special file e7:c0" run -- stat -c '%F %t:%T' /dev/infiniband/uverbs0
expect 0 "0x15b3" run -- cat /sys/bus/pci/devices/0000:3b:00.0/vendor
expect 0 "0x101e" run --shape pf=1,vf=1 -- cat /sys/bus/pci/devices/0000:3b:00.1/device
expect 0 "0x101d" run --shape pf=1,vf=1 -- cat /sys/bus/pci/devices/0000:3b:00.1/physfn/device
expect 0 "mlx5_2" run --shape pf=1,vf=1,sf=1 -- ls /sys/bus/auxiliary/devices/mlx5_core.sf.1/infiniband
expect 0 "7" run --numa-node 7 -- cat /sys/class/infiniband/mlx5_0/device/numa_node
expect 1 "nic.cfg: No such file" run -- sh -c 'rm "$SOFTHCA_TREE/nic.cfg"; exec cat /sys/class/infiniband/x'
expect 1 "nic.cfg: written by another version" \
	run -- sh -c 'echo >"$SOFTHCA_TREE/nic.cfg"; exec cat /sys/class/infiniband/x'
expect 1 "No such file" run -- cat /sys/bus/pci/devices/0000:3b:00.1/vendor

expect 0 "active_mtu:		4096 (5)" run --function 0,mtu=9000 -- ibv_devinfo
expect 0 "active_mtu:		1024 (3)" run -- ibv_devinfo
expect 0 "active_mtu:		256 (1)" run --function 0,mtu=68 -- ibv_devinfo

# What was said arrives at the NIC.
"$softhca" run --functions 2 --function 1,mac=02:00:00:00:00:09,vlan=7,spoof-check=on,mtu=9000 \
	--profile bf3 --seed 5 --threads 2 --stat "$T/said" -- ibv_devinfo >/dev/null || fail "ibv_devinfo"
python3 -c 'import json, sys
s = json.load(sys.stdin)
want = dict(profile="bf3", functions=2, threads=2, seed="0x5")
assert want.items() <= s["nic"].items(), s["nic"]
want = dict(name="fn1", mac="02:00:00:00:00:09", vlan=7, mtu=9000, spoof_check=True)
assert want.items() <= s["ports"][1].items(), s["ports"]
want = dict(name="fn0", mac="02:5f:7c:a0:00:00", vlan=0, mtu=1500, spoof_check=False)
assert want.items() <= s["ports"][0].items(), s["ports"]' \
	< <("$softhca" stat -j "$T/said") || fail "the NIC is not as it was told to be"

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
