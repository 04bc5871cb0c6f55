# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What the scenarios of the control queue share: a driver that is our own front-end, which says
# commands in every framing (vfront --help=control), and a second function that sends it frames. A
# case is WHAT-LAYOUT; the layout is that of the control queue and the data queues.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

MAC=02:5f:7c:a0:00:00 # of function 0, as softhca makes it
OTHER=02:00:00:00:00:77
GROUP=33:33:00:00:00:07
BASELINE=
declare -a FE=() OPTIONS=()

# A NIC with two functions: the driver's, and one that sends. Four pairs.
scene() { # [arguments of backend]
	need "$VFRONT"
	backend vdpad functions=2 queues=4 "$@"
	BASELINE=$(live_objects)
	OPTIONS=(--pairs 4 --timeout-ms $((10000 * VV_PATIENCE)))
	case $LAYOUT in
	packed) OPTIONS+=(--layout packed) ;;
	legacy) OPTIONS+=(--legacy) ;;
	esac
	FE=("$VFRONT" --socket "$T/s0" --peer-socket "$T/s1" "${OPTIONS[@]}")
}
# Run the script given on standard input.
says() { # NAME [vfront arguments]
	local name=$1
	shift
	cat >"$T/$name.script"
	spawn fe "${FE[@]}" "$@" --control "$T/$name.script"
	reap fe 120
	[ "$STATUS" = 0 ] || {
		grep -vE '^ok ' "$T/fe.log" || true
		fail "$name ($*): vfront: exit $STATUS"
	}
	note "$name $*: $(tail -1 "$T/fe.log")"
}
# ... in every way of putting a command into descriptors.
says_it() { # NAME [vfront arguments]
	local name=$1 framing script
	shift
	script=$(cat)
	for framing in joined linux bytes random; do
		says "$name" "$@" --framing "$framing" --seed "$((RANDOM))" <<<"$script"
	done
}
# The front-end has gone: what it needed is released, and nothing is left in the end.
done_with() {
	wait_for 20 "the front-end's objects are released" live_are "$BASELINE"
	stop be
	[ "$STATUS" = 0 ] || fail "vdpad ended with status $STATUS"
	[ -z "$(live_objects)" ] || fail "left alive: $(live_objects)"
}

run() {
	LAYOUT=${1##*-}
	"${1%-*}"
}
