#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
An operator's day at a daemon's RPC socket, and what must be true after it:

  vdpad_load.py run   SOCKET JOURNAL SEED PARENT...   add, del and set at random until the daemon is gone
  vdpad_load.py check SOCKET JOURNAL                  is everything as it was acknowledged?

JOURNAL has the devices as they were acknowledged, and the one command whose answer did not come: what
it did may be wholly there, or not at all. After a check it has what is there. Devices that are not
named "d..." are looked at, and never touched.
"""
import json
import random
import socket
import sys

FEATURES = ('csum', 'guest_csum', 'notf_coal', 'ctrl_vlan', 'guest_announce')
LIMIT = 8


class Gone(Exception):
    """The daemon has ended."""


class Refused(Exception):
    """It said no."""


class Daemon:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.file = self.socket.makefile('rw')

    def call(self, method, **params):
        try:
            self.file.write(json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': method,
                                        'params': params}) + '\n')
            self.file.flush()
            line = self.file.readline()
        except (BrokenPipeError, ConnectionResetError):
            line = ''
        if not line.endswith('\n'):
            raise Gone
        answer = json.loads(line)
        if 'error' in answer:
            raise Refused('%s %s: %s' % (method, params, answer['error']))
        return answer['result']


def what_counts(device):
    """All that makes a device, without what its guest does at the moment."""
    return {key: value for key, value in device.items() if key not in ('status', 'reason')}


def devices(daemon):
    return {name: what_counts(d) for name, d in daemon.call('dev.show')['dev'].items()}


def mac_of(number):
    return '02:00:00:00:dd:%02x' % number


def choose(rng, own, parents):
    """A command, and what it makes of the devices that are named in it (None: nothing)."""
    free = [n for n in range(LIMIT) if 'd%d' % n not in own]
    what = rng.choice(('add', 'add', 'del', 'mac', 'mtu', 'link'))
    if not own or (what == 'add' and free):
        if not free:
            return None
        n = rng.choice(free)
        params = {'name': 'd%d' % n, 'mgmtdev': rng.choice(parents), 'mac': mac_of(n), 'max_vqp': 2}
        for feature in rng.sample(FEATURES, rng.randrange(3)):
            params[feature] = 'off'
        if 'guest_csum' in params:
            params.update(guest_tso4='off', guest_tso6='off', guest_ecn='off',
                          ctrl_guest_offloads='off')
        if 'csum' in params:
            params.update(host_tso4='off', host_tso6='off', host_ecn='off')
        if rng.random() < 0.5:
            params['mtu'] = rng.randrange(68, 1501)
        return 'dev.add', params
    name = rng.choice(sorted(own))
    if what in ('add', 'del'):
        return 'dev.del', {'name': name}
    if what == 'mac':
        return 'dev.set', {'name': name, 'mac': mac_of(int(name[1:]) + LIMIT * rng.randrange(1, 9))}
    if what == 'mtu':
        return 'dev.set', {'name': name, 'mtu': rng.randrange(68, 1501)}
    return 'dev.set', {'name': name, 'link': rng.choice(('up', 'down'))}


def run(path, journal, seed, parents):
    rng = random.Random(seed)
    daemon = Daemon(path)
    there = devices(daemon)
    done = {}
    command = None
    print('begun', flush=True)
    try:
        while True:
            own = {n: d for n, d in there.items() if n.startswith('d')}
            command = choose(rng, own, parents)
            if not command:
                continue
            method, params = command
            result = daemon.call(method, **params)
            name = params['name']
            command = None
            if method == 'dev.del':
                del there[name]
            else:
                there[name] = what_counts(result['dev'][name])
            done[method] = done.get(method, 0) + 1
    except Gone:
        pass
    with open(journal, 'w') as out:
        json.dump({'there': there, 'under_way': command}, out)
    print('acknowledged: %s; under way: %s' % (
        ', '.join('%s %d' % (m, n) for m, n in sorted(done.items())) or 'nothing',
        command or 'nothing'))


def after_set(before, params):
    """What a device is once it was set. None: what it is cannot be said here."""
    after = dict(before)
    for key in ('mac', 'mtu', 'link'):
        if key in params:
            after[key] = params[key]
            if key != 'link' and key not in after['set']:
                # In the order in which attributes are shown: only who is in it matters here.
                after['set'] = after['set'] + [key]
    return after


def equal(a, b):
    if a is None or b is None:
        return a is b
    return {**a, 'set': sorted(a['set'])} == {**b, 'set': sorted(b['set'])}


def outcome(journal, there):
    """The line that says how it is, or raises."""
    expected, command = journal['there'], journal['under_way']
    name = command[1]['name'] if command else None
    for n in sorted(set(expected) | set(there)):
        if n != name and not equal(expected.get(n), there.get(n)):
            raise AssertionError('%s: acknowledged %s, there is %s' % (
                n, expected.get(n), there.get(n)))
    if not command:
        return 'exact'
    method, params = command
    before, now = expected.get(name), there.get(name)
    if equal(before, now):
        return 'exact, without the last %s' % method
    if method == 'dev.del' and now is None:
        return 'exact, with the last %s' % method
    if method == 'dev.set' and now and equal(after_set(before, params), now):
        return 'exact, with the last %s' % method
    if method == 'dev.add' and now:
        for key in ('mac', 'mtu', 'max_vqp', 'mgmtdev'):
            if key in params and now[key] != params[key]:
                raise AssertionError('%s: asked for %s, there is %s' % (name, params, now))
        names = [f.lower() for f in now['device_features']]
        for feature in FEATURES:
            if (feature in names) != (feature not in params):
                raise AssertionError('%s: asked for %s, there is %s' % (name, params, now))
        return 'exact, with the last %s' % method
    raise AssertionError('%s: it was %s, then %s %s, now it is %s' % (
        name, before, method, params, now))


def check(path, journal):
    daemon = Daemon(path)
    shown = daemon.call('dev.show')['dev']
    failed = {n: d.get('reason') for n, d in shown.items() if d.get('status') == 'failed'}
    if failed:
        raise AssertionError('failed: %s' % failed)
    with open(journal) as f:
        expected = json.load(f)
    there = {n: what_counts(d) for n, d in shown.items()}
    print('%s; %d devices' % (outcome(expected, there), len(there)))
    with open(journal, 'w') as out:
        json.dump({'there': there, 'under_way': None}, out)


def main():
    what, path, journal = sys.argv[1:4]
    if what == 'run':
        run(path, journal, int(sys.argv[4]), sys.argv[5:])
    else:
        check(path, journal)


if __name__ == '__main__':
    try:
        main()
    except (AssertionError, Refused, OSError, Gone) as e:
        print('%s: %s' % (type(e).__name__, e), file=sys.stderr)
        sys.exit(1)
