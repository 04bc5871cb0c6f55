# SPDX-License-Identifier: BSD-3-Clause
"""Times and memory of vdpad on softhca: devices added, listed, made again at start, and idle; traffic beside changes."""
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import time

import env
from procs import Failed, Process

VDPAD = os.path.join(env.BUILD, 'app/vdpad/vdpad')
VDPACTL = os.path.join(env.BUILD, 'app/vdpactl/vdpactl')
VFRONT = os.path.join(env.BUILD, 'test/frontend/vfront')

FUNCTIONS = 32
TIMED = 20   # devices added and removed for a figure
SAVED = 256  # that a daemon finds at its start
LISTED = 20  # times
GOAL_ADD_MS, GOAL_LIST_MS, GOAL_START_S = 50, 100, 5


class Daemon:
    """vdpad with a configuration file, and a connection to it."""

    def __init__(self, directory, turn):
        self.directory = directory
        self.rpc = os.path.join(directory, 'rpc')
        self.stat = os.path.join(directory, 'stat')
        conf = os.path.join(directory, 'conf')
        for name in ('state', 'run'):
            os.makedirs(os.path.join(directory, name), exist_ok=True)
        with open(conf, 'w', encoding='ascii') as file:
            file.write('[daemon]\nstate_dir = %s/state\nsocket_dir = %s/run\nrpc = %s\n'
                       'eal = --lcores 0@(0-1) --file-prefix vvmanage%d --no-telemetry --iova-mode=va -m 64 '
                       '--no-huge --no-shconf --no-pci\n' % (directory, directory, self.rpc, os.getpid()))
        began = time.monotonic()
        self.process = Process('vdpad%d' % turn, [
            env.SOFTHCA, 'run', '--functions', str(FUNCTIONS), '--delay-drop', '5000', '--stat', self.stat, '--',
            VDPAD, '-c', conf], directory)
        self.process.wait_log('^vdpad: serving$', 300)
        self.started_s = time.monotonic() - began
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(self.rpc)
        self.file = self.socket.makefile('rw')
        self.pid = int(self.call('daemon.show').get('daemon', {}).get('pid', 0)) or self._pid()

    def _pid(self):
        """Of the daemon below its launcher."""
        for line in env.output('pgrep', '-f', '-g', str(self.process.popen.pid), VDPAD).split():
            with open('/proc/%s/comm' % line, encoding='ascii') as file:
                if file.read().strip() == 'vdpad':
                    return int(line)
        raise Failed('no process of vdpad')

    def call(self, method, **params):
        self.file.write(json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': method, 'params': params}) + '\n')
        self.file.flush()
        answer = json.loads(self.file.readline() or '{"error": "it has ended"}')
        if 'error' in answer:
            raise Failed('%s %s: %s' % (method, params, answer['error']))
        return answer['result']

    def firmware(self):
        """Commands so far, and seconds in them."""
        stat = json.loads(env.output(env.SOFTHCA, 'stat', '-j', self.stat))
        return stat['commands'], sum(c['time_ns'] for c in stat['command'].values()) / 1e9

    def proc(self, key):
        with open('/proc/%d/status' % self.pid, encoding='ascii') as file:
            return int(re.search(r'^%s:\s*(\d+)' % key, file.read(), re.M).group(1))

    def cpu_ms(self):
        """Of all its threads, so far; the kernel counts in hundredths of a second."""
        with open('/proc/%d/stat' % self.pid, encoding='ascii') as file:
            fields = file.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf('SC_CLK_TCK')

    def fds(self):
        return len(os.listdir('/proc/%d/fd' % self.pid))

    def footprint(self):
        return {'rss_kib': self.proc('VmRSS'), 'threads': self.proc('Threads'), 'fds': self.fds()}

    def end(self):
        self.file.close()
        self.socket.close()
        self.process.popen.terminate()
        try:
            self.process.popen.wait(120)
        except subprocess.TimeoutExpired:
            pass
        self.process.end()


def mac(number):
    return '02:00:00:%02x:%02x:%02x' % (number >> 16, number >> 8 & 255, number & 255)


def add(daemon, number, **words):
    daemon.call('dev.add', name='n%d' % number, mgmtdev='mlx5_%d' % (number % FUNCTIONS), mac=mac(number),
                max_vqp=1, **words)


def timed(call):
    began = time.monotonic()
    call()
    return (time.monotonic() - began) * 1e3


def add_and_remove(daemon, base):
    """Milliseconds to add and to remove one, and the firmware's part in both."""
    adds, dels = [], []
    commands, seconds = daemon.firmware()
    for i in range(TIMED):
        adds.append(timed(lambda n=i: add(daemon, base + n)))
    commands_add, seconds_add = daemon.firmware()
    for i in range(TIMED):
        dels.append(timed(lambda n=i: daemon.call('dev.del', name='n%d' % (base + n))))
    return {
        'others': len(daemon.call('dev.show')['dev']),
        'add_ms': statistics.median(adds), 'add_max_ms': max(adds),
        'del_ms': statistics.median(dels), 'del_max_ms': max(dels),
        'add_commands': (commands_add - commands) / TIMED,
        'add_firmware_ms': (seconds_add - seconds) * 1e3 / TIMED, # as the program waits for them
    }


def listing(daemon, devices):
    """Milliseconds of `vdpactl -j dev show`, the process and all, and of processors in it."""
    cpu = daemon.cpu_ms()
    client = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = [timed(lambda: subprocess.run([VDPACTL, '-s', daemon.rpc, '-j', 'dev', 'show'], check=True,
                                          stdout=subprocess.DEVNULL)) for _ in range(LISTED)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {'devices': devices, 'list_ms': statistics.median(times), 'list_max_ms': max(times),
            'daemon_cpu_ms': (daemon.cpu_ms() - cpu) / LISTED,
            'client_cpu_ms': (after.ru_utime + after.ru_stime - client.ru_utime - client.ru_stime) * 1e3 / LISTED}


def grow(daemon, number):
    """Devices until there are so many, or one is refused; figures on the way."""
    adding, memory, limit = [], [dict(daemon.footprint(), devices=0)], None
    there = 0
    for goal in (10, 100, SAVED, 500, number):
        while there < goal and not limit:
            try:
                add(daemon, there)
                there += 1
            except Failed as why:
                limit = str(why)
        if limit:
            break
        memory.append(dict(daemon.footprint(), devices=there))
        if goal in (10, SAVED, number):
            adding.append(add_and_remove(daemon, 100000))
    return there, limit, adding, memory


def start_again(directory, turn):
    """Seconds from the start of a daemon that finds devices until it serves."""
    daemon = Daemon(directory, turn)
    devices = daemon.call('dev.show')['dev']
    failed = [n for n, d in devices.items() if d.get('status') == 'failed']
    if failed:
        raise Failed('devices failed at the start: %s' % failed[:3])
    seconds = daemon.started_s
    daemon.end()
    return {'devices': len(devices), 'start_s': seconds}


def frames(daemon, seconds, changes):
    """Frames a second between two devices, how many were lost, and how many changes there were meanwhile."""
    front = Process('front', [
        VFRONT, '--socket', os.path.join(daemon.directory, 'run/n0'), '--peer-socket',
        os.path.join(daemon.directory, 'run/n1'), '--mac', mac(0), '--peer-mac', mac(1), '--seconds', str(seconds),
        '--stall-ms', '5000', '--json'], daemon.directory)
    n = 0
    while front.running():
        if not changes:
            time.sleep(0.05)
            continue
        # On the same functions, and on another.
        for number in (FUNCTIONS, FUNCTIONS + 1, FUNCTIONS + 2):
            add(daemon, number)
        for number in (FUNCTIONS, FUNCTIONS + 1, FUNCTIONS + 2):
            daemon.call('dev.del', name='n%d' % number)
        n += 6
    if front.popen.returncode:
        front.fail('traffic')
    with open(front.path, encoding='ascii') as file:
        result = json.loads(file.read())
    os.unlink(front.path)
    stream = result[0] if isinstance(result, list) else result
    return stream, n


def find(tree, key):
    """The first value of that key in whatever is in the tree."""
    if isinstance(tree, dict):
        if key in tree:
            return tree[key]
        tree = list(tree.values())
    if isinstance(tree, list):
        for value in tree:
            found = find(value, key)
            if found is not None:
                return found
    return None


def traffic(daemon, rounds, seconds):
    quiet, busy, changes, lost = [], [], 0, 0
    for number in (0, 1):
        add(daemon, number, trust='off')
    for _ in range(rounds):
        for rates, changing in ((quiet, False), (busy, True)):
            result, n = frames(daemon, seconds, changing)
            rates.append(find(result, 'frames_per_second') or find(result, 'received') / seconds)
            lost += find(result, 'lost') or 0
            changes += n
    return {'quiet_fps': statistics.median(quiet), 'busy_fps': statistics.median(busy), 'lost': lost,
            'changes_per_second': changes / (rounds * seconds)}


def measure(directory, number, rounds, seconds):
    results = {'load': [os.getloadavg()[0]]}
    place = os.path.join(directory, 'd')
    daemon = Daemon(place, 0)
    there, limit, adding, memory = grow(daemon, number)
    results.update(there=there, wanted=number, limit=limit, adding=adding, memory=memory)
    results['listing'] = listing(daemon, there)
    # So many as a daemon is promised to start with.
    for n in range(SAVED, there):
        daemon.call('dev.del', name='n%d' % n)
    results['listing_saved'] = listing(daemon, SAVED)
    daemon.end()
    results['start'] = [start_again(place, turn) for turn in range(1, 1 + rounds)]
    shutil.rmtree(place)
    daemon = Daemon(place, 100)
    results['traffic'] = traffic(daemon, rounds, seconds)
    daemon.end()
    results['load'].append(os.getloadavg()[0])
    return results


def verdict(value, goal):
    return 'met' if value <= goal else 'not met'


def table(results, machine):
    """For people."""
    out = ['%s: %s' % pair for pair in machine]
    out.append('load average: %.1f before, %.1f after' % tuple(results['load']))
    out += ['', 'Devices of one pair on a NIC of %d functions (softhca: its firmware and memory are in the daemon\'s '
            'process).' % FUNCTIONS, '']
    out.append('dev add and dev del, by JSON-RPC; medians of %d, and the longest' % TIMED)
    line = '%8s %10s %10s %10s %10s %14s %14s'
    out.append(line % ('others', 'add ms', 'max', 'del ms', 'max', 'commands/add', 'ms in them'))
    for a in results['adding']:
        out.append(line % (a['others'], '%.2f' % a['add_ms'], '%.2f' % a['add_max_ms'], '%.2f' % a['del_ms'],
                           '%.2f' % a['del_max_ms'], '%.1f' % a['add_commands'], '%.2f' % a['add_firmware_ms']))
    worst = max(a['add_ms'] for a in results['adding'])
    out.append('goal: %d ms and the firmware\'s time: %s (%.1f ms, the model\'s time in it)' % (
        GOAL_ADD_MS, verdict(worst, GOAL_ADD_MS), worst))
    out += ['', 'vdpactl -j dev show, medians of %d' % LISTED]
    for l in (results['listing_saved'], results['listing']):
        out.append('%8d devices: %.1f ms, %.1f at most; of processors %.1f ms in vdpad, %.1f in vdpactl' % (
            l['devices'], l['list_ms'], l['list_max_ms'], l['daemon_cpu_ms'], l['client_cpu_ms']))
    out.append('goal: 1000 in %d ms: %s' % (GOAL_LIST_MS, verdict(results['listing']['list_ms'], GOAL_LIST_MS)
                                            if results['listing']['devices'] >= 1000 else 'not tried'))
    if results['limit']:
        out.append('%d devices, not %d: %s' % (results['there'], results['wanted'], results['limit']))
    starts = [s['start_s'] for s in results['start']]
    out += ['', 'start with %d saved devices until all are served: %.2f s (%.2f to %.2f, %d starts)' % (
        results['start'][0]['devices'], statistics.median(starts), min(starts), max(starts), len(starts)),
        'goal: %d s: %s' % (GOAL_START_S, verdict(statistics.median(starts), GOAL_START_S))]
    out += ['', 'Idle devices: memory, threads and descriptors of the daemon']
    line = '%8s %10s %8s %8s %16s'
    out.append(line % ('devices', 'RSS MiB', 'threads', 'fds', 'KiB/device'))
    first = results['memory'][0]
    for m in results['memory']:
        each = (m['rss_kib'] - first['rss_kib']) / m['devices'] if m['devices'] else 0
        out.append(line % (m['devices'], '%.1f' % (m['rss_kib'] / 1024), m['threads'], m['fds'],
                           '%.0f' % each if m['devices'] else ''))
    out += ['librte_vhost 22.11 has room for 1024 sockets in a process, and for 1024 descriptors, listeners and connections',
            'together: so many devices, and guests at about half of them where the daemon owns the sockets.']
    t = results['traffic']
    out += ['', 'Frames from one device to another: %.0f a second; while others on the same functions are added and '
            'removed,' % t['quiet_fps'],
            '%.0f changes a second: %.0f, which is %.2f of it; lost: %d' % (
                t['changes_per_second'], t['busy_fps'], t['busy_fps'] / t['quiet_fps'], t['lost']),
            'Here model, daemon and front-end share the two processors, and changes take the time of one; a NIC\'s rings need none.']
    return '\n'.join(out)
