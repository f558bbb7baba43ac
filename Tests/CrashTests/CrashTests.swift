// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Testing
import Threads

/// The real program, killed with SIGKILL; nothing that it told may be lost, nothing may happen twice.
@Suite(.offPool, .timeLimit(.minutes(30))) struct CrashTests {
    /// Cycles block, so they have threads of their own.
    private static let threads = BlockingThreads(named: "crash", count: 4)

    @Test func `a run survives death at every crash point, at its first passages and later ones`() async throws {
        let points = CrashPoint.allCases.filter { !CrashPoint.upkeep.contains($0) }
        var kills: [CrashPoint: Int] = [:]
        try await withThrowingTaskGroup(of: (CrashPoint, Int).self) { group in
            for point in points {
                group.addTask {
                    var kills = 0
                    // The fifth passage may be one that only an interrupted run has, so gaps are no end.
                    for hit in [1, 2, 3, 5, 8, 13, 21] {
                        let result = try await Self.threads.run {
                            CrashCycle.run(PointKills(point, hit: hit), resumesBeforeAnswer: true)
                        }
                        kills += result.kills
                        #expect(result.problems.isEmpty, "\(point.rawValue):\(hit), \(result.history)")
                        if result.kills == 0 { break }
                    }
                    return (point, kills)
                }
            }
            for try await (point, count) in group { kills[point] = count }
        }
        for point in points {
            #expect(kills[point, default: 0] > 0, "nothing in the workflow reaches \(point.rawValue)")
        }
    }

    /// `BATON_CRASH_RANDOM` sets the number of kills, `BATON_CRASH_SEED` repeats a failure.
    @Test func `a run survives death at any moment, several times in a row`() async throws {
        let wanted = Self.variable("BATON_CRASH_RANDOM").map { Int($0) } ?? 50
        let seed = Self.variable("BATON_CRASH_SEED") ?? UInt64.random(in: 0...9999)
        let clean = try await Self.threads.run { CrashCycle.run(NoKills()) }
        #expect(clean.problems.isEmpty, "without a kill: \(clean.history)")
        let measure = clean.measure
        try await withThrowingTaskGroup(of: Int.self) { group in
            var (kills, next) = (0, UInt64(0))
            while kills < wanted {
                for _ in 0..<8 {
                    let own = seed &+ next
                    next += 1
                    group.addTask {
                        let result = try await Self.threads.run {
                            CrashCycle.run(RandomKills(seed: own, measure), resumesBeforeAnswer: own % 2 == 0)
                        }
                        #expect(result.problems.isEmpty, "BATON_CRASH_SEED=\(own), \(result.history)")
                        return result.kills
                    }
                }
                while let count = try await group.next() { kills += count }
            }
        }
    }

    private static func variable(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
