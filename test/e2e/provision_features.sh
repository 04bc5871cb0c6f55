# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Cases of provision that are about what a device offers, and errors.

p1_unsupported() {
	host
	refused "HASH_REPORT" dev add name a mgmtdev mlx5_0 device_features 0x200000300020000
	refused "bit_45" dev add name a mgmtdev mlx5_0 device_features 0x200300020000
	refused "INDIRECT_DESC.*EVENT_IDX|RING_INDIRECT_DESC.*RING_EVENT_IDX" \
		dev add name a mgmtdev mlx5_0 device_features 0x330020000
	rpc_refused EINVAL HASH_REPORT dev.add \
		'{"name": "a", "mgmtdev": "mlx5_0", "device_features": "0x200000300020000"}'
	rpc_refused ENODEV . dev.show '{"name": "a"}'
}

p2_mask() {
	host
	# The mask of the discussion: ACCESS_PLATFORM is none of this parent's, as vhost-user's IOTLB is
	# not for NICs that translate themselves.
	refused "ACCESS_PLATFORM" dev add name a mgmtdev mlx5_0 device_features 0x300020000
	ctl dev add name a mgmtdev mlx5_0 device_features 0x100020000
	is "device features" "$(ask '.dev.a.device_features|join(" ")' dev show a)" "CTRL_VQ VERSION_1"
	is "mask" "$(ask '.dev.a.device_features_mask' dev show a)" 0x100020000
	driver a <<-END
		features offered=0x100020000
	END
	guest_shell uml g "$RUN/a"
	guest g "cat /sys/class/net/eth0/device/features"
	# Bit 30 is between back-end and front-end.
	is "a Linux guest has" "$(bits "${OUT:0:30}0${OUT:31}")" "17 32"
}

p3_default() {
	local supported
	host
	ctl dev add name a mgmtdev mlx5_0
	supported=$(ask '.mgmtdev.mlx5_0.supported_features|join(" ")' mgmtdev show mlx5_0)
	is "features" "$(ask '.dev.a.device_features|join(" ")' dev show a)" "$supported"
	driver a <<-END
		features offered=$(ask '.mgmtdev.mlx5_0.supported_features_mask' mgmtdev show mlx5_0)
	END
}

p6_names() {
	local keys
	host
	ctl dev add name a mgmtdev mlx5_0
	driver a <<-END
		run $CTL -j mgmtdev show >$T/mgmtdev
		run $CTL -j dev show >$T/dev
		run $CTL -j dev config show >$T/config
	END
	keys=$(jq -r '.mgmtdev.mlx5_0|keys[]|select(test("^(supported|device|negotiated|dev)_features$"))' "$T/mgmtdev")
	is "a parent has" "$(xargs <<<"$keys")" "dev_features supported_features"
	keys=$(jq -r '.dev.a|keys[]|select(test("^(supported|device|negotiated|dev)_features$"))' "$T/dev")
	is "a device has" "$(xargs <<<"$keys")" device_features
	keys=$(jq -r '.config.a|keys[]|select(test("^(supported|device|negotiated|dev)_features$"))' "$T/config")
	is "what is now has" "$(xargs <<<"$keys")" "device_features negotiated_features"
	# The kernel's tools have the one name.
	jq -c '.mgmtdev[] |= del(.supported_features, .supported_features_mask)' "$T/mgmtdev" >"$T/kernel"
	is "baseline of dev_features" "$(ask '.mgmtdev.baseline.supported_features|join(" ")' baseline "$T/kernel")" \
		"$(jq -r '.mgmtdev.mlx5_0.supported_features|join(" ")' "$T/mgmtdev")"
}

p7_config() {
	host
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A mtu 1400
	is "before there is a guest" "$(ask '.config.a|"\(.mac) \(.mtu) \(.link)"' dev config show a)" \
		"$MAC_A 1400 up"
	[ "$(ask '.config.a.device_features|length' dev config show a)" -gt 3 ] || fail "no features"
	# A front-end that has connected and said nothing yet.
	spawn mute python3 -c "import socket, time
s = socket.socket(socket.AF_UNIX)
s.connect('$RUN/a')
time.sleep(1000)"
	wait_log be "a: guest connected|/a: guest connected" 20
	is "before features are agreed on" "$(ask '.config.a|"\(.mac) \(.mtu) \(.negotiated_features)"' dev config show a)" \
		"$MAC_A 1400 null"
	crash mute
}

p8_always() {
	local before
	host
	ctl dev add name a mgmtdev mlx5_0 max_vqp 1
	before=$(ask '.config.a.device_features_mask//(.config.a.device_features|join(" "))' dev config show a)
	driver a --welcome none --features ctrl_vq <<-END
		run $CTL -j dev config show a >$T/config
		run $CTL -j dev show a >$T/dev
	END
	is "device features with a guest" \
		"$(jq -r '.config.a.device_features_mask//(.config.a.device_features|join(" "))' "$T/config")" "$before"
	is "the guest took" "$(jq -r '.config.a.negotiated_features|join(" ")' "$T/config")" "CTRL_VQ VERSION_1"
	is "status" "$(jq -r '.dev.a.status' "$T/dev")" running
	wait_for 20 "the guest has gone" status_is a idle
	is "when it has gone" "$(ask '.config.a.negotiated_features' dev config show a)" null
}

p21_implied() {
	host
	ctl dev add name a mgmtdev mlx5_0 features_default off version_1 on ctrl_vq on mtu 1400 mac $MAC_A
	has a MTU MAC
	ctl dev add name b mgmtdev mlx5_1 features_default off max_vqp 2
	has b MQ CTRL_VQ
	driver a <<-END
		features has=mtu,mac
		config mtu=1400 mac=$MAC_A
	END
}

p20_attribute_without_bit() {
	host
	refused "\bMTU\b" dev add name a mgmtdev mlx5_0 mtu 1500 device_features 0x300020000
	refused "\bMAC\b" dev add name a mgmtdev mlx5_0 mac $MAC_A device_features 0x300020000
	refused "\bMQ\b" dev add name a mgmtdev mlx5_0 max_vqp 2 device_features 0x300020000
	ctl dev add name a mgmtdev mlx5_0 mtu 1500 device_features 0x100020008
}

p22_by_name() {
	host
	ctl dev add name a mgmtdev mlx5_0 features_default off csum on guest_csum off
	has a CSUM
	lacks a GUEST_CSUM HOST_TSO4
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 csum on guest_csum off guest_tso4 off guest_tso6 off \
		guest_ecn off ctrl_guest_offloads off
	has a CSUM
	lacks a GUEST_CSUM GUEST_TSO4
	driver a <<-END
		features has=version_1 lacks=guest_csum
	END
	refused "no such|unknown|not known" dev add name c mgmtdev mlx5_1 csumm on
	refused "on or off" dev add name c mgmtdev mlx5_1 csum yes
}

p23_starting_set() {
	local all
	host
	all=$(ask '.mgmtdev.mlx5_0.supported_features_mask' mgmtdev show mlx5_0)
	ctl dev add name a mgmtdev mlx5_0
	is "without a word" "$(ask '.dev.a.features_default' dev show a)" inherited
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 features_default on
	is "on: features" "$(ask '.dev.a.device_features_mask' dev show a)" "$all"
	is "on: shown" "$(ask '.dev.a.features_default' dev show a)" on
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 features_default off
	is "off: features" "$(ask '.dev.a.device_features|sort|join(" ")' dev show a)" \
		"$(ask '.mgmtdev.mlx5_0.mandatory_features|sort|join(" ")' mgmtdev show mlx5_0)"
	is "off: shown" "$(ask '.dev.a.features_default' dev show a)" off
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 features_default inherited
	is "inherited: features" "$(ask '.dev.a.device_features_mask' dev show a)" \
		"$(ask '.mgmtdev.mlx5_0|.inherited_features_mask//.supported_features_mask' mgmtdev show mlx5_0)"
	ctl dev del a
	refused "on, off or inherited" dev add name a mgmtdev mlx5_0 features_default all
}

p24_lacking() {
	kind_of_nic none "offloads = none"
	host profile="$T/none.ini"
	[ "$(ask '.mgmtdev.mlx5_0.supported_features|index("CSUM")' mgmtdev show mlx5_0)" = null ] ||
		fail "this parent has CSUM"
	refused "\bCSUM\b" dev add name a mgmtdev mlx5_0 csum on
	refused "\bCSUM\b" dev add name a mgmtdev mlx5_0 device_features 0x300020001
}

p25_model() {
	local model
	host
	for model in $(ask '.model|keys[]' model show); do
		if ! ctl dev add name a mgmtdev mlx5_0 model "$model" 2>"$T/err"; then
			note "$model: $(cat "$T/err")"
			continue
		fi
		is "$model" "$(ask '.dev.a.device_features|sort|join(" ")' dev show a)" \
			"$(ask ".model[\"$model\"].features|sort|join(\" \")" model show "$model")"
		is "$model: its name" "$(ask '.dev.a.model' dev show a)" "$model"
		ctl dev del a
		model_done=$model
	done
	[ -n "${model_done:-}" ] || fail "not one model can be made"
	refused "no such model|not known|unknown" dev add name a mgmtdev mlx5_0 model unheard-of
}

p26_model_and_bits() {
	local model
	host
	model=$(a_model_with GUEST_ANNOUNCE STATUS) || model=$(a_model_with MTU)
	ctl dev add name a mgmtdev mlx5_0 model "$model"
	has a MTU
	ctl dev del a
	ctl dev add name a mgmtdev mlx5_0 model "$model" mtu off
	lacks a MTU
	is "shown" "$(ask '.dev.a|"\(.model) \(.device_features|length > 2)"' dev show a)" "$model true"
	ctl dev show a | grep -q "$model" || fail "the text does not name the model"
	ctl dev show a | grep -q "VERSION_1" || fail "the text does not name bits"
}

p27_wide() {
	host
	refused "bit_100" dev add name a mgmtdev mlx5_0 device_features 0x10000000000000000300020000
	refused "bit_77" dev add name a mgmtdev mlx5_0 bit_77 on
	rpc_refused EINVAL bit_127 dev.add '{"name": "a", "mgmtdev": "mlx5_0",
		"device_features": "0x80000000000000000000000300020000"}'
	rpc_refused EINVAL bit_70 dev.add '{"name": "a", "mgmtdev": "mlx5_0",
		"device_features": ["VERSION_1", "bit_70"]}'
	# What is not on does no harm, and another host's list may have it.
	ctl dev add name a mgmtdev mlx5_0 bit_77 off
	ctl -j mgmtdev show | jq -c '.mgmtdev[].supported_features += ["bit_99"] |
		.mgmtdev[] |= del(.supported_features_mask, .dev_features)' >"$T/wide"
	is "baseline with a bit of the future" \
		"$(ask '.mgmtdev.baseline.supported_features|index("bit_99") != null' baseline "$T/wide" "$T/wide")" true
	ctl -j mgmtdev show >"$T/plain"
	is "of one that has it and one that does not" \
		"$(ask '.mgmtdev.baseline.supported_features|index("bit_99")' baseline "$T/wide" "$T/plain")" null
}

p30_negotiated() {
	host
	ctl dev add name a mgmtdev mlx5_0
	ctl -j dev show a | jq -S 'del(.dev.a.status)' >"$T/before"
	driver a --welcome none --features ctrl_vq <<-END
		run $CTL -j dev show a | jq -S 'del(.dev.a.status)' >$T/during
	END
	cmp "$T/before" "$T/during" || fail "a guest's choice shows"
	crash be
	host
	ctl -j dev show a | jq -S 'del(.dev.a.status)' | cmp "$T/before" - || fail "made from what a guest took"
	driver a <<-END
		features offered=$(ask '.dev.a.device_features_mask' dev show a)
	END
}

l3_mode() {
	host
	ctl dev add name t mgmtdev mlx5_0 mode transitional
	is "transitional" "$(ask '.dev.t.mode' dev show t)" transitional
	driver t --legacy <<-END
		promisc 1
	END
	driver t <<-END
		promisc 1
	END
	ctl dev del t
	ctl dev add name m mgmtdev mlx5_0 mode modern
	is "modern" "$(ask '.dev.m.mode' dev show m)" modern
	ctl dev show m | grep -q "mode modern" || fail "the text does not say it: $(ctl dev show m)"
	! driver m --legacy --timeout-ms 1000 <<<"promisc 1" >"$T/legacy.out" || fail "a legacy guest was served"
	driver m <<-END
		promisc 1
	END
	ctl dev del m
	ctl dev add name l mgmtdev mlx5_0 mode legacy
	is "legacy" "$(ask '.dev.l.mode' dev show l)" legacy
	lacks l VERSION_1 RING_PACKED
	! driver l --timeout-ms 1000 <<<"promisc 1" >"$T/modern.out" || fail "there is VERSION_1"
	driver l --legacy <<-END
		promisc 1
	END
	refused "transitional, modern or legacy" dev add name x mgmtdev mlx5_1 mode new
	refused "VERSION_1" dev add name x mgmtdev mlx5_1 mode modern version_1 off
	refused "VERSION_1" dev add name x mgmtdev mlx5_1 mode legacy version_1 on
}

dependencies() {
	local low high
	host
	while read -r high low; do
		refused "\b$high\b.*\b$low\b|\b$low\b.*\b$high\b" \
			dev add name a mgmtdev mlx5_0 features_default off version_1 on "${high,,}" on
	done <<-END
		HOST_TSO4 CSUM
		HOST_TSO6 CSUM
		GUEST_TSO4 GUEST_CSUM
		GUEST_TSO6 GUEST_CSUM
		CTRL_RX CTRL_VQ
		CTRL_VLAN CTRL_VQ
		CTRL_MAC_ADDR CTRL_VQ
		MQ CTRL_VQ
		GUEST_ANNOUNCE CTRL_VQ
		RSS CTRL_VQ
		NOTF_COAL CTRL_VQ
	END
	refused "HOST_ECN.*TSO" dev add name a mgmtdev mlx5_0 features_default off version_1 on csum on host_ecn on
	refused "GUEST_ECN.*TSO" dev add name a mgmtdev mlx5_0 features_default off version_1 on guest_csum on guest_ecn on
	refused "RING_PACKED.*VERSION_1|VERSION_1.*RING_PACKED" \
		dev add name a mgmtdev mlx5_0 features_default off ring_packed on
}

errors() {
	local i=1
	host
	rpc_refused EINVAL name dev.add '{"mgmtdev": "mlx5_0"}'
	rpc_refused ENODEV nic9 dev.add '{"name": "a", "mgmtdev": "nic9"}'
	ctl dev add name a mgmtdev mlx5_0 mac $MAC_A
	rpc_refused EEXIST "\ba\b" dev.add '{"name": "a", "mgmtdev": "mlx5_1"}'
	rpc_refused EEXIST "$MAC_A" dev.add "{\"name\": \"b\", \"mgmtdev\": \"mlx5_0\", \"mac\": \"$MAC_A\"}"
	rpc_refused EEXIST "$RUN/a" dev.add \
		"{\"name\": \"b\", \"mgmtdev\": \"mlx5_1\", \"socket\": \"$RUN/a\"}"
	rpc_refused ERANGE 68 dev.add '{"name": "b", "mgmtdev": "mlx5_1", "mtu": 67}'
	rpc_refused EINVAL max_vqp dev.add '{"name": "b", "mgmtdev": "mlx5_1", "max_vqp": 0}'
	rpc_refused ENODEV "\bnone\b" dev.del '{"name": "none"}'
	# Until it is full.
	while ctl dev add name "n$i" mgmtdev mlx5_1 mac "$(printf '02:00:00:00:01:%02x' $i)" 2>"$T/err"; do
		i=$((i + 1))
		[ $i -le 300 ] || fail "no end of devices"
	done
	note "device $i: $(cat "$T/err")"
	rpc_refused ENOSPC mlx5_1 dev.add "{\"name\": \"n$i\", \"mgmtdev\": \"mlx5_1\", \"mac\": \"02:00:00:00:02:01\"}"
	# Room again for one.
	ctl dev del n1
	ctl dev add name "n$i" mgmtdev mlx5_1 mac 02:00:00:00:02:01
}
