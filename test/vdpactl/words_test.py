# SPDX-License-Identifier: BSD-3-Clause
"""words_test.py VDPACTL: which words ask the daemon what, and which are refused before that."""

from case import Case, main

# What is asked for: the words, the method, its parameters.
ASKS = [
    ("mgmtdev show", "mgmtdev.show", {}),
    ("mgmtdev show mlx5_0", "mgmtdev.show", {"mgmtdev": "mlx5_0"}),
    ("mgmtdev list", "mgmtdev.show", {}),
    ("dev", "dev.show", {}),
    ("dev show", "dev.show", {}),
    ("dev list", "dev.show", {}),
    ("dev show vm1", "dev.show", {"name": "vm1"}),
    ("dev add name vm1 mgmtdev mlx5_0", "dev.add", {"name": "vm1", "mgmtdev": "mlx5_0"}),
    ("dev add mgmtdev mlx5_0 name vm1", "dev.add", {"name": "vm1", "mgmtdev": "mlx5_0"}),
    ("dev add name vm1 mgmtdev pci/0000:3b:00.2 mac 02:00:00:00:00:01 mtu 1500 max_vqp 2"
     " max_vq_size 256 mac_table_size 16 mode modern trust off cvq_core -1 socket /run/a", "dev.add",
     {"name": "vm1", "mgmtdev": "pci/0000:3b:00.2", "mac": "02:00:00:00:00:01", "mtu": "1500",
      "max_vqp": "2", "max_vq_size": "256", "mac_table_size": "16", "mode": "modern",
      "trust": "off", "cvq_core": "-1", "socket": "/run/a"}),
    ("dev add name vm1 mgmtdev m csum on guest_csum off model linux features_default off", "dev.add",
     {"name": "vm1", "mgmtdev": "m", "csum": "on", "guest_csum": "off", "model": "linux",
      "features_default": "off"}),
    # What a word means is the daemon's business, and so is one that is missing.
    ("dev add colour red", "dev.add", {"colour": "red"}),
    ("dev add name vm1", "dev.add", {"name": "vm1"}),
    ("dev del vm1", "dev.del", {"name": "vm1"}),
    ("dev set name vm1 mac 02:00:00:00:00:02", "dev.set",
     {"name": "vm1", "mac": "02:00:00:00:00:02"}),
    ("dev set name vm1 link down", "dev.set", {"name": "vm1", "link": "down"}),
    ("dev set name vm1 mtu 9000", "dev.set", {"name": "vm1", "mtu": "9000"}),
    ("dev config", "dev.config.show", {}),
    ("dev config show vm1", "dev.config.show", {"name": "vm1"}),
    ("dev vstats show vm1", "dev.vstats.show", {"name": "vm1"}),
    ("dev vstats show vm1 qidx 3", "dev.vstats.show", {"name": "vm1", "qidx": "3"}),
    ("dev state save vm1", "dev.state.save", {"name": "vm1"}),
    ("dev dump vm1", "dev.dump", {"name": "vm1"}),
    ("dev retry vm1", "dev.retry", {"name": "vm1"}),
    ("model", "model.show", {}),
    ("model show linux", "model.show", {"model": "linux"}),
    ("daemon", "daemon.show", {}),
    ("daemon show", "daemon.show", {}),
    # A mask is hexadecimal, as iproute2 reads it.
    ("dev add name a mgmtdev b device_features 300020000", "dev.add",
     {"name": "a", "mgmtdev": "b", "device_features": "0x300020000"}),
    ("dev add name a mgmtdev b device_features 0x300020000", "dev.add",
     {"name": "a", "mgmtdev": "b", "device_features": "0x300020000"}),
    ("dev add name a mgmtdev b device_features 0xzz", "dev.add",
     {"name": "a", "mgmtdev": "b", "device_features": "0xzz"}),
    # Cut short, as iproute2's vdpa understands it.
    ("m s", "mgmtdev.show", {}),
    ("d", "dev.show", {}),
    ("d s", "dev.show", {}),
    ("d sh vm1", "dev.show", {"name": "vm1"}),
    ("d l", "dev.show", {}),
    ("d a n vm1 mg mlx5_0 ma 2", "dev.add", {"name": "vm1", "mgmtdev": "mlx5_0", "max_vqp": "2"}),
    ("d a n vm1 m mlx5_0", "dev.add", {"name": "vm1", "mgmtdev": "mlx5_0"}),
    ("d d vm1", "dev.del", {"name": "vm1"}),
    ("d c", "dev.config.show", {}),
    ("d conf sh vm1", "dev.config.show", {"name": "vm1"}),
    ("d v s vm1", "dev.vstats.show", {"name": "vm1"}),
    ("d se n vm1 link up", "dev.set", {"name": "vm1", "link": "up"}),
    ("d du vm1", "dev.dump", {"name": "vm1"}),
    ("d st s vm1", "dev.state.save", {"name": "vm1"}),
    ("mod", "model.show", {}),
    ("da", "daemon.show", {}),
    # Options anywhere, and words that look like options.
    ("-j dev show vm1", "dev.show", {"name": "vm1"}),
    ("dev -j show -p vm1", "dev.show", {"name": "vm1"}),
    ("dev show vm1 -jp", "dev.show", {"name": "vm1"}),
    ("dev show vm1 --json --pretty", "dev.show", {"name": "vm1"}),
    ("dev show -- -j", "dev.show", {"name": "-j"}),
    ("dev show -1", "dev.show", {"name": "-1"}),
    ("--timeout=5 dev show", "dev.show", {}),
]

# What is refused without asking: what is said, the words.
REFUSALS = [
    (r'Object "port" not found \(there are mgmtdev, dev, ', "port show"),
    (r'Object "" not found', ["", "show"]),
    (r'Command "rename" not found \(there are show, add, del, ', "dev rename vm1"),
    (r'Command "add" not found \(there are show;', "mgmtdev add"),
    (r'Command "set" not found', "dev config set"),
    (r'Command "del" not found', "dev vstats del"),
    (r'Command "x" not found \(there are save, load;', "dev state x"),
    (r"words are missing \(vdpactl .*dev vstats show DEV", "dev vstats"),
    (r"words are missing", "dev vstats show"),
    (r"words are missing \(vdpactl dev del DEV\)", "dev del"),
    (r"words are missing", "dev set"),
    (r"words are missing", "dev state"),
    (r"words are missing", "dev state save"),
    (r"words are missing", "dev state load vm1"),
    (r"words are missing", "dev compat file"),
    (r"words are missing", "dev dump"),
    (r"words are missing", "dev retry"),
    (r"words are missing", "dev add"),
    (r"b: one word too many", "dev show a b"),
    (r"b: one word too many", "dev del a b"),
    (r"b: one word too many", "dev config show a b"),
    (r"b: one word too many", "mgmtdev show a b"),
    (r"b: one word too many", "dev vstats show a qidx 1 b"),
    (r"b: one word too many", "dev dump a b"),
    (r"b: one word too many", "dev retry a b"),
    (r"b: one word too many", "model show a b"),
    (r"b: one word too many", "daemon show b"),
    (r"mac: a value is wanted after it", "dev add name a mgmtdev b mac"),
    (r"name: a value is wanted after it", "dev add name"),
    (r"qidx: a value is wanted after it", "dev vstats show vm1 qidx"),
    (r"mtu: given twice", "dev add name a mgmtdev b mtu 1500 mtu 1500"),
    (r"name: given twice", "dev add name a n b"),
    (r"csum: given twice", "dev add name a csum on csum off"),
    (r"UTF-8", ["dev", "show", b"\xff"]),
    (r"UTF-8", [b"dev", b"add", b"name", b"\xff"]),
    (r"UTF-8", [b"dev", b"add", b"\xff", b"on"]),
    (r"UTF-8", [b"dev", b"del", b"\xff"]),
    (r"UTF-8", [b"dev", b"vstats", b"show", b"\xff"]),
    (r"-x: no such option", "-x dev show"),
    (r"-x: no such option", "-jx dev show"),
    (r"--colour: no such option", "--colour dev show"),
    (r"-s: a value is wanted", "dev show -s"),
    (r"--timeout 0: a number from 1", "--timeout 0 dev show"),
    (r"--timeout x: a number from 1", "-t x dev show"),
    (r"--timeout -1: a number from 1", "-t -1 dev show"),
    (r"--timeout 99999999999999999999: a number", "-t 99999999999999999999 dev show"),
    (r"-f: only dev add", "dev show -f x"),
    (r"-n: only monitor", "dev show -n 3"),
    (r"-i: only monitor", "dev show -i 3"),
    (r"--interval 0: seconds are wanted", "monitor -i 0"),
    (r"--interval nan: seconds are wanted", "monitor -i nan"),
    (r"--count 0: a number from 1", "monitor -n 0"),
    (r"name: with -f the file says it all", "dev add -f x name a"),
]

LEVELS = ["", "mgmtdev", "mgmtdev show", "dev", "dev show", "dev add", "dev del", "dev set",
          "dev config", "dev config show", "dev vstats", "dev vstats show", "dev state",
          "dev state save", "dev state load", "dev compat", "dev dump", "dev retry", "model",
          "model show", "daemon", "daemon show"]


class Words(Case):
    def test_words_ask_the_daemon(self):
        for words, method, params in ASKS:
            with self.subTest(words):
                self.ok(words)
                self.assertEqual(self.asked(), [(method, params)])

    def test_usage_errors_are_one_line_and_ask_nothing(self):
        for pattern, words in REFUSALS:
            with self.subTest(words):
                self.refused(pattern, words)
                self.assertEqual(self.asked(), [])

    def test_errors_of_the_daemon_are_its_words(self):
        from server import error
        self.server.answers["dev.add"] = error("mtu 60: from 68 to 9216")
        self.refused(r"\Avdpactl: mtu 60: from 68 to 9216\n\Z", "dev add name a mgmtdev b mtu 60")
        self.server.answers["dev.add"] = error("one\ntwo\n\x1b[31mred\n")
        self.refused(r"\Avdpactl: one; two; \?\[31mred\n\Z", "dev add name a")

    def test_help_is_at_every_level(self):
        for level in LEVELS:
            for ask in ("help", "--help", "-h"):
                with self.subTest(level=level, ask=ask):
                    text = self.ok(f"{level} {ask}")
                    self.assertRegex(text, r"\AUsage: vdpactl ")
                    self.assertLess(max(len(line) for line in text.splitlines()), 80)
        self.assertEqual(self.ok("dev h"), self.ok("dev help"))
        self.assertEqual(self.asked(), [])

    def test_no_words_are_help_as_with_iproute2(self):
        self.assertEqual(self.ok(""), self.ok("help"))
        self.assertEqual(self.ok("mgmtdev"), self.ok("mgmtdev help"))

    def test_help_has_every_command_and_examples_that_are_understood(self):
        text = "".join(self.ok(f"{level} help") for level in LEVELS)
        for level in LEVELS[1:]:
            self.assertIn(level, text)
        examples = [line.strip() for line in text.splitlines()
                    if line.startswith("  vdpactl ") and not set("|<>[{") & set(line)
                    and "#" not in line and "DEV" not in line and "NAME" not in line and " FILE" not in line]
        self.assertGreater(len(examples), 10)
        for example in examples:
            words = example.split("  ")[0].split()[1:]
            if words[0] in ("baseline", "monitor") or "load" in words:
                continue
            with self.subTest(example):
                self.ok(words)

    def test_version(self):
        for option in ("-V", "--Version", "--version"):
            self.assertRegex(self.ok(option), r"\Avdpactl \d+\.\d+\.\d+\n\Z")


if __name__ == "__main__":
    main()
