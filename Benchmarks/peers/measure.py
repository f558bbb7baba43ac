# Baton
# SPDX-License-Identifier: Apache-2.0
"""What the programs of the peers share: each load becomes one line of JSON, with the words of EngineBenchmark --json.

Such a program is called with the settings, an empty folder and the ids of loads. One call is one repetition.
"""

import importlib.metadata
import json
import os
import resource
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def children():
    """Process ids of all descendants."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                parents.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(name))
        except OSError:
            pass  # It has ended.
    found, left = [], [os.getpid()]
    while left:
        more = parents.get(left.pop(), [])
        found += more
        left += more
    return found


def spent():
    """CPU seconds and bytes sent to the disk so far, of this process and its descendants."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    cpu, written = own.ru_utime + own.ru_stime, 0
    for process in [os.getpid(), *children()]:
        try:
            with open(f"/proc/{process}/io", encoding="utf-8") as file:
                written += sum(int(line.split()[1]) for line in file if line.startswith("write_bytes"))
            if process != os.getpid():
                with open(f"/proc/{process}/stat", encoding="utf-8") as file:
                    times = file.read().rpartition(")")[2].split()[11:13]
                cpu += sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
        except OSError:
            pass
    return cpu, written


def kept(path):
    """Bytes of the pages in use of a SQLite database, those in its write-ahead log included."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
    try:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    finally:
        connection.close()


def pragmas(execute):
    """How a connection writes, asked of that very connection."""
    journal, synchronous = execute("PRAGMA journal_mode"), execute("PRAGMA synchronous")
    return f"journal_mode={str(journal).upper()}, synchronous={('OFF', 'NORMAL', 'FULL', 'EXTRA')[synchronous]}"


class Bench:
    """Prints what the loads of one repetition took."""

    def __init__(self, peer, package, settings, durability, database):
        self.database = database
        self.head = {
            "peer": peer,
            "version": importlib.metadata.version(package),
            "settings": settings,
            "durability": durability,
        }

    def runs(self, load, run, *, unit, n, steps, count, in_flight=1):
        """Calls `run` `count` times, `in_flight` at a time; each does `n` units of work in `steps` durable steps."""

        def one(_):
            begin = time.perf_counter()
            run()
            return (time.perf_counter() - begin) * 1000

        def work():
            if in_flight == 1:
                return [one(index) for index in range(count)]
            with ThreadPoolExecutor(in_flight) as pool:
                return list(pool.map(one, range(count)))

        self._measure(load, work, unit=unit, n=n, runs=count, steps=steps * count, in_flight=in_flight)

    def starts(self, load, start, *, count, gap):
        """Calls `start` `count` times, `gap` milliseconds apart on average whatever becomes of the one before.

        The gaps vary from 0 to twice the average, in the same order as in EngineBenchmark. `start` gives a function
        that waits and gives the time.perf_counter() of the first step.
        """

        def work():
            pending, due = [], time.perf_counter()
            for index in range(count):
                due += 2 * gap / 1000 * (index * 0.618034 % 1)
                time.sleep(max(0, due - time.perf_counter()))
                begin = time.perf_counter()
                pending.append((begin, start()))
            return [(began() - begin) * 1000 for begin, began in pending]

        self._measure(load, work, unit="starts", n=1, runs=count, steps=count, in_flight=None)

    def _measure(self, load, work, *, unit, n, runs, steps, in_flight):
        size, (cpu, written), begin = kept(self.database), spent(), time.perf_counter()
        latencies = work()
        seconds = time.perf_counter() - begin
        cpu_after, written_after = spent()
        rated = unit != "starts"
        line = self.head | {
            "load": load,
            "unit": unit,
            "n": n,
            "runs": runs,
            "steps": steps,
            "in_flight": in_flight,
            "seconds": seconds,
            "per_second": n * runs / seconds if rated else None,
            "ms_per_step": seconds / steps * 1000 if rated else None,
            "p50_ms": percentile(latencies, 0.5),
            "p99_ms": percentile(latencies, 0.99),
            "cpu_seconds": cpu_after - cpu,
            "written_bytes": written_after - written,
            "kept_bytes": kept(self.database) - size,
        }
        print(json.dumps(line), flush=True)


def arguments(settings):
    """The settings, the folder and the loads of the command line."""
    if len(sys.argv) < 4 or sys.argv[1] not in settings:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(settings)} FOLDER LOAD ...")
    return sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
