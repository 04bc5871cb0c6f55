# SPDX-License-Identifier: BSD-3-Clause
"""A session of measuring: what was asked for, one run after the other, each told and written down at once."""
import csv
import os
import shutil
import tempfile
import time

import backends
import env
import fronts
from procs import Failed

COLUMNS = ['time', 'part', 'round', 'contender', 'front', 'layout', 'size', 'pairs', 'idle', 'frames_per_s',
           'bits_per_s', 'back_cycles', 'front_cycles', 'lost', 'per_s', 'count', 'p50_us', 'p99_us', 'trip_before', 'trip_after',
           'placement', 'stolen', 'error']

# More than this share of a CPU's time to others, and a run says nothing.
STOLEN_MAX = 0.1


class Bench:
    def __init__(self, plan, out, huge, patience=0):
        self.plan, self.out, self.huge, self.patience = plan, out, huge, patience
        self.began = time.monotonic()
        self.rows = []
        self.directory = tempfile.mkdtemp(prefix='vv-bench.')
        self._files = {}

    def close(self):
        for file in self._files.values():
            file.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def say(self, text):
        print('[%4d s] %s' % (time.monotonic() - self.began, text), flush=True)

    def record(self, part, fields):
        """A run, done or failed: one line of the part's CSV, one on the terminal."""
        row = {name: '' for name in COLUMNS}
        row.update(fields, part=part, time=int(time.time()))
        if part not in self._files:
            self._files[part] = open(os.path.join(self.out, part + '.csv'), 'w', encoding='utf-8')
            csv.DictWriter(self._files[part], COLUMNS).writeheader()
        csv.DictWriter(self._files[part], COLUMNS).writerow(row)
        self._files[part].flush()
        self.rows.append({name: str(value) for name, value in row.items()})
        self.say(describe(row))

    def _wait_near(self):
        """The round trip before a run; with patience, near if that comes soon enough."""
        trip = env.trip()
        while self.patience > 0 and trip >= env.NEAR:
            start = time.monotonic()
            time.sleep(0.5)
            trip = env.trip()
            self.patience -= time.monotonic() - start
        return trip

    def measure(self, part, fields, function, lane=None):
        """One run of function, between two probes of how far apart the CPUs are, while all others stand still."""
        before = self._wait_near()
        try:
            if lane:
                lane.resume()
            got = function()
        except Failed as failure:
            got = {'error': str(failure)}
        except (OSError, ValueError, KeyError, IndexError) as error:
            got = {'error': '%s: %s' % (type(error).__name__, error)}
        if lane:
            lane.pause()
        after = env.trip()
        self.record(part, dict(fields, trip_before=before, trip_after=after,
                               placement=env.placement(before, after), **got))
        if 'error' in got and lane:
            lane.renew()


def describe(row):
    what = ' '.join(str(row[name]) for name in ('contender', 'front', 'layout', 'size') if row[name] != '')
    if row['pairs'] not in ('', 1):
        what += ', %s pairs' % row['pairs']
    if row['idle'] not in ('', 0):
        what += ', %s idle' % row['idle']
    text = '%s, round %s: %s: ' % (row['part'], row['round'], what)
    if row['error']:
        return text + 'FAILED: ' + row['error']
    if row['frames_per_s'] != '':
        text += '%.2f Mpps' % (row['frames_per_s'] / 1e6)
    elif row['bits_per_s'] != '':
        text += '%.2f Gbit/s' % (row['bits_per_s'] / 1e9)
    elif row['per_s'] != '':
        text += '%.0f/s' % row['per_s']
    elif row['count'] != '':
        text += str(row['count'])
    elif row['p50_us'] != '':
        text += 'p50 %.1f us, p99 %.1f us' % (row['p50_us'], row['p99_us'])
    if row['back_cycles'] != '':
        text += ', %.1f cycles a frame' % row['back_cycles']
    if row['stolen'] != '' and row['stolen'] > STOLEN_MAX:
        text += ', DISTURBED: %.0f %% of a CPU went to others' % (100 * row['stolen'])
    return text + (', %s (%s, %s)' % (row['placement'], row['trip_before'], row['trip_after'])
                   if row['placement'] else '')


class Lane:
    """
    A contender (by its kind, or a class of its own) that is up, with its virtio_user front-end if it has one;
    stopped unless it is its turn.
    """

    def __init__(self, bench, kind, ports, pairs, virtio_user_layout=None):
        self.make = backends.KINDS.get(kind, kind)
        self.bench, self.kind, self.ports, self.pairs = bench, self.make.kind, ports, pairs
        self.layout = virtio_user_layout
        self.backend = self.front = None
        self.error = ''
        self._start()

    def _start(self):
        directory = tempfile.mkdtemp(dir=self.bench.directory)
        self.error = ''
        try:
            self.backend = self.make(directory, self.bench.huge, self.ports, self.pairs)
            self.backend.start()
            if self.layout:
                self.front = fronts.VirtioUser(self.backend, self.layout, self.bench.huge)
        except Failed as failure:
            self.error = str(failure)
            self.end()
        else:
            self.pause()

    def up(self):
        if self.error:
            raise Failed(self.error)

    def resume(self):
        self.up()
        self.backend.resume()
        if self.front:
            self.front.resume()

    def pause(self):
        for part in (self.front, self.backend):
            if part and part.process:
                part.pause()

    def end(self):
        if self.front:
            self.front.end()
        if self.backend:
            self.backend.end()
        self.front = None

    def renew(self):
        """After a failure: what is left of it may be in any state."""
        if not self.error:
            self.end()
            self._start()


class Lanes:
    def __init__(self, bench, kinds, ports=2, pairs=1, virtio_user_layout=None):
        self.arguments = bench, kinds, ports, pairs, virtio_user_layout
        self.lanes = []

    def __enter__(self):
        bench, kinds, ports, pairs, layout = self.arguments
        for kind in kinds:
            self.lanes.append(Lane(bench, kind, ports, pairs, layout))
        return self

    def __exit__(self, *exc):
        for lane in self.lanes:
            lane.end()

    def turn(self, number):
        """All of them, another one first each time."""
        n = len(self.lanes)
        return [self.lanes[(i + number) % n] for i in range(n)]
