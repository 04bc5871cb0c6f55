# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Cases of provision that need two hosts: what a migration goes by.

# Two daemons, A and B, with two functions each and a cable in between.
hosts() { # LINE-OF-A's-[virtio] LINE-OF-B's [arguments of backend]
	local name
	need jq
	kind_of_nic nic-A "$1"
	kind_of_nic nic-B "$2"
	for name in A B; do
		backend managed name=$name functions=2 profile="$T/nic-$name.ini" \
			port=uplink=wire:"$T/cable" "${@:3}"
	done
}
# Between hosts it is this list that is compared.
features_of() { # HOST DEVICE
	(at "$1" && ask ".dev[\"$2\"].device_features|join(\" \")" dev show "$2")
}
compatible() { # WORD... of dev compat
	ctl dev compat "$@" >"$T/out" 2>&1 || fail "not compatible: $*: $(cat "$T/out")"
	note "compatible"
}
incompatible() { # REGEX WORD... of dev compat
	local status=0
	ctl dev compat "${@:2}" >"$T/out" 2>"$T/err" || status=$?
	[ $status = 1 ] || fail "compatible: ${*:2}"
	grep -qE -- "$1" "$T/out" "$T/err" || fail "it does not say \"$1\": $(cat "$T/out" "$T/err")"
	note "not compatible: $(cat "$T/out" "$T/err" | tr '\n' ' ' | cut -c1-200)"
}

# Moves a guest: a script at A's device that goes on at B's; frames come from B's second function.
moves() { # DEVICE [OPTIONS OF VFRONT]
	cat >"$T/script"
	"$VFRONT" --socket "$T/A-run/$1" --peer-socket "$T/B-run/peer" \
		--pairs "$(at A && ask ".dev[\"$1\"].max_vqp" dev show "$1")" "${@:2}" \
		--timeout-ms $((10000 * VV_PATIENCE)) --control "$T/script" >"$T/driver.out" 2>"$T/driver.err" || {
		grep -hE "^(WRONG|ERROR|FAIL)" "$T/driver.out" || true
		cat "$T/driver.err"
		fail "the guest does not come through"
	}
	note "driver: $(tail -1 "$T/driver.out")"
}
CTL_A() { echo "$VDPACTL -s $T/A.rpc"; }
CTL_B() { echo "$VDPACTL -s $T/B.rpc"; }

p12_destination() {
	local own=02:00:00:00:00:42
	hosts "" ""
	at A
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A
	ctl -j dev show a >"$T/a"
	at B
	ctl dev add name peer mgmtdev mlx5_1 mac $MAC_B
	jq '.dev.a |= del(.socket)' "$T/a" | ctl dev add -f -
	is "made with" "$(ask .dev.a.mac dev show a)" $MAC_A
	moves a <<-END
		mac $own
		promisc 0
		vlan add 5
		wire to=$own expect queue=0
		run $(CTL_A) -j dev state save a >$T/state
		run $(CTL_B) -j dev config show a | grep -q $MAC_A
		run $(CTL_B) dev state load a $T/state
		move $T/B-run/a
		run $(CTL_B) -j dev config show a | grep -q $own
		run $(CTL_B) -j dev show a | grep -q $MAC_A
		wire to=$own expect queue=0
		wire to=$own vlan=5 expect queue=0
		wire to=$own vlan=6 expect none
		wire to=$MAC_A expect none
		config mac=$own
	END
	grep -q $own "$T/state" || fail "the state does not have the address"
	is "when it has gone" "$(ask .config.a.mac dev config show a)" $MAC_A
}

p13_intersection() {
	hosts "offloads = csum guest_csum host_tso4 guest_tso4" "offloads = csum guest_csum host_tso6 guest_tso6"
	(at A && ctl -j mgmtdev show mlx5_0) >"$T/parent-A"
	(at B && ctl -j mgmtdev show mlx5_0) >"$T/parent-B"
	at A
	# A mask of what both have.
	ctl -j baseline "$T/parent-A" "$T/parent-B" >"$T/common"
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A \
		device_features "$(jq -r '.mgmtdev.baseline.supported_features_mask' "$T/common")"
	has a CSUM GUEST_CSUM
	lacks a HOST_TSO4 GUEST_TSO4 HOST_TSO6 GUEST_TSO6
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/a"
	at B
	compatible "$T/a" mlx5_0
	ctl dev add -f "$T/a"
	is "the destination has" "$(features_of B a)" "$(features_of A a)"
	# One with more does not come through.
	at A
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/a"
	at B
	ctl dev del a
	incompatible "HOST_TSO4" "$T/a" mlx5_0
	refused "HOST_TSO4" dev add -f "$T/a"
}

p14_baseline() {
	local want
	hosts "packed = no" "offloads = csum guest_csum"
	(at A && ctl -j mgmtdev show mlx5_0) >"$T/parent-A"
	(at B && ctl -j mgmtdev show mlx5_0) >"$T/parent-B"
	want=$(jq -rn --slurpfile a "$T/parent-A" --slurpfile b "$T/parent-B" \
		'$a[0].mgmtdev.mlx5_0.supported_features as $A | $b[0].mgmtdev.mlx5_0.supported_features as $B |
			$A - ($A - $B) | join(" ")')
	at A
	is "common" "$(ask '.mgmtdev.baseline.supported_features|join(" ")' baseline "$T/parent-A" "$T/parent-B")" "$want"
	is "the other way round" "$(ask '.mgmtdev.baseline.supported_features|join(" ")' baseline "$T/parent-B" "$T/parent-A")" "$want"
	is "of one" "$(ask '.mgmtdev.baseline.supported_features|join(" ")' baseline "$T/parent-A")" \
		"$(jq -r '.mgmtdev.mlx5_0.supported_features|join(" ")' "$T/parent-A")"
	! ctl baseline "$T/nothing" 2>"$T/err" || fail "a file that is not there"
	grep -q "$T/nothing" "$T/err" || fail "$(cat "$T/err")"
}

p15_mtu() {
	hosts "" "" mtu=3000
	at A
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A mtu 3000
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/3000"
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A mtu 1500
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/1500"
	at B
	compatible "$T/1500" mlx5_0
	# Against a device that is there already.
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A mtu 1500
	compatible "$T/1500" mlx5_0
	incompatible "mtu|MTU" "$T/3000" mlx5_0
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A mtu 3000
	incompatible "mtu|MTU" "$T/1500" mlx5_0
	compatible "$T/3000" mlx5_0
}

p16_mac_table() {
	local many=02:00:00:00:00:61,02:00:00:00:00:62,02:00:00:00:00:63
	hosts "" ""
	at A
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A mac_table_size 4
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/a"
	at B
	ctl dev add name peer mgmtdev mlx5_1 mac $MAC_B
	compatible "$T/a" mlx5_0
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A mac_table_size 2
	incompatible "mac_table_size.*4.*2" "$T/a" mlx5_0
	compatible "$T/a" mlx5_0 allow mac_table
	incompatible "mtu|nothing that can be allowed" "$T/a" mlx5_0 allow mtu
	# By that choice: what does not fit is all.
	moves a <<-END
		promisc 0
		macs $many -
		wire to=02:00:00:00:00:63 expect queue=0
		wire to=02:00:00:00:00:77 expect none
		run $(CTL_A) -j dev state save a >$T/state
		run $(CTL_B) dev state load a $T/state
		move $T/B-run/a
		wire to=02:00:00:00:00:63 expect queue=0
		wire to=02:00:00:00:00:77 expect queue=0
		macs 02:00:00:00:00:61 -
		wire to=02:00:00:00:00:77 expect none
	END
}

p19_mandatory_hosts() {
	hosts "" "split = no"
	at A
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/with"
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A ring_packed off
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/without"
	at B
	ask '.mgmtdev.mlx5_0|"\(.mandatory_features) \(.modes)"' mgmtdev show mlx5_0
	incompatible "RING_PACKED" "$T/without" mlx5_0
}

p31_migration() {
	hosts "packed = no" "offloads = csum guest_csum" functions=2
	(at A && ctl -j mgmtdev show mlx5_0) >"$T/parent-A"
	(at B && ctl -j mgmtdev show mlx5_0) >"$T/parent-B"
	at A
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A max_vqp 2 \
		device_features "$(ask '.mgmtdev.baseline.supported_features_mask' baseline "$T/parent-A" "$T/parent-B")"
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/a"
	at B
	ctl dev add name peer mgmtdev mlx5_1 mac $MAC_B
	compatible "$T/a" mlx5_0
	ctl dev add -f "$T/a"
	is "the same on both" "$(features_of B a)" "$(features_of A a)"
	moves a <<-END
		promisc 0
		pairs 2
		macs 02:00:00:00:00:61 -
		flows 60 expect below=2
		run $(CTL_A) -j dev state save a >$T/state
		run $(CTL_B) dev state load a $T/state
		move $T/B-run/a
		flows 60 expect below=2
		wire to=02:00:00:00:00:61 expect any
		wire to=02:00:00:00:00:77 expect none
		macs - -
		wire to=02:00:00:00:00:61 expect none
		reset
	END
	# Back and forth with frames, to the frame.
	"$VFRONT" --socket "$T/A-run/a" --peer-socket "$T/B-run/peer" --duplex --announce --pairs 1 \
		--restarts 3 --restart-at "$T/B-run/a" --frames 20000 --size 60-1514 \
		--mac $MAC_A --peer-mac "$(ask .dev.peer.mac dev show peer)" >"$T/traffic" ||
		fail "$(tail -40 "$T/traffic")"
	tail -1 "$T/traffic"
}

p35_smuggled() {
	local own=02:00:00:00:00:42
	hosts "" ""
	at A
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A
	at B
	ctl dev add name peer mgmtdev mlx5_1 mac $MAC_B
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A trust off
	moves a <<-END
		mac $own
		run $(CTL_A) -j dev state save a >$T/state
	END
	at A
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A trust off
	moves a <<-END
		run $(CTL_A) -j dev state save a >$T/honest
	END
	at B
	refused "trust" dev state load a "$T/state"
	ctl dev state load a "$T/honest"
	# Edited by hand it is no better.
	jq -c ".state.a |= (tostring|gsub(\"$MAC_A\"; \"$own\")|fromjson)" "$T/honest" >"$T/forged"
	! cmp -s "$T/honest" "$T/forged" || fail "no address in the state: $(cat "$T/honest")"
	refused "trust" dev state load a "$T/forged"
	is "live" "$(ask .config.a.mac dev config show a)" $MAC_A
}

p39_compat() {
	hosts "" "offloads = none"
	at A
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A max_vqp 2
	ctl -j dev show a | jq '.dev.a |= del(.socket)' >"$T/a"
	at B
	incompatible "CSUM" "$T/a" mlx5_0
	if ctl -j dev compat "$T/a" mlx5_0 >"$T/json"; then fail "status 0 for what does not fit"; fi
	is "as JSON" "$(jq -r '.compat.a|"\(.compatible) \(.reasons|length > 0)"' "$T/json")" "false true"
	# Nothing has come into being by asking.
	is "devices at the destination" "$(ask '.dev|length' dev show)" 0
	# The source is undisturbed, and fits where it is.
	at A
	"$VFRONT" --socket "$RUN/a" --pairs 2 --control - <<<"promisc 1" >/dev/null || fail "the source is disturbed"
	compatible "$T/a" mlx5_1
}
