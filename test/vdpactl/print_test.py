# SPDX-License-Identifier: BSD-3-Clause
"""print_test.py VDPACTL: answers as text and JSON, in the layouts of iproute2's vdpa."""

import json
import re

import vectors
from case import Case, main
from server import error

SECTIONS = {"mgmtdev": "mgmtdev.show", "dev": "dev.show", "config": "dev.config.show",
            "vstats": "dev.vstats.show"}

# An answer to every show, as the daemon gives them.
PARENT = {"supported_classes": ["net"], "max_supported_vqs": 33, "dev_features": ["CSUM", "MAC"],
          "supported_features": ["CSUM", "MAC"], "supported_features_mask": "0x21",
          "mandatory_features": [], "modes": ["transitional", "modern"], "max_vqp": 16,
          "attrs": ["mac", "mtu"], "vqs_free": 100}
DEVICE = {"type": "network", "mgmtdev": "mlx5_0", "vendor_id": 5555, "max_vqs": 3,
          "max_vq_size": 256, "socket": "/run/a", "client": False, "link": "up",
          "mac": "02:00:00:00:00:01", "mtu": 1500, "device_features": ["CSUM", "bit_77"],
          "device_features_mask": "0x20000000000000000001", "features_default": "inherited",
          "set": ["mac"], "status": "idle"}
CONFIG = {"mac": "02:00:00:00:00:01", "link": "up", "link_announce": False, "max_vq_pairs": 2,
          "mtu": 1500, "negotiated_features": ["CSUM"], "device_features": ["CSUM", "MAC"],
          "cvq": None, "speed": 100000}
QUEUE = {"queue_type": "rx", "received_desc": 12, "completed_desc": 11, "queue_index": 0,
         "state": "running"}
SHOWS = {
    "mgmtdev show": ("mgmtdev.show", {"mgmtdev": {"mlx5_0": PARENT}}),
    "dev show": ("dev.show", {"dev": {"vm1": DEVICE, "vm2": DEVICE}}),
    "dev config show": ("dev.config.show", {"config": {"vm1": CONFIG}}),
    "dev vstats show vm1": ("dev.vstats.show", {"vstats": {"vm1": [QUEUE, QUEUE]}}),
    "dev vstats show vm1 qidx 0": ("dev.vstats.show", {"vstats": {"vm1": QUEUE}}),
    "dev state save vm1": ("dev.state.save", {"state": {"vm1": {"vlans": [[0, 4095]], "x": {}}}}),
    "dev dump vm1": ("dev.dump", {"dump": {"vm1": "one\ntwo\n"}}),
    "model show": ("model.show", {"model": {"m": {"description": "for all", "features": ["MAC"]}}}),
    "daemon show": ("daemon.show", {"daemon": {"version": "1", "devices": 2}}),
}


class Print(Case):
    def test_layouts_are_those_of_iproute2(self):
        """Its own answers, as ours: the same text, the same JSON to the byte."""
        recorded = vectors.read()
        compared = 0
        for name, vector in recorded.items():
            if not name.endswith("_j") or not vector.words[-1] or not vector.out:
                continue
            document = re.sub(r'(?<=[a-z]) "', '"', vector.out[0])  # its bug: "link "
            if not document or vector.status:
                continue
            section = next(iter(json.loads(document)))
            self.server.answers = {SECTIONS[section]: json.loads(document)}
            words = [w for w in vector.words if w != "-j"]
            with self.subTest(name):
                self.assertEqual(self.ok(["-j", *words]), document + "\n")
                text = recorded.get(name[:-2])
                if text:
                    expected = "".join(line.rstrip() + "\n" for line in text.out)
                    self.assertEqual(self.ok(words), expected)
                pretty = recorded.get(name + "p")
                if pretty:
                    expected = re.sub(r'(?<=[a-z]) "', '"', "\n".join(pretty.out)) + "\n"
                    self.assertEqual(self.ok(["-jp", *words]), expected)
                compared += 1
        self.assertGreaterEqual(compared, 9)

    def test_p28_every_show_has_json_that_is_the_answer_itself(self):
        for words, (method, answer) in SHOWS.items():
            self.server.answers = {method: answer}
            with self.subTest(words):
                line = self.ok("-j " + words)
                self.assertEqual(line.count("\n"), 1)
                self.assertEqual(json.dumps(json.loads(line)), json.dumps(answer))
                pretty = self.ok("-j -p " + words)
                self.assertEqual(json.dumps(json.loads(pretty)), json.dumps(answer))
                self.assertGreater(pretty.count("\n"), 3)

    def test_p6_text_has_iproute2s_word_and_no_list_twice(self):
        self.server.answers = {"mgmtdev.show": {"mgmtdev": {"mlx5_0": PARENT}}}
        self.assertEqual(self.ok("mgmtdev show"),
                         "mlx5_0:\n"
                         "  supported_classes net\n"
                         "  max_supported_vqs 33\n"
                         "  dev_features CSUM MAC\n"
                         "  supported_features_mask 0x21\n"
                         "  mandatory_features\n"
                         "  modes transitional modern\n"
                         "  max_vqp 16\n"
                         "  attrs mac mtu\n"
                         "  vqs_free 100\n")
        # They differ only where a parent says so; then both are shown.
        self.server.answers = {"mgmtdev.show": {"mgmtdev": {
            "mlx5_0": {"dev_features": ["CSUM"], "supported_features": ["MAC"]}}}}
        self.assertIn("  dev_features CSUM\n  supported_features MAC\n", self.ok("mgmtdev show"))

    def test_p9_p40_dev_show_has_iproute2s_line_and_then_ours(self):
        self.server.answers = {"dev.show": {"dev": {"vm1": DEVICE}}}
        self.assertEqual(self.ok("dev show vm1"),
                         "vm1: type network mgmtdev mlx5_0 vendor_id 5555 max_vqs 3 "
                         "max_vq_size 256\n"
                         "  socket /run/a client false link up mac 02:00:00:00:00:01 mtu 1500\n"
                         "  device_features CSUM bit_77\n"
                         "  device_features_mask 0x20000000000000000001 "
                         "features_default inherited\n"
                         "  set mac\n"
                         "  status idle\n")

    def test_config_and_counters(self):
        self.server.answers = {"dev.config.show": {"config": {"vm1": CONFIG}},
                               "dev.vstats.show": {"vstats": {"vm1": [QUEUE, QUEUE]}}}
        self.assertEqual(self.ok("dev config show"),
                         "vm1: mac 02:00:00:00:00:01 link up link_announce false max_vq_pairs 2 "
                         "mtu 1500\n"
                         "  negotiated_features CSUM\n"
                         "  device_features CSUM MAC\n"
                         "  cvq - speed 100000\n")
        line = "vm1: queue_type rx received_desc 12 completed_desc 11 queue_index 0 state running\n"
        self.assertEqual(self.ok("dev vstats show vm1"), line * 2)

    def test_things_without_names_and_nested_ones(self):
        self.server.answers = {
            "daemon.show": {"daemon": {"version": "1", "devices": 2, "load": 0.5}},
            "dev.dump": {"dump": {"vm1": "one\n  two\n"}},
            "model.show": {"model": {"m": {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": [{"f": 1}],
                                           "g": [[0, 4095], 7]}}}}
        self.assertEqual(self.ok("daemon"), "daemon: version 1 devices 2 load 0.5\n")
        self.assertEqual(self.ok("dev dump vm1"), "one\n  two\n")
        self.assertEqual(self.ok("model"), "m:\n  a b 1\n    c\n      d 1 2\n  e\n    f 1\n"
                                           "  g 0-4095 7\n")

    def test_nothing_a_terminal_obeys_is_printed_as_text(self):
        self.server.answers = {"dev.show": {"dev": {"a\x1b[2J": {"socket": "/run/\x07\n\x7fé"}}}}
        self.assertEqual(self.ok("dev show"), "a?[2J: socket /run/???é\n")

    def test_json_of_a_show_that_failed_is_an_empty_section_as_with_iproute2(self):
        fails = error("none: there is no such device", -19)
        for words, section in (("mgmtdev show none", "mgmtdev"), ("dev show none", "dev"),
                               ("dev config show none", "config"),
                               ("dev vstats show none qidx 0", "vstats")):
            self.server.answers = {SECTIONS[section]: fails}
            self.refused("no such device", words)
            self.refused("no such device", "-j " + words, out=f'{{"{section}":{{}}}}\n')
            self.refused("no such device", "-jp " + words,
                         out=f'{{\n    "{section}": {{}}\n}}\n')

    def test_changes_say_nothing_but_json(self):
        self.server.answers = {"dev.add": {"dev": {"vm1": DEVICE}}, "dev.del": {}}
        self.assertEqual(self.ok("dev add name vm1 mgmtdev m"), "")
        self.assertEqual(json.loads(self.ok("-j dev add name vm1 mgmtdev m")),
                         {"dev": {"vm1": DEVICE}})
        self.assertEqual(self.ok("dev del vm1"), "")
        self.assertEqual(self.ok("-j dev del vm1"), "{}\n")

    def test_pretty_alone_is_text_as_with_iproute2(self):
        self.server.answers = {"dev.show": {"dev": {"vm1": DEVICE}}}
        self.assertEqual(self.ok("-p dev show"), self.ok("dev show"))

    def test_many_devices(self):
        self.server.answers = {"dev.show": {"dev": {f"vm{i}": DEVICE for i in range(3000)}}}
        self.assertEqual(len(json.loads(self.ok("-j dev show"))["dev"]), 3000)
        self.assertEqual(self.ok("dev show").count("type network"), 3000)


if __name__ == "__main__":
    main()
