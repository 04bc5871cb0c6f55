# SPDX-License-Identifier: BSD-3-Clause
"""
vDPA devices of the verbs driver for DPDK's telemetry exporter (usertools/dpdk-telemetry-exporter.py
of DPDK 24.03 and later, which also reads the sockets of older ones):

    dpdk-telemetry-exporter.py -p DIRECTORY-OF-THIS-FILE -s /run/dpdk/PREFIX/dpdk_telemetry.v2

Metrics are dpdk_vdpa_verbs_*, with the labels device, or mgmtdev. Counters are sums over the rings
of a kind (queue_type), as a device can have hundreds of rings.
"""

# Of /vdpa_verbs/dev/config: values that are numbers.
GAUGES = {
    "connected": "A front-end has the socket.",
    "running": "The rings of a guest run.",
    "needs_reset": "The control queue is dead until the guest resets the device.",
    "vqp": "Queue pairs the guest uses.",
    "vqs_running": "Data rings that run.",
    "mtu": "What the guest is told, bytes.",
    "memory_bytes": "Host memory of the driver's and of the NIC's firmware for the device.",
}
LINKS = {
    "link": "Guests see the link up.",
    "link_wanted": "The operator has the link up.",
}
# Of /vdpa_verbs/dev/stats, behind receive_ or transmit_.
RINGS = {
    "received_descriptors": "Descriptors the NIC has taken.",
    "completed_descriptors": "Descriptors the NIC has given back.",
    "completion_errors": "Completions with an error.",
    "bad_descriptor_errors": "Descriptors the NIC could not use.",
    "exceed_max_chain": "Chains of descriptors that were too long.",
    "invalid_buffer": "Buffers the NIC could not use.",
    "relayed_kicks": "Kicks that came by a descriptor, not by the doorbell page.",
    "calls": "Times the guest was called.",
    "queue_errors": "Times the NIC stopped a queue for an error.",
    "recoveries": "Times a queue was made again after one.",
}
# Of /vdpa_verbs/mgmtdev/list.
PARENTS = {
    "vqs_free": "Data rings no device has taken.",
    "devices_free": "How many more devices it takes.",
}


def info():
    """What there is: name -> (description, type)."""
    metrics = {name: (text, "gauge") for name, text in {**GAUGES, **LINKS, **PARENTS}.items()}
    metrics.update({name: (text, "counter") for name, text in RINGS.items()})
    metrics["speed_mbps"] = ("Speed of the port; none where it does not say.", "gauge")
    metrics["control_commands"] = ("Commands on the control queue, by what became of them.", "counter")
    metrics["control_bad_chains"] = ("Broken chains, rings or memory of it, by what it was.", "counter")
    return metrics


def config_of(sock, labels):
    config = sock.cmd("/vdpa_verbs/dev/config", labels["device"])
    out = [(name, config[name], labels) for name in GAUGES]
    out += [(name, int(config[name] == "up"), labels) for name in LINKS]
    if config["speed"] != 0xFFFFFFFF:
        out.append(("speed_mbps", config["speed"], labels))
    return out


def rings_of(sock, labels):
    stats = sock.cmd("/vdpa_verbs/dev/stats", labels["device"])
    out = []
    for kind in ("receive", "transmit"):
        for name in RINGS:
            value = stats.get(f"{kind}_{name}")
            if value is not None:
                out.append((name, value, {**labels, "queue_type": kind}))
    return out


def control_of(sock, labels):
    out = []
    # Nothing: the device has no control queue.
    for name, value in (sock.cmd("/vdpa_verbs/cvq/stats", labels["device"]) or {}).items():
        if name.startswith("commands_"):
            out.append(("control_commands", value, {**labels, "verdict": name[len("commands_"):]}))
        elif name.startswith("ring_") or name in ("short_chains", "faults"):
            out.append(("control_bad_chains", value, {**labels, "kind": name}))
    return out


def metrics(sock):
    """Of all devices now: (name, value, labels)."""
    out = []
    for name in sock.cmd("/vdpa_verbs/dev/list"):
        labels = {"device": name}
        try:
            out += config_of(sock, labels) + rings_of(sock, labels) + control_of(sock, labels)
        except (KeyError, TypeError):
            continue  # it went while it was asked about
    for parent, facts in (sock.cmd("/vdpa_verbs/mgmtdev/list") or {}).items():
        out += [(name, facts[name], {"mgmtdev": parent}) for name in PARENTS]
    return out
