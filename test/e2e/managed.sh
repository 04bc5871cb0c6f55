# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# The daemon that manages devices, as scenarios see it: part of lib.sh.
#
# Of `backend managed name=NAME`: NAME.conf, NAME-state, NAME-run (guests' sockets, named as the
# devices), NAME.rpc, all in $T. A second one of the same name finds the state of the first.
# ctl, rpc and others speak to the one started last, or to the one chosen by `at NAME`.

configuration() { # NAME [LINES of [daemon]] [LINES behind it]
	mkdir -p "$T/$1-state" "$T/$1-run"
	cat >"$T/$1.conf" <<-END
		[daemon]
		state_dir = $T/$1-state
		socket_dir = $T/$1-run
		rpc = $T/$1.rpc
		models = $VV_ROOT/config/models
		eal = $(eal "$1" 64 | xargs) --no-pci
		${2:-}
		${3:-}
	END
}
at() { # NAME
	RPC=$T/$1.rpc STATE=$T/$1-state RUN=$T/$1-run STAT=$T/$1.stat
}
RPC='' STATE='' RUN=''
managed_up() { # NAME
	at "$1"
	backend_up "$1"
	alive "$1" || fail "vdpad has ended"
}
ctl() { # WORD...
	"$VDPACTL" -s "$RPC" "$@"
}
# What jq makes of an answer.
ask() { # JQ-EXPRESSION WORD...
	local what=$1
	shift
	ctl -j "$@" | jq -r "$what"
}
# JSON-RPC as it is: a method and its parameters; the result, or on stderr the error as JSON.
rpc() { # METHOD [PARAMETERS]
	python3 "$VV_ROOT/test/e2e/vdpad_rpc.py" "$RPC" "$@"
}
# All that a change could leave: devices, state files, sockets, objects in the NIC.
everything() {
	# Not what guests do meanwhile.
	ctl -j dev show | jq -c 'del(.dev[].status)'
	"${inside[@]}" find "$STATE" -type f -size -64k ! -name lock ! -name filler -exec head -c 100000 -v {} +
	ls "$RUN"
	live_objects
}
# A command that must change nothing: status 1, one line on stderr that says why.
refused() { # REGEX WORD...
	local why=$1 before status=0
	shift
	before=$(everything)
	ctl "$@" >"$T/out" 2>"$T/err" || status=$?
	[ $status = 1 ] || fail "not refused with status 1 ($status): $*: $(cat "$T/out" "$T/err")"
	[ ! -s "$T/out" ] || fail "refused, and yet it prints: $*: $(cat "$T/out")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "not one line: $*: $(cat "$T/err")"
	grep -qE -- "$why" "$T/err" || fail "$*: \"$(cat "$T/err")\" does not say \"$why\""
	[ "$(everything)" = "$before" ] || fail "something is left of: $*: $(everything | diff <(echo "$before") -)"
	note "$(cut -c1-200 "$T/err")"
}
# The same by JSON-RPC, with the number.
rpc_refused() { # ERRNO REGEX METHOD [PARAMETERS]
	local errno=$1 why=$2 before status=0
	shift 2
	before=$(everything)
	rpc "$@" >"$T/out" 2>"$T/err" || status=$?
	[ $status = 1 ] || fail "not refused: $*: $(cat "$T/out" "$T/err")"
	[ "$(jq -r '.data.errno' "$T/err")" = "$errno" ] || fail "not $errno: $*: $(cat "$T/err")"
	jq -r '.message' "$T/err" | grep -qE -- "$why" || fail "$*: $(cat "$T/err") does not say \"$why\""
	[ "$(everything)" = "$before" ] || fail "something is left of: $*"
	note "$errno: $(jq -r .message "$T/err" | cut -c1-200)"
}
is() { # WHAT GOT WANTED
	[ "$2" = "$3" ] || fail "$1: \"$2\", and not \"$3\""
	note "$1: $(tr '\n' ' ' <<<"$2" | cut -c1-160)"
}
# Graceful, with nothing left but the state.
managed_down() { # NAME
	at "$1"
	stop "$1"
	[ "$STATUS" = 0 ] || fail "$1 ended with status $STATUS"
	[ -z "$(live_objects)" ] || fail "objects are left: $(live_objects)"
	[ ! -e "$RPC" ] || fail "the RPC socket is left"
	[ -z "$(ls "$RUN")" ] || fail "sockets are left: $(ls "$RUN")"
}
