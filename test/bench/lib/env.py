# SPDX-License-Identifier: BSD-3-Clause
"""The machine: where things are, what it is made of, huge pages for a while, and how far apart its two CPUs are."""
import os
import platform
import re
import subprocess

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '../../..'))
BUILD = os.path.realpath(os.environ.get('VV_BUILD', os.path.join(ROOT, 'build')))
SOFTHCA = os.path.join(BUILD, 'app/softhca/softhca')
PLUGIN = os.path.join(BUILD, 'drivers/librte_vdpa_verbs.so')
BENCH = os.path.join(BUILD, 'test/bench')
PUMP = os.path.join(BENCH, 'pump/pump')

# The front-end has the first, the switch the second.
FRONT_CPU, BACK_CPU = 0, 1

# Cycles of a cache line's round trip below which two CPUs are neighbours (threads of a core, a shared cache).
NEAR = 400


def output(*command):
    """What a command prints, or '' if it can not be run."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False, stdin=subprocess.DEVNULL).stdout.strip()
    except OSError:
        return ''


def _config(*names):
    text = output('bash', '-c', '. "$0/config/env"; printf "%s\\n" ' +
                  ' '.join('"$%s"' % name for name in names), ROOT)
    return text.split('\n')


SAMPLE, UML_RD, CACHE, DPDK_VERSION = _config('VV_SAMPLE', 'VV_UML_RD', 'VV_CACHE', 'vv_dpdk_version')
NATIVE = os.path.join(CACHE, 'bin/vhost_native')


class HugePages:
    """As many 2 MiB pages as asked for while it lasts, if the machine has memory to spare: config/huge."""

    def __init__(self, pages):
        self.pages = pages
        self.before = ''
        self.taken = False

    def __enter__(self):
        script = '. "$0/config/huge"; huge_take "$1" || exit 1; echo "$huge_before"'
        done = subprocess.run(['bash', '-c', script, ROOT, str(self.pages)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        self.taken = done.returncode == 0
        self.before = done.stdout.strip()
        return self

    def __exit__(self, *exc):
        if self.before:
            subprocess.run(['bash', '-c', '. "$0/config/huge"; huge_before=$1; huge_give_back', ROOT,
                            self.before], check=False)


def trip():
    """Cycles for a cache line to the other CPU and back; 0 if that can not be measured."""
    text = output(os.path.join(BENCH, 'coretrip'), str(FRONT_CPU), str(BACK_CPU))
    return int(text) if text.isdigit() else 0


def placement(before, after):
    if not before or not after:
        return 'unknown'
    if max(before, after) < NEAR:
        return 'near'
    return 'far' if min(before, after) >= NEAR else 'changed'


def _lscpu():
    fields = {}
    for line in output('lscpu').split('\n'):
        key, _, value = line.partition(':')
        fields[key.strip()] = value.strip()
    return fields


def tsc_hz():
    """The one frequency all cycles are counted in, measured against the clock."""
    text = output(os.path.join(BENCH, 'copy/copy'), '--tsc')
    return float(text) if re.fullmatch(r'[0-9.]+', text) else 0.0


def machine(huge):
    cpu = _lscpu()
    commit = output('git', '-C', ROOT, 'log', '-1', '--format=%h %cs')
    dirty = bool(output('git', '-C', ROOT, 'status', '--porcelain', '--untracked-files=no'))
    package = output('dpkg-query', '-W', '-f', '${Version}', 'dpdk-dev')
    memory = re.search(r'MemTotal: *(\d+)', open('/proc/meminfo', encoding='ascii').read())
    return [
        ('CPU', '%s, family %s model %s%s, %s CPUs' % (
            cpu.get('Model name', '?'), cpu.get('CPU family', '?'), cpu.get('Model', '?'),
            ', ' + cpu['Hypervisor vendor'] + ' guest' if 'Hypervisor vendor' in cpu else '',
            cpu.get('CPU(s)', '?'))),
        ('time-stamp counter', '%.0f MHz' % (tsc_hz() / 1e6)),
        ('caches', ', '.join('%s %s' % (k.replace(' cache', ''), cpu[k]) for k in
                             ('L1d cache', 'L1i cache', 'L2 cache', 'L3 cache') if k in cpu)),
        ('memory', '%d MiB, huge pages: %s' % (int(memory.group(1)) // 1024, 'yes' if huge else 'no')),
        ('kernel', platform.release()),
        ('compiler', output('gcc', '--version').split('\n')[0]),
        ('DPDK', package or DPDK_VERSION),
        ('vdpa-verbs', (commit or '?') + (' and changes' if dirty else '')),
    ]
