# SPDX-License-Identifier: BSD-3-Clause
"""The parts that do not count frames: firmware commands, and TCP between two Linux guests."""
import json
import os
import tempfile
import time

import backends
import env
import fronts
from bench import Lane, Lanes
from procs import Failed, Process


# ---- commands ----

def _rates(bench):
    for number in range(bench.plan['few_rounds']):
        before = env.trip()
        text = env.output('taskset', '-c', str(env.BACK_CPU), env.SOFTHCA, 'run', '--',
                          env.BENCH + '/commands/commands', str(bench.plan['command_ms']))
        after = env.trip()
        lines = [line.split() for line in text.split('\n')]
        if not all(len(line) == 2 for line in lines):
            raise Failed('commands says "%s"' % text)
        for name, per_s in lines:
            bench.record('commands', {
                'round': number + 1, 'contender': name, 'per_s': float(per_s), 'trip_before': before,
                'trip_after': after, 'placement': env.placement(before, after)})


def _settled(backend):
    """The count of commands, once it stands still."""
    last, limit = -1, time.monotonic() + 10
    while time.monotonic() < limit:
        now = backend.figures()['commands']
        if now == last:
            return now
        last = now
        time.sleep(0.2)
    raise Failed('%s: commands without end' % backend.kind)


def _count(backend, pairs):
    """Commands for a front-end to connect and be served, and to leave."""
    options = ['--avoid-zero'] if backend.kind == 'mlx5' else []
    idle = _settled(backend)
    process = Process('pump', backends.on_cpu(
        env.FRONT_CPU, env.PUMP, '--socket', backend.sockets[0], '--pairs', str(pairs), *options),
        backend.directory, reply=True)
    try:
        process.hear()
        started = _settled(backend)
    finally:
        process.end()
    return started - idle, _settled(backend) - started


def _counts(bench):
    for kind in ('ours', 'mlx5'):
        for pairs in (1, 4):
            fields = {'round': 1, 'contender': kind, 'layout': 'split', 'pairs': pairs}
            lane = Lane(bench, kind, 1, pairs)
            try:
                lane.resume()
                start, stop = _count(lane.backend, pairs)
                bench.record('commands', dict(fields, front='start', count=start))
                bench.record('commands', dict(fields, front='stop', count=stop))
            except Failed as failure:
                bench.record('commands', dict(fields, error=str(failure)))
            finally:
                lane.end()


def commands(bench):
    _rates(bench)
    _counts(bench)


# ---- TCP ----

UML_MEGABYTES = 160
OFFLOADS = 'tso gso gro tx rx sg'

SERVER = """
ip addr add 10.9.0.1/24 dev eth0 && ip link set eth0 up || exit 1
%(offloads)s
iperf3 -s -1 >/dev/null
"""
CLIENT = """
ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up || exit 1
%(offloads)s
for i in $(seq 200); do ping -c 1 -W 1 10.9.0.1 >/dev/null && break; done
sleep 0.5
echo "VV: start"
iperf3 -c 10.9.0.1 -t %(seconds)d -O 1 -J >/job/result || { cat /job/result; exit 2; }
echo "VV: features $(cat /sys/class/net/eth0/device/features)"
echo "VV: $(ethtool -k eth0 | grep -c 'on$')"
"""


class Uml:
    """A user-mode Linux guest on a socket, running a script; its files are in a directory of its own."""

    def __init__(self, name, socket, script, directory):
        self.job = os.path.join(directory, name)
        os.makedirs(self.job)
        with open(self.job + '/run', 'w', encoding='ascii') as file:
            file.write(script)
        os.chmod(self.job + '/run', 0o755)
        self.process = Process(name, backends.on_cpu(
            env.FRONT_CPU, 'linux.uml', 'virtio_uml.device=%s:1' % socket, 'initrd=' + env.UML_RD,
            'mem=%dM' % UML_MEGABYTES, 'con=null', 'con0=null,fd:1', 'ssl=null', 'uml_dir=' + self.job,
            'umid=vv', 'job=' + self.job), directory, env={'TMPDIR': '/dev/shm'})


def _tcp(bench, backend, offloads, seconds):
    switch_off = '' if offloads else 'for o in %s; do ethtool -K eth0 $o off; done >/dev/null 2>&1' % OFFLOADS
    words = {'offloads': switch_off, 'seconds': seconds}
    directory = tempfile.mkdtemp(dir=bench.directory)
    guests = []
    try:
        guests.append(Uml('server', backend.sockets[0], SERVER % words, directory))
        guests.append(Uml('client', backend.sockets[1], CLIENT % words, directory))
        client = guests[1].process
        client.wait_log('^VV: start', 60)
        before = backend.counters()
        client.wait_log('^VV: exit 0', seconds + 30)
        after = backend.counters()
        with open(guests[1].job + '/result', encoding='ascii') as file:
            speed = json.load(file)['end']['sum_received']['bits_per_second']
        return dict(fronts.result(0, speed / 8, before, after, 0, '', 0), frames_per_s='', front_cycles='', stolen='')
    finally:
        for guest in guests:
            guest.process.end(0)


class OursSplit(backends.Ours):
    """User-mode Linux gives packed rings a wrong start; its MTU is that of others."""
    options = ',packed=off'
    mtu = None


class TestpmdSplit(backends.Testpmd):
    preload = os.path.join(env.BENCH, 'split_only/split_only.so')


class TestpmdOffloads(TestpmdSplit):
    """With segmentation offload for its guests, which it does not offer by itself."""
    options = ',tso=1'


def tcp(bench):
    plan = bench.plan
    for path in (env.UML_RD,):
        if not os.path.exists(path):
            raise Failed('%s is not there' % path)
    for number in range(plan['tcp_rounds']):
        for offloads in (False, True):
            kinds = (OursSplit, TestpmdOffloads if offloads else TestpmdSplit)
            with Lanes(bench, kinds) as lanes:
                for lane in lanes.turn(number):
                    fields = {'round': number + 1, 'contender': lane.kind, 'layout': 'split',
                              'front': 'offloads ' + ('on' if offloads else 'off')}
                    bench.measure('tcp', fields, lambda: _tcp(
                        bench, lane.backend, offloads, plan['tcp_seconds']), lane)
