#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# pmd_smoke.sh SOFTHCA PMD_SMOKE VFRONT alone|guests|failures|telemetry: what a program that manages devices is told and
# can change, on a NIC of two functions. Numbers are those of the requirements (doc/provisioning.md).
softhca=$1 program=$2 vfront=$3 what=$4
. "$(dirname "$0")/../../softhca/common.sh"

mkfifo "$T/in" "$T/out"
# For the front-end's scripts as well: answers are lines, asked for one by one.
cat >"$T/ask" <<END
#!/bin/bash
exec 3<>"$T/in" 4<>"$T/out"
echo "\$*" >&3
read -r -t 60 answer <&4 || answer="error 110 no answer"
echo "\$answer"
case \$answer in ok*) ;; *) exit 1 ;; esac
END
# PATTERN COMMAND...: the answer matches
cat >"$T/expect" <<END
#!/bin/bash
pattern=\$1
shift
answer=\$("$T/ask" "\$@")
[[ \$answer =~ \$pattern ]] && exit
echo "\$*: \$answer: not \$pattern" | tee -a "$T/unexpected"
exit 1
END
# What is armed may hit a later command: then it is asked for once more.
cat >"$T/until" <<END
#!/bin/bash
"$T/ask" "\$@" >>"$T/told" || "$T/ask" "\$@" >>"$T/told" || "$T/expect" ^ok "\$@"
END
chmod +x "$T/ask" "$T/expect" "$T/until"
ask() { "$T/ask" "$@"; }
expect() { "$T/expect" "$@" || fail "$(grep -v VHOST_ "$T/log" | tail -n 20)"; }
# As soon as librte_vhost has seen that a front-end is gone.
comes() { # PATTERN COMMAND...
	local pattern=$1 i
	shift
	for ((i = 0; i < 600; i++)); do
		[[ $(ask "$@") =~ $pattern ]] && return
		sleep 0.05
	done
	expect "$pattern" "$@"
}
ok() { expect '^ok' "$@"; }
said() { grep -qE "$1" "$T/log" || fail "the log does not say $1: $(grep -v VHOST_ "$T/log" | tail -n 20)"; }

telemetry=--no-telemetry
if [ "$what" = telemetry ]; then
	telemetry=
	export RUNTIME_DIRECTORY=$T
fi
"$softhca" run --functions 2 --delay-drop 5000 --stat "$T/stat" \
	--function 0,mac=52:54:00:00:00:01 --function 1,mac=52:54:00:00:00:02 -- \
	"$program" "$T/in" "$T/out" --no-huge -m 64 --no-pci --no-shconf --file-prefix "pmd$$" \
	$telemetry --iova-mode=va >"$T/log" 2>&1 &
pid=$!
exec 4<>"$T/out"
read -r -t 60 answer <&4 && [ "$answer" = "ok ready" ] || fail "start: $(cat "$T/log")"
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$T"' EXIT

finish() {
	echo quit >"$T/in"
	wait $pid || fail "end: $? $(grep -v VHOST_ "$T/log" | tail -n 20)"
	[ "$(alive "$T/stat")" = 0 ] || fail "$(alive "$T/stat") objects alive at the end"
}

contexts() { "$softhca" stat "$T/stat" | awk '$1 == "context" { print $3 }'; }

alone() {
	local free opened n

	# P4 L7: parents before any device; nothing is left open.
	expect '^ok \[mlx5_0 supported=0x[1-9a-f].* max_vqs=[1-9].* devices_free=[1-9].*\] \[mlx5_1 .*\]$' parents
	expect 'mac_table=64 .*big_endian=0' parent mlx5_0
	[ "$(alive "$T/stat")" = 0 ] || fail "parents: $(alive "$T/stat") objects alive"
	expect '^error 19 .*there are: .*mlx5_0' parent mlx5_9
	# Asked again at once it is not opened again, after a while it is: its MTU may be another.
	for n in 1 2 3 4 5 6 7 8 9 10; do
		ok parents
		opened=$(contexts)
		ok parents
		[ "$(contexts)" != "$opened" ] || break
	done
	[ "$(contexts)" = "$opened" ] || fail "parents at once: $opened, then $(contexts) contexts"
	sleep 0.2
	ok parent mlx5_0
	[ "$(contexts)" = $((opened + 1)) ] || fail "a parent later: $opened, then $(contexts)"
	free=$(ask parent mlx5_0 | sed 's/.*vqs_free=\([0-9]*\).*/\1/')

	# P7 P8 P9 P30: what it was made as, and what is so before any guest.
	ok add a ibdev=mlx5_0,max_vqp=2,mtu=1500
	expect '^ok parent=mlx5_0 features=0x[1-9a-f].* mac=52:54:00:00:00:01 mtu=1500\(set\) max_vqp=2\(set\) .*mode=transitional trust=on ' device a
	expect '^ok connected=0 running=0 negotiated=0x0 mac=52:54:00:00:00:01 mtu=1500 link=1 wanted=1 announce=0 .*vqp=0 cvq=0 .*memory=some' live a
	expect "vqs_free=$((free - 4)) " parent mlx5_0
	expect '^error 19' live nosuch
	expect '^ok receive absent size=0 received_descriptors=0 ' stats a 0
	expect '^ok control absent .*control_commands=0 .*refused_not_trusted=0' stats a 4
	expect '^error 2 ' stats a 5
	expect '^ok device vdpa_verbs_a\|.*provisioned\|  parent mlx5_0\|.*ring 4 control absent' dump a

	# Addresses: unique, of all functions of the NIC.
	expect '^error 98 address: the port.s, 52:54:00:00:00:01, is that of vdpa_verbs_a already: give this device one' add b ibdev=mlx5_0,max_vqp=1
	expect '^error 98 address: 52:54:00:00:00:01 is that of vdpa_verbs_a' add b ibdev=mlx5_0,max_vqp=1,address=52:54:00:00:00:01
	expect '^error 98 address: 52:54:00:00:00:01 is that of vdpa_verbs_a' add b ibdev=mlx5_1,max_vqp=1,address=52:54:00:00:00:01
	ok add b ibdev=mlx5_0,max_vqp=1,address=02:00:00:00:00:0b
	expect "vqs_free=$((free - 6)) " parent mlx5_0
	expect '^error 17 .*vdpa_verbs_a' set b mac 52:54:00:00:00:01
	expect '^error 22 mac' set b mac 03:00:00:00:00:0b
	expect '^error 22 mac' set b mac 00:00:00:00:00:00
	ok set b mac 02:00:00:00:00:1b
	expect ' mac=02:00:00:00:00:1b\(set\) ' device b
	ok add c ibdev=mlx5_1,max_vqp=1,address=02:00:00:00:00:0b,mtu=off
	expect '^error 19' set nosuch mac 02:00:00:00:00:1b

	# Limits by name.
	expect '^error 28 max_vqp: .*vqs_free is' add d ibdev=mlx5_0,max_vqp=127,address=02:00:00:00:00:0d
	expect '^error 34 mtu: 60 ' set a mtu 60
	expect '^error 34 mtu: 9000 is more than the port' set a mtu 9000
	ok set a mtu 1400
	expect ' mtu=1400 ' live a
	expect '^error 95 mtu' set c mtu 1400
	expect '^error 19 no such verbs device' add d ibdev=mlx5_9
	expect '^error 22 .*colour' add d ibdev=mlx5_1,colour=red

	# The operator's link.
	ok set a link down
	expect ' link=0 wanted=0 ' live a
	ok set a link up
	expect ' link=1 wanted=1 ' live a

	expect '^error 11 no guest runs' save a 0
	ok del a
	expect '^error 19' live a
	ok add a ibdev=mlx5_1,max_vqp=1,address=52:54:00:00:00:01
	ok del a
	ok del b
	ok del c
	expect "vqs_free=$free " parent mlx5_0
}

front() { # NAME SCRIPT [OPTIONS]
	local name=$1 script=$2
	shift 2
	echo "$script" >"$T/$name.script"
	timeout 120 "$vfront" --socket "$T/$name.sock" --control "$T/$name.script" --timeout-ms 20000 \
		"$@" >"$T/$name.log" 2>&1 ||
		fail "$name: $(cat "$T/$name.log" "$T/unexpected" 2>/dev/null | grep -v ^ok)
$(grep -v VHOST_ "$T/log" | tail -n 20)"
}

guests() {
	local all=mac,status,ctrl_vq,ctrl_rx,ctrl_mac_addr,mq wrong
	# Has the NIC a queue that function 0 could send by?
	local sends="$softhca stat $T/stat | grep -qE '^[0-9]+ +0 +[0-9]+ tx '"

	ok add peer ibdev=mlx5_1,max_vqp=2 "$T/peer.sock"

	# P11: live values; the guest's own address ends with it. P8: features whatever it takes.
	ok add a ibdev=mlx5_0,max_vqp=2 "$T/a.sock"
	front a "
run $T/expect 'connected=1 running=1 negotiated=0x[1-9a-f].* vqp=1 cvq=4 cvq_running=1 vqs=4 .*promisc=1' live a
promisc 0
mac 02:00:00:00:00:aa
pairs 2
run $T/expect ' mac=02:00:00:00:00:aa .* vqp=2 .*promisc=0 .*commands=3 refused=0' live a
run $T/expect ' mac=52:54:00:00:00:01 ' device a
wire to=02:00:00:00:00:aa expect any
run $T/expect '^error 16 mtu: a guest has been told' set a mtu 1400
run $T/expect '^error 16 ' load a 0
run $T/expect '^ok receive running size=256 ' stats a 0
mac 52:54:00:00:00:02 expect err
reset
run $T/expect ' mac=52:54:00:00:00:01 .*promisc=1' live a
promisc 0
wire to=52:54:00:00:00:01 expect any
run $T/expect '^ok' set a mac 02:00:00:00:00:ab
wait-config mac=02:00:00:00:00:ab
wire to=02:00:00:00:00:ab expect any
wire to=52:54:00:00:00:01 expect none
mac 02:00:00:00:00:ac
run $T/expect '^ok' set a mac 52:54:00:00:00:01
wire to=02:00:00:00:00:ac expect any
run $T/expect ' mac=02:00:00:00:00:ac ' live a
run $T/expect ' mac=52:54:00:00:00:01\(set\) ' device a
" --features $all --pairs 2 --peer-socket "$T/peer.sock"
	comes 'connected=0 running=0 negotiated=0x0 mac=52:54:00:00:00:01 ' live a

	# The operator's link: down, nothing comes and nothing goes; up, all goes on.
	front a "
promisc 0
wire expect any
run $T/expect '^ok' set a link down
wait-config status=0
marker quiet
wire expect none
promisc 1
run $T/expect '^ok transmit held ' stats a 1
run ! $sends
run $T/expect '^ok' set a link up
wait-config status=3
announce
marker auto
wire expect any
run $T/expect '^ok transmit running ' stats a 1
run $sends
run $T/expect '^ok' set a link down
wait-config status=0
marker quiet
pause
run $T/expect '^ok transmit held ' stats a 1
wire expect none
run $T/expect '^ok' set a link up
wait-config status=3
announce
marker auto
wire expect any
" --features $all --pairs 2 --peer-socket "$T/peer.sock"

	# P12: what the guest has chosen goes with it, what was provisioned stays.
	ok add there ibdev=mlx5_0,max_vqp=2,address=02:00:00:00:00:77 "$T/there.sock"
	front a "
mac 02:00:00:00:00:aa
promisc 0
pairs 2
run $T/expect '^ok' save a 0
" --features $all --pairs 2 --peer-socket "$T/peer.sock"
	comes '^error 11 ' save a 1
	ok load there 0
	# Begun anew: not used.
	comes connected=0 live there
	front there "
run $T/expect ' mac=02:00:00:00:00:77 .*promisc=1' live there
" --features $all --pairs 2
	said 'vdpa_verbs_there: the state that was loaded is not used: the guest begins anew'
	comes connected=0 live there
	front a "
mac 02:00:00:00:00:aa
promisc 0
pairs 2
run $T/expect '^ok' save a 0
run $T/expect '^ok' del there
run $T/expect '^ok' add there ibdev=mlx5_0,max_vqp=2,address=02:00:00:00:00:77 $T/there.sock
run $T/expect '^ok' load there 0
move $T/there.sock
run $T/expect ' mac=02:00:00:00:00:aa .*vqp=2 .*promisc=0' live there
run $T/expect ' mac=02:00:00:00:00:77\(set\) ' device there
wire to=02:00:00:00:00:aa expect any
wire to=02:00:00:00:00:77 expect none
" --features $all --pairs 2 --peer-socket "$T/peer.sock"

	# P33 P35: nothing a guest could not have set itself.
	ok change 0 without 23
	expect '^error 22 mac: .*CTRL_MAC_ADDR' load there 0
	ok change 0 with 23
	ok change 0 in_use 3
	expect '^error 22 pairs' load there 0
	ok change 0 in_use 2
	ok change 0 with 110
	expect '^error 22 negotiated: .*bit_110' load there 0
	ok change 0 without 110
	ok change 0 pairs 3
	expect '^error 22 pairs' load there 0
	ok change 0 pairs 2
	ok load there 0
	comes connected=0 live there
	ok del there
	ok add there ibdev=mlx5_0,max_vqp=2,address=02:00:00:00:00:77,trust=off "$T/there.sock"
	expect '^error 1 mac: trust is off' load there 0
	ok change 0 mac 02:00:00:00:00:77
	expect '^error 1 .*trust is off' load there 0

	# P34: and none by asking, with a legacy driver's write either.
	front there "
mac 02:00:00:00:00:78 expect err
run $T/expect ' mac=02:00:00:00:00:77 ' live there
wire to=02:00:00:00:00:78 expect none
wire to=02:00:00:00:00:77 expect any
" --features $all --pairs 2 --peer-socket "$T/peer.sock"
	front there "
write-config mac=02:00:00:00:00:78
run $T/expect ' mac=02:00:00:00:00:77 ' live there
" --legacy --pairs 2 --features mac,status,ctrl_vq,ctrl_rx
	said 'vdpa_verbs_there: configuration: not to be written by the guest .*trust is off'

	# P37: a legacy guest's write reaches the filter; it ends with the guest, too. Byte by byte it
	# passes by another's address.
	ok add passed ibdev=mlx5_0,max_vqp=1,address=02:00:00:00:aa:78
	comes connected=0 live there
	ok del there
	ok add there ibdev=mlx5_0,max_vqp=2,address=02:00:00:00:00:77 "$T/there.sock"
	front there "
promisc 0
wire to=02:00:00:00:00:78 expect none
write-config mac=02:00:00:00:00:78
run $T/expect ' mac=02:00:00:00:00:78 ' live there
wire to=02:00:00:00:00:78 expect any
wire to=02:00:00:00:00:77 expect none
write-config mac=02:00:00:00:aa:79 by=1
run $T/expect ' mac=02:00:00:00:aa:79 ' live there
wire to=02:00:00:00:aa:79 expect any
wire to=02:00:00:00:00:78 expect none
reset
run $T/expect ' mac=02:00:00:00:00:77 ' live there
" --legacy --pairs 2 --features mac,status,ctrl_vq,ctrl_rx --peer-socket "$T/peer.sock"

	ok del passed
	# L3, and rings longer than provisioned: refused in one line.
	comes connected=0 live there
	ok del there
	ok add there ibdev=mlx5_0,max_vqp=1,mode=modern,max_vq_size=128,address=02:00:00:00:00:77 "$T/there.sock"
	"$vfront" --socket "$T/there.sock" --legacy --frames 1 --timeout-ms 3000 --stall-ms 300 \
		>"$T/wrong.log" 2>&1 && fail "a legacy guest of a modern device"
	wrong=$(grep -c 'vdpa_verbs_there: cannot start: .*mode transitional' "$T/log")
	[ "$wrong" = 1 ] || fail "modern: said $wrong times: $(grep -v VHOST_ "$T/log" | tail -n 20)"
	comes connected=0 live there
	"$vfront" --socket "$T/there.sock" --frames 1 --timeout-ms 3000 --stall-ms 300 \
		>"$T/wrong.log" 2>&1 && fail "a ring of 256 in a device of 128"
	wrong=$(grep -c 'vdpa_verbs_there: cannot start: .*256 entries.*128 (max_vq_size)' "$T/log")
	[ "$wrong" = 1 ] || fail "max_vq_size: said $wrong times: $(grep -v VHOST_ "$T/log" | tail -n 20)"
	"$vfront" --socket "$T/there.sock" --peer-socket "$T/peer.sock" --ring-size 128 --frames 100 \
		--timeout-ms 20000 >"$T/right.log" 2>&1 || fail "128: $(cat "$T/right.log")"

	comes connected=0 live there
	ok del there
	ok del a
	ok del peer
}

# Each command that a change takes is refused in turn: the device stays as it was, or what could not
# be done can be done later; frames pass again in any case.
failures() {
	local all=mac,status,ctrl_vq,ctrl_rx,ctrl_mac_addr,mq n script="promisc 0"

	ok add peer ibdev=mlx5_1,max_vqp=2 "$T/peer.sock"
	ok add a ibdev=mlx5_0,max_vqp=2 "$T/a.sock"
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		script+="
run $softhca inject $T/stat fail any:$n >/dev/null
run $T/ask set a mac 02:00:00:00:00:aa >>$T/told || $T/expect ' mac=52:54:00:00:00:01 ' live a
run $T/until set a mac 02:00:00:00:00:aa
wire to=02:00:00:00:00:aa expect any
run $softhca inject $T/stat fail any:$n >/dev/null
run $T/expect '^ok' set a link down
run $T/expect ' wanted=0 ' live a
run $T/ask set a link up >>$T/told || $T/expect ' wanted=0 ' live a
run $T/until set a link up
run $T/expect '^ok' set a link down
run $softhca inject $T/stat fail any:$n >/dev/null
run $T/ask set a link up >>$T/told || $T/expect ' wanted=0 ' live a
run $T/until set a link up
run $T/expect ' wanted=1 ' live a
wire to=02:00:00:00:00:aa expect any
run $T/until set a mac 52:54:00:00:00:01
wire expect any"
	done
	front a "$script" --features $all --pairs 2 --peer-socket "$T/peer.sock"
	grep -q '^error 121 mac: the NIC refuses' "$T/told" || fail "no address was refused"
	grep -q '^error 121 link: it stays down' "$T/told" || fail "no link was refused"
	comes connected=0 live a
	ok del a
	ok del peer
}

telemetry() {
	local config=$(dirname "$0")/../../../config/telemetry
	local sock=$T/dpdk/pmd$$/dpdk_telemetry.v2

	ok add a ibdev=mlx5_0,max_vqp=2
	"$(dirname "$0")/exporter_test.py" "$config/vdpa_verbs.py" "$sock" a || fail "telemetry"
	ok del a
}

$what
finish
