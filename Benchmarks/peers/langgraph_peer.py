# Baton
# SPDX-License-Identifier: Apache-2.0
"""LangGraph with its SQLite saver, in its three durability modes.

Nodes are Python functions of this process. `async`, the default, writes a checkpoint while the next step runs; `sync`
writes it before, and is the fastest that keeps Baton's promise; `exit` writes only at the end of a run, so that a crash
loses all of its steps. AsyncSqliteSaver was tried and is no faster.
"""

import itertools
from typing import TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from measure import Bench, arguments, pragmas

settings, folder, loads = arguments(("async", "sync", "exit"))
database = folder + "/langgraph.sqlite"
WRITES = {
    "async": "each step written while the next runs",
    "sync": "each step written before the next",
    "exit": "nothing written before the end of a run",
}


class State(TypedDict):
    value: int


def nothing(_):
    return {}


def chain(count):
    graph = StateGraph(State)
    for index in range(count):
        graph.add_node(f"n{index}", nothing)
        graph.add_edge(f"n{index - 1}" if index else START, f"n{index}")
    return graph


def fan(count):
    graph = StateGraph(State)
    for name in ("split", "item", "join"):
        graph.add_node(name, nothing)
    graph.add_edge(START, "split")
    graph.add_conditional_edges("split", lambda _: [Send("item", {"value": index}) for index in range(count)], ["item"])
    graph.add_edge("item", "join")
    return graph


threads = itertools.count()
with SqliteSaver.from_conn_string(database) as saver:
    saver.setup()
    forty, three, wide = (graph.compile(checkpointer=saver) for graph in (chain(40), chain(3), fan(1000)))

    def run(graph):
        config = {"configurable": {"thread_id": str(next(threads))}, "recursion_limit": 100}
        graph.invoke({"value": 1}, config, durability=settings)

    how = pragmas(lambda sql: saver.conn.execute(sql).fetchone()[0])
    bench = Bench("langgraph", "langgraph", settings, f"{WRITES[settings]} ({how})", database)
    run(three)
    run(forty)
    for load in loads:
        if load == "chain":
            bench.runs(load, lambda: run(forty), unit="steps", n=40, steps=40, count=10)
        elif load == "one":
            bench.runs(load, lambda: run(three), unit="runs", n=1, steps=3, count=100)
        elif load == "many":
            bench.runs(load, lambda: run(three), unit="runs", n=1, steps=3, count=256, in_flight=64)
        elif load == "fan1000":
            bench.runs(load, lambda: run(wide), unit="items", n=1000, steps=1002, count=2)
