# SPDX-License-Identifier: BSD-3-Clause
"""Medians of what was measured, as tables of text and Markdown, with the ratios that were promised."""
import os
import statistics

from bench import STOLEN_MAX

GOALS = [  # front, layout, size, against, at least
    ('minimal', 'split', '64', 'testpmd', 3.5), ('minimal', 'packed', '64', 'testpmd', 2.5),
    ('minimal', 'split', '1500', 'testpmd', 2.5), ('minimal', 'packed', '1500', 'testpmd', 2.5),
    ('minimal', 'split', '64', 'native', 2.0), ('minimal', 'split', '1500', 'native', 2.0),
    ('minimal', 'packed', '64', 'native', 2.0), ('minimal', 'packed', '1500', 'native', 2.0),
    ('virtio_user', 'split', '64', 'testpmd', 1.0), ('virtio_user', 'packed', '64', 'testpmd', 1.0),
    ('virtio_user', 'split', '1500', 'testpmd', 2.0), ('virtio_user', 'packed', '1500', 'testpmd', 2.0),
]
PLACEMENTS = ('near', 'far', 'changed', 'unknown')


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def disturbed(row):
    return (number(row['stolen']) or 0) > STOLEN_MAX


class Runs:
    """
    The runs that succeeded undisturbed and in one placement, to be looked up by what they have in common. all_of_them: for
    whom figures are no matter; wherever they were made, they stand side by side.
    """

    def __init__(self, rows, all_of_them=False):
        if all_of_them:
            self.rows = [dict(r, placement='unknown') for r in rows if not r['error']]
        else:
            self.rows = [r for r in rows
                         if not r['error'] and r['placement'] != 'changed' and not disturbed(r)]

    def values(self, column, **fixed):
        found = [number(r[column]) for r in self.rows if all(r[k] == v for k, v in fixed.items())]
        return [v for v in found if v is not None]

    def median(self, column, **fixed):
        values = self.values(column, **fixed)
        return statistics.median(values) if values else None

    def have(self, column, **fixed):
        """Which values of a column there are, numbers in their order."""
        seen = {r[column] for r in self.rows if all(r[k] == v for k, v in fixed.items())}
        return sorted(seen, key=lambda v: (number(v) is None, number(v) or 0, v))

    def placements(self, **fixed):
        return [p for p in PLACEMENTS if any(
            r['placement'] == p and all(r[k] == v for k, v in fixed.items()) for r in self.rows)]


def ratio(ours, theirs):
    return None if not ours or not theirs else ours / theirs


def show(value, digits=2):
    return '-' if value is None else '%.*f' % (digits, value)


def spread(values, scale=1.0, digits=2):
    """Median, (min..max, runs)."""
    if not values:
        return '-'
    values = [v / scale for v in values]
    return '%.*f (%.*f..%.*f, %d)' % (digits, statistics.median(values), digits, min(values), digits,
                                      max(values), len(values))


class Table:
    def __init__(self, title, head, note=''):
        self.title, self.head, self.note, self.rows = title, head, note, []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def text(self):
        widths = [max(len(row[i]) for row in [self.head] + self.rows) for i in range(len(self.head))]
        lines = ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                 for row in [self.head] + self.rows]
        lines.insert(1, '-' * max(len(line) for line in lines))
        return '\n'.join([self.title] + ([self.note] if self.note else []) + lines) + '\n'

    def markdown(self):
        lines = ['| ' + ' | '.join(row) + ' |' for row in [self.head] + self.rows]
        lines.insert(1, '|' + '---|' * len(self.head))
        return '\n'.join(['## ' + self.title, ''] + ([self.note, ''] if self.note else []) + lines) + '\n'


def goals(runs):
    table = Table('What was promised', ['against', 'front-end', 'ring', 'size', 'CPUs', 'rate', 'ratio',
                                        'busy cycles', 'ratio', 'goal (rate)', 'met'],
                  'Two ports, one queue pair; ours to theirs, medians. Cycles are those a frame keeps the switch '
                  'core busy; their ratio is theirs to ours.')
    for front, layout, size, against, least in GOALS:
        for place in runs.placements(part='switch', front=front, layout=layout, size=size, contender='ours'):
            same = dict(part='switch', front=front, layout=layout, size=size, pairs='1', placement=place)
            rate = [runs.median('frames_per_s', contender=c, **same) for c in ('ours', against)]
            cycles = [runs.median('back_cycles', contender=c, **same) for c in ('ours', against)]
            got = ratio(*rate)
            if got is None:
                continue
            table.add(against, front, layout, size, place, '%.1f / %.1f Mpps' % (rate[0] / 1e6, rate[1] / 1e6),
                      show(got), '%s / %s' % (show(cycles[0], 0), show(cycles[1], 0)),
                      show(ratio(cycles[1], cycles[0])), '%.1f' % least, 'yes' if got >= least else 'no')
    for place in PLACEMENTS:
        _copy_goal(table, runs, place)
        for layout in ('split', 'packed'):
            _idle_goal(table, runs, place, layout)
    return table


COPY_GOAL, IDLE_GOAL = 0.5, 0.01


def _copy_goal(table, runs, place):
    """Ours at 1500 B against copying alone, the better ring."""
    copy = dict(part='memcpy', contender='ring', size='1500')
    rate, cycles = runs.median('frames_per_s', **copy), runs.median('back_cycles', **copy)
    same = dict(part='switch', front='minimal', contender='ours', size='1500', pairs='1', placement=place)
    ours, layout = max((runs.median('frames_per_s', layout=l, **same) or 0, l) for l in ('split', 'packed'))
    if not ours or not rate:
        return
    own = runs.median('back_cycles', layout=layout, **same)
    table.add('a bare memcpy', 'minimal', layout, '1500', place, '%.1f / %.1f Mpps' % (ours / 1e6, rate / 1e6),
              show(ours / rate), '%s / %s' % (show(own, 0), show(cycles, 0)), show(ratio(cycles, own)),
              str(COPY_GOAL), 'yes' if ours / rate >= COPY_GOAL else 'no')


def _idle_goal(table, runs, place, layout):
    same = dict(part='scale', contender='ours', layout=layout, placement=place, pairs='1')
    with_16, without = ([runs.median(column, idle=n, **same) for column in ('frames_per_s', 'back_cycles')]
                        for n in ('16', '0'))
    if None in with_16 or None in without:
        return
    more = with_16[1] / without[1] - 1
    table.add('itself without 16 idle pairs', 'minimal', layout, '64', place,
              '%.1f / %.1f Mpps' % (with_16[0] / 1e6, without[0] / 1e6), show(with_16[0] / without[0]),
              '%.1f / %.1f' % (with_16[1], without[1]), show(1 / (1 + more), 3), '< %.0f %% cycles' % (
                  100 * IDLE_GOAL), 'yes' if more < IDLE_GOAL else 'no')


def frames(runs, part, title):
    """Every combination of a part that moves frames."""
    table = Table(title, ['CPUs', 'front-end', 'ring', 'pairs', 'size', 'contender', 'Mpps (min..max, runs)',
                          'Gbit/s', 'busy cycles a frame', 'front-end cycles', 'of the peer'],
                  'The last column is the rate in multiples of that of testpmd with net_vhost.')
    for place in runs.placements(part=part):
        for front in runs.have('front', part=part):
            for layout in ('split', 'packed'):
                for pairs in runs.have('pairs', part=part, layout=layout):
                    for size in runs.have('size', part=part, layout=layout, pairs=pairs, front=front):
                        same = dict(part=part, placement=place, front=front, layout=layout, pairs=pairs,
                                    size=size)
                        base = runs.median('frames_per_s', contender='testpmd', **same)
                        for contender in ('ours', 'testpmd', 'native', 'mlx5'):
                            rates = runs.values('frames_per_s', contender=contender, **same)
                            if not rates:
                                continue
                            own = dict(same, contender=contender)
                            table.add(place, front, layout, pairs, size, contender, spread(rates, 1e6),
                                      show((runs.median('bits_per_s', **own) or 0) / 1e9, 1),
                                      spread(runs.values('back_cycles', **own), digits=0),
                                      show(runs.median('front_cycles', **own), 0),
                                      show(ratio(statistics.median(rates), base)))
    return table


def copies(runs):
    table = Table('A bare memcpy', ['size', 'one buffer: Mpps', 'cycles', '256 buffers: Mpps', 'cycles',
                                    'ours: Mpps', 'of 256 buffers'],
                  'Ours is the best of split and packed from the switch part, minimal front-end, CPUs near. The '
                  'goal at 1500 B is half of the rate of copying as many buffers as a ring has.')
    for size in runs.have('size', part='memcpy'):
        cells = []
        for kind in ('hot', 'ring'):
            same = dict(part='memcpy', contender=kind, size=size)
            cells += [show((runs.median('frames_per_s', **same) or 0) / 1e6, 1),
                      show(runs.median('back_cycles', **same), 1)]
        near = dict(part='switch', contender='ours', front='minimal', pairs='1', placement='near', size=size)
        best = max((runs.median('frames_per_s', layout=l, **near) or 0 for l in ('split', 'packed')))
        copy = runs.median('frames_per_s', part='memcpy', contender='ring', size=size)
        table.add(size, *cells, show(best / 1e6 if best else None),
                  '%.0f %%' % (100 * best / copy) if best and copy else '-')
    return table


def scale(runs):
    table = Table('Queues', ['CPUs', 'ring', 'active pairs', 'idle pairs', 'Mpps (min..max, runs)',
                             'busy cycles a frame', 'cycles, against the first'],
                  '64 B frames of 64 flows on softhca, from one function to another, rings of 128. From two pairs on, '
                  'frames are hashed and spread over the receive queues. Idle pairs are started, of a third function; '
                  'the goal is less than 1 % for 16.')
    for place in runs.placements(part='scale'):
        for layout in ('split', 'packed'):
            same = dict(part='scale', placement=place, layout=layout)
            for column, other in (('pairs', {'idle': ''}), ('idle', {'pairs': '1'})):
                base = None
                for value in runs.have(column, **same, **other):
                    if value == '':
                        continue
                    one = dict(same, **other, **{column: value})
                    cycles = runs.values('back_cycles', **one)
                    if not cycles:
                        continue
                    median = statistics.median(cycles)
                    base = base or median
                    table.add(place, layout, one['pairs'], one['idle'] or '-',
                              spread(runs.values('frames_per_s', **one), 1e6), spread(cycles, digits=1),
                              '%+.1f %%' % (100 * (median / base - 1)))
    return table


def commands(runs):
    table = Table('Firmware commands', ['what', 'a second (min..max, runs)', 'us each'],
                  'Through DevX on softhca without --latency.')
    for name in dict.fromkeys(r['contender'] for r in runs.rows if r['part'] == 'commands' and r['per_s']):
        values = runs.values('per_s', part='commands', contender=name)
        table.add(name, spread(values, 1, 0), show(1e6 / statistics.median(values), 1))
    return table


def command_counts(runs):
    table = Table('Commands of a device\'s life', ['driver', 'of', '1 pair', '4 pairs', 'a queue more'],
                  'Counted by softhca: from a front-end\'s connecting until frames flow, and from its leaving '
                  'until nothing is left to do.')
    for kind in ('ours', 'mlx5'):
        for phase in ('start', 'stop'):
            one, four = (runs.median('count', part='commands', contender=kind, front=phase, pairs=p)
                         for p in ('1', '4'))
            if one is not None and four is not None:
                table.add(kind, phase, show(one, 0), show(four, 0), show((four - one) / 6, 1))
    return table


def cvq(runs):
    table = Table('Commands on the control queue, us', ['poller', 'ring', 'command', 'p50', 'p99'],
                  'From the kick until the driver sees the answer; test/bench/cvq tells more.')
    for row in runs.rows:
        if row['part'] == 'cvq':
            table.add(row['contender'], row['layout'], row['front'], show(number(row['p50_us'])),
                      show(number(row['p99_us'])))
    return table


def tcp(runs):
    table = Table('TCP between two Linux guests', ['CPUs', 'offloads', 'contender', 'Gbit/s (min..max, runs)',
                                                   'switch cycles a frame', 'of the peer'],
                  'User-mode Linux, iperf3, both guests on CPU 0, the switch on CPU 1: the guests are the '
                  'bottleneck. With offloads on, a guest uses what it is offered.')
    for place in runs.placements(part='tcp'):
        for front in runs.have('front', part='tcp'):
            same = dict(part='tcp', front=front, placement=place)
            base = runs.median('bits_per_s', contender='testpmd', **same)
            for contender in ('ours', 'testpmd'):
                values = runs.values('bits_per_s', contender=contender, **same)
                if values:
                    table.add(place, front.replace('offloads ', ''), contender, spread(values, 1e9),
                              show(runs.median('back_cycles', contender=contender, **same), 0),
                              show(ratio(statistics.median(values), base)))
    return table


def runs_made(rows):
    table = Table('Runs', ['part', 'made', 'CPUs near', 'far', 'changed', 'disturbed', 'failed'],
                  'Those whose CPUs changed places meanwhile, or worked for others for more than %d %% of the time, '
                  'are in the CSV files alone.' % (100 * STOLEN_MAX))
    for part in dict.fromkeys(r['part'] for r in rows):
        of = [r for r in rows if r['part'] == part]
        good = [r for r in of if not r['error']]
        table.add(part, len(of), *(sum(r['placement'] == p for r in good) for p in ('near', 'far', 'changed')),
                  sum(disturbed(r) for r in good), len(of) - len(good))
    return table


METHOD = """\
The front-end has CPU %(front)d, the switch CPU %(back)d. Contenders are up at the same time, stopped except the
one whose turn it is, and turns go round. Around each run the round trip of a cache line between the two CPUs is
measured; runs below %(near)d cycles are *near*, the others *far*, those that changed meanwhile are in the CSV
files alone. All cycles are of the time-stamp counter; *busy* are those of passes that moved frames. Figures are
medians, with (min..max, runs). *Minimal* is `test/bench/pump`, fixed descriptors and 8 bytes touched a frame
(the last of its first 64, where a guest looks at headers; *tail*: the last of all), one way; *virtio_user* is
testpmd with net_virtio_user, 128 frames each way. *testpmd* is the package of the distribution with net_vhost
ports and io forwarding, *native* is librte_vhost compiled for this CPU, without ethdev. Sizes are of frames without FCS; imix is 64, 576 and 1500 bytes as 7 : 4 : 1.
"""


def write(rows, machine, name, plan, drawn, out, env):
    runs = Runs(rows, name == 'smoke')
    tables = [goals(runs), frames(runs, 'switch', 'Switching between two ports'),
              frames(runs, 'loopback', 'One port whose frames come back'), copies(runs), scale(runs),
              commands(runs), command_counts(runs), cvq(runs), tcp(runs)]
    tables = [t for t in tables if t.rows] + [runs_made(rows)]
    method = METHOD % {'front': env.FRONT_CPU, 'back': env.BACK_CPU, 'near': env.NEAR}
    errors = sorted({'%s, %s: %s' % (r['part'], r['contender'], r['error']) for r in rows if r['error']})
    text = '\n'.join(t.text() for t in tables)
    if errors:
        text += '\nFailed:\n' + '\n'.join('  ' + e for e in errors) + '\n'
    with open(os.path.join(out, 'results.txt'), 'w', encoding='utf-8') as file:
        file.write('\n'.join('%s: %s' % line for line in machine) + '\n\n' + method + '\n' + text)
    with open(os.path.join(out, 'results.md'), 'w', encoding='utf-8') as file:
        file.write('# Benchmarks\n\nMade by `test/bench/run --%s`: %s rounds, %s s of measuring a run.\n\n' % (
            name, plan['rounds'], plan['seconds']))
        file.write('\n'.join('- %s: %s' % line for line in machine) + '\n\n' + method + '\n')
        file.write(''.join('![%s](%s)\n\n' % (title, path) for title, path in drawn))
        file.write('\n'.join(t.markdown() for t in tables))
        if errors:
            file.write('\n## Failed\n\n' + '\n'.join('- ' + e for e in errors) + '\n')
    return text
