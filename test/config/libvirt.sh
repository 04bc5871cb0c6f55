#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# libvirt.sh: the domain in config/libvirt is one, as libvirt's own schema has it.
set -u
dir=$(dirname "$0")/../../config/libvirt
for tool in virt-xml-validate xmllint; do
	command -v $tool >/dev/null || {
		echo "SKIP: $tool is not there"
		exit 77
	}
done
for file in "$dir"/*.xml; do
	virt-xml-validate "$file" domain || exit 1
	# It notices what is wrong.
	! sed "s/type='vhostuser'/type='vhostuse'/" "$file" |
		virt-xml-validate /dev/stdin domain >/dev/null 2>&1 || exit 1
done
