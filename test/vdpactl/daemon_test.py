# SPDX-License-Identifier: BSD-3-Clause
"""daemon_test.py VDPACTL: daemons that are not there, gone, slow or something else; output that
cannot be written. Each is one line that says what to do."""

import json
import os
import signal
import socket
import subprocess
import unittest

import case
from case import Case, main
from server import result


class Daemon(Case):
    def elsewhere(self, path, pattern, more=()):
        return self.refused(pattern, ["-s", path, *more, "dev", "show"])

    def test_no_daemon(self):
        self.elsewhere("/none/s", r"vdpad is not running at /none/s \(start it: vdpad -c ")
        # Left behind by one that was killed.
        dead = os.path.join(self.dir, "dead")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(dead)
        self.elsewhere(dead, "vdpad is not running at " + dead)
        plain = os.path.join(self.dir, "file")
        with open(plain, "w", encoding="utf-8"):
            pass
        self.elsewhere(plain, "vdpad is not running at|that is not a socket")
        self.elsewhere("/" + 150 * "x", "longer than the 107 bytes")
        self.elsewhere("/", "no connection to vdpad|not running|not a socket")

    @unittest.skipUnless(os.getuid() == 0, "needs root, to become somebody else")
    def test_no_right_to_connect(self):
        os.chmod(self.dir, 0o755)
        os.chmod(self.socket, 0o600)
        # The program itself may be where others cannot look.
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all",
                               case.PROGRAM, "-s", self.socket, "dev", "show"],
                              capture_output=True, encoding="utf-8", check=False)
        if "setpriv" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Avdpactl: \S+: you may not connect to vdpad \(rpc_group ")

    def test_the_socket_is_the_options_then_the_environments(self):
        self.ok(["-s", self.socket, "dev", "show"], env={"VDPACTL_SOCKET": "/none"})
        self.ok(["dev", "show", f"--socket={self.socket}"], env={"VDPACTL_SOCKET": "/none"})
        self.refused("not running at /run/vdpad/rpc.sock", "dev show", env={"VDPACTL_SOCKET": ""})

    def test_a_daemon_that_goes(self):
        self.server.answers = {"dev.show": lambda request: None}
        self.refused("has gone before it answered", "dev show")

    def test_a_daemon_that_stops_in_the_middle(self):
        self.server.answers = {"dev.show": lambda request: b'{"jsonrpc": "2.0", "id": 1, "res'}
        # No line end comes: after the time, not after ever.
        self.refused("has not answered within 1 s", "-t 1 dev show")

    def test_a_daemon_that_is_slow(self):
        self.server.answers = {"dev.add": lambda request: b" "}
        self.refused(r"has not answered within 1 s .*may still happen", "-t 1 dev add name a")

    def test_a_daemon_that_takes_no_connections(self):
        path = os.path.join(self.dir, "full")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(0)
            waiting = []
            with self.assertRaises(BlockingIOError):
                while True:
                    waiting.append(socket.socket(socket.AF_UNIX))
                    waiting[-1].setblocking(False)
                    waiting[-1].connect(path)
            self.elsewhere(path, "has not answered within 1 s", more=["-t", "1"])
            for s in waiting:
                s.close()

    def test_something_else_that_answers(self):
        for data in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\n", b"[]\n", b"null\n", b"{}\n",
                     b'{"id": 1}\n', b'{"id": 2, "result": {}}\n', b'{"id": 1, "result": []}\n',
                     b'{"id": 1, "error": 7}\n', b'{"id": 1, "error": {"message": 7}}\n',
                     b"\xff\xfe\n", b"[" * 100000 + b"\n"):
            self.server.answers = {"dev.show": lambda request, data=data: data}
            with self.subTest(data[:40]):
                self.refused("does not answer as vdpad does", "dev show")

    def test_answers_of_unexpected_shape_are_printed_or_refused(self):
        for value in ({"dev": []}, {"dev": 1}, {"dev": {"a": 1}}, {"dev": {"a": [1, [2], {}]}}, {},
                      {"dev": None}, {"x": {"y": {"z": []}}}):
            self.server.answers = {m: value for m in
                                   ("dev.show", "dev.dump", "dev.compat", "mgmtdev.show")}
            with self.subTest(value):
                self.ok("dev show")
                self.ok("-jp dev show")
                self.ok("mgmtdev show")
                self.ok("dev dump a")

    def test_long_requests_and_answers(self):
        long = "x" * 500000
        self.server.answers = {"dev.add": lambda r: result(r, {"dev": {"a": {"socket": long}}})}
        document = json.dumps({"dev": {"a": {"socket": long}}})
        self.assertEqual(json.loads(self.ok("-j dev add -f -", stdin=document)),
                         json.loads(document))
        self.assertEqual(self.asked(), [("dev.add", json.loads(document))])

    def test_output_that_cannot_be_written(self):
        self.server.answers = {"dev.show": {"dev": {f"vm{i}": {"x": 1} for i in range(5000)}}}
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.refused(r"standard output: No space left", "dev show", stdout=full)
            self.refused(r"standard output: No space left", "-j dev show", stdout=full)
            self.refused(r"standard output: No space left", "help", stdout=full)

    def closed_pipe(self, **more):
        read, write = os.pipe()
        os.close(read)
        try:
            return self.run_program("dev show", stdout=write, **more)
        finally:
            os.close(write)

    def test_output_that_nobody_reads(self):
        self.server.answers = {"dev.show": {"dev": {f"vm{i}": {"x": 1} for i in range(5000)}}}
        done = self.closed_pipe()
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""))
        # Started by what ignores the signal: said, as any other failure.
        done = self.closed_pipe(restore_signals=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "vdpactl: standard output: Broken pipe\n")


if __name__ == "__main__":
    main()
