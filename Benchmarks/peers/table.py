# Baton
# SPDX-License-Identifier: Apache-2.0
"""The table of `make bench-peers`."""

from statistics import median

TITLES = {
    "chain": "chain of 40 steps, one run at a time (steps/s)",
    "one": "3-step workflows, one at a time (workflows/s)",
    "many": "3-step workflows, many in flight (workflows/s)",
    "best": "3-step workflows, the better of both ways (workflows/s)",
    "fan200": "fan-out of 200 + join (items/s)",
    "fan1000": "fan-out of 1,000 + join (items/s)",
    "starts": "enqueued to first step, 20 a second (ms, p50)",
}
# How many times better Baton is to be.
GOALS = {
    ("chain", "dbos"): 9,
    ("chain", "langgraph"): 6,
    ("chain", "prefect"): 100,
    ("best", "dbos"): 100,
    ("best", "langgraph"): 50,
    ("fan1000", "langgraph"): 10,
    ("fan200", "prefect"): 100,
    ("starts", "dbos", "default"): 300,
    ("starts", "dbos", "tuned"): 4,
}
COLUMNS = ("who", "median (min–max)", "ms/step", "p50 / p99 ms", "CPU µs/step", "B/step", "kept/step", "Baton is")
WIDTHS = (24, 25, 8, 17, 11, 9, 9, 0)


def number(value, digits=3):
    """With `digits` significant digits and thousands."""
    if value >= 10 ** (digits - 1):
        return f"{round(value):,}"
    return f"{value:.{digits}g}" if value else "0"


def spread(values):
    return f"{number(median(values))} ({number(min(values))}–{number(max(values))})"


def score(line):
    """More is better."""
    return 1000 / line["p50_ms"] if line["unit"] == "starts" else line["per_second"]


def shown(line):
    return line["p50_ms"] if line["unit"] == "starts" else line["per_second"]


def with_best(pairs):
    """The pairs, and those of the better of one at a time and many in flight."""
    found, single = list(pairs), {}
    for baton, peer in pairs:
        key = peer["peer"], peer["settings"]
        if peer["load"] == "one":
            single[key] = baton, peer
        elif peer["load"] == "many" and key in single:
            best = [max(lines, key=score) | {"load": "best"} for lines in zip(single.pop(key), (baton, peer))]
            found.append(best)
    return found


def row(name, lines, last):
    steps = sum(line["steps"] for line in lines)

    def per_step(key, scale=1):
        return number(sum(line[key] for line in lines) / steps * scale)

    rated = lines[0]["ms_per_step"] is not None
    cells = (
        name,
        spread([shown(line) for line in lines]),
        number(median(line["ms_per_step"] for line in lines)) if rated else "",
        f"{number(median(line['p50_ms'] for line in lines))} / {number(median(line['p99_ms'] for line in lines))}",
        per_step("cpu_seconds", 1e6),
        per_step("written_bytes"),
        per_step("kept_bytes"),
        last,
    )
    return "  ".join(
        cell.ljust(width) if index in (0, len(cells) - 1) else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, WIDTHS))
    ).rstrip()


def verdict(load, peer, settings, pairs):
    ratios = [score(baton) / score(other) for baton, other in pairs]
    text = spread(ratios) + " x"
    goal = GOALS.get((load, peer, settings), GOALS.get((load, peer)))
    if goal is None or "nothing written" in pairs[0][1]["durability"]:
        return text
    return f"{text}, goal {goal}: {'reached' if median(ratios) >= goal else 'MISSED'}"


def section(load, pairs):
    chosen = [pair for pair in pairs if pair[1]["load"] == load]
    if not chosen:
        return []
    head = "  ".join(
        title.ljust(width) if index in (0, len(COLUMNS) - 1) else title.rjust(width)
        for index, (title, width) in enumerate(zip(COLUMNS, WIDTHS))
    )
    lines = ["", TITLES[load], head.rstrip(), row(name(chosen[0][0], True), [baton for baton, _ in chosen], "")]
    contests = dict.fromkeys((peer["peer"], peer["settings"]) for _, peer in chosen)
    for peer, settings in contests:
        mine = [pair for pair in chosen if (pair[1]["peer"], pair[1]["settings"]) == (peer, settings)]
        lines.append(row(name(mine[0][1], load == "many"), [p for _, p in mine], verdict(load, peer, settings, mine)))
    return lines


def name(line, with_flight):
    flight = f", {line['in_flight']}" if with_flight and line["load"] == "many" else ""
    return f"{line['peer']} {line['settings']}{flight}"


def report(results):
    """The whole text for what compare.py measured."""
    pairs = [tuple(pair) for pair in results["pairs"]]
    load = ["/".join(f"{value:.1f}" for value in results[key]) for key in ("load_before", "load_after")]
    lines = [
        f"{results['time']}, {results['machine']}, {results['folder']}, {results['python']}",
        f"load average {load[0]} before, {load[1]} after; {results['rounds']} rounds, each repetition warm, in a new database",
    ]
    if pairs:
        batons = [baton for baton, _ in pairs]
        lines += [
            f"bare SQLite commits (WAL, synchronous=FULL): {spread([baton['raw_per_second'] for baton in batons])}/s, "
            f"p50 {spread([baton['raw_p50_ms'] for baton in batons])} ms, "
            f"p99 {spread([baton['raw_p99_ms'] for baton in batons])} ms",
            "",
            f"baton {results['baton']}: {batons[0]['durability']}",
        ]
        lines += dict.fromkeys(f"{p['peer']} {p['version']} {p['settings']}: {p['durability']}" for _, p in pairs)
    pairs = with_best(pairs)
    for load in TITLES:
        lines += section(load, pairs)
    lines += [f"FAILED: {failure}" for failure in results["failures"]]
    return "\n".join(lines)
