// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Synchronization
import Testing

@testable import Server

/// Settings and numbers of the server.
@Suite(.timeLimit(.minutes(5)))
struct AdministrationRouteTests {
    @Test func whatMayChangeWhileItWorksDoesAndTheRestNeedsARestart() async throws {
        var settings = APISettings()
        let level = Mutex<JSONValue>("info")
        settings.shown = {
            func row(_ key: String, _ value: JSONValue) -> JSONValue {
                ["key": .string(key), "value": value, "default": value, "from": "default"]
            }
            return [row("telemetry.log", level.withLock { $0 }), row("server.port", 7420)]
        }
        settings.changeable = [
            "telemetry.log": { (value) throws(Problem) in
                guard value == "debug" else { throw Problem(422, "validation.failed", "no level") }
                level.withLock { $0 = value }
                return value
            }
        ]
        let world = try World(settings)
        let (root, alice, _) = try await world.people()
        let path = "/v1/settings"
        #expect(try await world.send("PATCH", path, ["telemetry.log": "debug"], as: alice).status == 403)
        for (body, text) in [
            (["server.port": 1], "restart"), (["other": 1], "is no setting"), (["telemetry.log": "loud"], "no level"),
            (["telemetry.log": "debug", "server.port": 1], "restart"), ([:], "no setting"),
        ] as [(JSONValue, String)] {
            let reply = try await world.send("PATCH", path, body, as: root)
            #expect(
                reply.status == 422 && reply.json["detail"]?.stringValue?.contains(text) == true,
                "\(reply.json.text)"
            )
        }
        #expect(try await world.send("GET", path, as: root).json["items"]?[0]?["value"] == "info")
        let changed = try await world.send("PATCH", path, ["telemetry.log": "debug"], as: root)
        #expect(changed.json["items"]?[0]?["value"] == "debug")
        #expect(try await world.send("GET", path, as: root).json == changed.json)
        let audit = try await world.send("GET", "/v1/admin/audit?action=settings.change", as: root)
        #expect(audit.json["items"]?[0]?["object"] == "setting:telemetry.log", "\(audit.json.text)")
        await world.stop()
    }

    @Test func numbersTellWhatThereIsToDo() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        _ = try await world.publish(asking, as: alice)
        _ = try await world.send("POST", "/v1/workflows/ask/runs", [:], as: alice)
        _ = try await world.send("POST", "/v1/workers", [:], as: alice)
        #expect(try await world.send("GET", "/v1/admin/stats", as: alice).status == 403)
        while true {
            let stats = try await world.send("GET", "/v1/admin/stats", as: root)
            #expect(stats.status == 200, "\(stats.json.text)")
            guard stats.json["open_runs"] == ["waiting": 1], stats.json["human_tasks"] == 1 else {
                await Task.yield()
                continue
            }
            #expect(stats.json["workers"] == ["ready": 1] && stats.json["dead_letters"] == 0, "\(stats.json.text)")
            break
        }
        await world.stop()
    }
}
