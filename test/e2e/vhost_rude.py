#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
A front-end that keeps its back-end waiting, and stays:

  vhost_rude.py half SOCKET      says that a message comes, and sends nothing of it
  vhost_rude.py unread SOCKET    asks and asks, and reads no answer
"""
import socket
import struct
import sys
import time

GET_FEATURES, SET_FEATURES, VERSION = 1, 2, 1
ANSWERS = 340  # more than wait in a socket


def main(how, path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    if how == 'half':
        s.sendall(struct.pack('<III', SET_FEATURES, VERSION, 8))
        print('waited for', flush=True)
    s.settimeout(60)
    try:
        n = 0
        while how == 'unread':
            s.sendall(struct.pack('<III', GET_FEATURES, VERSION, 0))
            n += 1
            if n == ANSWERS:
                print('waited for', flush=True)
    except OSError:
        pass  # it has had enough of us
    time.sleep(1000)


main(*sys.argv[1:])
