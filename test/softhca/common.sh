# SPDX-License-Identifier: BSD-3-Clause
# Read by the scripts here: $softhca is the launcher, $T a directory of the test's own.
set -u
T=$(mktemp -d "${TMPDIR:-/tmp}/softhca-test.XXXXXX")
chmod 755 "$T"
trap 'rm -rf "$T"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# The runtime of a sanitizer must be loaded before the library it watches.
runtime=$(ldd "$softhca" | grep -oE '/[^ ]*lib(asan|tsan)\.so[^ ]*' | head -1)
[ -z "$runtime" ] || export LD_PRELOAD="$runtime"
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"
export TSAN_OPTIONS="die_after_fork=0:${TSAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}"

alive() { # FILE: objects alive in the figures, all kinds
	"$softhca" stat -j "$1" | sed -n 's/.*"alive": \([0-9]*\).*/\1/p' |
		awk '{ n += $1 } END { print n + 0 }'
}
