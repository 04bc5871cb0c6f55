# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of vdpactl share: the program, a server of its own for each test, and the end."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from server import Server

PROGRAM = None


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.socket = os.path.join(self.dir, "s")
        self.server = Server(self.socket)

    def tearDown(self):
        self.server.close()
        shutil.rmtree(self.dir)

    def run_program(self, words, stdin="", **more):
        """words: a list, or a text that is cut at blanks."""
        if isinstance(words, str):
            words = words.split()
        env = {**os.environ, "VDPACTL_SOCKET": self.socket, **more.pop("env", {})}
        return subprocess.run([PROGRAM, *words], input=stdin, encoding="utf-8", env=env,
                              stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                              timeout=60, **more)

    def ok(self, words, **more):
        done = self.run_program(words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def refused(self, pattern, words, out="", **more):
        """Exit status 1, one line that matches, nothing printed."""
        done = self.run_program(words, **more)
        self.assertEqual(done.returncode, 1, (words, done))
        self.assertRegex(done.stderr, r"\Avdpactl: [^\n]+\n\Z", words)
        self.assertRegex(done.stderr, pattern, words)
        if done.stdout is not None:
            self.assertEqual(done.stdout, out, words)
        return done.stderr

    def asked(self):
        """The requests since the last time: (method, params)."""
        requests, self.server.requests = self.server.requests, []
        return [(r["method"], r["params"]) for r in requests]


def main():
    global PROGRAM
    PROGRAM = os.path.realpath(sys.argv[1])
    import case
    case.PROGRAM = PROGRAM
    unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[2:]])
