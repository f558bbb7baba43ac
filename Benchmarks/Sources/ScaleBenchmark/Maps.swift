// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Measuring
import Model

func relaxedChain(_ folder: String) async throws -> String {
    let load = try Load(folder, slots: 64, durability: .relaxed)
    let work = Task { await load.engine.run() }
    let graph = try chain(40)
    _ = await load.measure(graph, steps: 40, count: 10, inFlight: 1)
    var times: [Double] = []
    for _ in 0..<5 {
        times.append(1000 / (await load.measure(graph, steps: 40, count: 50, inFlight: 1).stepsPerSecond))
    }
    await load.engine.stop(grace: .zero)
    await work.value
    return "\(text(times.median, 3)) ms a step (\(text(times.min() ?? 0, 3))–\(text(times.max() ?? 0, 3)))"
}

/// A map whose items come from a blob of JSON lines, each item one step that does nothing.
func map(_ folder: String, _ count: Int) async throws -> String {
    let load = try Load(folder, slots: 2000)
    let work = Task { await load.engine.run() }
    let run = try await load.engine.start(try mapRequest(count, load, then: ""))
    let begin = seconds()
    let row = try await load.engine.wait(for: run.id)
    let span = seconds() - begin
    guard row.status == .completed else { return "\(row.status): \(row.error ?? "")" }
    await load.engine.stop(grace: .zero)
    await work.value
    return "\(text(Double(count) / span, 0)) items/s, \(text(memory("VmHWM"), 0)) MiB at most"
}

func mapRequest(_ count: Int, _ load: Load, then rest: String) throws -> StartRequest {
    let graph = try compile(
        """
        workflow: map
        inputs: {file: {type: object}}
        limits: {max_events: 10000000}
        nodes:
          - id: all
            type: map
            timeout: 24h
            config:
              items: ${ inputs.file }
              max_parallel: 1000
              body: {nodes: [{id: one, type: tool, config: {tool: noop}}]}
        \(rest)
        """
    )
    var lines: [UInt8] = []
    for index in 0..<count { lines += Array("\(index)\n".utf8) }
    let blob = try load.blobs.put(lines)
    let file: JSONValue = ["blob": ["hash": .string(blob.hash), "size": .int(Int64(blob.size))]]
    return StartRequest(graph: graph, source: [], inputs: ["file": file], actor: "benchmark")
}
