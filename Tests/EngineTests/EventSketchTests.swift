// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

@Suite struct EventSketchTests {
    @Test func `events are read without their graph, and nodes get numbers as they appear`() {
        var sketch = EventSketch()
        let started: JSONValue = [
            "seq": 7, "type": "task.started", "node": "b", "scope": 3,
            "data": ["attempt": 2, "fence": 9, "worker": "w"],
        ]
        let first = sketch.event(started)
        #expect(first?.task == TaskRef(scope: 3, node: 0))
        #expect(first?.body == .taskStarted(attempt: 2, fence: 9, worker: "w"))
        let completed: JSONValue = [
            "type": "task.completed", "node": "a", "actor": "user:ann",
            "data": ["output": ["blob": ["hash": "00", "size": 9]]],
        ]
        let second = sketch.event(completed)
        #expect(second?.task == TaskRef(node: 1) && second?.actor == "user:ann")
        let third = sketch.event(["type": "task.ready", "node": "b", "data": ["reason": "queued"]])
        #expect(third?.task == TaskRef(node: 0))
        #expect(sketch.names == ["b", "a"])
    }

    @Test func `what only the run can read, or a newer program wrote, is none`() {
        var sketch = EventSketch()
        for event: JSONValue in [
            ["type": "graph.patched", "data": ["patch_seq": 1]], ["type": "task.dreamt", "node": "a"],
            ["type": "task.started", "node": "a", "data": [:]], [:], .null,
        ] {
            let read = sketch.event(event)
            #expect(read == nil, "\(event.text)")
        }
    }
}
