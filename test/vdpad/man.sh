#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# man.sh VDPAD: the man page renders, and it and --help know the same options.
set -u
vdpad=$1
page=$(dirname "$0")/../../doc/man/vdpad.8
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# Ours are indented by two and come before those of EAL.
in_help=$("$vdpad" --help | sed '/^Of the EAL/,$d' | grep -oE '^  (-[a-zA-Z],|   ) --[a-z-]+' |
	grep -oE -- '--[a-z-]+' | sort -u)
in_page=$(sed -n '/^\.Sh DESCRIPTION/,/^\.Sh WHAT/p' "$page" | grep '^\.It Fl ' |
	grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -/--/' | sort -u)
[ "$(wc -l <<<"$in_help")" -ge 6 ] || fail "few options in --help: $in_help"
diff <(echo "$in_help") <(echo "$in_page") >"$T/diff" ||
	fail "--help (<) and the man page (>) differ: $(cat "$T/diff")"

# Every option of --help is one, of the first form or of the second; both lines are wrong behind it.
for option in $in_help; do
	"$vdpad" "$option" x --bogus 2>&1 | grep -q -- "$option: no such option" || continue
	"$vdpad" -- "$option" x --bogus 2>&1 | grep -q -- "$option: no such option" || continue
	fail "$option is not an option"
done

if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning "$page" >"$T/lint" || fail "$(cat "$T/lint")"
	mandoc -Tutf8 "$page" | sed 's/.\x08//g' | grep -q "SEE ALSO" || fail "it does not render"
fi
exit 0
