#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write the C table that compares every field in drivers/vdpa/verbs/prm with mlx5_prm.h.

usage: layout_gen.py OUT MLX5_PRM_H PRM_HEADER...

Both sides keep layouts as structs whose array lengths are bit widths, under the same names, so a
field is compared by letting the compiler take offset and size on both sides. Fields the other side
does not have are listed below with the reason; anything else that is missing fails the build.
"""
import re
import sys

# (layout, field): reason. Older than the field, or one field here that is several there.
NOT_THERE = {
    ('virtio_emulation_cap', 'device_features_bits_mask'): 'single bits there, see layout_test.c',
    ('virtio_emulation_cap', 'max_tunnel_desc'): 'reserved in 22.11',
    ('virtio_emulation_cap', 'max_emulated_devices'): 'reserved in 22.11',
    ('virtio_emulation_cap', 'desc_group_mkey_supported'): 'reserved in 22.11',
    ('virtio_emulation_cap', 'freeze_to_rdy_supported'): 'reserved in 22.11',
    ('virtio_net_q', 'queue_feature_bit_mask_12_3'): 'single bits there, see layout_test.c',
    ('virtio_net_q', 'queue_feature_bit_mask_2_0'): 'reserved in 22.11',
    ('virtio_q', 'max_tunnel_desc'): 'reserved in 22.11',
    ('create_flow_group_in', 'start_flow_index'): 'reserved in 22.11',
    ('create_flow_group_in', 'end_flow_index'): 'reserved in 22.11',
    ('create_flow_group_in', 'match_criteria_enable'): 'reserved in 22.11',
    ('create_flow_group_in', 'match_criteria'): 'reserved in 22.11',
    ('flow_context', 'match_value'): 'reserved in 22.11',
    ('flow_table_nic_cap', 'nic_rx_multi_path_tirs'): 'reserved in 22.11',
    ('create_tir_out', 'icm_address_63_40'): 'reserved in 22.11',
    ('create_tir_out', 'icm_address_39_32'): 'reserved in 22.11',
    ('create_tir_out', 'icm_address_31_0'): 'reserved in 22.11',
}
# The other side leaves a variable part at the end of these, or none: sizes differ by intention.
SIZE_DIFFERS = {
    'query_hca_cap_out',
    'create_qp_in',
}


def layouts(path, prefix, suffix=''):
    """{layout: [field]} of a header."""
    text = re.sub(r'/\*.*?\*/', '', open(path).read(), flags=re.S)
    found = {}
    for m in re.finditer(r'^struct ' + prefix + r'(\w+?)' + suffix + r' \{(.*?)^\};', text, re.S | re.M):
        found[m[1]] = re.findall(r'^\s*(?:uint8_t|u8|struct \w+|union \w+)\s+(\w+)(?:\[.*\])?;',
                                 m[2], re.M)
    return found


def main():
    out, reference, *headers = sys.argv[1:]
    there = layouts(reference, 'mlx5_ifc_', '_bits')
    lines, skipped = [], []
    for header in headers:
        for layout, fields in layouts(header, 'prm_').items():
            if layout not in there:
                sys.exit(f'{header}: layout {layout} is not in {reference}')
            if layout not in SIZE_DIFFERS:
                lines.append(f'SIZE({layout})')
            for field in fields:
                if field.startswith('rsvd_'):
                    continue
                if (layout, field) in NOT_THERE:
                    skipped.append(f'{layout}.{field}: {NOT_THERE[layout, field]}')
                else:
                    lines.append(f'FIELD({layout}, {field})')
    if len(lines) < 200:
        sys.exit('too few fields found: are the headers still written as this script expects?')
    with open(out, 'w') as f:
        f.write('/* Written by layout_gen.py. */\n' + '\n'.join(lines) + '\n')
        for s in skipped:
            f.write(f'SKIPPED("{s}")\n')


main()
