#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# systemd.sh UNIT VDPAD: systemd understands the unit and what comes with it, finds nothing to say,
# and counts few ways to do harm.
set -u
unit=$1 vdpad=$(realpath "$2")
from=$(dirname "$0")/../../config/systemd
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
fail() {
	echo "FAIL: $*" >&2
	exit 1
}
for tool in systemd-analyze systemd-sysusers systemd-tmpfiles; do
	command -v $tool >/dev/null || {
		echo "SKIP: $tool is not there"
		exit 77
	}
done

# Where it is installed there is nothing yet.
sed "s,^ExecStart=[^ ]*,ExecStart=$vdpad," "$unit" >"$T/vdpad.service"
! grep -nE '@[a-z]+@' "$T/vdpad.service" || fail "a place is not filled in"
systemd-analyze verify --man=no "$T/vdpad.service" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
# Of other units it may complain.
! grep vdpad "$T/out" || fail "it is not content"
# Tenths of its figure, which is 96 for a service that says nothing.
systemd-analyze security --offline=true --no-pager --threshold=35 "$T/vdpad.service" \
	>"$T/out" 2>&1 || fail "$(cat "$T/out")"
tail -1 "$T/out"

mkdir -p "$T"/{etc,run,usr/lib/sysusers.d,usr/lib/tmpfiles.d}
cp "$from/vdpad.sysusers" "$T/usr/lib/sysusers.d/vdpad.conf"
cp "$from/vdpad.tmpfiles" "$T/usr/lib/tmpfiles.d/vdpad.conf"
echo "root:x:0:0::/:/bin/sh" >"$T/etc/passwd"
echo "root:x:0:" >"$T/etc/group"
systemd-sysusers --root="$T" vdpad.conf >"$T/out" 2>&1 || fail "sysusers: $(cat "$T/out")"
gid=$(sed -n 's/^vdpa:[^:]*:\([0-9]*\):.*/\1/p' "$T/etc/group")
[ -n "$gid" ] || fail "no group: $(cat "$T/out")"
if [ "$(id -u)" = 0 ]; then
	systemd-tmpfiles --root="$T" --create vdpad.conf >"$T/out" 2>&1 || fail "tmpfiles: $(cat "$T/out")"
	[ "$(stat -c '%a %g' "$T/run/vdpad/guests")" = "2770 $gid" ] ||
		fail "guests' sockets: $(stat "$T/run/vdpad/guests")"
fi
exit 0
