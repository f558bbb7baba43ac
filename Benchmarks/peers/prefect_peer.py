# Baton
# SPDX-License-Identifier: Apache-2.0
"""Prefect with the server it starts by itself, on SQLite.

Tasks are Python functions of this process, states go to the server over HTTP and WebSocket. `default` is as installed;
`tuned` sends no logs to the server and has all services off that are not needed; `persist` is `tuned` and keeps the
results of tasks, without which a flow cannot go on after a crash.
"""

import os

from measure import Bench, arguments

settings, folder, loads = arguments(("default", "tuned", "persist"))
os.environ |= {"PREFECT_HOME": folder, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
# By default it gives up on its own server after 20 s, of which a busy machine needs more.
os.environ |= {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300"}
if settings != "default":
    os.environ |= {"PREFECT_LOGGING_LEVEL": "ERROR", "PREFECT_LOGGING_TO_API_ENABLED": "false"}
    idle = "SCHEDULER LATE_RUNS CANCELLATION_CLEANUP PAUSE_EXPIRATIONS FOREMAN REPOSSESSOR TRIGGERS EVENT_LOGGER"
    os.environ |= {f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in idle.split()}
# Prefect reads its settings when it is imported.
from prefect import flow, task  # noqa: E402

persist = settings == "persist"


@task(persist_result=persist)
def nothing(_):
    """The argument keeps a task from being taken for the one before it."""


@flow
def chain(count):
    for index in range(count):
        nothing(index)


@flow
def fan(count):
    nothing.map(range(count)).wait()


results = "results kept in files, not flushed" if persist else "results not kept"
states = "states sent while the next step runs (journal_mode=WAL, synchronous=NORMAL)"
chain(1)
bench = Bench("prefect", "prefect", settings, f"{states}, {results}", folder + "/prefect.db")
chain(3)
fan(3)
for load in loads:
    if load == "chain":
        bench.runs(load, lambda: chain(40), unit="steps", n=40, steps=40, count=2)
    elif load == "one":
        bench.runs(load, lambda: chain(3), unit="runs", n=1, steps=3, count=4)
    elif load == "many":
        # With 32 its server answers 503.
        bench.runs(load, lambda: chain(3), unit="runs", n=1, steps=3, count=16, in_flight=8)
    elif load == "fan200":
        bench.runs(load, lambda: fan(200), unit="items", n=200, steps=200, count=1)
