# SPDX-License-Identifier: BSD-3-Clause
"""What iproute2's vdpa said: test/vector/vdpa/answers, by name."""

import os
import re
from dataclasses import dataclass, field


@dataclass
class Vector:
    words: list
    out: list = field(default_factory=list)
    err: list = field(default_factory=list)
    status: int = None


def read():
    path = os.path.join(os.path.dirname(__file__), "../vector/vdpa/answers")
    vectors, name, vector = {}, None, None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            mark, rest = line[:2], line[2:]
            if mark == "$ ":
                vector = vectors[name] = Vector(rest.split()[1:])
            elif vector and mark in ("1 ", "2 "):
                (vector.out if mark == "1 " else vector.err).append(rest)
            elif vector and mark == "= ":
                vector.status, vector = int(rest), None
            elif not vector and re.fullmatch(r"\w+", line):
                name = line
    return vectors
