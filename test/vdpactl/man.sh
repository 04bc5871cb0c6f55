#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# man.sh VDPACTL: the man page renders, and it and --help know the same options, commands and words.
set -u
vdpactl=$1
page=$(dirname "$0")/../../doc/man/vdpactl.8
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
fail() {
	echo "FAIL: $*" >&2
	exit 1
}

in_help=$({
	"$vdpactl" --help
	# Options of some commands alone are in their usage.
	printf '  -f, --file\n  -n, --count\n  -i, --interval\n'
} | grep -oE -- '^  -[a-zA-Z], --[a-zA-Z]+' | grep -oE -- '--[a-zA-Z]+' | sort)
in_page=$(grep -oE 'Fl -[a-zA-Z]+' "$page" | sed 's/^Fl -/--/' | sort -u)
diff <(echo "$in_help") <(echo "$in_page") >"$T/diff" ||
	fail "--help (<) and the man page (>) differ: $(cat "$T/diff")"
for option in $in_help; do
	"$vdpactl" "$option" 2>&1 | grep -q "no such option" && fail "$option is not an option"
done

# Every command by its words, and every word of dev add.
text=$(tr '\n' ' ' <"$page")
while read -r command; do
	[[ $text == *".It Cm $command "* ]] || fail "the man page does not have: $command"
done < <("$vdpactl" dev help | sed -nE 's/^  vdpactl ((dev( [a-z]+)+)).*/\1/p' | sed 's/ name$//')
for command in "mgmtdev show" "model show" "daemon show" baseline monitor; do
	[[ $text == *".It Cm $command "* ]] || fail "the man page does not have: $command"
done
words=$("$vdpactl" dev add help | sed -nE 's/^  ([a-z_]+) [A-Z][A-Z]?.*/\1/p;s/^  ([a-z_]+) [a-z]+\|.*/\1/p' | grep -v vdpactl | sort -u)
[ "$(wc -l <<<"$words")" -ge 12 ] || fail "few words in dev add help: $words"
for word in $words; do
	[[ $text == *".It Cm $word "* ]] || fail "the man page does not have the word $word"
done

if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning "$page" >"$T/lint" || fail "$(cat "$T/lint")"
	mandoc -Tutf8 "$page" | sed 's/.\x08//g' | grep -q "SEE ALSO" || fail "it does not render"
fi
if command -v groff >/dev/null; then
	groff -mandoc -Tutf8 -ww "$page" 2>"$T/groff" >/dev/null
	[ ! -s "$T/groff" ] || fail "$(cat "$T/groff")"
fi
exit 0
