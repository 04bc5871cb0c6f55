#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# profile.sh SOFTHCA: files that say what the NIC is: where they are found, and what is wrong with them.
softhca=$(realpath "$1")
. "$(dirname "$0")/common.sh"

expect() { # MESSAGE: the profile in $T/x.ini is refused, in one line that says so
	local status=0
	"$softhca" run --profile "$T/x.ini" true >"$T/out" 2>&1 || status=$?
	[ $status = 2 ] || fail "$1: exit $status: $(cat "$T/out" "$T/x.ini")"
	[ "$(wc -l <"$T/out")" = 1 ] || fail "$1: not one line: $(cat "$T/out")"
	grep -qF -- "$1" "$T/out" || fail "'$1' instead of '$(cat "$T/out")'"
}
try() { # MESSAGE LINES...
	local message=$1
	shift
	printf '%s\n' "$@" >"$T/x.ini"
	expect "$message"
}

# Where they are.
profiles=$("$softhca" profiles) || fail "profiles: exit $?"
for name in default cx6dx bf3 old; do
	grep -q "^$name " <<<"$profiles" || fail "no profile $name in: $profiles"
	"$softhca" run --profile $name true || fail "profile $name"
done
"$softhca" run --profile nothing true 2>"$T/err" && fail "profile nothing"
grep -qF "'nothing' is none of bf3, cx6dx, default, old" "$T/err" || fail "$(cat "$T/err")"
for name in "$T/none.ini" none.ini "$T/none"; do
	"$softhca" run --profile "$name" true 2>"$T/err" && fail "profile $name"
	grep -qF -- "--profile: $name: No such file" "$T/err" || fail "$(cat "$T/err")"
done
mkdir "$T/x.ini"
expect "--profile: $T/x.ini: Is a directory"
rmdir "$T/x.ini"

# What can be wrong with one.
try "x.ini:2: 'colour' is not a key of section [device]" "[device]" "colour = blue"
try "x.ini:3: 'pci_device' is not a key of section [virtio]" "" "[virtio]" "pci_device = 0x101d"
try "x.ini:2: packed: in section [queues]; there are" "[queues]" "packed = no"
try "x.ini:1: packed: in section []" "packed = no"
try "x.ini:2: neither [SECTION] nor KEY = VALUE" "[device]" "fw_version"
try "x.ini:1: neither [SECTION] nor KEY = VALUE" "[device"
try "x.ini:2: split = perhaps: neither yes nor no" "[virtio]" "split = perhaps"
try "x.ini:3: split: a second time" "[virtio]" "split = yes" "split = yes"
try "x.ini:2: max_queues = 257: not a number from 2 to 256" "[virtio]" "max_queues = 257"
try "x.ini:2: max_queues = : not a number" "[virtio]" "max_queues ="
try "x.ini:2: max_queue_size = 768: not a power of two from 2 to 32768" "[virtio]" "max_queue_size = 768"
try "x.ini:2: max_mtu = 10000: not a number from 68 to 9216" "[device]" "max_mtu = 10000"
try "x.ini:2: max_ft_level = 16: not a number from 1 to 15" "[device]" "max_ft_level = 16"
try "x.ini:2: log_max_ft_size = 21: not a number from 0 to 20" "[device]" "log_max_ft_size = 21"
try "x.ini:2: pci_device = 0x12345: not a number from 1 to 65535" "[device]" "pci_device = 0x12345"
try "x.ini:2: fw_version = latest: not a version like" "[device]" "fw_version = latest"
try "x.ini:2: offloads: 'lro' is not an offload" "[virtio]" "offloads = csum lro"
try "x.ini: emulation = yes, but neither split nor packed" "[virtio]" "split = no" "packed = no"
try "x.ini:1: longer than" "; $(head -c 300 /dev/zero | tr '\0' x)"
# The first error is the one that is told.
try "x.ini:2: 'a' is not a key" "[device]" "a = 1" "b" "c = 2"
# Not text at all.
for _ in $(seq 20); do
	head -c 2000 /dev/urandom >"$T/x.ini"
	expect "x.ini"
done

# What is right, with comments; and that it arrives.
printf '%s\n' "# one" "; two" "[device]" "pci_device = 4129 ; ConnectX-7" "fw_version=28.1.2" >"$T/mine.ini"
(cd "$T" && "$softhca" run --profile mine.ini --shape pf=1,vf=1 -- cat /sys/class/infiniband/mlx5_0/fw_ver \
	/sys/bus/pci/devices/0000:3b:00.0/device /sys/bus/pci/devices/0000:3b:00.1/device) >"$T/out" ||
	fail "mine.ini"
[ "$(tr '\n' ' ' <"$T/out")" = "28.1.2 0x1021 0x101e " ] || fail "mine.ini: $(cat "$T/out")"

# default.ini says of each key what it is without a file.
"$softhca" profiles -j >"$T/json" || fail "profiles -j"
python3 - "$T/json" "$(dirname "$0")/../../app/softhca/fw/profile.c" <<'END' || fail "default.ini is not the default"
import json, re, sys
d = [p for p in json.load(open(sys.argv[1])) if p['name'] == 'default'][0]
c = open(sys.argv[2]).read()
c = c[c.index('hca_profile_default = {'):]
c = c[:c.index('};')]
known = {'virtio': 'emulation'}
n = 0
for key, value in re.findall(r'\.(\w+) = ([^,]+),', c):
    if key == 'name':
        continue
    if key == 'offloads':
        want = sorted(o.lower() for o in re.findall(r'HCA_OFFLOAD_(\w+)', value))
        got = sorted(d[key].split())
    else:
        want = json.loads(value) if value[0] in '"tf' else int(value, 0)
        got = d[known.get(key, key)]
    assert want == got, (key, want, got)
    n += 1
assert n == 20, n
END
exit 0
