# Baton
# SPDX-License-Identifier: Apache-2.0
"""Runs EngineBenchmark and the programs of the peers in turns and prints one table with the ratios.

Each repetition of a peer has a process and a database of its own, warmed up, and one of Baton right before or after it
(in turns); a ratio is between these two. The order of the peers rotates from round to round.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from table import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENGINE = ROOT / "Benchmarks/.build/release/EngineBenchmark"
# The settings of each peer and the loads it can bear.
PEERS = {
    "dbos": (("default", "tuned"), ("chain", "one", "many", "fan200", "starts")),
    "langgraph": (("async", "sync", "exit"), ("chain", "one", "many", "fan1000")),
    "prefect": (("default", "tuned", "persist"), ("chain", "one", "many", "fan200")),
}
LOADS = ("chain", "one", "many", "fan200", "fan1000", "starts")
# Seconds for one repetition.
TIMEOUT = 900


def repetition(command, where):
    """Runs `command`, in which FOLDER is an empty folder in `where`; its lines of JSON, or a sentence why there are none."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-peers-", dir=where))
    data, errors = folder / "data", folder / "errors"
    data.mkdir()
    # Nothing of the caller's environment may change what a peer does.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "BENCH_DIR": str(data)}
    command = [str(data) if word == "FOLDER" else str(word) for word in command]
    try:
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True, start_new_session=True
            )
            try:
                output, _ = process.communicate(timeout=TIMEOUT)
            except BaseException as error:
                # With the server it may have started.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    return [], f"took more than {TIMEOUT} s"
                raise
        if process.returncode:
            said = errors.read_text(errors="replace").strip().splitlines() or ["no message"]
            return [], f"ended with {process.returncode}: {said[-1]}"
        return [json.loads(line) for line in output.splitlines() if line.startswith("{")], None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pair(peer, settings, loads, baton_first, where):
    """One repetition of Baton and one of a peer, as pairs of lines by load, or a sentence why there are none."""
    commands = [
        [ENGINE, 1, *loads, "--json"],
        [sys.executable, HERE / f"{peer}_peer.py", settings, "FOLDER", *loads],
    ]
    found = {}
    for index in (0, 1) if baton_first else (1, 0):
        lines, failure = repetition(commands[index], where)
        if failure:
            return {}, f"{('baton', peer)[index]} {failure}"
        found[index] = {line["load"]: line for line in lines}
    return {load: (found[0][load], found[1][load]) for load in loads}, None


def surroundings(where):
    """What the figures depend on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    git = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "time": time.strftime("%Y-%m-%d %H:%M %z"),
        "machine": f"{len(models)} x {models[0] if models else platform.machine()}, Linux {platform.release()}",
        "folder": where,
        "baton": git.stdout.strip() or "unknown",
        "python": f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        "load_before": os.getloadavg(),
    }


def main():
    parser = argparse.ArgumentParser(prog="make bench-peers ARGS=...", description="Baton beside its peers")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each peer with each of its settings")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=LOADS)
    parser.add_argument("--table", metavar="FILE", help="only print the table of an earlier run again")
    options = parser.parse_args()
    if options.table:
        print(report(json.loads(pathlib.Path(options.table).read_text())))
        return 0
    if options.rounds < 1:
        parser.error("--rounds is at least 1")

    if not ENGINE.exists():
        sys.exit(f"there is no {ENGINE.relative_to(ROOT)}; make bench-peers builds it")

    contests = []
    for peer in options.peers:
        settings, loads = PEERS[peer]
        try:
            importlib.metadata.version(peer)
        except importlib.metadata.PackageNotFoundError:
            print(f"skipped: peer {peer} not installed")
            continue
        loads = [load for load in loads if load in options.loads]
        contests += [(peer, setting, loads) for setting in settings if loads]
    if not contests:
        return 0

    where = os.environ.get("BENCH_DIR", "/var/tmp")
    results = surroundings(where) | {"rounds": 0, "pairs": [], "failures": []}
    file = ROOT / ".build/peers" / time.strftime("%Y%m%d-%H%M%S.json")
    for number in range(options.rounds):
        for place in range(len(contests)):
            peer, settings, loads = contests[(place + number) % len(contests)]
            print(f"round {number + 1}: {peer} {settings}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
            pairs, failure = pair(peer, settings, loads, (place + number) % 2 == 0, where)
            if failure:
                results["failures"].append(f"round {number + 1}, {peer} {settings}: {failure}")
                print(results["failures"][-1], file=sys.stderr, flush=True)
            results["pairs"] += pairs.values()
        # After each round, so that nothing is lost when the rest takes too long.
        results |= {"rounds": number + 1, "load_after": os.getloadavg()}
        file.write_text(json.dumps(results))
    print(report(results))
    print(f"\nprinted again by: make bench-peers ARGS='--table {file.relative_to(ROOT)}'")
    return 1 if results["failures"] else 0


if __name__ == "__main__":
    # So that what runs is ended and removed as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
