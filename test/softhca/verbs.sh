#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# verbs.sh SOFTHCA VERBS_SMOKE: verbs queue pairs, and the same with calls made to fail in turn.
softhca=$1 program=$2
. "$(dirname "$0")/common.sh"

"$softhca" run --functions 2 --stat "$T/stat" --trace "$T/trace" -- "$program" 2>"$T/log" ||
	fail "verbs_smoke ends with $?: $(cat "$T/log")"
[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects alive"
[ "$(grep -c 'close_context leaked=0' "$T/trace")" = 2 ] || fail "a context was left with something"

for name in create_rdma_qp create_cq open_channel reg_umem reg_mr; do
	! "$softhca" run --functions 2 --stat "$T/stat" --fail "$name:2" -- "$program" \
		>"$T/log" 2>&1 || fail "$name failed and nobody noticed"
	grep -q 'is false$' "$T/log" || fail "$name: $(cat "$T/log")"
	[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects alive after $name failed"
done
exit 0
