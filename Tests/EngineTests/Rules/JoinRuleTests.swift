// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Joins, edges and what a failure does, case by case (spec 3.9).
@Suite struct JoinRuleTests {
    /// What becomes of an edge.
    private enum Edge: String, CaseIterable {
        case taken, dead, broken
    }

    private static let tool = "type: tool, config: {tool: noop}"

    private static func three(_ join: String) -> String {
        let sources = ["a", "b", "c"]
        return """
            workflow: w
            on_failure: continue
            nodes:
            \(sources.map { "  - {id: \($0), \(tool)}" }.joined(separator: "\n"))
              - {id: d, \(tool), join: \(join)}
            edges:
            \(sources.map { "  - {from: \($0), to: d, when: output.go}" }.joined(separator: "\n"))
            """
    }

    /// Why the target is skipped, with edges in the order in which they are resolved; `nil` when it runs.
    private static func skipped(_ join: String, _ edges: [Edge]) -> SkipReason? {
        let (taken, broken) = (edges.count { $0 == .taken }, edges.count { $0 == .broken })
        // A quorum is given up as soon as it cannot be reached.
        let isGivenUpEarly = join == "{quorum: 2}" && edges.prefix(2).allSatisfy { $0 != .taken }
        let seen = isGivenUpEarly ? edges.prefix(2).count { $0 == .broken } : broken
        let reason: SkipReason = seen > 0 ? .upstreamFailed : .upstreamSkipped
        return switch join {
        case "all": broken == 0 && taken > 0 ? nil : reason
        case "any": taken > 0 ? nil : reason
        case "{quorum: 2}": taken >= 2 ? nil : reason
        default: nil
        }
    }

    @Test func `spec 3.9: each join runs or is skipped as its row says, whatever the edges and their order`() throws {
        let sources = ["a", "b", "c"]
        let orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]]
        let pairs = Edge.allCases.flatMap { first in Edge.allCases.map { [first, $0] } }
        let results = pairs.flatMap { pair in Edge.allCases.map { pair + [$0] } }
        for join in ["all", "any", "{quorum: 2}", "done"] {
            let graph = try compile(Self.three(join))
            for (edges, order) in results.flatMap({ edges in orders.map { (edges, $0) } }) {
                let what = "\(join) of \(edges.map(\.rawValue)) in the order \(order)"
                var run = try RunDriver(graph: graph)
                for place in order {
                    switch edges[place] {
                    case .taken: try run.complete(sources[place], ["go": true])
                    case .dead: try run.complete(sources[place], ["go": false])
                    case .broken: try run.fail(sources[place])
                    }
                }
                let reason = Self.skipped(join, order.map { edges[$0] })
                #expect(run.status("d") == (reason == nil ? .running : .skipped), "\(what)")
                #expect(run.task("d").skipReason == reason, "\(what)")
                if reason == nil { try run.complete("d") }
                let starts = run.events.count { $0.body.type == .taskStarted && $0.task == run.ref("d") }
                #expect(starts == (reason == nil ? 1 : 0), "\(what)")
                // A failure is handled by a join that is no `all` and runs.
                let isHandled = reason == nil && join != "all"
                let fails = edges.contains(.broken) && !isHandled
                #expect(run.state.status == (fails ? .failed : .completed), "\(what)")
            }
        }
    }

    @Test func `spec 3.9: an edge is taken, dead or broken by how its source ended`() throws {
        let tool = Self.tool
        let cases: [(source: String, end: (inout RunDriver) throws -> Void, runs: Bool, reason: SkipReason?)] = [
            ("\(tool)", { try $0.complete("x") }, true, nil),
            ("\(tool), when: 'false'", { _ in }, true, nil),
            ("\(tool), continue_on_failure: true", { try $0.fail("x") }, true, nil),
            ("\(tool), on_exhausted: skip", { try $0.fail("x") }, true, nil),
            (
                "type: human, config: {message: m, deadline: 1h, on_expire: skip}", { try $0.advance(.seconds(3600)) },
                true, nil
            ),
            ("\(tool)", { try $0.fail("x") }, false, .upstreamFailed),
            ("\(tool), depends_on: [before]", { try $0.fail("before") }, false, .upstreamFailed),
            ("\(tool), depends_on: [way]", { _ in }, false, .upstreamSkipped),
        ]
        for (source, end, runs, reason) in cases {
            var run = try RunDriver(
                """
                workflow: w
                on_failure: continue
                nodes:
                  - {id: before, \(tool)}
                  - {id: choice, type: branch, config: {cases: [{name: x, when: "true"}], default: y}}
                  - {id: way, \(tool)}
                  - {id: x, \(source)}
                  - {id: target, \(tool), depends_on: [x]}
                edges: [{from: choice, to: way, case: y}]
                """
            )
            try end(&run)
            #expect((run.status("target") == .running) == runs, "\(source): \(run.statuses)")
            #expect(run.task("target").skipReason == reason, "\(source)")
        }
    }
}
