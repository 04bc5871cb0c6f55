#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# man.sh SOFTHCA: the man page renders, and it and --help know the same options and commands.
softhca=$1
. "$(dirname "$0")/common.sh"
page=$(dirname "$0")/../../doc/man/softhca.1

in_help() { # COMMAND: the long options that its help explains
	"$softhca" "$1" --help | grep -oE '^ *(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | grep -vx -- --help |
		sort -u
}
in_page() { # COMMAND: and its section of the page
	awk -v "title=.Ss softhca $1" '/^\.S[sh] / { on = $0 == title } on' "$page" |
		grep -oE '^\.It Fl .*' | grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -/--/' | grep -vx -- --help | sort -u
}

commands=$("$softhca" --help | awk '$1 ~ /^[a-z]+$/ && /^  [a-z]+   / { print $1 }' | sort)
[ "$(wc -l <<<"$commands")" -ge 4 ] || fail "commands: $commands"
[ "$commands" = "$(sed -n 's/^\.Ss softhca //p' "$page" | sort)" ] ||
	fail "commands in --help: $commands; in the page: $(sed -n 's/^\.Ss softhca //p' "$page")"
[ "$(in_help run | wc -l)" -ge 15 ] || fail "few options in the help of run: $(in_help run)"
for command in $commands; do
	diff <(in_help "$command") <(in_page "$command") >"$T/diff" ||
		fail "$command: --help (<) and the man page (>) differ: $(cat "$T/diff")"
done

# Profiles that come along are in the page.
"$softhca" profiles | awk 'NR > 1 { print $1 }' | while read -r name; do
	grep -qx "\.It Cm $name" "$page" || fail "profile $name is not in the page"
done || exit 1

# Bold letters are struck twice.
renders() { sed 's/.\x08//g' | grep -q "SEE ALSO" || fail "it does not render"; }
if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning "$page" >"$T/lint" || fail "$(cat "$T/lint")"
	mandoc -Tutf8 "$page" | renders || exit 1
elif command -v groff >/dev/null; then
	groff -mandoc -Tutf8 -ww "$page" 2>"$T/lint" | renders || exit 1
	[ ! -s "$T/lint" ] || fail "$(cat "$T/lint")"
fi
exit 0
