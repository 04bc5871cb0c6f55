# SPDX-License-Identifier: BSD-3-Clause
"""
The contenders: what moves frames between two ports (or returns them to the one they came from), on one core.

Each has sockets for front-ends and can say how many cycles it was busy for how many frames. While another
one is measured it is stopped (SIGSTOP), so all can be up at once and take turns.
"""
import json
import os
import re

import env
from procs import Failed, Process


def eal(name, megabytes, huge, cpu):
    """EAL arguments of a process with one worker, all on one CPU."""
    args = ['--lcores', '0@%d,1@%d' % (cpu, cpu), '--file-prefix', 'vvbench%d%s' % (os.getpid(), name),
            '--no-telemetry', '--iova-mode=va', '-m', str(megabytes)]
    return args + (['--in-memory', '--single-file-segments'] if huge else ['--no-huge', '--no-shconf'])


def on_cpu(cpu, *command):
    """On that CPU alone, and before whatever else the machine wants to do there."""
    first = ['nice', '-n', '-20'] if os.geteuid() == 0 else []
    return ['taskset', '-c', str(cpu)] + first + list(command)


class Backend:
    kind = ''
    layouts = ('split', 'packed')

    def __init__(self, directory, huge, ports=2, pairs=1):
        self.directory, self.huge, self.ports, self.pairs = directory, huge, ports, pairs
        self.sockets = [os.path.join(directory, '%s-%d' % (self.kind, i)) for i in range(ports)]
        self.process = None
        for socket in self.sockets:
            if os.path.exists(socket):
                os.unlink(socket)

    def needs(self):
        """Files without which it can not be."""
        return []

    def start(self):
        for path in self.needs():
            if not os.path.exists(path):
                raise Failed('%s: %s is not there' % (self.kind, path))
        self._start()
        self.process.pin(env.BACK_CPU)

    def _spawn(self, *command, **options):
        self.process = Process(self.kind, on_cpu(env.BACK_CPU, *command), self.directory, **options)

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()

    def end(self):
        if self.process:
            self.process.end(0)


class Softhca(Backend):
    """DPDK's sample application with a vDPA driver, on our model of a NIC."""
    mtu = 9216

    def needs(self):
        return [env.SOFTHCA, env.SAMPLE]

    def _start(self):
        self.stat = os.path.join(self.directory, self.kind + '.stat')
        loop = ['--wire', 'loopback'] if self.ports == 1 else []
        for i in range(self.ports if self.mtu else 0):
            loop += ['--function', '%d,mtu=%d' % (i, self.mtu)]
        self._spawn(env.SOFTHCA, 'run', '--functions', str(self.ports), '--delay-drop', '2000', '--stat',
                    self.stat, '--cpus', str(env.BACK_CPU), *loop, '--', 'stdbuf', '-oL', env.SAMPLE,
                    *eal(self.kind, 64, self.huge, env.BACK_CPU), *self._devices(), '--', '--iface',
                    os.path.join(self.directory, self.kind + '-'))
        self.process.wait_log("enter 'q' to quit", 30)
        if 'probe failed' in self.process.log():
            self.process.fail('a device was not probed')

    def figures(self):
        try:
            return json.loads(env.output(env.SOFTHCA, 'stat', '-j', self.stat))
        except ValueError:
            raise Failed('%s: no figures in %s' % (self.kind, self.stat)) from None

    def counters(self):
        figures = self.figures()
        return figures['busy_cycles'], figures['frames_rx']


class Ours(Softhca):
    kind = 'ours'
    options = ''

    def needs(self):
        return super().needs() + [env.PLUGIN]

    def _devices(self):
        args = ['--no-pci', '-d', env.PLUGIN]
        for i in range(self.ports):
            args += ['--vdev', 'vdpa_verbs%d,ibdev=mlx5_%d,queues=%d%s' % (i, i, self.pairs, self.options)]
        return args


class Mlx5(Softhca):
    """DPDK's own driver; its packed queues are refused by the model (and why not by hardware, nobody says)."""
    kind = 'mlx5'
    layouts = ('split',)

    def _devices(self):
        args = []
        for i in range(self.ports):
            args += ['-a', '0000:3b:00.%d,class=vdpa' % i]
        return args


class Testpmd(Backend):
    """Debian's testpmd with net_vhost ports, io forwarding: between two of them, or a single one to itself."""
    kind = 'testpmd'
    options = ''
    preload = None

    def _start(self):
        ports = []
        for i, socket in enumerate(self.sockets):
            ports += ['--vdev', 'net_vhost%d,iface=%s,queues=%d%s' % (i, socket, self.pairs, self.options)]
        self._spawn('env', *(['LD_PRELOAD=' + self.preload] if self.preload else []), 'stdbuf', '-oL',
                    'dpdk-testpmd', *eal(self.kind, 256, self.huge, env.BACK_CPU),
                    '--no-pci', *ports, '--', '--no-mlockall', '--total-num-mbufs=16384', '-i',
                    '--nb-cores=1', '--rxq=%d' % self.pairs, '--txq=%d' % self.pairs,
                    '--forward-mode=io', '--record-core-cycles', '--auto-start')
        self.process.wait_log('^testpmd> ', 30)

    def counters(self):
        return testpmd_cycles(self.process)


class Native(Backend):
    """librte_vhost compiled for this very CPU, without ethdev: test/bench/native."""
    kind = 'native'

    def needs(self):
        return [env.NATIVE]

    def _start(self):
        self._spawn(env.NATIVE, *eal(self.kind, 256, self.huge, env.BACK_CPU), '--no-pci', '--',
                    *self.sockets, str(self.pairs), reply=True)
        if self.process.hear() != 'serving':
            self.process.fail('does not serve')

    def counters(self):
        self.process.say('?')
        return tuple(int(n) for n in self.process.hear().split())


def testpmd_cycles(process):
    """Busy cycles and frames of a forwarding run, since its start."""
    process.ask('show fwd stats all', r'Accumulated forward statistics[^\n]*\n[^\n]*\n[^\n]*\n *\++\n')
    # Without a single frame there is no line of cycles.
    text = process.log()
    text = text[text.rfind('Accumulated forward statistics'):]
    if not re.search(r'RX-packets: *0 .*\n *TX-packets: *0 ', text):
        match = process.wait_log(r'total cycles=(\d+) / total \S+ packets=(\d+)\) at',
                                 5, process.log().rfind('Accumulated forward statistics'))
        return int(match.group(1)), int(match.group(2))
    return 0, 0


KINDS = {backend.kind: backend for backend in (Ours, Testpmd, Native, Mlx5)}
