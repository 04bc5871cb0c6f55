# SPDX-License-Identifier: BSD-3-Clause
"""monitor_test.py VDPACTL: rates from two looks at counters, by the daemon's clock."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import case
from case import Case, main


def queue(index, kind, **counters):
    return {"queue_type": kind, "queue_index": index, "state": "running", "size": 256,
            "base": 7 * index, **counters}


class Monitor(Case):
    def looks(self, *devices, step_ns=2_000_000_000):
        """The answers: one after the other, the last one again and again."""
        answers = [{"monitor": {"time_ns": 10**15 + i * step_ns, "dev": d}}
                   for i, d in enumerate(devices)]

        def answer(request):
            from server import result
            return result(request, answers.pop(0) if len(answers) > 1 else answers[0])
        self.server.answers = {"monitor": answer}

    def two_looks(self):
        self.looks(
            {"vm1": {"status": "running", "link": "up", "queues": [
                queue(0, "rx", received_desc=1000, calls=5),
                queue(2, "control_vq", control_commands=1)]},
             "vm2": {"status": "failed"}},
            {"vm1": {"status": "running", "link": "up", "queues": [
                queue(0, "rx", received_desc=4_001_000, calls=4),
                queue(2, "control_vq", control_commands=3)]},
             "vm2": {"status": "failed"},
             "vm3": {"status": "idle", "link": "down", "queues": [
                 queue(0, "rx", received_desc=9), {"queue_index": 1, "state": "absent"}]},
             "vm4": {"status": "idle", "link": "up", "queues": [{"state": "absent"}]}})

    def test_rates_are_by_the_daemons_clock(self):
        self.two_looks()
        monitor = json.loads(self.ok("-j monitor -n 1 -i 0.1"))["monitor"]
        self.assertEqual(monitor["interval_s"], 2)
        rx, control = monitor["dev"]["vm1"]["queues"]
        # It counts calls from the beginning again, so there is no rate.
        self.assertEqual(rx["rates"], {"received_desc": 2e6})
        self.assertEqual(rx["received_desc"], 4_001_000)
        self.assertEqual(control["rates"], {"control_commands": 1})
        # Not there at the first look.
        self.assertEqual(monitor["dev"]["vm3"]["queues"][0]["rates"], {})

    def test_blocks_of_text(self):
        self.two_looks()
        lines = self.ok("monitor -n 1 -i 0.1").split("\n")
        self.assertEqual(lines[0], "4 devices, rates of 2.0 s")
        self.assertEqual(lines[1].split(), ["DEVICE", "STATUS", "LINK", "Q", "TYPE", "DESC/S",
                                            "DONE/S", "KICKS/S", "CALLS/S", "CMDS/S", "ERR/S"])
        self.assertEqual(lines[2].split(), ["vm1", "running", "up", "0", "rx", "2.00M",
                                            *5 * ["-"]])
        self.assertEqual(lines[3].split(), ["vm1", "running", "up", "2", "control_vq",
                                            *4 * ["-"], "1", "-"])
        self.assertEqual(lines[4].split(), ["vm2", "failed", "-"])
        self.assertEqual(lines[5].split()[:5], ["vm3", "idle", "down", "0", "rx"])
        self.assertEqual(lines[6].split(), ["vm4", "idle", "up"])  # no queue is set up
        self.assertEqual(lines[7:], ["", ""])
        self.assertNotIn("\033", "".join(lines))

    def test_count_is_the_number_of_blocks_and_json_is_a_line_each(self):
        self.looks({}, {})
        self.assertEqual(self.ok("monitor -n 3 -i 0.1").count("0 devices, rates of"), 3)
        lines = self.ok("-j monitor -n 3 -i 0.1").splitlines()
        self.assertEqual([list(json.loads(line)) for line in lines], 3 * [["monitor"]])
        # The same answer again: the clock has not gone on.
        self.assertNotIn("rates", lines[2])

    def test_the_daemon_goes(self):
        self.looks({}, {})
        first = self.server.answers["monitor"]
        asked = []

        def answer(request):
            asked.append(1)
            return first(request) if len(asked) < 3 else None
        self.server.answers = {"monitor": answer}
        self.refused("has gone before it answered", "monitor -i 0.1",
                     out="0 devices, rates of 2.0 s\n" + self.header() + "\n\n")

    def header(self):
        line = f"{'DEVICE':16} {'STATUS':9} {'LINK':>4} {'Q':>3} {'TYPE':10}"
        return line + "".join(f" {h:>8}" for h in ("DESC/S", "DONE/S", "KICKS/S", "CALLS/S",
                                                   "CMDS/S", "ERR/S"))

    def test_on_a_terminal_it_is_drawn_anew_and_fits(self):
        devices = {f"vm{i}": {"status": "idle", "link": "up", "queues": [queue(0, "rx"),
                                                                         queue(1, "tx")]}
                   for i in range(20)}
        self.looks(devices, devices)
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 120, 0, 0))
        env = {**os.environ, "VDPACTL_SOCKET": self.socket}
        with subprocess.Popen([case.PROGRAM, "monitor", "-n", "2", "-i", "0.1"], env=env,
                              stdout=follower, stderr=subprocess.PIPE) as program:
            os.close(follower)
            text = b""
            while True:
                try:
                    text += os.read(leader, 65536)
                except OSError:  # its last writer is gone
                    break
            self.assertEqual((program.wait(60), program.stderr.read()), (0, b""))
        os.close(leader)
        screens = text.decode().split("\033[H\033[J")
        self.assertEqual((len(screens), screens[0]), (3, ""))
        for screen in screens[1:]:
            self.assertLess(screen.count("\n"), 12)
            self.assertIn("... and 32 more lines", screen)


if __name__ == "__main__":
    main()
