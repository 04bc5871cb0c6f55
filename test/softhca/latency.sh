#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# latency.sh SOFTHCA LATENCY_SMOKE: commands told to take time take it, as often as there are such
# commands.
softhca=$1 program=$2
. "$(dirname "$0")/common.sh"

creates=400 modifies=1000
expected=$((creates * 1000 + modifies * 100)) # us

took() { # OPTIONS...
	"$softhca" run --profile cx6dx "$@" --stat "$T/stat" -- "$program" $creates $modifies ||
		fail "latency_smoke ends with $?"
}
without=$(took) || exit 1
with=$(took --latency create=1ms,modify=100us) || exit 1
difference=$((with - without))
echo "$without us without, $with us with latency: $difference us more, $expected expected"
[ "$with" -ge $expected ] || fail "$with us for commands of $expected us"

# What was added is counted to the nanosecond. (Each command wakes up later than that, by some tens of
# microseconds or whatever the machine is busy with: no more can be said about the time.)
"$softhca" stat -j "$T/stat" >"$T/json"
python3 - "$T/json" $creates $modifies <<'END' || fail "figures: $(cat "$T/json")"
import json, sys
command = json.load(open(sys.argv[1]))['command']
def check(names, count, ns):
    found = [command[n] for n in names]
    counts, added = sum(c['count'] for c in found), sum(c['latency_ns'] for c in found)
    assert counts == count and added == count * ns, (names, counts, added)
check(['alloc_transport_domain'], int(sys.argv[2]), 1000000)
check(['rst2init_qp', '2rst_qp'], int(sys.argv[3]), 100000)
END

# Random latencies are the same with the same seed.
spread() { # SEED: the sum of what was added
	"$softhca" run --latency create=1us-1ms --seed "$1" --stat "$T/stat" -- "$program" 50 0 >/dev/null &&
		"$softhca" stat -j "$T/stat" | python3 -c 'import json, sys
print(sum(e["latency_ns"] for e in json.load(sys.stdin)["command"].values()))'
}
a=$(spread 7) b=$(spread 7) c=$(spread 8)
[ -n "$a" ] && [ "$a" = "$b" ] || fail "seed 7: $a ns, then $b ns"
[ "$a" != "$c" ] || fail "seeds 7 and 8 are the same"
exit 0
