# SPDX-License-Identifier: BSD-3-Clause
"""
pyverbs_run.py TESTS LIST DEVICE CASE: run rdma-core's own tests, as LIST says.

TESTS is the directory with rdma-core's tests. LIST has lines "[CASE] | out PATTERN | REASON"; PATTERN
is module.Class.test, * matches anything. The first pattern that matches a test decides:

    [case]            the tests below belong to this case
    run PATTERN       must pass
    skip PATTERN REASON  is run, and skips itself for that REASON (its words must be in the list)
    out PATTERN REASON   is not run

CASE names the tests to run, "all-listed" checks that every test is in LIST and nothing else is.
Prints one line a test; exit status 1 if anything was not as the list has it.
"""
import fnmatch
import importlib.machinery
import os
import sys
import unittest


class Entry:
    def __init__(self, case, verdict, pattern, reason):
        self.case, self.verdict, self.pattern, self.reason = case, verdict, pattern, reason
        self.used = False


def read_list(path):
    entries, case = [], None
    for number, line in enumerate(open(path), 1):
        line = line.split('#')[0].strip()
        if not line:
            continue
        if line.startswith('['):
            case = line.strip('[]')
            continue
        words = line.split(None, 2) + ['']
        if words[0] not in ('run', 'skip', 'out') or len(words) < 3:
            sys.exit('%s:%d: not "run|skip|out PATTERN [REASON]": %s' % (path, number, line))
        if (words[0] == 'run') == bool(words[2]):
            sys.exit('%s:%d: run has no reason, skip and out have one' % (path, number))
        entries.append(Entry(case, *words[:3]))
    return entries


def all_tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from all_tests(test)
        else:
            yield test


def name_of(test):
    return test.id().split('.', 1)[1]  # without "tests."


class Result(unittest.TestResult):
    """What came of each test, by name. A failing subtest makes its test fail."""

    def __init__(self):
        super().__init__()
        self.outcome, self.text = {}, {}

    def note(self, test, outcome, text=''):
        if self.outcome.get(name_of(test)) not in ('failed', 'error'):
            self.outcome[name_of(test)] = outcome
            self.text[name_of(test)] = text

    def addSuccess(self, test):
        self.note(test, 'passed')

    def addSkip(self, test, reason):
        self.note(test, 'skipped', reason)

    def addFailure(self, test, err):
        self.note(test, 'failed', self._exc_info_to_string(err, test))

    def addError(self, test, err):
        self.note(test, 'error', self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err:
            self.note(test, 'failed', self._exc_info_to_string(err, test))


def find(entries, name):
    for entry in entries:
        if fnmatch.fnmatchcase(name, entry.pattern):
            entry.used = True
            return entry
    return None


def judge(entry, outcome, text):
    """Why this is not as listed, or nothing."""
    if entry.verdict == 'run' and outcome != 'passed':
        return outcome + ' ' + text.strip()
    if entry.verdict == 'skip' and outcome == 'skipped' and entry.reason not in text:
        return 'skipped for another reason: ' + text
    if entry.verdict == 'skip' and outcome != 'skipped':
        return outcome + ', listed as skipping itself ' + text.strip()
    return ''


def main():
    directory, path, device, case = sys.argv[1:]
    entries = read_list(path)
    sys.argv = ['run_tests', '--dev', device]
    sys.path.insert(0, directory)
    sys.dont_write_bytecode = True
    from args_parser import parser
    parser.parse_args()
    tests = importlib.machinery.SourceFileLoader(
        'tests', os.path.join(directory, '__init__.py')).load_module()
    loader = unittest.TestLoader()
    every = sorted(all_tests(loader.loadTestsFromModule(tests)), key=name_of)
    listed = [(test, find(entries, name_of(test))) for test in every]
    bad = 0
    if case == 'all-listed':
        for test, entry in listed:
            if not entry:
                print('NOT LISTED', name_of(test))
                bad += 1
        for entry in entries:
            if not entry.used:
                print('LISTED, NOT THERE', entry.pattern)
                bad += 1
        count = {v: sum(1 for _, e in listed if e and e.verdict == v)
                 for v in ('run', 'skip', 'out')}
        print('%d tests: %d run, %d skip themselves, %d out' %
              (len(every), count['run'], count['skip'], count['out']))
        sys.exit(1 if bad else 0)
    passed = 0
    for test, entry in listed:
        if not entry or entry.case != case or entry.verdict == 'out':
            continue
        result = Result()
        print('...', name_of(test), flush=True)
        test.run(result)
        outcome = result.outcome.get(name_of(test), 'error')
        why = judge(entry, outcome, result.text.get(name_of(test), ''))
        print('NOT AS LISTED' if why else outcome, name_of(test), why, flush=True)
        bad += bool(why)
        passed += outcome == 'passed'
    print('%d passed, %d not as listed' % (passed, bad))
    # Objects that tests have forgotten are closed in no order that makes sense at exit.
    sys.stdout.flush()
    sys.exit(1 if bad or not passed else 0)


main()
