#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# start.sh VDPAD SOFTHCA PLUGIN: how the daemon starts, what it refuses and how it ends.
set -u
vdpad=$1 softhca=$2 plugin=$(realpath "$3")
. "$(dirname "$0")/../softhca/common.sh"
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$T"' EXIT

eal=(--no-huge --no-shconf --no-pci -m 64 --no-telemetry --file-prefix "vdpad-test$$")
devices=(-d "$plugin" --vdev vdpa_verbs0,ibdev=mlx5_0 --vdev vdpa_verbs1,ibdev=mlx5_1)
nic=("$softhca" run --functions 2 --stat "$T/stat" --)

refused() { # REGEX COMMAND...: it ends with 1 and says that
	local want=$1 status=0
	shift
	"$@" >"$T/out" 2>&1 || status=$?
	[ $status = 1 ] || fail "$*: ends with $status: $(cat "$T/out")"
	grep -qE "^vdpad: .*$want" "$T/out" || fail "$*: does not say \"$want\": $(cat "$T/out")"
}
wait_for() { # COMMAND...
	local i
	for i in $(seq 600); do
		"$@" && return
		sleep 0.05
	done
	fail "not within 30 s: $*: $(cat "$T/log")"
}
log_has() { grep -qE "$1" "$T/log"; }
start() { # SOCKET...
	# What a shell puts in the background ignores SIGINT.
	env --default-signal=INT "${nic[@]}" "$vdpad" "${eal[@]}" "${devices[@]}" -- "$@" \
		>"$T/log" 2>&1 &
	pid=$!
	wait_for log_has "^vdpad: serving\$"
}
end() { # SIGNAL
	local status=0
	kill -s "$1" "$pid"
	wait "$pid" || status=$?
	pid=
	[ $status = 0 ] || fail "after $1 it ends with $status: $(cat "$T/log")"
	log_has "^vdpad: ended\$" || fail "it does not end cleanly: $(cat "$T/log")"
	[ -z "$(ls "$T"/s* 2>/dev/null | grep -v stat)" ] || fail "it leaves $(ls "$T")"
	[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects are left"
}

refused "EAL does not start" "$vdpad" "${eal[@]}" -d "$T/none.so" -- -s "$T/s=x"
refused "x: there are no vDPA devices at all" "$vdpad" "${eal[@]}" -- -s "$T/s=x"
refused "x: no such vDPA device; there are: vdpa_verbs0, vdpa_verbs1" \
	"${nic[@]}" "$vdpad" "${eal[@]}" "${devices[@]}" -- -s "$T/s=x"
refused "$T/none/s: no socket can be made" \
	"${nic[@]}" "$vdpad" "${eal[@]}" "${devices[@]}" -- -s "$T/none/s=vdpa_verbs0"
touch "$T/s0"
refused "$T/s0: there is something that is not a socket" \
	"${nic[@]}" "$vdpad" "${eal[@]}" "${devices[@]}" -- -s "$T/s0=vdpa_verbs0"
rm "$T/s0"
# The second fails, the first is taken back.
refused "y: no such vDPA device" \
	"${nic[@]}" "$vdpad" "${eal[@]}" "${devices[@]}" -- -s "$T/s0=vdpa_verbs0" -s "$T/s1=y"
[ ! -e "$T/s0" ] || fail "a socket is left"

start -s "$T/s0=vdpa_verbs0" -s "$T/s1=vdpa_verbs1"
[ -S "$T/s0" ] && [ -S "$T/s1" ] || fail "no sockets"
refused "$T/s0: another program serves this socket" "$softhca" run -- "$vdpad" "${eal[@]}" \
	-d "$plugin" --vdev vdpa_verbs0,ibdev=mlx5_0 -- -s "$T/s0=vdpa_verbs0"
wait_for log_has "s0: guest connected" # it was asked whether it is there
wait_for log_has "s0: guest gone"
end TERM

# Left behind by one that was killed.
python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('$T/s0')"
start -s "$T/s0=vdpa_verbs0"
log_has "$T/s0: a socket without a server" || fail "it does not say that it takes it over"
end INT

# A front-end owns the socket; it does not have to be there.
start -s "$T/s0=vdpa_verbs0" --client
end TERM
exit 0
