#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# rpc_schema.py SCHEMA INC: a JSON file, checked and without its white space, as C string literals.
import json
import sys

source, inc = sys.argv[1:]
with open(source, encoding='utf-8') as f:
    text = json.dumps(json.load(f), separators=(',', ':'))
with open(inc, 'w', encoding='ascii') as f:
    for at in range(0, len(text), 80):
        f.write(json.dumps(text[at:at + 80]) + '\n')
