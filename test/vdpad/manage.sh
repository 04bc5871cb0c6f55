#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# manage.sh VDPAD SOFTHCA: the daemon that manages devices, by itself: what it reads, whom it tells,
# what is left when it ends. What guests see of it is in test/e2e.
set -u
vdpad=$1 softhca=$2
. "$(dirname "$0")/../softhca/common.sh"
pid='' listener=''
trap 'for p in $pid $listener; do kill -9 "$p" 2>/dev/null; done; rm -rf "$T"' EXIT
call=$(dirname "$0")/../e2e/vdpad_rpc.py
nic=("$softhca" run --functions 4 --stat "$T/stat" --)
told=()

configure() { # LINES: of the file
	cat >"$T/conf" <<-END
		[daemon]
		state_dir = $T/state
		socket_dir = $T/run
		rpc = $T/rpc
		eal = --no-huge --no-shconf --no-pci -m 64 --no-telemetry --file-prefix vdpad-m$$
		$1
	END
}
wait_for() { # COMMAND...
	local i
	for i in $(seq 600); do
		"$@" && return
		sleep 0.05
	done
	fail "not within 30 s: $*: $(cat "$T/log")"
}
log_has() { grep -qE -- "$1" "$T/log"; }
began() { log_has "serving\$" || ! kill -0 "$pid" 2>/dev/null; }
start() { # OPTION...
	env "${told[@]}" "${nic[@]}" "$vdpad" -c "$T/conf" "$@" >"$T/log" 2>&1 &
	pid=$!
	wait_for began
	log_has "serving\$" || fail "it does not start: $(cat "$T/log")"
	daemon=$(cat "$T/state/lock")
}
end() { # [SIGNAL]: to the daemon
	local status=0
	kill -s "${1:-TERM}" "$daemon"
	wait "$pid" || status=$?
	pid=
	[ "${1:-}" = KILL ] || [ $status = 0 ] || fail "it ends with $status: $(cat "$T/log")"
}
ask() { # METHOD [PARAMETERS]: the result is in $T/out
	python3 "$call" "$T/rpc" "$@" >"$T/out" 2>"$T/err" || fail "$*: $(cat "$T/err")"
}
refused() { # ERRNO REGEX METHOD [PARAMETERS]
	local errno=$1 why=$2
	shift 2
	! python3 "$call" "$T/rpc" "$@" >"$T/out" 2>"$T/err" || fail "not refused: $*"
	grep -q "\"errno\": \"$errno\"" "$T/err" && grep -qE -- "$why" "$T/err" ||
		fail "$*: $(cat "$T/err") does not say \"$why\" ($errno)"
}
has() { grep -qE -- "$1" "$T/out" || fail "no \"$1\" in $(cat "$T/out")"; }
ends_with() { # STATUS REGEX COMMAND...
	local want=$1 why=$2 status=0
	shift 2
	timeout 20 "$@" >"$T/out" 2>&1 || status=$?
	[ $status = "$want" ] || fail "$*: ends with $status: $(cat "$T/out")"
	has "$why"
}

# ---- the file ----

ends_with 1 "vdpad: /none: No such file" "$vdpad" -c /none
configure "bogus = 1"
ends_with 1 "vdpad: .*/conf: \[daemon\]: bogus: no such word" "$vdpad" -c "$T/conf" --check
configure ""
ends_with 1 "log loud: warning" "$vdpad" -c "$T/conf" --log loud
ends_with 1 "rpc x: a path from /" "$vdpad" -c "$T/conf" --rpc x
configure "[dev a]
mgmtdev = mlx5_0
mtu = 1400"
ends_with 0 "would make a: .*\"mtu\": 1400" "$vdpad" -c "$T/conf" --check
[ ! -e "$T/state" ] || fail "--check makes something"
sed 's/--no-huge/--bogus/' "$T/conf" >"$T/bad"
ends_with 1 "EAL does not start" "$vdpad" -c "$T/bad"
ends_with 1 "not a regular file" "$vdpad" -c <(cat "$T/conf")
ends_with 1 "$T/none/state: no state directory" "$vdpad" -c "$T/conf" --state-dir "$T/none/state"

ends_with 1 "RLIMIT_NOFILE is 1024: " prlimit --nofile=1024:1024 "$vdpad" -c "$T/bad"
ends_with 1 "RLIMIT_MEMLOCK is 64 KiB" prlimit --memlock=65536:65536 \
	setpriv --bounding-set=-ipc_lock,-sys_resource "$vdpad" -c "$T/bad"

# ---- a device of the file, one that is added, new ones of the file ----

start
ask dev.show '{"name": "a"}'
has '"mtu": 1400'
has "\"socket\": \"$T/run/a\""
[ "$(stat -c %a "$T/run/a")" = 660 ] || fail "the socket is $(stat -c %a "$T/run/a")"
ask dev.add '{"name": "b", "mgmtdev": "mlx5_1", "link": "down"}'
configure "[dev a]
mgmtdev = mlx5_0
mtu = 1300
[dev c]
mgmtdev = mlx5_2
[dev d]
mgmtdev = mlx5_9"
kill -HUP "$daemon"
wait_for log_has "read again"
ask dev.show
has '"a": .*"mtu": 1400.*"b": .*"link": "down".*"c": .*"mgmtdev": "mlx5_2".*"status": "idle".*"d": '
has '"status": "failed", "reason": "[^"]*mlx5_9'
refused ENODEV mlx5_9 dev.retry '{"name": "d"}'
configure "bogus = 1"
kill -HUP "$daemon"
wait_for log_has "bogus: no such word.*; nothing is changed"
refused EEXIST "name" dev.add '{"name": "b", "mgmtdev": "mlx5_1"}'
refused EEXIST "the daemon's own" dev.add "{\"name\": \"e\", \"mgmtdev\": \"mlx5_3\", \"socket\": \"$T/rpc\"}"
refused EINVAL "from / on" dev.add '{"name": "e", "mgmtdev": "mlx5_3", "socket": "e"}'
refused EADDRINUSE "not a socket" dev.add "{\"name\": \"e\", \"mgmtdev\": \"mlx5_3\", \"socket\": \"$T/conf\"}"
refused ENOENT "no socket can be made" dev.add "{\"name\": \"e\", \"mgmtdev\": \"mlx5_3\", \"socket\": \"$T/none/e\"}"

# ---- two daemons; no room on the disk ----

configure ""
ends_with 1 "another vdpad has this state directory \(process $daemon\)" \
	"${nic[0]}" run -- "$vdpad" -c "$T/conf"
before=$(cat "$T"/state/*.json; ls "$T/run"; alive "$T/stat")
prlimit --pid "$daemon" --fsize=100:unlimited
refused EFBIG "e.new: cannot be written: File too large" dev.add '{"name": "e", "mgmtdev": "mlx5_3"}'
refused EFBIG "File too large" dev.set '{"name": "b", "mac": "02:00:00:00:00:77"}'
prlimit --pid "$daemon" --fsize=unlimited:unlimited
[ "$(cat "$T"/state/*.json; ls "$T/run"; alive "$T/stat")" = "$before" ] || fail "something is left"
[ -z "$(ls -A "$T/state" | grep '^\.')" ] || fail "left: $(ls -A "$T/state")"
ask dev.add '{"name": "e", "mgmtdev": "mlx5_3"}'
ask dev.del '{"name": "e"}'
ask dev.del '{"name": "d"}'

# ---- killed, and what a change under way had left; a torn file ----

end KILL
cp "$T/state/c.json" "$T/state/.x.new"
sed -i "s/\"c\"/\"x\"/; s,/run/c\",/run/x\"," "$T/state/.x.new"
python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('$T/run/x')"
cp "$T/state/c.json" "$T/keep"
echo '{"version": 1, "dev"' >"$T/state/c.json"
start
[ ! -e "$T/run/x" ] && [ ! -e "$T/state/.x.new" ] || fail "left: $(ls -A "$T/run" "$T/state")"
ask dev.show
has '"a": .*"mtu": 1400.*"status": "idle".*"b": .*"link": "down".*"status": "idle".*"c": .*"status": "failed"'
refused ENODEV "it is not there" dev.set '{"name": "c", "mtu": 1400}'
refused EUCLEAN "c.json" dev.retry '{"name": "c"}'
[ "$(cat "$T/state/c.json")" = '{"version": 1, "dev"' ] || fail "it was written to"
cp "$T/keep" "$T/state/c.json"
ask dev.retry '{"name": "c"}'
refused EEXIST "has not failed" dev.retry '{"name": "c"}'
ask dev.show '{"name": "c"}'
has '"status": "idle"'
end INT
[ -z "$(ls -A "$T/run")" ] || fail "left: $(ls -A "$T/run")"
[ "$(cd "$T/state" && echo *.json)" = "a.json b.json c.json" ] || fail "left: $(ls -A "$T/state")"
[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects are left"

# ---- the sample, as it is, where there is nothing yet ----

sample=$(dirname "$0")/../../config/vdpad.conf
if unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs t /run && mount -t tmpfs t /var/lib || exit
		: >"$4/log"
		"$1" run --functions 8 -- "$2" -c "$3" >"$4/log" 2>&1 &
		until grep -q "serving$" "$4/log"; do
			kill -0 $! || exit
			sleep 0.05
		done
		python3 "$5" /run/vdpad/rpc.sock dev.show >"$4/out"
		kill "$(cat /var/lib/vdpad/lock)"
		wait' - "$softhca" "$vdpad" "$sample" "$T" "$call" || fail "the sample: $(cat "$T/log")"
	has '"sample0": .*"status": "idle".*"sample1": .*"max_vqp": 2.*"status": "idle"'
fi

# ---- systemd ----

configure "socket_group = 65534
socket_mode = 0600"
python3 - "$T/notify" >"$T/told" <<-'END' &
	import socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	while True:
	    print(s.recv(4096).decode(), flush=True)
END
listener=$!
disown
wait_for test -S "$T/notify"
: >"$T/log"
told=(NOTIFY_SOCKET="$T/notify" WATCHDOG_USEC=200000 "JOURNAL_STREAM=$(stat -c %d:%i "$T/log")")
start
[ "$(stat -c %a:%g "$T/run/a")" = 600:65534 ] || fail "the socket is $(stat -c %a:%g "$T/run/a")"
log_has "^<5>serving" || fail "no priorities: $(cat "$T/log")"
# Built without libsystemd it has nothing to tell.
if ldd "$vdpad" | grep -q libsystemd; then
	wait_for grep -q "READY=1" "$T/told"
	grep -q "STATUS=3 devices, 0 of them failed" "$T/told" || fail "status: $(cat "$T/told")"
	wait_for grep -q "WATCHDOG=1" "$T/told"
	ask dev.del '{"name": "c"}'
	wait_for grep -q "STATUS=2 devices" "$T/told"
fi
end
! ldd "$vdpad" | grep -q libsystemd || wait_for grep -q "STOPPING=1" "$T/told"
exit 0
