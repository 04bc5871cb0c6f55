# SPDX-License-Identifier: BSD-3-Clause
"""Latencies of the control queue: ours by its two pollers, and virtio-user's own; the cost of idle queues."""
import json
import os
import re
import statistics

import env
from backends import on_cpu
from procs import Process

VDPAD = os.path.join(env.BUILD, 'app/vdpad/vdpad')
VFRONT = os.path.join(env.BUILD, 'test/frontend/vfront')
VIRTIO_USER = os.path.join(env.BENCH, 'cvq_virtio_user')
IDLE = os.path.join(env.BENCH, 'cvq_idle')

GOAL_P50_US, GOAL_P99_US = 5, 50


def _eal(name, megabytes, lcores):
    return ['--lcores', lcores, '--file-prefix', 'vvcvq%d%s' % (os.getpid(), name), '--no-telemetry',
            '--iova-mode=va', '-m', str(megabytes), '--no-huge', '--no-shconf', '--no-pci']


class Daemon:
    """vdpad with our driver on a NIC of two functions; with a service core on CPU 1, or without."""

    def __init__(self, directory, service):
        self.service = service
        self.name = 'service' if service else 'thread'
        self.sockets = [os.path.join(directory, '%s-%d' % (self.name, i)) for i in range(2)]
        back, front = env.BACK_CPU, env.FRONT_CPU
        # The NIC's threads stay out of the way of the core that is measured.
        lcores = '0@%d,1@%d' % (front, back) if service else '0@%d' % back
        devices, sockets = [], []
        for i, socket in enumerate(self.sockets):
            core = '' if service else ',cvq_core=%d' % back
            devices += ['--vdev', 'vdpa_verbs%d,ibdev=mlx5_%d,queues=2%s' % (i, i, core)]
            sockets += ['--socket', '%s=vdpa_verbs%d' % (socket, i)]
        self.process = Process(self.name, [
            env.SOFTHCA, 'run', '--functions', '2', '--cpus', str(front), '--', VDPAD,
            *_eal(self.name, 64, lcores), *(['-S', '1'] if service else []), '-d', env.PLUGIN, *devices,
            '--', *sockets], directory)
        self.process.wait_log('^vdpad: serving$', 30)
        if 'probe failed' in self.process.log():
            self.process.fail('a device was not probed')


def _run(name, command, directory):
    """The JSON a contender's front-end prints; it has its CPU before whatever else wants it."""
    process = Process(name, on_cpu(env.FRONT_CPU, *command), directory, reply=True)
    try:
        while True:
            line = process.hear()
            if line.startswith('[{'):
                return json.loads(line)
    finally:
        process.end()


def _ours(daemon, directory, layout, number, gap_us):
    command = [VFRONT, '--socket', daemon.sockets[0], '--layout', layout, '--pairs', '2', '--offload', 'rx',
               '--control-bench', str(number), '--json']
    if not daemon.service:
        command += ['--gap-us', str(gap_us)]
    return _run('front', command, directory)


def _virtio_user(daemon, directory, layout, number):
    packed = 1 if layout == 'packed' else 0
    return _run('virtio_user', [
        VIRTIO_USER, *_eal('vu', 128, '0@%d' % env.FRONT_CPU), '--vdev',
        'net_virtio_user0,path=%s,queues=2,packed_vq=%d' % (daemon.sockets[1], packed), '--', str(number)], directory)


def latencies(directory, layouts, number, rounds, gap_us):
    """Rows: of each contender, layout and kind, the median of its turns' p50 and p99, and the largest max."""
    turns = {}
    daemons = [Daemon(directory, True), Daemon(directory, False)]
    try:
        for daemon in daemons:
            daemon.process.pause()
        for number_of_turn in range(rounds):
            for layout in layouts:
                for daemon in daemons:
                    few = number if daemon.service else min(number, 300)
                    # With all of them stopped: a service core leaves no time to others.
                    before = env.trip()
                    daemon.process.resume()
                    found = [(daemon.name, _ours(daemon, directory, layout, few, gap_us))]
                    if daemon.service:
                        found.append(('virtio_user', _virtio_user(daemon, directory, layout, number)))
                    daemon.process.pause()
                    near = env.placement(before, env.trip())
                    for contender, rows in found:
                        for row in rows:
                            key = (contender, layout, row['command'])
                            turns.setdefault(key, []).append(dict(row, placement=near))
    finally:
        for daemon in daemons:
            daemon.process.end(0)
    result = []
    for (contender, layout, command), rows in turns.items():
        row = {'contender': contender, 'layout': layout, 'command': command, 'n': sum(r['n'] for r in rows),
               'placement': '/'.join(sorted({r['placement'] for r in rows})),
               'refused': sum(r['refused'] for r in rows), 'max_us': max(r['max_ns'] for r in rows) / 1e3}
        for field in ('p50', 'p99'):
            row[field + '_us'] = statistics.median(r[field + '_ns'] for r in rows) / 1e3
        result.append(row)
    return result


def part(bench):
    """As a part of test/bench/run: commands of each contender, by its medians."""
    number, rounds = bench.plan['cvq']
    for row in latencies(bench.directory, bench.plan['layouts'], number, rounds, 3000):
        bench.record('cvq', {'round': rounds, 'contender': row['contender'], 'front': row['command'],
                             'layout': row['layout'], 'p50_us': row['p50_us'], 'p99_us': row['p99_us']})


def idle():
    """What the program for it says, as it is; None: it is not built."""
    if not os.path.exists(IDLE):
        return None
    return env.output('taskset', '-c', str(env.BACK_CPU), IDLE)


def _ratio(row, peers):
    peer = peers.get((row['layout'], row['command']))
    return '%5.1f' % (row['p50_us'] / peer) if peer and row['contender'] != 'virtio_user' else ''


def table(rows, idle_text, machine, args):
    """For people."""
    peers = {(r['layout'], r['command']): r['p50_us'] for r in rows if r['contender'] == 'virtio_user'}
    out = ['%s: %s' % pair for pair in machine]
    out += ['', 'Commands on the control queue, from the kick until the driver sees the answer: %d of each kind'
            % args.number, 'and turn, %d turns; medians of the turns, the largest of all; x: p50 in multiples of'
            % args.rounds, 'virtio-user\'s, whose queue is a function call in the driver\'s own thread and changes '
            'nothing.', '']
    line = '%-12s %-7s %-12s %9s %9s %9s %6s %8s  %s'
    out.append(line % ('poller', 'ring', 'command', 'p50 us', 'p99 us', 'max us', 'x', 'refused', 'CPUs'))
    for r in sorted(rows, key=lambda r: (r['contender'], r['layout'])):
        out.append(line % (r['contender'], r['layout'], r['command'], '%.2f' % r['p50_us'],
                           '%.2f' % r['p99_us'], '%.1f' % r['max_us'], _ratio(r, peers), r['refused'] or '',
                           r['placement']))
    ours = [r for r in rows if r['contender'] == 'service' and r['command'] != 'refused']
    met = [r for r in ours if r['p50_us'] < GOAL_P50_US and r['p99_us'] < GOAL_P99_US]
    out += ['', 'What needs no NIC (refused, coal-get, stats-query) is what ring, poller and answer take; the rest of the',
            'others is the NIC\'s firmware, here a model of it behind ioctls of the same process.']
    out += ['', 'On a service core, %d of %d kinds have a p50 under %d us and a p99 under %d us.' % (
        len(met), len(ours), GOAL_P50_US, GOAL_P99_US)]
    for r in ours:
        if r not in met:
            out.append('  not so: %(layout)s %(command)s, %(p50_us).1f and %(p99_us).1f us' % r)
    if idle_text:
        out += ['', 'Idle queues', re.sub(r'\s+$', '', idle_text)]
    return '\n'.join(out)
