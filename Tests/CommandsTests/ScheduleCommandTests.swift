// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct ScheduleCommandTests {
    private func program() throws -> Program {
        let program = try Program()
        try program.write(
            "report.yaml",
            """
            workflow: report
            inputs: {limit: {type: integer, default: 5}}
            outputs: {twice: "${ nodes.a.output }"}
            nodes: [{id: a, type: transform, config: {expr: inputs.limit * 2}}]
            """
        )
        #expect(try program.baton("workflow publish report.yaml -q").exit == 0)
        return program
    }

    @Test func `a schedule is made, looked at, paused, triggered and deleted`() throws {
        let program = try program()
        #expect(try program.baton("schedule list").errors.contains("no schedules"))
        let made = try program.baton(
            "schedule create nightly report@main --cron '0 2 * * *' --zone Europe/Berlin --overlap buffer_one"
                + " --catch-up 2h --jitter 30s -i limit=7 -o json"
        )
        #expect(made.exit == 0, "\(made.errors)")
        #expect(made.json["overlap"] == "buffer_one" && made.json["catch_up"] == "2h" && made.json["jitter"] == "30s")
        #expect(made.json["inputs"] == ["limit": 7] && made.json["creator"] == "user:ann")
        #expect(try program.baton("schedule create nightly report --every 10m").exit == 4)
        #expect(try program.baton("schedule list").output.contains("0 2 * * * (Europe/Berlin)"))

        let paused = try program.baton("schedule pause nightly --note 'until we have moved' -o json").json
        #expect(paused["status"] == "paused" && paused["next_fire_at"] == nil)
        #expect(try program.baton("schedule pause nightly").exit == 4)
        let triggered = try program.baton("schedule trigger nightly -o json")
        #expect(triggered.json["status"] == "started", "\(triggered.errors)")
        let run = try program.baton("run get \(triggered.json["run"]?.stringValue ?? "") -o json").json
        #expect(run["status"] == "completed" && run["outputs"] == ["twice": 14])
        #expect(try program.baton("schedule resume nightly").output == "nightly is active\n")
        let month = "schedule backfill nightly --from 2026-01-01T00:00:00Z --to"
        #expect(try program.baton("\(month) 2025-01-01T00:00:00Z").exit == 2)
        let backfill = try program.baton("\(month) 2026-01-03T23:00:00Z")
        #expect(backfill.exit == 0 && backfill.errors.contains("was started for 2026-01-01 01:00:00"))

        let shown = try program.baton("schedule show nightly")
        #expect(shown.output.contains("schedule.fired") && shown.output.contains("until we have moved") == false)
        let id = made.json["id"]?.stringValue ?? ""
        let details = try program.baton("schedule show \(id) -o json").json
        #expect(details["started"] == 4 && details["fired"]?[0]?["origin"] == "backfill")
        #expect(details["fired"]?[0]?["firing"] == "2026-01-03T01:00:00.000Z")
        #expect(try program.baton("schedule delete nightly").exit == 0)
        let gone = try program.baton("schedule show nightly")
        #expect(gone.exit == 3 && gone.errors.contains("there is no schedule `nightly`"))
        #expect(try program.baton("run list -o json").json.arrayValue?.count == 4)
    }

    @Test func `the coming firings are shown, over the changes of the clock`() throws {
        let program = try Program()
        let next = try program.baton("schedule next --cron '30 2 * * *' --zone Europe/Berlin --count 400 -o json")
        let times = next.json.arrayValue?.compactMap(\.stringValue) ?? []
        #expect(times.count == 400 && Set(times).count == 400)
        #expect(Set(times.map { $0.suffix(13) }) == ["00:30:00.000Z", "01:30:00.000Z", "01:00:00.000Z"])
        #expect(try program.baton("schedule next --every 10m").output.split(separator: "\n").count == 6)
        #expect(try program.shell("ls data").exit != 0, "that makes no data folder")
    }

    @Test func `what is wrong is said and nothing is made`() throws {
        let program = try program()
        let wrong: [(words: String, exit: Int32, says: String)] = [
            ("create a report", 2, "either --cron or --every"),
            ("create a report --cron '* * * * *' --every 1m", 2, "either --cron or --every"),
            ("create a report --cron '0 25 * * *'", 2, "hour"),
            ("create a report --cron '0 2 * *'", 2, "five fields"),
            ("create a report --cron @daily --zone Mars/Base", 2, "Mars/Base"),
            ("create a report --every 1ms", 2, "@every"),
            ("create a report --every 1m --zone UTC", 2, "--zone"),
            ("create 9a report --every 1m", 2, "no name of a schedule"),
            ("create a none --every 1m", 3, "none"),
            ("create a report.yaml --every 1m", 2, "workflow publish"),
            ("create a report --every 1m -i limit=x", 2, "limit"),
            ("create a report --every 1m --jitter 2d", 2, "jitter"),
            ("create a report --every 1m --catch-up soon", 2, "--catch-up"),
            ("create a report --every 1m --overlap none", 2, "--overlap"),
            ("next", 2, "either --cron or --every"),
            ("next none", 3, "there is no schedule `none`"),
            ("next none --every 1m", 2, "has its times already"),
            ("trigger none", 3, "there is no schedule"),
            ("backfill none --from yesterday", 2, "--from"),
        ]
        for (words, exit, says) in wrong {
            let result = try program.baton("schedule \(words)")
            #expect(result.exit == exit && result.errors.contains(says), "\(words): \(result.exit) \(result.errors)")
        }
        #expect(try program.baton("schedule list -o json").json == [])
    }

    @Test func `schedules fire while they are driven, and go on after that where they were`() throws {
        let program = try program()
        #expect(try program.baton("schedule create tick report --every 1s --overlap allow_all -q").exit == 0)
        let result = try program.shell(
            """
            "$BATON" schedule run & driver=$!
            until "$BATON" schedule show tick -o json | grep -q '"started": [2-9]'; do sleep 0.1; done
            "$BATON" schedule pause tick; echo "paused $?"
            kill -INT $driver; wait $driver; echo "driver $?"
            "$BATON" schedule run -o jsonl -q > lines & driver=$!
            until grep -q run.completed lines; do sleep 0.1; done
            kill -TERM $driver; wait $driver; echo "driver $?"
            """
        )
        #expect(result.output.contains("paused 5") && result.errors.contains("store.unavailable"))
        #expect(result.output.split(separator: "\n").count { $0 == "driver 0" } == 2, "\(result.errors)")
        #expect(result.errors.contains("schedule.fired tick run_") && result.errors.contains("run.completed"))
        #expect(result.errors.contains("1 schedules, 0 open runs"))
        #expect(result.errors.contains("stopped; runs that ended: "))
        let lines = try program.shell("cat lines").lines
        #expect(lines.contains { $0["type"] == "schedule.fired" && $0["schedule"] == "tick" })
        let details = try program.baton("schedule show tick -o json").json
        let runs = try program.baton("run list --limit 1000 -o json").json.arrayValue ?? []
        #expect(details["started"]?.intValue == Int64(runs.count) && runs.allSatisfy { $0["status"] == "completed" })
    }
}
