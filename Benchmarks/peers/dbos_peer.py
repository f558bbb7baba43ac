# Baton
# SPDX-License-Identifier: Apache-2.0
"""DBOS on SQLite, as installed or tuned: the file in WAL mode, queues polled every 10 ms.

Steps are Python functions of this process. DBOS writes the result of a step before the workflow goes on.
"""

import asyncio
import sqlite3
import time

from dbos import DBOS
from measure import Bench, arguments, pragmas

settings, folder, loads = arguments(("default", "tuned"))
database = folder + "/dbos.sqlite"
if settings == "tuned":
    # The mode stays in the file. How often commits are flushed (synchronous) is left alone.
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
DBOS(config={"name": "bench", "system_database_url": "sqlite:///" + database, "log_level": "ERROR"})
began = {}


@DBOS.step()
def nothing():
    pass


@DBOS.step()
async def nothing_async():
    pass


@DBOS.workflow()
def chain(count):
    for _ in range(count):
        nothing()


@DBOS.workflow()
async def fan(count):
    await asyncio.gather(*[nothing_async() for _ in range(count)])


@DBOS.workflow()
def queued():
    began[DBOS.workflow_id] = time.perf_counter()
    nothing()


def start():
    handle = queue.enqueue(queued)

    def wait():
        handle.get_result(polling_interval_sec=0.05)
        return began[handle.workflow_id]

    return wait


def how_it_writes():
    from dbos._dbos import _get_dbos_instance

    with _get_dbos_instance()._sys_db.engine.connect() as connection:
        return pragmas(lambda sql: connection.exec_driver_sql(sql).fetchone()[0])


DBOS.launch()
poll = 0.01 if settings == "tuned" else 1.0
queue = DBOS.register_queue("starts", polling_interval_sec=poll)
bench = Bench("dbos", "dbos", settings, f"each step written before the next ({how_it_writes()})", database)
chain(3)
asyncio.run(fan(3))
start()()
for load in loads:
    if load == "chain":
        bench.runs(load, lambda: chain(40), unit="steps", n=40, steps=40, count=8)
    elif load == "one":
        bench.runs(load, lambda: chain(3), unit="runs", n=1, steps=3, count=50)
    elif load == "many":
        bench.runs(load, lambda: chain(3), unit="runs", n=1, steps=3, count=192, in_flight=64)
    elif load == "fan200":
        bench.runs(load, lambda: asyncio.run(fan(200)), unit="items", n=200, steps=200, count=2)
    elif load == "starts":
        bench.starts(load, start, count=100, gap=50)
DBOS.destroy()
