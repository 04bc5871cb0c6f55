# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What a Linux guest says on its control queue, with the ordinary tools (ethtool, ip), checked in the
# guest and at the wire.
#
# For scripts that have read lib.sh and say which guest: GUEST, the function that starts it (NAME
# SOCKET), and DEVARGS, the device arguments it needs.
. "$(dirname "$0")/guest_scene.sh"

cases() {
	local c
	for c in config rx_modes groups mac_address macvlan vlan channels rss hash_fields offloads \
		coalesce mtu link rebind two_guests untrusted; do
		echo $c
	done
}

config() {
	scene mtu=2000
	says "MAC address" "ip link show eth0" "link/ether $MAC"
	says "MTU" "ip -d link show eth0" "mtu 2000 .*"
	says "largest MTU" "ip -d link show eth0" "maxmtu 2000"
	says "pairs" "ethtool -l eth0 | grep Combined | xargs" "Combined: 4 Combined: 1"
	up
	says "link" "cat /sys/class/net/eth0/carrier" "^1"
	gets "its address" $MAC
	guest_sends $HOST $MAC mark=7
	at_wire "^$HOST $MAC 0 7 "
	done_with
}

rx_modes() {
	scene
	up
	gets "its address" $MAC
	gets "broadcast" ff:ff:ff:ff:ff:ff
	gets_not "another address" $OTHER
	gets_not "a group it is not in" $GROUP
	guest g "ip link set eth0 allmulticast on"
	gets "a group, allmulticast" $GROUP
	gets_not "another address, allmulticast" $OTHER
	guest g "ip link set eth0 promisc on"
	gets "another address, promiscuous" $OTHER
	guest g "ip link set eth0 allmulticast off"
	gets "a group, promiscuous" $GROUP
	guest g "ip link set eth0 promisc off"
	gets_not "another address, no more" $OTHER
	gets_not "a group, no more" $GROUP
	gets "its address" $MAC
	done_with
}

groups() {
	local i
	scene
	up
	guest g "ip maddr add $GROUP dev eth0"
	gets "its group" $GROUP
	gets_not "another group" 33:33:00:00:00:78
	guest g "ip maddr add 33:33:00:00:00:78 dev eth0"
	gets "the other group" 33:33:00:00:00:78
	guest g "ip maddr del $GROUP dev eth0"
	gets_not "a group it left" $GROUP
	gets "the group it is still in" 33:33:00:00:00:78
	# More than any device's table: all groups, and back.
	guest g "for i in \$(seq 10 99); do ip maddr add 33:33:00:00:01:\$i dev eth0; done"
	gets "one of many groups" 33:33:00:00:01:57
	guest g "for i in \$(seq 10 99); do ip maddr del 33:33:00:00:01:\$i dev eth0; done"
	gets_not "one of many, left" 33:33:00:00:01:57
	gets "the group it is still in" 33:33:00:00:00:78
	done_with
}

mac_address() {
	local new=02:00:00:00:00:42
	scene
	up
	gets "its address" $MAC
	guest g "ip link set eth0 address $new"
	says "address" "cat /sys/class/net/eth0/address" "^$new"
	SURE=$new
	gets "its new address" $new
	gets_not "its old address" $MAC
	guest g "ip link set eth0 address $MAC"
	SURE=$MAC
	gets "its old address, again" $MAC
	gets_not "its new address, no more" $new
	refused "a group's" "ip link set eth0 address 33:33:00:00:00:01"
	done_with
}

macvlan() {
	local mac=02:00:00:00:00:61
	scene
	up
	guest g "load macvlan"
	gets_not "an address before it is there" $mac
	guest g "ip link add link eth0 name mv0 address $mac type macvlan mode bridge && ip link set mv0 up"
	gets "the macvlan's address" $mac
	gets "the guest's own" $MAC
	gets_not "another address" $OTHER
	guest g "frames watch mv0 >/tmp/mv 2>&1 & sleep 0.1"
	wait_for 20 "the guest watches" guest g "grep -q watching /tmp/mv"
	host_sends $mac mark=5
	wait_for 20 "it arrives in the macvlan" guest g "grep ' 5 ' /tmp/mv"
	guest g "frames send mv0 $HOST $mac mark=6"
	at_wire "^$HOST $mac 0 6 "
	guest g "ip link del mv0"
	gets_not "an address that is gone" $mac
	done_with
}

vlan() {
	scene
	up
	gets_not "a VLAN that is not there" $MAC vlan=5
	gets "no VLAN" $MAC
	guest g "load 8021q && ip link add link eth0 name v5 type vlan id 5 && ip link set v5 up"
	gets "VLAN 5" $MAC vlan=5
	[[ $OUT == "$MAC $HOST 5 "* ]] || fail "it arrives as $OUT"
	gets_not "VLAN 6" $MAC vlan=6
	guest g "ip link add link eth0 name v6 type vlan id 6 && ip link set v6 up"
	gets "VLAN 6" $MAC vlan=6
	gets_not "VLAN 6, another address" $OTHER vlan=6
	guest g "frames send v5 $HOST $MAC mark=8"
	at_wire "^$HOST $MAC 5 8 "
	guest g "ip link del v5"
	gets_not "VLAN 5, no more" $MAC vlan=5
	gets "VLAN 6, still" $MAC vlan=6
	guest g "ip link set eth0 promisc on"
	gets "VLAN 5, promiscuous" $OTHER vlan=5
	done_with
}

# Frames by receive queue as the guest counts them, and buffers as the NIC fills them: "0:N 1:N ...".
count_by_queue() {
	guest g "ethtool -S eth0 | sed -n 's/.*rx_queue_\([0-9]*\)_packets: /\1:/p' | xargs"
	BY_NIC=$("$SOFTHCA" stat "$STAT" | awk '$4 == "rx" && $2 == 0 { printf "%d:%d ", $3 / 2, $11 }')
}
difference() { # BEFORE AFTER
	printf '%s\n' "$@" | awk '{
		for (i = 1; i <= NF; i++) {
			split($i, q, ":")
			n[q[1]] = q[2] - n[q[1]]
		}
	} END { print n[0] + 0, n[1] + 0, n[2] + 0, n[3] + 0 }'
}
# Send flows and set SPREAD to how many frames each queue got: "N N N N".
flows() { # COUNT [DST]
	local before before_nic
	count_by_queue
	before=$OUT before_nic=$BY_NIC
	MARK=$((MARK + 2))
	host_sends "${2:-$MAC}" udp=20000 mark=$MARK "count=$1"
	wait_for 20 "$1 flows arrive" all_there "$MARK" "$1"
	count_by_queue
	SPREAD=$(difference "$before" "$OUT")
	note "$1 flows by queue: $SPREAD"
	[ "$SPREAD" = "$(difference "$before_nic" "$BY_NIC")" ] ||
		fail "the NIC has filled buffers of other queues: $before_nic, then $BY_NIC"
}
all_there() { guest g "grep -c ' $1 [0-9]*\$' /tmp/seen | tee /tmp/there; grep -qx $2 /tmp/there"; }
active() { awk '{ n = 0; for (i = 1; i <= NF; i++) n += $i > 0; print n }' <<<"$SPREAD"; }

channels() {
	local n
	scene
	up
	flows 200
	[[ $SPREAD == "200 0 0 0" ]] || fail "one pair is in use"
	for n in 4 2 3 1; do
		guest g "ethtool -L eth0 combined $n"
		says "channels" "ethtool -l eth0 | tail -1" "Combined: *$n$"
		flows 200
		[ "$(active)" = $n ] || fail "$n queues receive"
		[ "$(awk -v n=$n '{ s = 0; for (i = 1; i <= n; i++) s += $i; print s }' <<<"$SPREAD")" \
			-ge 200 ] || fail "not by the first $n"
	done
	refused "more than there are" "ethtool -L eth0 combined 5"
	gets "its address" $MAC
	done_with
}

# Sends flows, and holds where they went against Toeplitz over FIELDS (sdfn or sd, as ethtool names
# them), with the key and the table that ethtool shows.
flows_as_predicted() { # COUNT FIELDS
	local want
	flows "$1"
	guest g "ethtool -x eth0"
	printf '%s\n' "$OUT" >"$T/rss"
	want=$(python3 - "$1" "$2" "$MARK" "$T/rss" <<-'EOF'
		import re, socket, struct, sys
		count, fields, port, text = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), open(sys.argv[4]).read()
		table = [int(q) for line in re.findall(r"^\s*\d+:((?:\s+\d+)+)\s*$", text, re.M) for q in line.split()]
		key = int(re.search(r"([0-9a-f]{2}:){39}[0-9a-f]{2}", text).group().replace(":", ""), 16)
		def toeplitz(data):
		    h = 0
		    for i in range(8 * len(data)):
		        if data[i // 8] >> (7 - i % 8) & 1:
		            h ^= key >> (320 - 32 - i) & 0xffffffff
		    return h
		queues = [0] * 4
		for source in range(20000, 20000 + count):
		    data = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2")
		    if fields == "sdfn":
		        data += struct.pack(">HH", source, port)
		    queues[table[toeplitz(data) % len(table)]] += 1
		print(*queues)
	EOF
	)
	[ "$SPREAD" = "$want" ] || fail "they should have gone to queues as $want"
}

rss() {
	scene
	up
	guest g "ethtool -L eth0 combined 4"
	says "hash" "ethtool -x eth0" "toeplitz: on"
	guest g "ethtool -X eth0 equal 4"
	flows_as_predicted 300 sdfn
	guest g "ethtool -X eth0 equal 2"
	flows_as_predicted 300 sdfn
	[ "$(active)" = 2 ] || fail "two queues were chosen"
	guest g "ethtool -X eth0 weight 1 0 3 0"
	flows_as_predicted 300 sdfn
	[[ $SPREAD =~ ^[0-9]+\ 0\ [0-9]+\ 0$ ]] || fail "queues 0 and 2 were chosen"
	guest g "ethtool -X eth0 equal 4 hkey $(for i in $(seq 40); do printf '%02x:' $((i * 73 % 256)); done | sed 's/:$//')"
	flows_as_predicted 300 sdfn
	[ "$(active)" = 4 ] || fail "all queues were chosen"
	# The other command of the class, and back: the last one counts.
	# ethtool takes no queue away that its table names.
	guest g "ethtool -X eth0 equal 1; ethtool -L eth0 combined 1"
	flows 100
	[[ $SPREAD == "100 0 0 0" ]] || fail "one pair is in use"
	guest g "ethtool -L eth0 combined 4; ethtool -X eth0 equal 3"
	flows_as_predicted 300 sdfn
	[ "$(active)" = 3 ] || fail "three queues were chosen"
	done_with
}

hash_fields() {
	scene
	up
	guest g "ethtool -L eth0 combined 4; ethtool -X eth0 equal 4"
	says "fields" "ethtool -n eth0 rx-flow-hash udp4" "L4 bytes 0 & 1"
	flows_as_predicted 200 sdfn
	# Linux 6.1 keeps this until the next change of the table, as the device reports no hashes.
	guest g "ethtool -N eth0 rx-flow-hash udp4 sd && ethtool -X eth0 equal 4"
	flows_as_predicted 200 sd
	[ "$(active)" = 1 ] || fail "addresses only: it is one flow"
	guest g "ethtool -N eth0 rx-flow-hash udp4 sdfn && ethtool -X eth0 equal 4"
	flows_as_predicted 200 sdfn
	[ "$(active)" = 4 ] || fail "all queues were chosen"
	done_with
}

# ---- offloads ----

# TCP both ways; sets IN and OUT_LARGEST to the longest frame each side saw.
tcp() { # PORT
	local port=$1
	# It ends with its standard input.
	guest g "rm -f /tmp/open; mkfifo /tmp/open; nc -l -p $port >/tmp/got 0<>/tmp/open &"
	wait_for 20 "the guest listens" guest g "netstat -ltn | grep -q :$port"
	"${inside[@]}" busybox nc -w 10 192.0.2.2 "$port" <"$T/data" >/dev/null || true
	wait_for 20 "the data is in the guest" guest g "[ \$(sha256sum </tmp/got | cut -c1-64) = $SUM ]"
	spawn "sink$port" "${inside[@]}" busybox nc -l -p $((port + 1))
	wait_for 20 "the host listens" host_listens $((port + 1))
	guest g "nc -w 10 192.0.2.1 $((port + 1)) </tmp/got"
	wait_for 20 "the data is back" data_is_back "$port"
	guest g "awk -v m=$port '\$4 == m && \$5 > n { n = \$5 } END { print n }' /tmp/seen"
	IN=$OUT
	OUT_LARGEST=$(awk -v m=$((port + 1)) '$4 == m && $5 > n { n = $5 } END { print n }' "$T/wire.log")
	note "port $port: longest frame in $IN, out $OUT_LARGEST bytes"
}
host_listens() { "${inside[@]}" busybox netstat -ltn | grep -q ":$1 "; }
data_is_back() { [ "$(sha256sum <"$T/sink$1.log" | cut -c1-64)" = "$SUM" ]; }

offloads() {
	scene
	guest g "ip addr add 192.0.2.2/24 dev eth0"
	up
	head -c 1000000 /dev/urandom >"$T/data"
	SUM=$(sha256sum <"$T/data" | cut -c1-64)
	"${inside[@]}" ip link set vvtap0 mtu 1500
	# So that whoever makes frames long is the device.
	guest g "ethtool -K eth0 gro off"
	says "receive" "ethtool -k eth0" "^rx-gro-hw: on$"
	says "transmit" "ethtool -k eth0" "tx-tcp-segmentation: on"
	tcp 5001
	[ "$IN" -gt 1514 ] || fail "long frames come only in pieces, although the guest takes them"
	[ "$OUT_LARGEST" -gt 1514 ] || fail "the guest's long frames do not come to the wire"
	guest g "ethtool -K eth0 rx-gro-hw off"
	says "receive" "ethtool -k eth0" "^rx-gro-hw: off$"
	tcp 5003
	[ "$IN" -le 1514 ] || fail "a long frame, although the guest takes none"
	guest g "ethtool -K eth0 rx-gro-hw on tso off"
	says "transmit" "ethtool -k eth0" "tx-tcp-segmentation: off"
	tcp 5005
	[ "$IN" -gt 1514 ] || fail "long frames come only in pieces, although the guest takes them again"
	[ "$OUT_LARGEST" -le 1514 ] || fail "the guest does not make long frames"
	says "counters" "ethtool -S eth0" "rx_queue_0_packets: [1-9]"
	done_with
}

# The shortest of ten round trips, in microseconds.
shortest_ping() {
	"${inside[@]}" busybox ping -c 10 -i 0.05 192.0.2.2 >"$T/ping" || fail "ping: no answers"
	sed -n 's,^round-trip.* = \([0-9.]*\)/.*,\1,p' "$T/ping" | awk '{ print int($1 * 1000) }'
}
coalesce() {
	local before during after
	scene
	guest g "ip addr add 192.0.2.2/24 dev eth0"
	up
	before=$(shortest_ping)
	# tx-frames because Linux 6.1 takes what it finds there, 0, for a change of its own.
	guest g "ethtool -C eth0 rx-usecs 4000 rx-frames 64 tx-frames 1"
	says "receive" "ethtool -c eth0" "^rx-usecs: 4000"
	says "receive" "ethtool -c eth0" "^rx-frames: 64"
	during=$(shortest_ping)
	guest g "ethtool -C eth0 rx-usecs 0 rx-frames 1"
	after=$(shortest_ping)
	note "shortest round trips: $before us, notified 4 ms late $during us, at once again $after us"
	[ "$during" -ge 4000 ] || fail "notifications are not late"
	[ $((during - before)) -ge 2000 ] || fail "notifications are late without being told"
	[ $((during - after)) -ge 2000 ] || fail "notifications are late for ever"
	guest g "ethtool -C eth0 tx-usecs 50 tx-frames 16"
	says "transmit" "ethtool -c eth0" "^tx-usecs: 50"
	done_with
}

mtu() {
	scene mtu=9000
	says "MTU" "ip link show eth0" "mtu 9000"
	says "largest MTU" "ip -d link show eth0" "maxmtu 9000"
	up
	gets "a long frame" $MAC length=9014
	guest_sends $HOST $MAC mark=9 length=9014
	at_wire "^$HOST $MAC 0 9 9014"
	guest g "ip link set eth0 mtu 1400"
	says "MTU" "ip link show eth0" "mtu 1400"
	refused "more than the device" "ip link set eth0 mtu 9001"
	refused "long frames out" "frames send eth0 $HOST $MAC mark=10 length=1415"
	guest_sends $HOST $MAC mark=11 length=1414
	at_wire "^$HOST $MAC 0 11 1414"
	done_with
}

link() {
	scene
	up
	says "link" "cat /sys/class/net/eth0/carrier" "^1"
	"$SOFTHCA" inject "$STAT" link 0 down
	wait_for 20 "the guest's link is down" guest g "grep 0 /sys/class/net/eth0/carrier"
	wait_for 20 "the guest says so" guest g "ip link show eth0 | grep NO-CARRIER"
	"$SOFTHCA" inject "$STAT" link 0 up
	wait_for 20 "the guest's link is up" guest g "grep 1 /sys/class/net/eth0/carrier"
	gets "its address" $MAC
	# While nobody looks: the device is down when the driver comes back to it.
	"$SOFTHCA" inject "$STAT" link 0 down
	rebind
	guest g "ip link set eth0 up"
	wait_for 20 "the link is down" guest g "grep 0 /sys/class/net/eth0/carrier"
	"$SOFTHCA" inject "$STAT" link 0 up
	wait_for 20 "the link is up" guest g "grep 1 /sys/class/net/eth0/carrier"
	done_with
}

rebind() {
	guest g "d=\$(basename \$(readlink /sys/class/net/eth0/device)); cd /sys/bus/virtio/drivers/virtio_net && echo \$d >unbind"
	refused "the device" "ip link show eth0"
	guest g "echo \$d >bind; cd /"
	guest g "ip link show eth0"
}
rebind_case() {
	local i
	scene
	up
	guest g "load 8021q"
	for i in 1 2 3; do
		note "round $i"
		guest g "ip link set eth0 address 02:00:00:00:00:42 promisc on allmulticast on"
		guest g "ip link add link eth0 name v5 type vlan id 5 && ip link set v5 up"
		guest g "ethtool -L eth0 combined 4; ethtool -K eth0 rx-gro-hw off"
		SURE=02:00:00:00:00:42
		gets "another address, promiscuous" $OTHER
		guest g "killall frames; ip link del v5"
		rebind
		says "address" "cat /sys/class/net/eth0/address" "^$MAC"
		says "channels" "ethtool -l eth0 | tail -1" "Combined: *1$"
		up
		SURE=$MAC
		gets "its address" $MAC
		gets_not "the one it had given itself" 02:00:00:00:00:42
		gets_not "a VLAN it had" $MAC vlan=5
		gets_not "a group" $GROUP
		flows 50
		[[ $SPREAD == "50 0 0 0" ]] || fail "one pair is in use"
		guest_sends $HOST $MAC mark=$((50 + i))
		at_wire "^$HOST $MAC 0 $((50 + i)) "
	done
	done_with
}

two_guests() {
	local a=02:5f:7c:a0:00:00 b=02:5f:7c:a0:00:01 i
	scene functions=2
	guest_shell "$GUEST" h "$T/s1"
	up g
	up h
	guest g "load 8021q; ip addr add 10.9.0.1/24 dev eth0; ip link add link eth0 name v5 type vlan id 5; ip addr add 10.9.5.1/24 dev v5; ip link set v5 up"
	guest h "load 8021q; ip addr add 10.9.0.2/24 dev eth0; ip link add link eth0 name v5 type vlan id 5; ip addr add 10.9.5.2/24 dev v5; ip link set v5 up"
	says "ping" "ping -c 3 -i 0.2 10.9.0.2" "3 packets received"
	says "ping in VLAN 5" "ping -c 3 -i 0.2 10.9.5.2" "3 packets received"
	# One of them is busy with itself while the other keeps asking it: not one answer is lost.
	guest g "ping -c 200 -i 0.02 10.9.0.2 >/tmp/ping 2>&1 & p=\$!"
	for i in $(seq 10); do
		guest h "ethtool -L eth0 combined $((i % 4 + 1)); ip link set eth0 promisc on; ip maddr add $GROUP dev eth0; ip link set eth0 promisc off; ip maddr del $GROUP dev eth0; ip link add link eth0 name v7 type vlan id 7; ip link set v7 up; ip link del v7; ethtool -X eth0 equal 2"
	done
	guest g "wait \$p; tail -3 /tmp/ping"
	grep -q "200 packets received, 0% packet loss" <<<"$OUT" || fail "answers are lost: $OUT"
	note "$(grep transmitted <<<"$OUT")"
	# What one of them wants is nothing to the other.
	guest h "ip link set eth0 promisc on"
	gets "its address" $a
	gets_not "the other's" $b
	host_sends $b mark=77
	wait_for 20 "it is the other that gets it" guest h "grep '^$b $HOST 0 77 ' /tmp/seen"
	guest h "ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:43; ip link set eth0 promisc off up"
	# Linux does not tell its neighbours.
	guest g "ip neigh flush dev eth0"
	says "ping" "ping -c 3 -i 0.2 10.9.0.2" "3 packets received"
	done_with g h
}

# The operator does not let the guest choose what it receives.
untrusted() {
	scene "devargs=$DEVARGS,trust=off"
	up
	gets "its address" $MAC
	gets_not "another address" $OTHER
	refused "another address" "ip link set eth0 address 02:00:00:00:00:42"
	guest g "ip link set eth0 promisc on"
	gets_not "another address, promiscuous or not" $OTHER
	says "it says so" "dmesg" "Failed to enable promisc mode"
	guest g "ip link set eth0 promisc off"
	guest g "load macvlan && ip link add link eth0 name mv0 address $OTHER type macvlan && ip link set mv0 up"
	gets_not "a macvlan's address" $OTHER
	guest g "ethtool -L eth0 combined 2"
	flows 200
	[ "$(active)" = 2 ] || fail "the number of queues is the guest's affair"
	[ "$(grep -ci "trust" "$T/be.log")" = 1 ] || fail "the operator is not told once: $(grep -i trust "$T/be.log")"
	done_with
}

run() {
	case $1 in
	rebind) rebind_case ;;
	*) "$1" ;;
	esac
}
