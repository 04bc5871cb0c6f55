# SPDX-License-Identifier: BSD-3-Clause
"""vdpactl_vectors.py PROGRAM SOCKET before|running: vdpactl's answers beside those that iproute2's
vdpa gave (test/vector/vdpa, whose README says what is normalised, and what is other on purpose).

Devices v0, v1, ... are on functions mlx5_0, mlx5_1, ...: on the kernel's simulated NIC any number of
devices has no address; here the second one of a function needs one.
"""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../vdpactl"))
import vectors  # pylint: disable=wrong-import-position

PROGRAM, SOCKET, WHEN = sys.argv[1:]

# Other on purpose: the status, and whether something is printed.
PURPOSE = {
    "add_mac_without_value": (1, False),  # theirs makes a device
    "add_bad_mac": (1, False),  # theirs takes any sixth byte
    "dev_show_extra": (1, False),  # theirs passes over words
    "add_j": (0, True),
    "vstats_show_q0": (0, True),  # theirs waits for a guest
    "vstats_show_q1": (0, True),
    "vstats_show_q0_j": (0, True),
    "vstats_show_q0_jp": (0, True),
    "running_vstats_no_qidx": (0, True),
    "no_words": (0, True),  # help is on standard output
    "help": (0, True),
    "dev_help": (0, True),
    "mgmtdev_no_command": (0, True),
}
# Whose guest would be sent away; test/e2e/vdpad_life has it.
LEFT_OUT = {"running_del"}
# A bit that this NIC has not; the mask without what no vhost-user device has; no queue.
OTHER = {"0x8000000000000000": "0x4000000000000000", "0x300020000": "0x100020000",
         "300020000": "100020000", "9": "99"}
# Values that are another NIC's.
ANY = {"mgmtdev", "vendor_id", "max_vqs", "max_vq_size", "max_supported_vqs", "mtu"}

failures = []


def fail(name, what):
    failures.append(name)
    print(f"FAIL: {name}: {what}")


def ours(words):
    device = next((w for w in words if re.fullmatch(r"[vn]\d", w)), "v0")
    function = "mlx5_6" if device[0] == "n" else "mlx5_" + device[1]
    return [{"vdpasim_net": function, **OTHER}.get(w, w) for w in words]


def run(words):
    return subprocess.run([PROGRAM, "-s", SOCKET, *words], capture_output=True, encoding="utf-8",
                          timeout=60, check=False)


def same_json(name, theirs, mine, path=""):
    """Their keys in their order, then ours; the same kinds of values."""
    if type(theirs) is not type(mine):
        fail(name, f"{path}: {mine!r} is not like {theirs!r}")
    elif isinstance(theirs, dict):
        theirs = {k.strip(): v for k, v in theirs.items()}
        if path == "/mgmtdev":  # of all functions the first is enough
            theirs = dict(zip(mine, theirs.values()))
            mine = {k: mine[k] for k in theirs}
        mine = {k: v for k, v in mine.items() if k != "max_vq_pairs" or k in theirs}
        keys = list(mine)[:len(theirs)]
        if path.startswith("/vstats/"):
            # Counters have names of their own.
            keys, theirs = keys[:1], {"queue_type": theirs.get("queue_type")} if theirs else {}
        if keys != list(theirs) and path.count("/") < 3:
            fail(name, f"{path}: keys {keys}, not {list(theirs)}")
            return
        for key, value in theirs.items():
            same_json(name, value, mine[key], f"{path}/{key}")
    elif isinstance(theirs, list):
        if not all(isinstance(item, str) and re.fullmatch(r"[A-Z0-9_]+|bit_\d+|net", item)
                   for item in mine):
            fail(name, f"{path}: {mine}")
    elif path.split("/")[-1] not in ANY | {"queue_type", "mac"} and theirs != mine:
        fail(name, f"{path}: {mine!r}, not {theirs!r}")


def pattern(line):
    """What a line of theirs has to look like: names as they are, values of another NIC any."""
    line = line.rstrip()
    if line == "vdpasim_net:":
        return r"mlx5_\d:"
    feature = re.match(r"  (dev_features|negotiated_features)( .*)?$", line)
    if feature:
        return rf"  {feature[1]}( [A-Z0-9_]+)*"
    if ": queue_type" in line:
        return r"v\d: queue_type (rx|tx|control_vq)( \w+ \w+)*"
    words, out = line.split(" "), []
    for i, word in enumerate(words):
        before = words[i - 1] if i else ""
        if before in ANY:
            out.append(r"\S+")
        elif before == "mac" and word == "00:00:00:00:00:00":
            out.append(r"[0-9a-f:]{17}")  # the port's, here
        elif word == "mtu":
            out.append(r"(?:max_vq_pairs \d+ )?mtu")
        else:
            out.append(re.escape(word))
    return " ".join(out)


def same_text(name, theirs, mine):
    """Their lines in their order; between them lines of ours, which are indented."""
    mine = mine.splitlines()
    if "mgmtdev" in name:
        cut = next((i for i, line in enumerate(mine) if line == "mlx5_1:"), len(mine))
        mine = mine[:cut]
    for line in theirs:
        while mine and not re.fullmatch(pattern(line), mine[0]) and mine[0].startswith("  "):
            mine.pop(0)
        if not mine or not re.fullmatch(pattern(line), mine[0]):
            fail(name, f"no line like {line!r}; there is {mine[:1]}")
            return
        mine.pop(0)
    if any(not line.startswith("  ") for line in mine):
        fail(name, f"more lines: {mine}")


def compare(name, vector):
    words = ours(vector.words)
    done = run(words)
    status, prints = PURPOSE.get(name, (vector.status, None))
    print(f"{name}: {' '.join(words)}: {done.returncode} {done.stderr.strip()[:150]}")
    if done.returncode != status:
        fail(name, f"status {done.returncode}, not {status}: {done.stderr}")
    if status and not re.fullmatch(r"vdpactl: [^\n]+\n", done.stderr):
        fail(name, f"not one line of error: {done.stderr!r}")
    if not status and done.stderr:
        fail(name, f"not silent: {done.stderr!r}")
    if prints is not None:
        if bool(done.stdout.strip()) != prints:
            fail(name, f"prints {done.stdout!r}")
    elif bool(done.stdout) != bool(vector.out):
        fail(name, f"prints {done.stdout!r}, they print {vector.out}")
    elif vector.out and vector.out[0].startswith("{"):
        same_json(name, json.loads("\n".join(vector.out)), json.loads(done.stdout))
        if (done.stdout.count("\n") > 1) != (len(vector.out) > 1):
            fail(name, "not the same layout")
    elif vector.out:
        same_text(name, vector.out, done.stdout)


compared = 0
for case, recorded in vectors.read().items():
    if case.startswith("running_") == (WHEN == "running") and case not in LEFT_OUT:
        compare(case, recorded)
        compared += 1
if compared < (10 if WHEN == "running" else 80):
    fail("all", f"only {compared} cases")
print(f"{compared} compared, {len(failures)} differ: {' '.join(failures)}")
sys.exit(bool(failures))
