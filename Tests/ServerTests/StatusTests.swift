// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Model
import Testing

@testable import Server

/// Snapshots of how things are, for those who watch.
@Suite(.timeLimit(.minutes(5)))
struct StatusTests {
    @Test func aSocketThatAsksForThemGetsSnapshotsOfWhatItSees() async throws {
        let world = try World()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(asking, as: alice)
        _ = try await world.send("POST", "/v1/workflows/ask/runs", [:], as: alice)
        while try await world.send("GET", "/v1/human-tasks", as: alice).json["items"] == [] { await Task.yield() }
        for (person, waiting) in [(alice, 1), (bob, 0)] {
            for types in [#"["status.snapshot"]"#, #"["*"]"#] {
                let socket = try await world.socket(as: person)
                socket.send(.text(#"{"subscribe": {"types": \#(types)}}"#))
                var snapshots: [JSONValue] = []
                while snapshots.count < 2 {
                    guard case .text(let text) = try await socket.receive() else { break }
                    let event = try JSONValue(parsing: text)["event"]
                    if let event, event["type"] == "status.snapshot" { snapshots.append(event) }
                }
                for event in snapshots {
                    #expect(event["seq"] == nil && event["at"] != nil && event["tenant"] == "default")
                    #expect(event["data"]?["runs"]?["waiting"] == .int(Int64(waiting)), "\(event.text)")
                    #expect(event["data"]?["human_tasks"] == .int(Int64(waiting)) && event["data"]?["health"] == "ok")
                }
                #expect(snapshots.count == 2 && snapshots.first?["at"] != snapshots.last?["at"])
                socket.close()
            }
        }
        await world.stop()
    }

    @Test func oneSnapshotIsMadeForAllWhoSeeTheSame() async throws {
        let world = try World()
        let root = try await world.login("root")
        _ = try await world.publish(adding, as: root)
        let board = StatusBoard(world.service) { _ in .seconds(3) }
        let view = StatusBoard.View(visibility: .everything(of: "default"))
        // The same moment stands in all that were made in the same two seconds.
        var times: Set<String> = []
        for _ in 1...50 { times.insert(try await board.snapshot(of: view)["at"]?.stringValue ?? "") }
        #expect(times.count == 1, "\(times)")
        let filters: [([String], Bool)] = [
            ([], false), (["run.*"], false), (["status.snapshot"], true), (["run.*", "status.*"], true), (["*"], true),
        ]
        for (types, wants) in filters {
            var filter = EventFilter(visibility: .everything(of: "default"))
            filter.types = types
            #expect(filter.wantsStatus == wants, "\(types)")
        }
        await world.stop()
    }

    @Test func aStreamHasThemBesideItsEventsAndWithoutNumbers() async throws {
        let world = try World()
        let root = try await world.login("root")
        _ = try await world.publish(adding, as: root)
        let stream = await world.follow("/v1/events?types=*", as: root)
        _ = try await world.send("POST", "/v1/workflows/add/runs", as: root, headers: ["prefer": "wait=60"])
        var text = ""
        for try await bytes in stream.body {
            text += String(decoding: bytes, as: UTF8.self)
            if text.contains("run.completed"), text.contains("status.snapshot") { break }
        }
        let parts = text.split(separator: "\n\n").filter { $0.contains("status.snapshot") }
        #expect(
            !parts.isEmpty && parts.allSatisfy { !$0.contains("id:") && $0.hasPrefix("event: status.snapshot\n") },
            "\(text)"
        )
        await world.stop()
    }
}
