# SPDX-License-Identifier: BSD-3-Clause
"""completion_test.py VDPACTL: what bash offers after which words, asked of bash itself."""

import os
import shutil
import subprocess
import unittest

import case
from case import Case, main

COMPLETION = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "../../config/bash-completion/vdpactl")
# What bash does at Tab: the words of the line, and which of them is being written.
TAB = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_vdpactl
printf '%s\\n' "${COMPREPLY[@]}"
"""

WORDS = {"name", "mgmtdev", "socket", "client", "mac", "mtu", "max_vqp", "max_vq_size",
         "mac_table_size", "mode", "trust", "cvq_core", "device_features", "model",
         "features_default"}


@unittest.skipUnless(shutil.which("jq"), "needs jq")
class Completion(Case):
    def setUp(self):
        super().setUp()
        self.server.answers = {
            "mgmtdev.show": {"mgmtdev": {"mlx5_0": {"supported_features": ["CSUM", "MTU"]},
                                         "mlx5_1": {"supported_features": ["CSUM", "MQ"]}}},
            "dev.show": {"dev": {"vm1": {}, "vm2": {}, "db": {}, "$(x)": {}}},
            "model.show": {"model": {"linux": {}, "minimal": {}}}}

    def tab(self, line, **env):
        words = line.split(" ")
        done = subprocess.run(["bash", "-c", TAB, "bash", COMPLETION, case.PROGRAM, *words],
                              env={**os.environ, "VDPACTL_SOCKET": self.socket, **env},
                              capture_output=True, encoding="utf-8", timeout=60, check=True)
        self.assertEqual(done.stderr, "", line)
        return set(done.stdout.split())

    def test_words(self):
        self.assertEqual(self.tab(""), {"mgmtdev", "dev", "model", "daemon", "baseline", "monitor",
                                        "help"})
        self.assertEqual(self.tab("d"), {"dev", "daemon"})
        self.assertEqual(self.tab("-j d"), {"dev", "daemon"})
        self.assertEqual(self.tab("dev s"), {"show", "set", "state"})
        self.assertEqual(self.tab("dev config "), {"show", "help"})
        self.assertEqual(self.tab("dev state "), {"save", "load", "help"})
        self.assertEqual(self.tab("dev show vm1 "), set())

    def test_every_command_is_offered(self):
        """Those that the program names when it does not find one."""
        for level in ("", "mgmtdev", "dev", "dev config", "dev vstats", "dev state", "model",
                      "daemon"):
            said = self.refused("not found", f"{level} none")
            there = set(said.split("(there are ")[1].split(";")[0].split(", "))
            self.assertEqual(self.tab(f"{level} ".lstrip()) - {"help", "list"}, there, level)

    def test_names_come_from_the_daemon(self):
        self.assertEqual(self.tab("mgmtdev show "), {"mlx5_0", "mlx5_1"})
        self.assertEqual(self.tab("dev show v"), {"vm1", "vm2"})
        for words in ("dev del ", "dev dump ", "dev config show ", "dev vstats show ",
                      "dev state save ", "dev state load ", "dev retry ", "dev set name "):
            self.assertEqual(self.tab(words), {"vm1", "vm2", "db"}, words)
        self.assertEqual(self.tab("model show m"), {"minimal"})
        self.assertEqual(self.tab(f"-s {self.socket} dev show d", VDPACTL_SOCKET="/none"), {"db"})
        self.assertEqual(self.tab(f"--socket = {self.socket} dev show d", VDPACTL_SOCKET="/none"),
                         {"db"})

    def test_add(self):
        self.assertEqual(self.tab("dev add "), WORDS | {"csum", "mtu", "mq"})
        self.assertEqual(self.tab("dev add name "), set())
        self.assertEqual(self.tab("dev add name vm3 mgmtdev "), {"mlx5_0", "mlx5_1"})
        # Of the parent that was named.
        self.assertEqual(self.tab("dev add name vm3 mgmtdev mlx5_1 "), WORDS | {"csum", "mq"})
        self.assertEqual(self.tab("dev add name vm3 mgmtdev mlx5_1 csum "), {"on", "off"})
        # readline cuts at colons.
        self.assertEqual(self.tab("dev add name vm3 mac 02 : 00 : 00 : 00 : 00 : 01 mod"),
                         {"mode", "model"})
        self.assertEqual(self.tab("dev add name vm3 mode l"), {"legacy"})
        self.assertEqual(self.tab("dev add name vm3 model "), {"linux", "minimal"})
        self.assertEqual(self.tab("dev add name vm3 features_default "), {"on", "off", "inherited"})
        self.assertIn("-f", self.tab("dev add -"))

    def test_set_and_queues(self):
        self.assertEqual(self.tab("dev set "), {"name"})
        self.assertEqual(self.tab("dev set name vm1 "), {"mac", "mtu", "link"})
        self.assertEqual(self.tab("dev set name vm1 link "), {"up", "down"})
        self.assertEqual(self.tab("dev vstats show vm1 "), {"qidx"})

    def test_files_and_options(self):
        path = os.path.join(self.dir, "file.json")
        with open(path, "w", encoding="utf-8"):
            pass
        for words in ("dev add -f ", "dev compat ", "baseline ", "dev state load vm1 "):
            self.assertEqual(self.tab(words + self.dir + "/fi"), {path}, words)
        self.assertEqual(self.tab("dev compat x "), {"mlx5_0", "mlx5_1"})
        self.assertEqual(self.tab("dev compat x mlx5_0 "), {"allow"})
        self.assertEqual(self.tab("dev compat x mlx5_0 allow "), {"mac_table"})
        self.assertEqual(self.tab("monitor --"), {"--json", "--pretty", "--socket", "--timeout",
                                                  "--Version", "--help", "--count", "--interval"})
        self.assertEqual(self.tab("-t "), set())

    def test_without_a_daemon(self):
        self.assertEqual(self.tab("dev show ", VDPACTL_SOCKET="/none"), set())
        self.assertEqual(self.tab("dev add ", VDPACTL_SOCKET="/none"), WORDS)


if __name__ == "__main__":
    main()
