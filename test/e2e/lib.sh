# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What the end-to-end scenarios share. A scenario is a script that sources this file, defines
#
#   cases     print the names of its cases, one a line
#   run NAME  run one case; `fail` or a failing command ends it
#
# and ends with `main "$@"`: without arguments it runs all its cases, with --list it names them, with
# names it runs those. Exit status: 0 passed, 77 skipped, else failed.
#
# Everything started with `spawn` runs in a process group of its own, writes to $T/NAME.log, reads
# what `tell NAME` says, and is killed when the case ends. $T is the case's own directory. Nothing
# here waits for a fixed time to pass: `wait_for` waits for a condition, and fails after a generous
# limit (times VV_PATIENCE, for slow machines).
#
# The back-end is a parameter of `backend`:
#   ours       the sample application with our driver on softhca
#   mlx5       the sample application with DPDK's own mlx5 driver on softhca
#   vdpad      our daemon, which offers guests all there is (control queue, configuration space),
#              with our driver on softhca; vdpad-mlx5: with DPDK's mlx5 driver
#   managed    vdpad with a configuration file, which begins without devices (below: ctl)
#   net_vhost  testpmd with net_vhost ports: the reference for what a front-end can do
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../../config/env"
VV_BUILD=$(realpath "${VV_BUILD:-$VV_ROOT/build}")
SOFTHCA=$VV_BUILD/app/softhca/softhca
VDPAD=$VV_BUILD/app/vdpad/vdpad
VDPACTL=$VV_BUILD/app/vdpactl/vdpactl
PLUGIN=$VV_BUILD/drivers/librte_vdpa_verbs.so
VFRONT=$VV_BUILD/test/frontend/vfront
VV_PATIENCE=${VV_PATIENCE:-1}

as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
declare -A PID=() LOGS=()
T=

note() { printf '  %s\n' "$*"; }
fail() {
	printf 'FAIL: %s\n' "$*"
	exit 1
}
skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}
need() { # COMMAND-OR-FILE...
	local x
	for x in "$@"; do
		[ -e "$x" ] || command -v "$x" >/dev/null || skip "$x is not there"
	done
}

# ---- processes ----

spawn() { # NAME COMMAND...
	local name=$1 n=${LOGS[$1]:-0}
	shift
	# A second process of the same name: keep the first one's log.
	[ "$n" = 0 ] || mv "$T/$name.log" "$T/$name.$n.log"
	LOGS[$name]=$((n + 1))
	[ -p "$T/$name.in" ] || mkfifo "$T/$name.in"
	printf '+ %s: %s\n' "$name" "$*" >>"$T/commands"
	# Opened for reading and writing, so that input never ends.
	setsid "$@" 0<>"$T/$name.in" >"$T/$name.log" 2>&1 &
	PID[$name]=$!
}
tell() { # NAME LINE
	printf '%s\n' "$2" 1<>"$T/$1.in"
}
alive() { kill -0 "${PID[$1]}" 2>/dev/null; }
hit() { # NAME SIGNAL: to the whole group
	kill -s "$2" -- "-${PID[$1]}" 2>/dev/null || true
}
wait_for() { # SECONDS WHAT COMMAND...
	local limit=$(($1 * VV_PATIENCE)) what=$2 start=$SECONDS
	shift 2
	until "$@"; do
		[ $((SECONDS - start)) -le "$limit" ] || fail "$what: not within $limit s"
		sleep 0.05
	done
}
gone() { ! alive "$1"; }
# Wait for the end of a process; its exit status is in $STATUS (128 + n after signal n).
reap() { # NAME SECONDS
	wait_for "$2" "$1 ends" gone "$1"
	STATUS=0
	wait "${PID[$1]}" || STATUS=$?
	hit "$1" KILL # helpers it may have left
	unset "PID[$1]"
}
crash() { # NAME: kill -9, and wait until it is gone
	hit "$1" KILL
	reap "$1" 20
}
stop() { # NAME [SIGNAL]: to the process alone, softhca hands it on to its command
	kill -s "${2:-TERM}" "${PID[$1]}"
	reap "$1" 20
}
log_has() { # NAME REGEX
	grep -qE -- "$2" "$T/$1.log" 2>/dev/null
}
log_or_gone() { log_has "$@" || gone "$1"; }
wait_log() { # NAME REGEX SECONDS
	wait_for "$3" "$1 says \"$2\"" log_or_gone "$1" "$2"
	log_has "$1" "$2" || fail "$1 ended before it said \"$2\""
}

clean_up() {
	local status=$? name log
	trap - EXIT INT TERM
	set +e
	for name in "${!PID[@]}"; do
		hit "$name" KILL
	done
	wait 2>/dev/null
	if [ $status != 0 ] && [ $status != 77 ] && [ -n "$T" ]; then
		cat "$T/commands" 2>/dev/null
		for log in "$T"/*.log; do
			[ -s "$log" ] || continue
			printf -- '---- %s (last lines) ----\n' "${log##*/}"
			# vhost tells of every message; what went wrong is told in few words.
			grep -vE '^VHOST_CONFIG: .*(read message|vring|set queue|guest|host  |mmap|	-|new device)' \
				"$log" | tail -n 40 | cut -c1-300
		done
	fi
	[ -z "$PUBLIC" ] || rm -rf "$PUBLIC"
	if [ -n "${VV_KEEP:-}" ]; then
		echo "kept: $T"
	elif [ -n "$T" ]; then
		rm -rf "$T"
	fi
	exit $status
}

# ---- DPDK processes ----

cpus() { echo "0-$(($(nproc --all) - 1))"; }
# EAL arguments of a process with one worker; the kernel places both threads unless CORE is set.
eal() { # NAME MEGABYTES
	local where="(${CORE:-$(cpus)})"
	echo "--lcores 0@$where,1@$where --file-prefix vv$$$1 --no-telemetry --iova-mode=va"
	if [ "${VV_HUGE:-0}" = 1 ]; then
		echo "-m $2 --in-memory --single-file-segments"
	else
		echo "-m $2 --no-huge --no-shconf"
	fi
}

# The runtimes of the sanitizers must come before the program they watch.
sanitizer() {
	local lib
	lib=$(ldd "$SOFTHCA" 2>/dev/null | grep -oE '/[^ ]*lib(asan|tsan)\.so[^ ]*' | head -1)
	[ -z "$lib" ] || echo "$lib"
}
# The launcher with what the sanitizers need. Programs of others leak as they please when they exit;
# we look at live objects instead.
hca_command() { # sets HCA
	local lib
	lib=$(sanitizer)
	HCA=(env ${lib:+"LD_PRELOAD=$lib"} "ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-}"
		"UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}" "$SOFTHCA" run)
}
softhca() { # NAME [softhca options --] COMMAND... on behalf of spawn; figures in $STAT
	local name=$1
	shift
	need "$SOFTHCA"
	hca_command
	STAT=$T/$name.stat
	spawn "$name" "${inside[@]}" "${HCA[@]}" --stat "$STAT" "$@"
}
figure() { # NAME: one of softhca's counters
	"$SOFTHCA" stat "${2:-$STAT}" | awk -v n="$1" 'NF == 2 && $1 == n { print $2 }'
}
live_objects() { # "KIND=N" of what is alive, one a line
	# There are none in a NIC that nobody has opened yet.
	{ "$SOFTHCA" stat "${1:-$STAT}" 2>/dev/null || true; } | awk 'o && $2 { print $1 "=" $2 } $1 == "object" { o = 1 }'
}
live_are() { [ "$(live_objects)" = "$1" ]; }

# Others than root must be able to read what they run, and EAL refuses plugins below directories that
# everybody may write to, such as /tmp.
for_nobody() {
	local file
	if "${as_nobody[@]}" test -r "$SOFTHCA" -a -r "$VV_SAMPLE" -a -r "$VV_UML_RD"; then
		return
	fi
	PUBLIC=$(mktemp -d /run/vv.XXXXXX)
	chmod 755 "$PUBLIC"
	for file in "$SOFTHCA" "$(dirname "$SOFTHCA")/libsofthca.so" "$PLUGIN" "$VDPAD" \
		"$VDPACTL" "$VV_SAMPLE" "$VV_UML_RD"; do
		[ ! -e "$file" ] || install -m 755 "$file" "$PUBLIC/"
	done
	SOFTHCA=$PUBLIC/${SOFTHCA##*/} PLUGIN=$PUBLIC/${PLUGIN##*/} VDPAD=$PUBLIC/${VDPAD##*/}
	VDPACTL=$PUBLIC/${VDPACTL##*/}
	export LD_LIBRARY_PATH=$PUBLIC
	VV_SAMPLE=$PUBLIC/${VV_SAMPLE##*/} VV_UML_RD=$PUBLIC/${VV_UML_RD##*/}
}
PUBLIC=

# backend KIND [functions=N] [queues=N] [wire=loopback] [devargs=... [devargs_1=...]] [client=1]
#   [profile=NAME] [mtu=BYTES] [port=SPEC] [fail=SPEC] [latency=SPEC] [seed=N] [trace=1]
#   [service=1] [vdpad=OPTIONS] [name=NAME] [wait=0] [settings=N,SETTING...: of a function]
#   managed: [daemon=LINES of the section daemon] [sections=LINES behind it]
# Sockets are $T/s0, $T/s1, ... (with name=NAME: $T/NAME-s0). service=1: the worker is a service core.
# Frames of function 0 reach function 1 and back; a single function meets itself in the wire.
backend() {
	local kind=$1 functions=1 queues=1 wire= devargs= client= profile= mtu= fail= latency= seed= trace= name=be wait=1 i more
	local settings= port= service= vdpad= daemon= sections=
	local -a args=() hca=() program=()
	shift
	[ $# = 0 ] || local "$@"
	local sockets=$T/s
	[ "$name" = be ] || sockets=$T/$name-s
	BACKEND=$kind
	case $kind in
	net_vhost)
		for ((i = 0; i < functions; i++)); do
			args+=(--vdev "net_vhost$i,iface=$sockets$i,queues=$queues${client:+,client=1}")
		done
		# shellcheck disable=SC2046
		spawn "$name" env ${VV_PRELOAD:+LD_PRELOAD=$VV_PRELOAD} stdbuf -oL dpdk-testpmd $(eal "$name" 512) --no-pci "${args[@]}" -- \
			--no-mlockall --total-num-mbufs=16384 -i --nb-cores=1 --rxq="$queues" \
			--txq="$queues" --forward-mode=io --auto-start
		[ "$wait" = 0 ] || wait_log "$name" "^testpmd> " 30
		return
		;;
	ours | vdpad)
		need "$SOFTHCA" "$PLUGIN"
		args=(--no-pci -d "$PLUGIN")
		for ((i = 0; i < functions; i++)); do
			more=devargs_$i
			more=${!more-$devargs}
			args+=(--vdev "vdpa_verbs$i,ibdev=mlx5_$i,queues=$queues${more:+,$more}")
			program+=(--socket "$sockets$i=vdpa_verbs$i")
		done
		;;
	mlx5 | vdpad-mlx5)
		need "$SOFTHCA"
		for ((i = 0; i < functions; i++)); do
			args+=(-a "0000:3b:00.$i,class=vdpa${devargs:+,$devargs}")
			program+=(--socket "$sockets$i=0000:3b:00.$i")
		done
		;;
	esac
	case $kind in
	managed)
		need "$SOFTHCA" "$VDPAD" "$VDPACTL"
		configuration "$name" "$daemon" "$sections"
		program=("$VDPAD" -c "$T/$name.conf")
		;;
	vdpad*)
		need "$VDPAD"
		# shellcheck disable=SC2206
		program=("$VDPAD" "${program[@]}" ${client:+--client} $vdpad)
		;;
	*)
		need "$VV_SAMPLE"
		program=("$VV_SAMPLE" --iface "$sockets" ${client:+--client})
		;;
	esac
	# A receiver that is slow for a moment holds its sender back; nothing is lost.
	# Longer than a busy machine keeps a receiver from running.
	hca=(--functions "$functions" --delay-drop 5000)
	[ -z "$wire" ] || hca+=(--wire "$wire")
	for ((i = 0; i < functions; i++)); do
		[ -z "$mtu" ] || hca+=(--function "$i,mtu=$mtu")
	done
	[ -z "$settings" ] || hca+=(--function "$settings")
	[ -z "$port" ] || hca+=(--port "$port")
	[ -z "$profile" ] || hca+=(--profile "$profile")
	[ -z "$fail" ] || hca+=(--fail "$fail")
	[ -z "$latency" ] || hca+=(--latency "$latency")
	[ -z "$seed" ] || hca+=(--seed "$seed")
	[ -z "$trace" ] || hca+=(--trace "$T/$name.trace")
	if [ "$kind" = managed ]; then
		softhca "$name" "${hca[@]}" -- stdbuf -oL "${program[@]}"
		[ "$wait" = 0 ] || managed_up "$name"
		return
	fi
	# shellcheck disable=SC2046
	softhca "$name" "${hca[@]}" -- stdbuf -oL "${program[0]}" $(eal "$name" 64) \
		${service:+-S 1} "${args[@]}" -- "${program[@]:1}"
	[ "$wait" = 0 ] || {
		backend_up "$name"
		probed "$name" || fail "a device was not probed"
	}
}
backend_up() { # NAME: it serves, or has ended
	wait_for 30 "the back-end starts or says no" log_or_gone "$1" "enter 'q' to quit|^vdpad: serving\$"
}
# EAL goes on without a device that fails, and so does the sample application.
probed() { alive "$1" && ! log_has "$1" "probe failed"; }

# ---- the daemon that manages devices ----

. "$VV_ROOT/test/e2e/managed.sh"

# ---- testpmd with net_virtio_user as front-end ----

virtio_user() { # NAME SOCKET QUEUES VDEV-OPTIONS [testpmd options]
	local name=$1 socket=$2 queues=$3 options=$4
	shift 4
	# shellcheck disable=SC2046
	spawn "$name" stdbuf -oL dpdk-testpmd $(eal "$name" 256) --no-pci \
		--vdev "net_virtio_user0,path=$socket,queues=$queues${options:+,$options}" -- \
		--no-mlockall --total-num-mbufs=16384 -i --nb-cores=1 --rxq="$queues" --txq="$queues" \
		--txonly-multi-flow --forward-mode=io "$@"
}
# Frames counted by the port itself since it was made: sets RX, TX, RX_BYTES, TX_BYTES.
port_stats() { # NAME
	local before
	before=$(grep -c "TX-packets:.*TX-errors" "$T/$1.log") || true
	tell "$1" "show port stats 0"
	wait_for 20 "$1 shows its counters" stats_shown "$1" "$before"
	read -r RX RX_BYTES TX TX_BYTES < <(awk '
		/NIC statistics for port 0/ { rx = tx = "" }
		/RX-packets:.*RX-missed/ { rx = $2 " " $NF }
		/TX-packets:.*TX-errors/ { tx = $2 " " $NF }
		END { print rx, tx }' "$T/$1.log")
}
stats_shown() {
	[ "$(grep -c "TX-packets:.*TX-errors" "$T/$1.log")" -gt "$2" ] && alive "$1"
}
moved() { # NAME FRAMES: has it received that many?
	alive "$1" || fail "$1 ended"
	port_stats "$1"
	[ "$RX" -ge "$2" ]
}
drained() { # NAME: everything it sent has come back
	port_stats "$1"
	[ "$RX" = "$TX" ]
}
wait_done() { # NAME COUNT: the COUNTth forwarding run is over
	wait_for 20 "$1 stops forwarding" stopped_times "$1" "$2"
}
stopped_times() { [ "$(grep -c '^Done\.' "$T/$1.log")" -ge "$2" ]; }
# Send BURSTS*32 frames (on each queue) round and round until FRAMES have come back, then take all
# out again: what went out must be what came in, to the frame.
round_trips() { # NAME BURSTS FRAMES
	local name=$1 bursts=$2 frames=$3 done_before
	done_before=$(grep -c '^Done\.' "$T/$name.log") || true
	tell "$name" "set fwd io"
	tell "$name" "start tx_first $bursts"
	wait_for 60 "$name gets $frames frames" moved "$name" "$frames"
	tell "$name" stop
	wait_done "$name" $((done_before + 1))
	tell "$name" "set fwd rxonly"
	tell "$name" start
	wait_for 20 "the last frames come back to $name" drained "$name"
	tell "$name" stop
	wait_done "$name" $((done_before + 2))
	port_stats "$name"
	note "$name: $TX frames out, $RX in, $RX_BYTES bytes"
	[ "$RX" = "$TX" ] || fail "$name: $TX frames went out, $RX came in"
	[ "$RX_BYTES" = "$TX_BYTES" ] || fail "$name: $TX_BYTES bytes went out, $RX_BYTES came in"
}
# Frames received by queue in the last but one forwarding run (the io run of round_trips).
queue_frames() { # NAME -> lines "QUEUE FRAMES"
	awk '/Forward Stats for RX Port/ { split($0, a, /Queue= */); q = a[2] + 0 }
		/RX-packets:.*TX-packets:/ { n[q] = $2 > n[q] ? $2 : n[q] }
		END { for (q in n) print q, n[q] }' "$T/$1.log" | sort -n
}

# ---- a TAP device as the wire's other end ----

inside=()
# A network namespace of the test's own. NICs started from now on are in it, and so is what runs as
# "${inside[@]}" COMMAND.
namespace() {
	local how=(unshare -n)
	need ip busybox /dev/net/tun
	[ "$(id -u)" = 0 ] || how=(unshare -r -n)
	"${how[@]}" true 2>/dev/null || skip "no network namespaces here"
	spawn netns "${how[@]}" sleep 1000
	wait_for 10 "the namespace is there" namespace_there
	inside=(nsenter -t "${PID[netns]}" -n)
	[ "$(id -u)" = 0 ] || inside=(nsenter -t "${PID[netns]}" -U --preserve-credentials -n)
}
namespace_there() {
	[ "$(readlink "/proc/${PID[netns]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# ---- guests ----

# A user-mode Linux guest on SOCKET that runs the script given on standard input. Its files are in
# $T/NAME, which is /job in the guest.
uml() { # NAME SOCKET [MEGABYTES]
	local name=$1 socket=$2 mem=${3:-128}
	need linux.uml "$VV_UML_RD"
	mkdir -p "$T/$name"
	cat >"$T/$name/run"
	chmod 755 "$T/$name/run"
	# A kernel that cannot make its directory makes "(null)vv" where it is, hence -C.
	# shellcheck disable=SC2154
	spawn "$name" env -C "$T/$name" TMPDIR="${UML_TMPDIR:-/dev/shm}" "${uml_as[@]}" linux.uml \
		"virtio_uml.device=$socket:1" "initrd=$VV_UML_RD" "mem=${mem}M" \
		con=null "con0=$uml_in,fd:1" ssl=null "uml_dir=$T/$name" "umid=vv" "job=$T/$name" quiet
}
uml_as=() uml_in=null
# The same under QEMU without KVM, as a PC. The script is all the guest has.
qemu() { # NAME SOCKET DEVICE-OPTIONS [NETDEV-OPTIONS]
	local name=$1 socket=$2 device=$3 netdev=${4:-}
	need qemu-system-x86_64 "$VV_QEMU_KERNEL" "$VV_QEMU_RD"
	mkdir -p "$T/$name.rd/job"
	cat >"$T/$name.rd/job/run"
	chmod 755 "$T/$name.rd/job/run"
	(cd "$T/$name.rd" && find . | cpio --quiet -o -H newc) | gzip | cat "$VV_QEMU_RD" - >"$T/$name.gz"
	# MSI-X with vhost-user crashes QEMU 7.2 without KVM, hence vectors=0.
	spawn "$name" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 384 \
		-object memory-backend-memfd,id=m0,size=384M,share=on \
		-machine pc,memory-backend=m0 -nographic -nodefaults -serial stdio -no-reboot \
		-kernel "$VV_QEMU_KERNEL" -initrd "$T/$name.gz" \
		-append "console=ttyS0 quiet panic=-1" -chardev "socket,id=c0,path=$socket" \
		-netdev "vhost-user,id=n0,chardev=c0${netdev:+,$netdev}" \
		-device "virtio-net-pci,netdev=n0,vectors=0${device:+,$device}"
}
# A guest that does what `guest` says, until told to exit. START: its kind, uml or qemu.
guest_shell() { # START NAME SOCKET [...]
	local uml_in=fd:0
	ASKED[$2]=0
	"$@" <<-'END'
		stty -echo
		# Its own applets come first for busybox.
		ip() { /usr/bin/ip "$@"; }
		vv_asked=0
		echo "VV: did 0 0"
		while read -r line; do
			vv_asked=$((vv_asked + 1))
			eval "$line" 2>&1
			printf '\nVV: did %d %d\n' $vv_asked $?
		done
	END
	wait_log "$2" "^VV: did 0 " 60
}
declare -A ASKED=()
# Have a guest run a command (one line); its output is in $OUT, its status is returned.
guest() { # NAME COMMAND
	local n=$((ASKED[$1] + 1))
	ASKED[$1]=$n
	tell "$1" "$2"
	wait_log "$1" "^VV: did $n " 30
	OUT=$(sed -n "/^VV: did $((n - 1)) /,/^VV: did $n /p" "$T/$1.log" | sed '1d;$d' | tr -d '\r')
	return "$(sed -n "s/^VV: did $n \([0-9]*\).*/\1/p" "$T/$1.log")"
}
guest_ended() { # NAME SECONDS: and its script succeeded
	reap "$1" "$2"
	log_has "$1" "^VV: exit 0" || fail "the script in guest $1 did not succeed"
}

# ---- the run ----

one() { # CASE
	T=$(mktemp -d "${TMPDIR:-/tmp}/vv.XXXXXX")
	chmod 755 "$T"
	trap clean_up EXIT
	trap 'exit 130' INT TERM
	run "$1"
}
main() {
	local c status=0 s
	case ${1:-} in
	--list) cases ;;
	"")
		while read -r c; do
			s=0
			"$0" "$c" </dev/null || s=$?
			case $s in
			0) echo "ok $c" ;;
			77) echo "SKIP $c" ;;
			*)
				echo "FAIL $c"
				status=1
				;;
			esac
		done < <(cases)
		exit $status
		;;
	*)
		if [ $# = 1 ]; then
			one "$1"
		else
			for c; do
				"$0" "$c" || exit
			done
		fi
		;;
	esac
}
