# SPDX-License-Identifier: BSD-3-Clause
"""
rpc_schema.py SOCKET DOCUMENT GUEST LATE: calls every method of the daemon at SOCKET, well and badly, and
holds parameters, results and errors against DOCUMENT (OpenRPC). GUEST is a device with a guest that
runs; the device "late" has failed for what is at LATE, and "broken" for good. A method that has no call of either kind is an error, and so is an answer that would pass with
something in it that is not described.
"""
import copy
import errno
import json
import os
import socket
import sys

import jsonschema

OWN = {-32700, -32600, -32601, -32602, -32603}  # JSON-RPC's


class Rpc:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.file = self.socket.makefile('rw', encoding='utf-8')

    def line(self, text):
        self.file.write(text + '\n')
        self.file.flush()
        return json.loads(self.file.readline())


class Document:
    def __init__(self, path):
        with open(path, encoding='utf-8') as f:
            self.json = json.load(f)
        self.methods = {m['name']: m for m in self.json['methods']}
        self.error = self.validator({'$ref': '#/components/schemas/Error'})

    def validator(self, schema):
        whole = {'components': self.json['components'], 'allOf': [schema]}
        jsonschema.Draft202012Validator.check_schema(whole)
        return jsonschema.Draft202012Validator(whole)

    def params(self, method):
        m = self.methods[method]
        return self.validator({
            'type': 'object', 'additionalProperties': False,
            'properties': {p['name']: p['schema'] for p in m['params']},
            'required': [p['name'] for p in m['params'] if p['required']],
            'patternProperties': m.get('x-patternParams', {})})

    def result(self, method):
        return self.validator(self.methods[method]['result']['schema'])


def with_more(value):
    """The value, once for each object in it with a member more."""
    for where in paths(value):
        more = copy.deepcopy(value)
        at = more
        for step in where:
            at = at[step]
        at['undescribed'] = 1
        yield where, more


def paths(value, where=()):
    if isinstance(value, dict):
        yield where
        for key, item in value.items():
            yield from paths(item, where + (key,))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from paths(item, where + (i,))


class Test:
    def __init__(self, path, document, guest, late):
        self.rpc = Rpc(path)
        self.document = Document(document)
        self.guest = guest
        self.late = late
        self.good, self.bad = {}, {}
        self.faults = 0

    def fault(self, *what):
        print(*what)
        self.faults += 1

    def check(self, validator, value, *what):
        for e in validator.iter_errors(value):
            self.fault(*what, ':', '/'.join(map(str, e.absolute_path)), e.message[:300])

    def ask(self, method, params):
        request = {'jsonrpc': '2.0', 'id': 7, 'method': method}
        if params is not None:
            request['params'] = params
        return self.rpc.line(json.dumps(request))

    def works(self, method, params=None, strict=True):
        self.good[method] = self.good.get(method, 0) + 1
        self.check(self.document.params(method), params or {}, method, 'parameters')
        answer = self.ask(method, params)
        if 'result' not in answer:
            self.fault(method, params, answer)
            return None
        if sorted(answer) != ['id', 'jsonrpc', 'result'] or answer['id'] != 7:
            self.fault(method, 'answer', answer)
        validator = self.document.result(method)
        self.check(validator, answer['result'], method, 'result')
        if strict and len(json.dumps(answer)) < 20000:
            for where, more in with_more(answer['result']):
                if validator.is_valid(more):
                    self.fault(method, 'result: anything may be in', '/'.join(map(str, where)))
        return answer['result']

    def fails(self, name, method, params=None, own=None):
        """With errno NAME; own: JSON-RPC's own number, and then the parameters are not right."""
        self.bad[method] = self.bad.get(method, 0) + 1
        answer = self.ask(method, params)
        if 'error' not in answer:
            self.fault(method, params, 'is not refused')
            return
        error = answer['error']
        self.check(self.document.error, error, method, 'error')
        if error['data']['errno'] != name:
            self.fault(method, params, 'not', name, error)
        if error['code'] != (own or -getattr(errno, name)):
            self.fault(method, params, 'code', error)
        if own:
            if self.document.params(method).is_valid(params or {}):
                self.fault(method, params, 'is right by the description')
        elif error['code'] not in [e['code'] for e in self.document.methods[method]['errors']]:
            self.fault(method, params, 'error is not described:', error)

    def shows(self):
        guest = self.guest
        for show in 'dev.show', 'dev.config.show':
            self.works(show)
            self.works(show, {'name': guest})
            self.fails('ENODEV', show, {'name': 'none'})
            self.fails('EINVAL', show, {'name': 1}, own=-32602)
            self.fails('EINVAL', show, {'names': 'x'}, own=-32602)
        self.works('dev.dump', {'name': guest})
        self.fails('ENODEV', 'dev.dump', {'name': 'none'})
        self.fails('EINVAL', 'dev.dump', own=-32602)
        self.works('dev.vstats.show', {'name': guest})
        for qidx in 0, '1', 4:
            self.works('dev.vstats.show', {'name': guest, 'qidx': qidx})
        for qidx in 5, '-1', 'x':
            self.fails('EINVAL', 'dev.vstats.show', {'name': guest, 'qidx': qidx})
        self.fails('ENODEV', 'dev.vstats.show', {'name': 'none'})
        self.works('mgmtdev.show')
        self.works('mgmtdev.show', {'mgmtdev': 'mlx5_1'})
        self.fails('ENODEV', 'mgmtdev.show', {'mgmtdev': 'mlx5_9'})
        for show in 'daemon.show', 'monitor', 'rpc.discover':
            self.works(show, strict=show != 'rpc.discover')
            self.fails('EINVAL', show, {'name': guest}, own=-32602)
        models = self.works('model.show')
        self.works('model.show', {'model': sorted(models['model'])[0]})
        self.fails('ENOENT', 'model.show', {'model': 'none'})
        if self.ask('rpc.discover', None)['result'] != self.document.json:
            self.fault('rpc.discover is not the document')
        running = self.ask('dev.config.show', {'name': guest})['result']['config'][guest]
        if running['status'] != 'running' or 'negotiated_features' not in running:
            self.fault('no guest runs:', running)

    def changes(self):
        new = {'name': 'new', 'mgmtdev': 'mlx5_1', 'mtu': '1400', 'max_vqp': 2, 'csum': 'on',
               'mac': '02:00:00:00:00:21', 'trust': 'off'}
        self.works('dev.add', new)
        self.fails('EEXIST', 'dev.add', new)
        self.fails('EEXIST', 'dev.add', dict(new, name='other'))
        self.fails('ENODEV', 'dev.add', dict(new, name='other', mgmtdev='mlx5_9'))
        self.fails('EINVAL', 'dev.add', {'name': 'other'})
        self.fails('EINVAL', 'dev.add', {'name': 'a/b', 'mgmtdev': 'mlx5_1'})
        self.fails('EINVAL', 'dev.add', {'name': 'other', 'mgmtdev': 'mlx5_1', 'colour': 'red'})
        self.fails('EINVAL', 'dev.add', {'name': 'other', 'mgmtdev': 'mlx5_1', 'max_vqp': 0})
        self.fails('ERANGE', 'dev.add', {'name': 'other', 'mgmtdev': 'mlx5_1', 'mtu': 67})
        self.fails('EINVAL', 'dev.add', {'dev': ['new']}, own=-32602)
        shown = self.works('dev.show', {'name': 'new'})
        self.fails('EEXIST', 'dev.add', shown)
        self.works('dev.set', {'name': 'new', 'link': 'down'})
        self.works('dev.set', {'name': 'new', 'mac': '02:00:00:00:00:22'})
        self.works('dev.set', {'name': 'new', 'mtu': 1300})
        self.fails('ENODEV', 'dev.set', {'name': 'none', 'link': 'up'})
        self.fails('EINVAL', 'dev.set', {'name': 'new', 'link': 'sideways'})
        self.fails('EINVAL', 'dev.set', {'name': 'new', 'mac': 'x'})
        self.fails('EINVAL', 'dev.set', {'name': 'new', 'trust': 'on'}, own=-32602)
        shown = self.works('dev.show', {'name': 'new'})
        self.works('dev.del', {'name': 'new'})
        self.fails('ENODEV', 'dev.del', {'name': 'new'})
        self.fails('EINVAL', 'dev.del', {}, own=-32602)
        # What was shown makes the same device again.
        if self.works('dev.add', shown) != shown:
            self.fault('another device is made of', shown)
        self.works('dev.del', {'name': 'new'})
        self.fails('ENODEV', 'dev.retry', {'name': 'new'})
        self.fails('EEXIST', 'dev.retry', {'name': self.guest})
        self.fails('ENODEV', 'dev.retry', {'name': 'broken'})
        self.fails('ENODEV', 'dev.config.show', {'name': 'late'})
        self.fails('EADDRINUSE', 'dev.retry', {'name': 'late'})
        os.unlink(self.late)
        self.works('dev.retry', {'name': 'late'})
        self.works('dev.config.show', {'name': 'late'})

    def moves(self):
        guest = self.guest
        saved = self.works('dev.state.save', {'name': guest})
        state = saved['state'][guest]
        self.fails('EBUSY', 'dev.state.load', {'name': guest, 'state': state})
        self.fails('EINVAL', 'dev.state.load', {'name': guest, 'state': {}})
        self.fails('EINVAL', 'dev.state.load', {'name': guest, 'state': []}, own=-32602)
        shown = self.works('dev.show', {'name': guest})
        there = json.loads(json.dumps(shown).replace('"%s"' % guest, '"there"'))
        for key in 'mac', 'socket':
            there['dev']['there'].pop(key, None)
        there['dev']['there']['mgmtdev'] = 'mlx5_2'
        self.works('dev.add', there)
        self.fails('EAGAIN', 'dev.state.save', {'name': 'there'})
        self.fails('ENODEV', 'dev.state.save', {'name': 'none'})
        self.works('dev.state.load', {'name': 'there', 'state': state})
        self.works('dev.del', {'name': 'there'})
        for allow in {}, {'allow': ['mac_table']}:
            fits = self.works('dev.compat', dict(allow, device=shown, mgmtdev='mlx5_1'))
            if not fits['compat'][guest]['compatible']:
                self.fault('does not fit:', fits)
        self.fails('ENODEV', 'dev.compat', {'device': shown, 'mgmtdev': 'mlx5_9'})
        self.fails('EINVAL', 'dev.compat', {'device': {'dev': {'x': {}}}, 'mgmtdev': 'mlx5_1'})
        self.fails('EINVAL', 'dev.compat', {'device': shown}, own=-32602)
        parents = self.works('mgmtdev.show')
        self.works('baseline', {'mgmtdevs': [parents, parents]})
        self.fails('EINVAL', 'baseline', {'mgmtdevs': []})
        self.fails('EINVAL', 'baseline', {'mgmtdevs': [{}]})
        self.fails('EINVAL', 'baseline', own=-32602)

    def lines(self):
        for text, code in (('{', -32700), ('"x"', -32600), ('[]', -32600), ('{}', -32600),
                           ('{"jsonrpc":"2.0","id":1,"method":"none"}', -32601)):
            answer = self.rpc.line(text)
            self.check(self.document.error, answer['error'], text)
            if answer['error']['code'] != code:
                self.fault(text, answer)
        # A notification has no answer: the next line is that of the next request.
        self.rpc.file.write('{"jsonrpc":"2.0","method":"none"}\n')
        batch = self.rpc.line('[{"jsonrpc":"2.0","id":1,"method":"monitor"},{"jsonrpc":"2.0",'
                              '"method":"none"},{"jsonrpc":"2.0","id":2,"method":"none"}]')
        if [a['id'] for a in batch] != [1, 2] or 'error' not in batch[1]:
            self.fault('batch', batch)

    def run(self):
        self.shows()
        self.changes()
        self.moves()
        self.lines()
        for name in self.document.methods:
            if name not in self.good or name not in self.bad:
                self.fault(name, 'has no call', 'that works' if name not in self.good else
                           'that fails')
        print('  %d methods, %d calls that work, %d that fail, %d faults' %
              (len(self.document.methods), sum(self.good.values()), sum(self.bad.values()),
               self.faults))
        return 1 if self.faults else 0


sys.exit(Test(*sys.argv[1:5]).run())
