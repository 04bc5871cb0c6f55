# SPDX-License-Identifier: BSD-3-Clause
"""file_test.py VDPACTL: commands that take or make files of JSON."""

import json
import os

from case import Case, main
from server import error

PARENT = {"supported_classes": ["net"], "max_supported_vqs": 9, "dev_features": [],
          "supported_features": [], "mandatory_features": [], "inherited_features": [],
          "modes": ["transitional", "modern", "legacy"], "endian": ["little"], "max_vqp": 4,
          "default_vqp": 1, "max_vq_size": 1024, "mac_table_size": 64, "rx_modes": [],
          "hash_types": "0x0", "attrs": ["mac", "mtu", "max_vqp", "mode"], "mtu": 9000,
          "numa_node": -1, "vqs_free": 100, "devices_free": 10, "vendor_id": 5555, "device_id": 1}


def parent(features, **more):
    return {**PARENT, "dev_features": features, "supported_features": features,
            "inherited_features": features, **more}


class File(Case):
    def file(self, name, content):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def bad_files(self, words, section):
        """words: a function of a path."""
        cases = [("/none/file", "/none/file: No such file"), (self.dir, "directory")]
        for content, pattern in (
                ("", "it is empty"), ("{", "line 1: not JSON"), ("{}\n{}", "line 2: not JSON"),
                ("\n\n{]", "line 3: not JSON"), ("[]", f'nothing in it is a "{section}"'),
                ("{}", "nothing in it is"), (f'{{"{section}": {{}}}}', "nothing in it is"),
                (f'{{"{section}": []}}', "nothing in it is"), ('{"a": 1, "a": 2}', "not JSON"),
                ("\x01\x02", "not JSON"), ("[" * 100000, "not JSON")):
            cases.append((self.file(f"bad{len(cases)}", content), pattern))
        for path, pattern in cases:
            with self.subTest(path=path, pattern=pattern):
                self.refused(pattern, words(path))
        self.refused("standard input: line 1: not JSON", words("-"), stdin="nothing\n")
        self.assertEqual(self.asked(), [])

    def test_add_takes_what_show_prints(self):
        devices = {"vm1": {"mgmtdev": "m", "mtu": 1500}, "vm2": {"mgmtdev": "m"}}
        self.server.answers = {"dev.show": {"dev": devices}}
        shown = self.ok("-j dev show")
        self.asked()
        self.assertEqual(self.ok("dev add -f -", stdin=shown), "")
        wanted = [("dev.add", {"dev": {name: device}}) for name, device in devices.items()]
        self.assertEqual(self.asked(), wanted)
        self.ok(["dev", "add", "-f", self.file("devices", shown)])
        self.assertEqual(self.asked(), wanted)

    def test_add_stops_at_the_first_error_and_tells_what_is_there(self):
        fails = error("device b: there is one of that name", -17)

        def answer(request):
            from server import result
            device = request["params"]["dev"]
            return fails(request) if "b" in device else result(request, {"dev": device})
        self.server.answers = {"dev.add": answer}
        document = json.dumps({"dev": {"a": {"x": 1}, "b": {}, "c": {}}})
        self.refused("device b: there is one", "dev add -f -", stdin=document)
        self.assertEqual([list(p["dev"]) for _, p in self.asked()], [["a"], ["b"]])
        self.refused("device b: there is one", "-j dev add -f -", stdin=document,
                     out='{"dev":{"a":{"x":1}}}\n')

    def test_add_bad_files(self):
        self.bad_files(lambda path: ["dev", "add", "-f", path], "dev")

    def test_state_is_saved_and_loaded_under_another_name(self):
        state = {"mac": "02:00:00:00:00:01", "vlans": [[0, 4095]]}
        self.server.answers = {"dev.state.save": {"state": {"vm1": state}}}
        saved = self.ok("dev state save vm1")
        self.assertEqual(json.loads(saved), {"state": {"vm1": state}})
        self.asked()
        self.assertEqual(self.ok("dev state load vm2 -", stdin=saved), "")
        self.assertEqual(self.ok(["-j", "dev", "state", "load", "vm2", self.file("saved", saved)]),
                         "{}\n")
        self.assertEqual(self.asked(), 2 * [("dev.state.load", {"name": "vm2", "state": state})])

    def test_state_load_bad_files(self):
        self.bad_files(lambda path: ["dev", "state", "load", "vm1", path], "state")
        self.refused("the states of 2 devices; one is wanted", "dev state load vm1 -",
                     stdin='{"state": {"a": {}, "b": {}}}')

    def test_p39_compat_says_what_is_in_the_way_and_exits_with_1(self):
        device = {"dev": {"vm1": {"mtu": 1500}}}
        path = self.file("vm1", device)
        good = {"compat": {"vm1": {"mgmtdev": "m1", "compatible": True, "reasons": []}}}
        bad = {"compat": {"vm1": {"mgmtdev": "m1", "compatible": False,
                                  "reasons": ["mtu 1500: m1 has 9000", "no RSS"]}}}
        self.server.answers = {"dev.compat": good}
        self.assertEqual(self.ok(["dev", "compat", path, "m1"]),
                         "vm1: mgmtdev m1 compatible true\n")
        self.assertEqual(json.loads(self.ok(["-j", "dev", "compat", path, "m1"])), good)
        self.ok(["dev", "compat", path, "m1", "allow", "mac_table"])
        asked = self.asked()
        self.assertEqual(asked[1], ("dev.compat", {"device": device, "mgmtdev": "m1"}))
        self.assertEqual(asked[2], ("dev.compat", {"device": device, "mgmtdev": "m1",
                                                   "allow": ["mac_table"]}))
        self.server.answers = {"dev.compat": bad}
        self.refused("cannot be made again on m1", ["dev", "compat", path, "m1"],
                     out="vm1: mgmtdev m1 compatible false\n  mtu 1500: m1 has 9000\n  no RSS\n")
        self.refused("cannot be made again on m1", ["-j", "dev", "compat", path, "m1"],
                     out=json.dumps(bad, separators=(",", ":")) + "\n")
        self.asked()
        self.refused("allow mac_table", ["dev", "compat", path, "m1", "mac_table"])
        self.refused("a value is wanted", ["dev", "compat", path, "m1", "allow"])
        self.bad_files(lambda path: ["dev", "compat", path, "m1"], "dev")

    def test_p14_baseline_needs_no_daemon(self):
        one = self.file("one", {"mgmtdev": {"mlx5_0": parent(["CSUM", "MTU", "MAC", "VERSION_1"])}})
        two = self.file("two", {"mgmtdev": {
            "mlx5_0": parent(["MTU", "MAC", "VERSION_1", "MQ", "CTRL_VQ"], max_vqp=2),
            "mlx5_1": parent(["MTU", "MAC", "VERSION_1"], max_vq_size=256)}})
        words = ["-s", "/none", "-j", "baseline", one, two]
        common = json.loads(self.ok(words))["mgmtdev"]["baseline"]
        self.assertEqual(common["supported_features"], ["MTU", "MAC", "VERSION_1"])
        self.assertEqual(common["dev_features"], ["MTU", "MAC", "VERSION_1"])
        self.assertEqual((common["max_vqp"], common["max_vq_size"]), (2, 256))
        # What comes out goes in.
        again = json.loads(self.ok("-j baseline -", stdin=self.ok(words)))["mgmtdev"]["baseline"]
        self.assertEqual(again, common)
        text = self.ok(["baseline", one])
        self.assertRegex(text, r"\Abaseline:\n  supported_classes net\n")
        self.assertEqual(self.asked(), [])

    def test_p6_baseline_takes_iproute2s_word(self):
        theirs = parent(["MAC", "VERSION_1"])
        del theirs["supported_features"]
        common = json.loads(self.ok("-j baseline -", stdin=json.dumps({"mgmtdev": {"a": theirs}})))
        self.assertEqual(common["mgmtdev"]["baseline"]["supported_features"], ["MAC", "VERSION_1"])

    def test_p27_features_beyond_64_bits_stay(self):
        more = parent(["MAC", "VERSION_1", "bit_77"])
        common = json.loads(self.ok("-j baseline -", stdin=json.dumps({"mgmtdev": {"a": more}})))
        self.assertIn("bit_77", common["mgmtdev"]["baseline"]["supported_features"])
        self.assertEqual(common["mgmtdev"]["baseline"]["supported_features_mask"],
                         hex(1 << 77 | 1 << 32 | 1 << 5))
        self.ok("dev add name a mgmtdev b device_features 0x20000000000000000020 bit_77 on")
        self.assertEqual(self.asked(), [("dev.add", {
            "name": "a", "mgmtdev": "b", "device_features": "0x20000000000000000020",
            "bit_77": "on"})])

    def test_baseline_bad_files(self):
        self.bad_files(lambda path: ["baseline", path], "mgmtdev")
        self.refused("supported_features|dev_features", "baseline -",
                     stdin='{"mgmtdev": {"a": {}}}')
        self.refused("is no name of a feature", "baseline -",
                     stdin=json.dumps({"mgmtdev": {"a": parent(["COLOUR"])}}))


if __name__ == "__main__":
    main()
