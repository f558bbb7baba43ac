// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct RollbackCommandTests {
    /// Two files are written and blanked again on request; `last` decides how it ends.
    private static func workflow(_ policy: String, _ last: String) -> String {
        func file(_ id: String) -> String {
            let undo = "compensate: {tool: fs.write, args: {path: '${ output.path }', content: gone}}"
            return "{id: \(id), type: fs.write, phase: \(id), config: {path: \(id).txt, content: here}, \(undo)}"
        }
        return """
            workflow: files
            on_failure: \(policy)
            nodes:
              - \(file("a"))
              - \(file("b"))
              - {id: mail, type: fs.write, config: {path: m, content: sent}, reversible: false}
              - {id: last, \(last)}
            edges: [{from: a, to: b}, {from: b, to: mail}, {from: mail, to: last}]
            """
    }

    private func content(_ program: Program, _ file: String) throws -> String {
        try program.shell("cat data/workspaces/*/\(file)").output
    }

    @Test func `a failed run is undone, and says so everywhere`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.workflow("compensate", "type: fs.read, config: {path: missing}"))
        let run = try program.baton("run flow.yaml")
        #expect(run.exit == 1, "\(run.output)\(run.errors)")
        #expect(run.output.contains("compensated") && run.errors.contains("task.compensated a undone"))
        #expect(run.errors.contains("task.completed compensate:b"), "\(run.errors)")
        #expect(try content(program, "a.txt") == "gone" && content(program, "b.txt") == "gone")
        let got = try program.baton("run get last -o json").json
        #expect(got["status"] == "compensated" && got["outcome"] == "failed")
        let report = try program.baton("run rollback last --report")
        #expect(report.exit == 0 && report.output.contains("  `b` was undone\n  `a` was undone\n"))
        #expect(report.output.hasSuffix("left in place, because nothing undoes them: mail\n"), "\(report.output)")
        #expect(try program.baton("run rollback last").exit == 4)
        #expect(try program.baton("run logs last --node compensate:a").exit == 0)
        let events = try program.baton("run events last -o jsonl").lines.compactMap { $0["type"]?.stringValue }
        #expect(events.contains("compensation.recorded") && events.last == "run.compensated")
        #expect(try program.baton("run list -o json").json.arrayValue?.first?["outcome"] == "failed")
    }

    @Test func `a completed run is undone on request, from a phase on`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.workflow("drain", "type: fs.read, config: {path: a.txt}"))
        #expect(try program.baton("run flow.yaml").exit == 0)
        #expect(try program.baton("run rollback last --to nowhere").exit == 2)
        #expect(try program.baton("run rollback last --to a --report").exit == 2)
        let rolled = try program.baton("run rollback last --to a")
        #expect(rolled.exit == 0, "\(rolled.output)\(rolled.errors)")
        #expect(try content(program, "a.txt") == "here" && content(program, "b.txt") == "gone")
        let report = try program.baton("run rollback last --report -o json").json
        #expect(report["items"]?.arrayValue?.map { $0["status"] } == ["completed", "pending"])
        #expect(report["left_in_place"] == ["mail"])
    }

    @Test func `a person decides about what cannot be undone`() throws {
        let program = try Program()
        let broken = Self.workflow("compensate", "type: fs.read, config: {path: missing}")
            .replacing("args: {path: '${ output.path }'", with: "args: {path: '/${ output.path }'")
        try program.write("flow.yaml", broken)
        let run = try program.baton("run flow.yaml")
        #expect(run.exit == 8 && run.output.contains("compensating"), "\(run.output)\(run.errors)")
        #expect(run.output.contains("`b` could not be undone") && run.output.contains("--choice stop"))
        let skipped = try program.baton("inbox answer last --choice skip")
        #expect(skipped.exit == 8 && skipped.output.contains("`a` could not be undone"), "\(skipped.errors)")
        let stopped = try program.baton("inbox answer last --choice stop")
        #expect(stopped.exit == 1 && stopped.output.contains("compensation_failed"), "\(stopped.errors)")
        let report = try program.baton("run rollback last --report -o json").json
        #expect(report["items"]?.arrayValue?.map { $0["status"] } == ["skipped", "failed"])
    }

    @Test func `a run that waits is cancelled and undone`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.workflow("drain", "type: human, config: {message: Go?}"))
        #expect(try program.baton("run flow.yaml").exit == 8)
        let cancelled = try program.baton("run cancel last --compensate --reason \"not now\"")
        #expect(cancelled.exit == 0, "\(cancelled.output)\(cancelled.errors)")
        #expect(try content(program, "a.txt") == "gone")
        #expect(try program.baton("run get last -o json").json["outcome"] == "cancelled")
        #expect(try program.baton("run cancel last").exit == 4)
        #expect(try program.baton("run rollback nobody").exit == 3)
    }
}
