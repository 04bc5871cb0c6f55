# SPDX-License-Identifier: BSD-3-Clause
"""The parts that move frames between front-ends: switch, loopback, scale; and the bare memcpy beside them."""
import backends
import env
import fronts
from bench import Lanes
from procs import Failed


def _minimal(bench, part, layout, kinds, ports, pairs, sizes, rounds, tail_sizes=()):
    pumps = [(fronts.Pump(bench.huge), size) for size in sizes]
    pumps += [(fronts.Pump(bench.huge, True), size) for size in tail_sizes]
    kinds = [kind for kind in kinds if layout in backends.KINDS[kind].layouts]
    with Lanes(bench, kinds, ports, pairs) as lanes:
        for number in range(rounds):
            for pump, size in pumps:
                for lane in lanes.turn(number):
                    fields = {'round': number + 1, 'contender': lane.kind, 'front': pump.kind,
                              'layout': layout, 'size': size, 'pairs': pairs}
                    # It takes guest address 0 for none.
                    options = ('--avoid-zero',) if lane.kind == 'mlx5' else ()
                    bench.measure(part, fields, lambda: pump.measure(
                        lane.backend, layout, size, pairs, bench.plan['seconds'],
                        options=options), lane)


def _virtio_user(bench, part, layout, kinds, ports, sizes, rounds):
    kinds = [kind for kind in kinds if layout in backends.KINDS[kind].layouts]
    with Lanes(bench, kinds, ports, 1, layout) as lanes:
        for number in range(rounds):
            for size in sizes:
                for lane in lanes.turn(number):
                    fields = {'round': number + 1, 'contender': lane.kind, 'front': 'virtio_user',
                              'layout': layout, 'size': size, 'pairs': 1}
                    bench.measure(part, fields, lambda: lane.front.measure(
                        layout, size, bench.plan['seconds']), lane)


def switch(bench):
    plan = bench.plan
    for layout in plan['layouts']:
        for pairs, sizes in plan['switch_sizes'].items():
            _minimal(bench, 'switch', layout, ('ours', 'testpmd', 'native'), 2, pairs, sizes, plan['rounds'],
                     plan['tail_sizes'] if pairs == 1 else ())
        _virtio_user(bench, 'switch', layout, ('ours', 'testpmd'), 2, plan['virtio_user_sizes'],
                     plan['rounds'])


def loopback(bench):
    plan = bench.plan
    kinds = ('ours', 'testpmd', 'mlx5')
    for layout in plan['layouts']:
        _virtio_user(bench, 'loopback', layout, kinds, 1, plan['loopback_sizes'], plan['few_rounds'])
        _minimal(bench, 'loopback', layout, kinds, 1, 1, plan['loopback_sizes'], plan['few_rounds'])


def memcpy(bench):
    sizes = ['64', '128', '256', '512', '1024', '1500', '9000']
    for number in range(bench.plan['few_rounds']):
        before = env.trip()
        text = env.output('taskset', '-c', str(env.BACK_CPU), env.BENCH + '/copy/copy', *sizes)
        after = env.trip()
        for line in text.split('\n'):
            field = line.split()
            if len(field) != 5:
                raise Failed('copy says "%s"' % line)
            for name, cycles, per_s in (('hot', *field[1:3]), ('ring', *field[3:5])):
                bench.record('memcpy', {
                    'round': number + 1, 'contender': name, 'size': field[0], 'trip_before': before,
                    'trip_after': after, 'placement': env.placement(before, after),
                    'frames_per_s': float(per_s), 'back_cycles': float(cycles),
                    'bits_per_s': float(per_s) * 8 * int(field[0])})


SCALE_RING = 128  # so that the buffers of 64 pairs stay in the caches


def scale(bench):
    """
    64 B frames on more and more queue pairs; then on one, beside more and more of another function that are
    started and idle (those of the same function would take part: frames are spread over them).
    """
    plan, pump = bench.plan, fronts.Pump(bench.huge)
    cases = [('active', n, 0, plan['rounds']) for n in plan['active']]
    idle = [('idle', 1, n, 1) for n in plan['idle']]
    # A per cent is looked for: many short turns, next to each other.
    rounds = [cases] * plan['few_rounds'] + [idle] * plan['idle_rounds']
    for layout in plan['layouts']:
        with Lanes(bench, ('ours',), 3, 64) as lanes:
            lane = lanes.lanes[0]
            for number, turn in enumerate(rounds):
                for _, pairs, idle_pairs, _ in turn[number % len(turn):] + turn[:number % len(turn)]:
                    fields = {'round': number + 1, 'contender': lane.kind, 'front': 'minimal',
                              'layout': layout, 'size': 64, 'pairs': pairs,
                              'idle': idle_pairs if turn is idle else ''}
                    bench.measure('scale', fields, lambda: pump.measure(
                        lane.backend, layout, 64, pairs, plan['scale_seconds'], idle=idle_pairs,
                        ring=SCALE_RING), lane)
