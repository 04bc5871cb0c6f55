#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Our checking front-end against a third party's back-end, DPDK's net_vhost: what it calls right has
# been called right by somebody else too, and what is wrong on purpose is found.
. "$(dirname "$0")/lib.sh"

cases() {
	echo loop
	echo pairs
	echo peer
	echo reconnect-split
	echo reconnect-packed
	echo reflect
	echo bench
	echo detects
	echo hostile
}

MIXED=(--size 60-1514 --stall-ms $((2000 * VV_PATIENCE)) --timeout-ms $((10000 * VV_PATIENCE)))

vfront() { # EXPECTED-STATUS OPTIONS...
	local expected=$1
	shift
	spawn fe "$VFRONT" --socket "$T/s0" "${MIXED[@]}" "$@"
	reap fe 60
	note "$(tail -n 1 "$T/fe.log"): $*"
	[ "$STATUS" = "$expected" ] || fail "vfront $*: exit $STATUS, not $expected"
	alive be || fail "the back-end ended"
}
quantity() { # LABEL: sum over the table's rows of this name
	awk -v label="$1" 'index($0, "  " label "  ") == 1 { n += $NF } END { print n + 0 }' "$T/fe.log"
}
is() { # LABEL NUMBER
	[ "$(quantity "$1")" = "$2" ] || fail "$1: $(quantity "$1"), not $2"
}
more_than() { # LABEL NUMBER
	[ "$(quantity "$1")" -gt "$2" ] || fail "$1: $(quantity "$1"), not more than $2"
}

loop() {
	local layout
	backend net_vhost
	for layout in "--layout split" "--layout packed" --legacy; do
		# shellcheck disable=SC2086
		set -- --frames 50000 $layout
		vfront 0 "$@"
		is "frames received" 50000
		vfront 0 "$@" --regions 8 --chain 1-5
		vfront 0 "$@" --frames 20000 --mergeable --rx-buffer 300 --size 60-6000
		vfront 0 "$@" --restarts 4 --without reply-ack
		is restarts 4
		# Few in flight: it has to sleep between them.
		vfront 0 "$@" --frames 2000 --window 2 --interrupt
		more_than calls 0
	done
	vfront 0 --layout packed --ring-size 100 --frames 50000
	vfront 0 --layout split --event-idx --interrupt --window 2 --frames 2000
	more_than calls 0
	vfront 0 --layout packed --event-idx --interrupt --window 2 --frames 2000
	more_than calls 0
	vfront 0 --without mq,reply-ack,backend-req,status --frames 2000
	vfront 0 --json --frames 2000
	python3 -c 'import json, sys
r = json.load(sys.stdin)
assert r["ok"] and r["streams"][0]["received"] == 2000 and r["streams"][0]["lost"] == 0' \
		<"$T/fe.log" || fail "the JSON is not what it should be"
}

pairs() {
	local layout
	backend net_vhost queues=2
	for layout in split packed; do
		vfront 0 --layout $layout --pairs 2 --frames 100000
		is "frames received" 100000
		is corrupted 0
	done
}

peer() {
	local layout
	backend net_vhost functions=2 queues=2
	for layout in split packed; do
		vfront 0 --peer-socket "$T/s1" --duplex --announce --layout $layout --pairs 2 \
			--regions 5 --frames 50000
		is "frames received" 100000
		more_than "foreign frames" 0
	done
}

# testpmd discards what has arrived before it starts to forward; not so here.
client_backend() {
	# shellcheck disable=SC2046
	spawn be stdbuf -oL dpdk-testpmd $(eal be 512) --no-pci \
		--vdev "net_vhost0,iface=$T/s0,queues=1,client=1" -- --no-mlockall \
		--total-num-mbufs=16384 -i --nb-cores=1 --forward-mode=io --auto-start --no-flush-rx
	wait_log be "^testpmd> " 30
}

reconnect() { # LAYOUT
	spawn fe "$VFRONT" --socket "$T/s0" --listen --reconnect --layout "$1" "${MIXED[@]}" \
		--seconds 60 --timeout-ms 30000
	wait_for 10 "the front-end listens" test -S "$T/s0"
	client_backend
	wait_for 20 "frames move" moved be 10000
	crash be
	client_backend
	wait_for 20 "frames move again" moved be 10000
	stop fe
	grep -E '^(PASS|FAIL)|died' "$T/fe.log" || true
	[ "$STATUS" = 0 ] || fail "vfront: exit $STATUS"
	is "back-end died" 1
	is lost 0
}

# Sender on one port, reflector on the other.
reflect() {
	backend net_vhost functions=2
	spawn mirror "$VFRONT" --socket "$T/s1" --reflect --layout packed --frames 20000 -v
	wait_log mirror ": connected" 20
	vfront 0 --frames 20000
	is reflected 20000
	reap mirror 20
	[ "$STATUS" = 0 ] || fail "reflector: exit $STATUS"
}

forward() { # MODE
	tell be stop
	tell be "set fwd $1"
	tell be start
	wait_log be "$1 packet forwarding" 20
}

# Whatever the rate: it measures, and buffers come back where they are expected.
bench() {
	local layout
	backend net_vhost
	for layout in split packed; do
		vfront 0 --bench --layout $layout --size 64 --seconds 1
		more_than "frames received" 1000
		is "batches completed out of place" 0
	done
}

# Back-ends that are wrong: one changes addresses, one swallows everything.
detects() {
	backend net_vhost
	vfront 0 --frames 1000
	forward mac
	vfront 1 --frames 1000 --stall-ms 200
	more_than corrupted 0
	forward rxonly
	vfront 1 --frames 1000 --stall-ms 200
	is "frames received" 0
	is lost "$(quantity "frames sent")"
	vfront 1 --frames 1000 --stall-ms 200 --layout packed --interrupt
	is "frames received" 0
}

# The whole table is for our own driver; here only that acting and reporting work.
hostile() {
	local name
	backend net_vhost
	for name in desc-outside-memory desc-in-hole@rx chain-loop head-out-of-range ring-garbage \
		desc-changed-while-read disconnect-at-message:9 half-message:20 fd-too-many \
		ring-addr-outside ring-size-odd mem-region-huge; do
		vfront 0 --misbehave $name --recheck --frames 2000 --stall-ms 200
		grep "^$name:" "$T/fe.log" || fail "no report"
	done
	for name in id-out-of-range wrap-garbage@rx chain-too-long; do
		vfront 0 --misbehave $name --recheck --frames 2000 --stall-ms 200 --layout packed
	done
	vfront 2 --misbehave no-such-thing
}

run() {
	need "$VFRONT" dpdk-testpmd
	case $1 in
	reconnect-*) reconnect "${1#*-}" ;;
	*) "$1" ;;
	esac
}

main "$@"
