# SPDX-License-Identifier: BSD-3-Clause
"""Processes that are started, spoken to, stopped in their tracks while others are measured, and ended for sure."""
import atexit
import os
import re
import signal
import subprocess
import time


class Failed(Exception):
    """A run that could not be made; says why, with the last lines of the log in question."""


_alive = []


class Process:
    """A process group: output goes to a log, or with reply=True also line by line to its owner."""

    def __init__(self, name, command, directory, env=None, reply=False):
        self.name = name
        self.path = os.path.join(directory, name + '.log')
        self.stopped = False
        self.members = []
        self.replies = reply
        log = open(self.path, 'ab')
        self.popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE if reply else log, stderr=log,
            start_new_session=True, env=dict(os.environ, **env) if env else None)
        log.close()
        _alive.append(self)
        self._prefer()

    def _prefer(self):
        """Each session is a scheduling group of its own: nice counts only within, this between them."""
        try:
            with open('/proc/%d/autogroup' % self.popen.pid, 'w', encoding='ascii') as file:
                file.write('-20')
        except OSError:
            pass  # not root, or no such groups: as it comes

    def running(self):
        return self.popen.poll() is None

    def log(self):
        with open(self.path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def tail(self, lines=4):
        text = [l.strip() for l in self.log().split('\n') if l.strip() and 'VHOST_CONFIG: (' not in l]
        return ' | '.join(text[-lines:])[-400:] or 'it said nothing'

    def fail(self, what):
        status = '' if self.running() else ', it ended with status %s' % self.popen.returncode
        raise Failed('%s: %s%s: %s' % (self.name, what, status, self.tail()))

    def say(self, line):
        try:
            self.popen.stdin.write((line + '\n').encode())
            self.popen.stdin.flush()
        except OSError:
            self.fail('does not listen to "%s"' % line)

    def hear(self):
        """The next line of a process that replies."""
        line = self.popen.stdout.readline().decode(errors='replace')
        if not line:
            self.popen.wait()
            self.fail('ended')
        return line.strip()

    def wait_log(self, regex, seconds, since=0):
        """A match in the log behind an offset (of text)."""
        pattern, limit = re.compile(regex, re.M), time.monotonic() + seconds
        while True:
            ended = not self.running()
            match = pattern.search(self.log(), since)
            if match:
                return match
            if ended or time.monotonic() > limit:
                self.fail('did not say "%s" within %d s' % (regex, seconds))
            time.sleep(0.01)

    def ask(self, line, regex, seconds=20):
        """Say a line, and wait for the answer in the log."""
        since = len(self.log())
        self.say(line)
        return self.wait_log(regex, seconds, since)

    def _signal(self, number):
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            pass

    def pause(self):
        if not self.stopped:
            self._signal(signal.SIGSTOP)
            self.stopped = True

    def resume(self):
        if self.stopped:
            self._signal(signal.SIGCONT)
            self.stopped = False

    def _members(self):
        """The processes of the group."""
        for pid in os.listdir('/proc'):
            try:
                if pid.isdigit() and os.getpgid(int(pid)) == self.popen.pid:
                    yield pid
            except OSError:
                continue

    def pin(self, cpu):
        """All threads of the whole group, also those that libraries made."""
        self.members = list(self._members())
        for pid in self.members:
            try:
                for task in os.listdir('/proc/%s/task' % pid):
                    os.sched_setaffinity(int(task), {cpu})
            except OSError:
                continue

    def waited_ns(self):
        """How long its threads were kept waiting for their CPU by others, so far; after pin()."""
        total = 0
        for pid in self.members:
            try:
                for task in os.listdir('/proc/%s/task' % pid):
                    with open('/proc/%s/task/%s/schedstat' % (pid, task), encoding='ascii') as file:
                        total += int(file.read().split()[1])
            except (OSError, IndexError):
                continue
        return total

    def end(self, seconds=5):
        """By the end of its input where it understands that, else by force."""
        try:
            self.popen.stdin.close()
        except OSError:
            pass
        self.resume()
        if self.replies:
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
            self.popen.stdout.close()
        self._signal(signal.SIGKILL)
        self.popen.wait()
        if self in _alive:
            _alive.remove(self)


def end_all():
    for process in list(_alive):
        process.end(0)


def _interrupted(number, frame):
    raise SystemExit(128 + number)


atexit.register(end_all)
for _signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(_signal, _interrupted)
