# SPDX-License-Identifier: BSD-3-Clause
"""The front-ends: both answer what one interval of traffic through a back-end amounts to."""
import json
import os
import re
import time

import backends
import env
from procs import Failed, Process


class Pump:
    """The minimal front-end: 8 bytes touched a frame, in its headers or at its end. A new connection for each run."""

    def __init__(self, huge, tail=False):
        self.huge, self.tail = huge, tail
        self.kind = 'minimal, tail' if tail else 'minimal'

    def measure(self, backend, layout, size, pairs, seconds, warm=0.1, idle=0, ring=256, options=()):
        sockets = ['--socket', backend.sockets[0]]
        if len(backend.sockets) > 1:
            sockets += ['--peer', backend.sockets[1]]
        if idle:
            sockets += ['--idle-at', backend.sockets[2], '--idle', str(idle)]
        process = Process('pump', backends.on_cpu(
            env.FRONT_CPU, env.PUMP, *sockets, '--layout', layout, '--size', str(size), '--pairs',
            str(pairs), '--ring', str(ring), '--warm', str(int(warm * 1000)),
            '--interval', str(int(seconds * 1000)), *(['--huge'] if self.huge else []),
            *(['--tail'] if self.tail else []), *options),
            backend.directory, reply=True)
        try:
            process.hear()
            before, waited = backend.counters(), backend.process.waited_ns()
            process.say('go')
            got = json.loads(process.hear())
            waited = backend.process.waited_ns() - waited
            after = backend.counters()
        finally:
            process.end()
        if got['received'] == 0:
            process.fail('no frame came through')
        return result(got['received'] * 1e9 / got['ns'], got['bytes'] * 1e9 / got['ns'], before, after,
                      got['busy_cycles'] / got['received'], got['lost'],
                      max(waited, got['ns'] - got['cpu_ns']) / got['ns'])


class VirtioUser:
    """
    testpmd with a net_virtio_user port for each of the back-end's: frames go round and round. Stays connected to
    its back-end, stopped with it while others are measured.
    """
    kind = 'virtio_user'
    BURSTS = 4  # of 32 frames in flight, each way

    def __init__(self, backend, layout, huge):
        self.backend, self.ports = backend, len(backend.sockets)
        packed = ',packed_vq=1' if layout == 'packed' else ''
        vdevs, peers = [], []
        for i, socket in enumerate(backend.sockets):
            vdevs += ['--vdev', 'net_virtio_user%d,path=%s,queues=1,mac=02:00:00:00:00:0%d,mrg_rxbuf=0,'
                      'in_order=0%s' % (i, socket, i + 1, packed)]
            # The other one; one alone has somebody behind the wire: what it sent to itself would not come back.
            peers.append('--eth-peer=%d,02:00:00:00:00:0%d' % (i, self.ports - i if self.ports > 1 else 9))
        name = 'virtio_user-' + backend.kind
        self.process = Process(name, backends.on_cpu(
            env.FRONT_CPU, 'stdbuf', '-oL', 'dpdk-testpmd',
            *backends.eal(name, 256, huge, env.FRONT_CPU), '--no-pci', *vdevs, '--', '--no-mlockall',
            '--total-num-mbufs=16384', '-i', '--nb-cores=1', '--txonly-multi-flow', '--forward-mode=io',
            '--record-core-cycles', *peers), backend.directory)
        self.process.wait_log('^testpmd> ', 30)
        self.process.pin(env.FRONT_CPU)

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()

    def end(self):
        self.process.end(0)

    def _rate(self):
        """Frames received a second since it was asked last, and those received at all."""
        last = self.ports - 1
        match = self.process.ask('show port stats all', r'statistics for port %d +#+\n[^#]*####' % last)
        text = self.process.log()[:match.end()]
        ports = [re.findall(pattern, text)[-self.ports:] for pattern in
                 (r'Rx-pps: *(\d+)', r'RX-packets: *(\d+)')]
        return sum(int(n) for n in ports[0]), sum(int(n) for n in ports[1])

    def _forward(self, mode, start, seconds):
        self.process.say('set fwd ' + mode)
        self.process.say(start)
        time.sleep(seconds)
        self.process.ask('stop', r'^Done\.')

    def _send(self, size):
        """Puts frames under way. Those sent before all queues were started are lost: then once more."""
        process = self.process
        process.say('set fwd io')
        process.say('set txpkts %d' % size)
        for _ in range(5):
            moved, limit = self._rate()[1], time.monotonic() + 3
            process.say('start tx_first %d' % self.BURSTS)
            while time.monotonic() < limit:
                if self._rate()[1] > moved + 10000:
                    return
                time.sleep(0.02)
            process.ask('stop', r'^Done\.')
        process.fail('no frames come through')

    def measure(self, layout, size, seconds, warm=0.2):
        process = self.process
        self._send(size)
        time.sleep(warm)
        before, own = self.backend.counters(), backends.testpmd_cycles(process)
        self._rate()
        start = time.monotonic_ns()
        waited = [p.waited_ns() for p in (self.backend.process, process)]
        time.sleep(seconds)
        rate = self._rate()[0]
        waited = [p.waited_ns() - w for p, w in zip((self.backend.process, process), waited)]
        elapsed = time.monotonic_ns() - start
        after, own_after = self.backend.counters(), backends.testpmd_cycles(process)
        process.ask('stop', r'^Done\.')
        # What is under way would be of the wrong size next time.
        self._forward('rxonly', 'start', 0.05)
        if rate == 0:
            raise Failed('no frame came through')
        frames = own_after[1] - own[1]
        return result(rate, rate * size, before, after, (own_after[0] - own[0]) / frames if frames else 0, 0,
                      max(waited) / elapsed)


def result(rate, byte_rate, before, after, front_cycles, lost, stolen):
    """stolen: the share of the time that a CPU worked for somebody else meanwhile."""
    frames = after[1] - before[1]
    return {'frames_per_s': round(rate), 'bits_per_s': round(byte_rate * 8),
            'back_cycles': round((after[0] - before[0]) / frames, 2) if frames > 0 else '',
            'front_cycles': round(front_cycles, 2), 'lost': lost,
            'stolen': round(max(stolen, 0), 3)}
