#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
One JSON-RPC request to a daemon: vdpad_rpc.py SOCKET METHOD [PARAMETERS]. Prints the result as a
line of JSON, or on stderr the error, with status 1; 2: there is no answer. With - for METHOD, lines
of standard input are sent as they are and each is answered by a line.
"""
import json
import socket
import sys


def main():
    path, method = sys.argv[1:3]
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(path)
        f = s.makefile('rw', encoding='utf-8', errors='surrogateescape')
        if method == '-':
            sys.stdin.reconfigure(errors='surrogateescape')
            for line in sys.stdin:
                f.write(line)
                f.flush()
                print(f.readline(), end='')
            return 0
        request = {'jsonrpc': '2.0', 'id': 1, 'method': method}
        if len(sys.argv) > 3:
            request['params'] = json.loads(sys.argv[3])
        f.write(json.dumps(request) + '\n')
        f.flush()
        line = f.readline()
    if not line:
        print('no answer', file=sys.stderr)
        return 2
    answer = json.loads(line)
    if 'error' in answer:
        print(json.dumps(answer['error']), file=sys.stderr)
        return 1
    print(json.dumps(answer['result']))
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except OSError as e:
        print('%s: %s' % (sys.argv[1], e), file=sys.stderr)
        sys.exit(2)
