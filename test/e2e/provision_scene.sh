# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What the cases of provision share: one host, or two that are cabled together, and drivers.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

MAC_A=02:00:00:00:0a:01 MAC_B=02:00:00:00:0b:02
CTL=

# One daemon, two functions.
host() { # [arguments of backend]
	need jq
	backend managed functions=2 "$@"
	CTL="$VDPACTL -s $RPC"
}
# A kind of NIC that differs from the model's best in some lines.
kind_of_nic() { # NAME LINE-OF-[virtio] [LINE-OF-[device]]
	printf '[device]\n%s\n[virtio]\n%s\n' "${3:-}" "$2" >"$T/$1.ini"
}
# A driver at a device says commands (standard input); frames come from the other device, if any.
driver() { # DEVICE [OTHER-DEVICE] [OPTIONS OF VFRONT]
	# All rings that a device has are set up, as guests do.
	local device=$1
	local -a args=(--socket "$RUN/$1" --pairs "$(ask ".dev[\"$1\"].max_vqp" dev show "$1")")
	shift
	if [ $# -gt 0 ] && [[ $1 != -* ]]; then
		args+=(--peer-socket "$RUN/$1")
		shift
	fi
	cat >"$T/script"
	if ! "$VFRONT" "${args[@]}" --timeout-ms $((10000 * VV_PATIENCE)) "$@" --control "$T/script" \
		>"$T/driver.out" 2>"$T/driver.err"; then
		grep -hE "^(WRONG|ERROR|FAIL)" "$T/driver.out" || true
		cat "$T/driver.err"
		return 1
	fi
	note "driver: $(tail -1 "$T/driver.out")"
	wait_for 20 "it has gone" status_is "$device" idle
}
has() { # DEVICE FEATURE...
	local f
	for f in "${@:2}"; do
		ctl -j dev show "$1" | jq -e ".dev[\"$1\"].device_features|index(\"$f\")" >/dev/null ||
			fail "$1 has no $f"
	done
	note "$1 has ${*:2}"
}
lacks() { # DEVICE FEATURE...
	local f
	for f in "${@:2}"; do
		ctl -j dev show "$1" | jq -e ".dev[\"$1\"].device_features|index(\"$f\")|not" >/dev/null ||
			fail "$1 has $f"
	done
	note "$1 has no ${*:2}"
}
status_is() { # DEVICE STATUS
	[ "$(ask ".dev[\"$1\"].status" dev show "$1")" = "$2" ]
}
# What was shown then is what is shown now.
same() { # WHAT FILE WORD...
	ctl -j "${@:3}" | diff <(jq -S . "$2") <(jq -S .) || fail "$1: not the same"
	note "$1: the same"
}
# Numbers of the ones in a string of zeros and ones, the first is 0.
bits() {
	local i ones=()
	for ((i = 0; i < ${#1}; i++)); do
		[ "${1:i:1}" = 0 ] || ones+=("$i")
	done
	echo "${ones[*]}"
}
# A model that can be made here and has all of these.
a_model_with() { # FEATURE...
	local model f
	for model in $(ask '.model|keys[]' model show); do
		for f; do
			[ "$(ask ".model[\"$model\"].features|index(\"$f\")" model show "$model")" != null ] ||
				continue 2
		done
		rpc dev.add "{\"name\": \"probe\", \"mgmtdev\": \"mlx5_0\", \"model\": \"$model\"}" \
			>/dev/null 2>&1 || continue
		ctl dev del probe
		echo "$model"
		return
	done
	return 1
}
as_nobody() {
	"${as_nobody[@]}" "$VDPACTL" -s "$RPC" "$@"
}
refused_nobody() {
	local before status=0
	before=$(everything)
	as_nobody "$@" >"$T/out" 2>"$T/err" || status=$?
	[ $status = 1 ] || fail "nobody may: $*"
	[ "$(everything)" = "$before" ] || fail "nobody has changed something: $*"
	note "$(cat "$T/err")"
}
