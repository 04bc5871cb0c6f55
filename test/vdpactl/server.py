# SPDX-License-Identifier: BSD-3-Clause
"""A vdpad that says what a test wants: JSON-RPC 2.0, a line each way, on a Unix socket."""

import json
import os
import socket
import threading


class Server:
    """answers: method -> result, or an exception's worth: a function of the request that returns
    the line to send (bytes; None: close the connection)."""

    def __init__(self, path):
        self.path = path
        self.answers = {}
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.serve(connection)

    def serve(self, connection):
        try:
            for line in connection.makefile("rb"):
                request = json.loads(line)
                self.requests.append(request)
                answer = self.answers.get(request["method"], {})
                if callable(answer):
                    data = answer(request)
                    if data is None:
                        return
                else:
                    data = result(request, answer)
                connection.sendall(data)
        except OSError:
            pass  # who asked has gone

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        os.unlink(self.path)


def result(request, value):
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": value}).encode() + b"\n"


def error(message, code=-22):
    def answer(request):
        return json.dumps({"jsonrpc": "2.0", "id": request["id"],
                           "error": {"code": code, "message": message}}).encode() + b"\n"
    return answer
