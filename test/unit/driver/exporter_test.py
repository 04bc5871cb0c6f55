#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
exporter_test.py ENDPOINT [SOCKET DEVICE]: the exporter's endpoint module, as DPDK's exporter uses it:
against answers made up, or against the telemetry socket of a program that has DEVICE.
"""
import importlib.util
import json
import socket
import sys

# Never beside the source.
sys.dont_write_bytecode = True


def load(path):
    spec = importlib.util.spec_from_file_location("vdpa_verbs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Fake:
    """Two devices, one of which goes away in between."""

    config = {
        "mac": "52:54:00:00:00:01", "link": "up", "link_wanted": "down", "mtu": 1500, "speed": 100000,
        "connected": 1, "running": 1, "needs_reset": 0, "vqp": 2, "vqs_running": 4,
        "memory_bytes": 123456,
    }

    def cmd(self, uri, arg=None):
        if uri == "/vdpa_verbs/dev/list":
            return ["vdpa_verbs_a", "vdpa_verbs_gone"]
        if uri == "/vdpa_verbs/mgmtdev/list":
            return {"mlx5_0": {"vqs_free": 60, "devices_free": 30, "mac": "52:54:00:00:00:01"}}
        if arg == "vdpa_verbs_gone":
            return None
        assert arg == "vdpa_verbs_a", arg
        if uri == "/vdpa_verbs/dev/config":
            return dict(self.config)
        if uri == "/vdpa_verbs/dev/stats":
            return {"rings": 5, "receive_received_descriptors": 7, "transmit_calls": 9}
        if uri == "/vdpa_verbs/cvq/stats":
            return {"commands": 3, "commands_ok": 2, "commands_unknown": 1, "ring_loop": 4,
                    "faults": 0, "needs_reset": 0}
        raise AssertionError(uri)


class Telemetry:
    """DPDK's socket: one message a question."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.connect(path)
        self.max = json.loads(self.sock.recv(1024))["max_output_len"]

    def cmd(self, uri, arg=None):
        self.sock.send((uri if arg is None else f"{uri},{arg}").encode())
        return json.loads(self.sock.recv(self.max))[uri]


def check(module, sock):
    """What the exporter relies on: names that are known, values that are numbers."""
    info = module.info()
    for name, (text, kind) in info.items():
        assert name.isidentifier() and text and kind in ("gauge", "counter"), name
    found = module.metrics(sock)
    for name, value, labels in found:
        assert name in info, name
        assert isinstance(value, int), (name, value)
        assert all(isinstance(v, str) for v in labels.values()), labels
    keys = [(name, tuple(sorted(labels.items()))) for name, _, labels in found]
    assert len(keys) == len(set(keys)), "twice the same"
    return {(name, *labels.values()): value for name, value, labels in found}


def fake(module):
    found = check(module, Fake())
    assert found["link", "vdpa_verbs_a"] == 1 and found["link_wanted", "vdpa_verbs_a"] == 0
    assert found["speed_mbps", "vdpa_verbs_a"] == 100000
    assert found["received_descriptors", "vdpa_verbs_a", "receive"] == 7
    assert found["calls", "vdpa_verbs_a", "transmit"] == 9
    assert found["control_commands", "vdpa_verbs_a", "unknown"] == 1
    assert found["control_bad_chains", "vdpa_verbs_a", "ring_loop"] == 4
    assert found["vqs_free", "mlx5_0"] == 60
    assert not [key for key in found if "vdpa_verbs_gone" in key]
    Fake.config["speed"] = 0xFFFFFFFF
    assert ("speed_mbps", "vdpa_verbs_a") not in check(module, Fake())


def real(module, path, device):
    sock = Telemetry(path)
    found = check(module, sock)
    full = f"vdpa_verbs_{device}"
    assert found["link", full] == 1 and found["running", full] == 0, found
    assert found["memory_bytes", full] > 0
    assert found["control_commands", full, "ok"] == 0
    assert found["vqs_free", "mlx5_0"] > 0

    # With or without the driver's prefix; and what there is not, or is not asked so, is nothing.
    assert full in sock.cmd("/vdpa_verbs/dev/list") and full in sock.cmd("/vdpa_verbs/list")
    shown = sock.cmd("/vdpa_verbs/dev/info", device)
    assert shown == sock.cmd("/vdpa_verbs/dev/info", full)
    assert shown["mgmtdev"] == "mlx5_0" and "VERSION_1" in shown["device_features"], shown
    live = sock.cmd("/vdpa_verbs/dev/config", device)
    assert live["driver"] == "none" and "negotiated_features" not in live
    assert live["device_features"] == shown["device_features"]
    assert sock.cmd("/vdpa_verbs/dev/stats", f"{device},0")["queue_type"] == "receive"
    assert sock.cmd("/vdpa_verbs/dev/stats", f"{device},4")["queue_type"] == "control"
    assert sock.cmd("/vdpa_verbs/dev/stats", device)["rings"] == 5
    assert sock.cmd("/vdpa_verbs/cvq/stats", device)["commands"] == 0
    assert sock.cmd("/vdpa_verbs/control", device)["ring"] == 0
    for wrong in ("nosuch", "", ",", f"{device},9", f"{device},x", f"{device},", "x" * 200):
        assert sock.cmd("/vdpa_verbs/dev/stats", wrong) is None, wrong
    for uri in ("dev/info", "dev/config", "cvq/stats", "control"):
        assert sock.cmd(f"/vdpa_verbs/{uri}", "nosuch") is None, uri
        assert sock.cmd(f"/vdpa_verbs/{uri}", f"{device},1") is None, uri


def main():
    module = load(sys.argv[1])
    if len(sys.argv) > 2:
        real(module, *sys.argv[2:])
    else:
        fake(module)


main()
