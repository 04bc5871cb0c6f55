#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# smoke.sh SOFTHCA DEVX_SMOKE: all the calls of a vDPA driver through the real libraries, and the
# same with every firmware command made to fail in turn.
softhca=$1 program=$2
. "$(dirname "$0")/common.sh"

"$softhca" run --functions 2 --stat "$T/stat" --trace "$T/trace" -- "$program" "$T/stat" ||
	fail "devx_smoke ends with $?; $(tail -3 "$T/trace")"
[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects alive"
grep -q 'create_virtio_net_q' "$T/trace" || fail "no queue in the trace"

# A program that gives up in the middle leaves nothing behind either. A command that is to be refused
# anyway fails unnoticed; the one behind it does not.
fails() { # NTH
	! "$softhca" run --functions 2 --stat "$T/stat" --fail "any:$1" -- "$program" "$T/stat" \
		>"$T/log" 2>&1
}
for nth in 5 12 25 40; do
	fails $nth || fails $((nth + 1)) || fail "command $nth failed and nobody noticed"
	[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects alive after failure $nth"
done
exit 0
