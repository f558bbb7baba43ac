# Baton
# SPDX-License-Identifier: Apache-2.0
"""What checks of the program by real clients have in common."""

import json
import subprocess
import sys
import traceback

failures = 0


def check(test, area=""):
    """Runs a check and says what came of it."""
    global failures
    name = area + test.__name__.replace("_", " ")
    try:
        test()
        print("ok    " + name, flush=True)
    except Exception:
        failures += 1
        print("FAIL  " + name, flush=True)
        traceback.print_exc()


def raises(kind, body):
    try:
        body()
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")


def serve(baton, **options):
    """Starts a server on a free port; it and its address."""
    command = [baton, "server", "--port", "0", "-o", "json", "-q"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    line = b""
    while not line.strip().endswith(b"}"):
        piece = server.stdout.readline()
        if not piece:
            sys.exit("the server did not start")
        line += piece
    return server, json.loads(line)["url"]


def finish():
    sys.exit(1 if failures else 0)
