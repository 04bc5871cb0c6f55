# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of the medians, drawn by gnuplot as SVG. Of the placement of the CPUs that most runs had."""
import os
import subprocess
import tempfile

from report import Runs, ratio

NAMES = {'ours': 'softhca, our driver', 'testpmd': 'testpmd, net_vhost', 'native': 'librte_vhost, native',
         'mlx5': "softhca, DPDK's mlx5"}
COLOURS = {'ours': '#1b6ca8', 'testpmd': '#d98032', 'native': '#7a9e4f', 'mlx5': '#9467a8'}

HEAD = """\
set terminal svg size 760,420 dynamic font 'sans-serif,13' background 'white'
set output '%(out)s'
set title '%(title)s' noenhanced
set ylabel '%(unit)s' noenhanced
set xlabel '%(xlabel)s' noenhanced
set yrange [0:*]
set grid ytics lc rgb '#dddddd'
set border 3 lc rgb '#888888'
set tics nomirror
set key below noenhanced
set datafile missing '-'
"""


def _gnuplot(script, data):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'data')
        with open(path, 'w', encoding='ascii') as file:
            file.write(data)
        try:
            done = subprocess.run(['gnuplot'], input=script.replace('DATA', path), text=True, check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        except OSError:
            return False
        return done.returncode == 0


def _cell(value):
    return '-' if value is None else '%.6g' % value


def _bars(out, title, unit, labels, series, xlabel=''):
    """labels: of the groups; series: (name, colour, values)."""
    series = [s for s in series if any(v is not None for v in s[2])]
    if not series or not labels:
        return False
    rows = ['"%s" %s' % (label, ' '.join(_cell(s[2][i]) for s in series)) for i, label in enumerate(labels)]
    script = HEAD % {'out': out, 'title': title, 'unit': unit, 'xlabel': xlabel}
    script += 'set style data histograms\nset style histogram clustered gap 1\nset style fill solid\n'
    script += 'plot ' + ', '.join(
        "'DATA' using %d:xtic(1) title \"%s\" lc rgb '%s'" % (i + 2, name, colour)
        for i, (name, colour, _) in enumerate(series)) + '\n'
    return _gnuplot(script, '\n'.join(rows) + '\n')


def _lines(out, title, unit, xlabel, xs, series):
    series = [s for s in series if any(v is not None for v in s[2])]
    if not series or len(xs) < 2:
        return False
    rows = ['%s %s' % (x, ' '.join(_cell(s[2][i]) for s in series)) for i, x in enumerate(xs)]
    script = HEAD % {'out': out, 'title': title, 'unit': unit, 'xlabel': xlabel}
    script += "set logscale x 2\nset xtics (%s)\nset xrange [%g:%g]\n" % (
        ', '.join(xs), float(xs[0]) * 0.9, float(xs[-1]) * 1.1)
    script += 'plot ' + ', '.join(
        "'DATA' using 1:%d title \"%s\" with linespoints pt 7 ps 0.7 lw 2 lc rgb '%s'" % (i + 2, name, colour)
        for i, (name, colour, _) in enumerate(series)) + '\n'
    return _gnuplot(script, '\n'.join(rows) + '\n')


def _place(runs, **fixed):
    """The placement of the CPUs that most of these runs had."""
    places = runs.placements(**fixed)
    return max(places, key=lambda p: len(runs.values('back_cycles', placement=p, **fixed))) if places else None


def _by_size(runs, out, layout):
    fixed = {'part': 'switch', 'front': 'minimal', 'layout': layout, 'pairs': '1'}
    place = _place(runs, **fixed)
    sizes = runs.have('size', **fixed)
    for column, scale, unit, file in (('frames_per_s', 1e6, 'Mpps', 'rate'),
                                      ('back_cycles', 1, 'busy cycles a frame on the switch core', 'cycles')):
        series = []
        for kind in ('ours', 'testpmd', 'native'):
            values = [runs.median(column, contender=kind, size=size, placement=place, **fixed)
                      for size in sizes]
            series.append((NAMES[kind], COLOURS[kind], [None if v is None else v / scale for v in values]))
        title = 'Two ports, %s ring, minimal front-end (CPUs %s)' % (layout, place)
        path = '%s-%s.svg' % (file, layout)
        if _bars(os.path.join(out, path), title, unit, sizes, series, 'frame size'):
            yield title + ': ' + unit, path


def _ratios(runs, out):
    labels, series = [], {('testpmd', 'minimal'): [], ('native', 'minimal'): [], ('testpmd', 'virtio_user'): []}
    for layout in ('split', 'packed'):
        for size in ('64', '1500'):
            labels.append('%s %s' % (layout, size))
            for (peer, front), values in series.items():
                fixed = {'part': 'switch', 'front': front, 'layout': layout, 'pairs': '1', 'size': size}
                found = [ratio(*(runs.median('frames_per_s', contender=c, placement=place, **fixed)
                                 for c in ('ours', peer))) for place in runs.placements(**fixed)]
                values.append(next((value for value in found if value), None))
    title = 'Our rate in multiples of theirs (CPUs near where they were)'
    colours = {('testpmd', 'minimal'): COLOURS['testpmd'], ('native', 'minimal'): COLOURS['native'],
               ('testpmd', 'virtio_user'): '#efc09a'}
    if _bars(os.path.join(out, 'ratios.svg'), title, 'times', labels,
             [('%s, %s front-end' % (NAMES[k[0]], k[1]), colours[k], v) for k, v in series.items()]):
        yield title, 'ratios.svg'


def _pairs(runs, out):
    for layout in ('split', 'packed'):
        fixed = {'part': 'switch', 'front': 'minimal', 'layout': layout, 'size': '64'}
        pairs, place = runs.have('pairs', **fixed), _place(runs, **fixed)
        if len(pairs) < 2:
            continue
        series = [(NAMES[kind], COLOURS[kind], [
            (runs.median('frames_per_s', contender=kind, placement=place, **dict(fixed, pairs=n)) or 0) / 1e6
            or None for n in pairs]) for kind in ('ours', 'testpmd', 'native')]
        title = 'Two ports, %s ring, 64 B, by queue pairs (CPUs %s)' % (layout, place)
        if _bars(os.path.join(out, 'pairs-%s.svg' % layout), title, 'Mpps', pairs, series, 'queue pairs'):
            yield title, 'pairs-%s.svg' % layout


def _queues(runs, out):
    colours = {'split': '#1b6ca8', 'packed': '#d98032'}
    fixed = {'part': 'scale'}
    place = _place(runs, **fixed)
    active = runs.have('pairs', idle='', **fixed)
    series = [(layout, colours[layout], [runs.median('back_cycles', pairs=n, idle='', layout=layout,
                                                     placement=place, **fixed) for n in active])
              for layout in ('split', 'packed')]
    title = 'softhca, 64 B: cost of a frame by active queue pairs (CPUs %s)' % place
    if _lines(os.path.join(out, 'queues-active.svg'), title, 'busy cycles a frame', 'active queue pairs', active,
              series):
        yield title, 'queues-active.svg'
    idle = [n for n in runs.have('idle', **fixed) if n != '']
    series = [(layout, colours[layout], [runs.median('back_cycles', pairs='1', idle=n, layout=layout,
                                                     placement=place, **fixed) for n in idle])
              for layout in ('split', 'packed')]
    title = 'softhca, 64 B: cost of a frame beside idle queue pairs (CPUs %s)' % place
    if _bars(os.path.join(out, 'queues-idle.svg'), title, 'busy cycles a frame', idle, series,
             'idle queue pairs'):
        yield title, 'queues-idle.svg'


def draw(rows, out, all_of_them=False):
    """(title, file) of what was drawn; what was not measured has no picture."""
    runs, drawn = Runs(rows, all_of_them), []
    for layout in ('split', 'packed'):
        drawn += _by_size(runs, out, layout)
    drawn += _ratios(runs, out)
    drawn += _pairs(runs, out)
    drawn += _queues(runs, out)
    return drawn
