#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# process.sh SOFTHCA PROCESS_SMOKE: forks, threads, and an exit with everything open.
softhca=$1 program=$2
. "$(dirname "$0")/common.sh"

"$softhca" run --functions 2 --stat "$T/stat" -- "$program" || fail "process_smoke ends with $?"
[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects alive"
exit 0
