# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# A Linux guest and the wire behind its NIC, with eyes at both ends. For guest_cases.sh.
#
# The guest is served by vdpad. The wire leads to a TAP device in a network namespace, where single
# frames are sent to the guest and seen when they come from it (test/guest/frames). A frame that must
# not arrive is followed by one that must: when that is there and the first is not, it was not late,
# it was filtered.

FRAMES=$VV_BUILD/test/guest/frames
MAC=02:5f:7c:a0:00:00   # of function 0, as softhca makes it
HOST=02:00:00:00:00:99  # at the wire
OTHER=02:00:00:00:00:55 # nobody's
GROUP=33:33:00:00:00:77

# A NIC with the wire at vvtap0, its first function's guest, and eyes at both ends.
scene() { # [arguments of backend]
	need "$FRAMES"
	namespace
	backend vdpad functions=1 queues=4 "devargs=$DEVARGS" port=uplink=tap:vvtap0 "$@"
	"${inside[@]}" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/vvtap0/disable_ipv6' 2>/dev/null || true
	"${inside[@]}" ip link set vvtap0 mtu 9000 up
	"${inside[@]}" ip addr add 192.0.2.1/24 dev vvtap0
	spawn wire "${inside[@]}" "$FRAMES" watch vvtap0
	wait_log wire "^watching" 20
	guest_shell "$GUEST" g "$T/s0"
}
up() { # [GUEST]
	guest "${1:-g}" "ip link set eth0 up"
	watch "${1:-g}"
}
# In the guest: all marked frames that the device hands over are noted in /tmp/seen.
watch() { # [GUEST]
	guest "${1:-g}" "frames watch eth0 >/tmp/seen 2>&1 &"
	# seen A B: is a frame marked A there, once one marked B is? 2: B does not come either.
	guest "${1:-g}" 'seen() { for i in $(seq 200); do grep -q " $2 [0-9]*$" /tmp/seen && break; sleep 0.05; done; grep -q " $2 [0-9]*$" /tmp/seen || return 2; grep " $1 [0-9]*$" /tmp/seen; }'
	wait_for 20 "the guest watches" guest "${1:-g}" "grep -q watching /tmp/seen"
}

host_sends() { # DST [vlan=ID] ...
	"${inside[@]}" "$FRAMES" send vvtap0 "$1" $HOST "${@:2}"
}
MARK=1000
# Sends one to the guest, sets OUT to the line of it that the guest has, if it arrived.
arrives() { # DST [vlan=ID] ...
	local status=0
	MARK=$((MARK + 2))
	host_sends "$1" mark=$MARK "${@:2}"
	host_sends "$SURE" mark=$((MARK + 1))
	guest g "seen $MARK $((MARK + 1))" || status=$?
	[ $status != 2 ] || fail "not even a frame to $SURE arrives"
	return $status
}
SURE=$MAC # where a frame must arrive whatever is tested
gets() { # WHAT DST [vlan=ID]
	arrives "${@:2}" || fail "$1: it does not arrive (${*:2})"
	note "$1: arrives"
}
gets_not() { # WHAT DST [vlan=ID]
	! arrives "${@:2}" || fail "$1: it arrives (${*:2}): $OUT"
	note "$1: does not arrive"
}
# Has the guest sent this to the wire?
at_wire() { # REGEX
	wait_for 20 "\"$1\" at the wire" log_has wire "$1"
}
guest_sends() { # DST SRC [vlan=ID] ...
	guest g "frames send eth0 $*"
}
says() { # WHAT COMMAND REGEX: the guest's answer
	guest g "$2" || fail "$1: $2: $OUT"
	OUT=$(tr '\t' ' ' <<<"$OUT")
	grep -qE -- "$3" <<<"$OUT" || fail "$1: \"$2\" does not say \"$3\": $OUT"
	note "$1: $(grep -E -- "$3" <<<"$OUT" | head -1 | tr -s ' ')"
}
refused() { # WHAT COMMAND
	! guest g "$2" || fail "$1: \"$2\" is not refused"
	note "$1: refused: $(head -1 <<<"$OUT")"
}
done_with() { # [GUEST...]: the guests end, and leave nothing in the NIC
	local g
	[ $# -gt 0 ] || set -- g
	for g; do
		tell "$g" "exit 0"
		guest_ended "$g" 30
	done
	stop be
	[ "$STATUS" = 0 ] || fail "vdpad ended with status $STATUS"
	[ -z "$(live_objects)" ] || fail "objects are left: $(live_objects)"
}
