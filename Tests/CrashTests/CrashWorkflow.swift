// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// A run in which everything happens that a process can die in: effects, large values, a retry, timers, joins, a
/// person.
enum CrashWorkflow {
    /// Each tool node has one effect, a line in `ledger`: few enough bytes to be written whole or not at all.
    static let text = #"""
        workflow: crash
        outputs:
          one: ${ nodes.one.output.stdout }
          sizes: "${ [size(vars.large.stdout), size(nodes.huge.output.stdout), size(nodes.copy.output.text)] }"
          flaky: ${ nodes.flaky.output.stdout }
          total: ${ nodes.sums.output.total }
          way: ${ nodes.way.output["case"] }
          never: ${ nodes.never.status }
          choice: ${ nodes.ask.output.choice }
          last: ${ nodes.last.output.stdout }
        nodes:
          - {id: one, type: shell.exec, config: {command: "echo $BATON_IDEMPOTENCY_KEY >> ledger; echo 1 # FOLDER"}}
          - id: large
            type: tool
            config:
              tool: shell.exec
              args: {command: "echo $BATON_IDEMPOTENCY_KEY >> ledger; head -c 8000 /dev/zero | tr '\\0' x # FOLDER"}
              store_as: large
          - id: huge
            type: shell.exec
            config: {command: "echo $BATON_IDEMPOTENCY_KEY >> ledger; head -c 200000 /dev/zero | tr '\\0' x # FOLDER"}
          - id: flaky
            type: shell.exec
            retry: {max_attempts: 2, delay: 60ms, jitter: 0}
            config:
              command: >-
                echo $BATON_IDEMPOTENCY_KEY >> ledger; if test -e tried; then echo ok; else : > tried; exit 75; fi # FOLDER
          - {id: copy, type: transform, depends_on: [large], config: {set: {text: "${ vars.large.stdout }"}}}
          - {id: pause, type: wait, depends_on: [one], config: {for: 50ms}}
          - {id: parts, type: transform, config: {expr: "[1, 2, 3, 4]"}}
          - {id: kept, type: filter, depends_on: [parts], config: {items: "${ nodes.parts.output }", where: item > 2}}
          - id: sums
            type: aggregate
            depends_on: [kept]
            config: {items: "${ nodes.kept.output }", ops: [{as: total, fn: sum, of: item}]}
          - id: way
            type: branch
            depends_on: [sums]
            config: {cases: [{name: many, when: nodes.sums.output.total > 5}], default: few}
          - {id: never, type: shell.exec, config: {command: "echo never >> ledger # FOLDER"}}
          - {id: first, type: join, depends_on: [one, huge], config: {mode: any}}
          - {id: all, type: join, depends_on: [pause, huge, copy, flaky, never, first], config: {mode: done}}
          - {id: ask, type: human, depends_on: [all], config: {kind: approval, title: Go, message: Go on?, deadline: 1h}}
          - {id: last, type: shell.exec, depends_on: [ask], config: {command: "echo $BATON_IDEMPOTENCY_KEY >> ledger; echo 2 # FOLDER"}}
          - {id: rest, type: wait, depends_on: [ask], config: {for: 50ms}}
        edges:
          - {from: way, to: never, case: few}
          - {from: way, to: all, case: many}
        """#

    /// What a run of it gives, however often it was interrupted.
    static let outputs: JSONValue = [
        "one": "1\n", "sizes": [8000, 200_000, 8000], "flaky": "ok\n", "total": 7, "way": "many", "never": "skipped",
        "choice": "approve", "last": "2\n",
    ]

    /// The nodes that have an effect.
    static let effects: Set<String> = ["one", "large", "huge", "flaky", "last"]
}
