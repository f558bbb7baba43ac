// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Retention
import Store
import Testing

@Suite struct PolicyTests {
    @Test func `the age of its end decides what becomes of a run, unless something keeps it`() {
        let now = Timestamp(milliseconds: 400 * Shelf.day)
        typealias Keepers = Set<RetentionPolicy.Keeper>
        let cases: [(status: RunStatus, age: Int64?, keepers: Keepers, verdict: RetentionPolicy.Verdict)] = [
            (.running, nil, [], .keep), (.waiting, 300, [], .keep), (.completed, nil, [], .keep),
            (.completed, 0, [], .keep), (.completed, 6, [], .keep), (.failed, 7, [], .pack),
            (.cancelled, 89, [], .pack),
            (.completed, 90, [], .delete), (.completed, 300, [], .delete), (.completed, 300, [.hold], .pack),
            (.completed, 90, [.pin], .pack), (.completed, 90, [.request], .pack), (.completed, 6, [.hold], .keep),
        ]
        for (status, age, keepers, verdict) in cases {
            var run = Shelf.row(1, status)
            run.endedAt = age.map { Timestamp(milliseconds: now.milliseconds - $0 * Shelf.day) }
            let found = RetentionPolicy().verdict(on: run, keptBy: keepers, at: now)
            #expect(found == verdict, "\(status), \(age ?? -1) days, \(keepers)")
        }
        var short = RetentionPolicy()
        short.endedRuns = .seconds(60)
        var run = Shelf.row(1, .completed)
        run.endedAt = Timestamp(milliseconds: now.milliseconds - 60_000)
        #expect(short.verdict(on: run, keptBy: [], at: now) == .delete)
        #expect(short.verdict(on: run, keptBy: [.hold], at: now) == .pack, "it is not packed later than it would go")
    }

    @Test func `an open run is packed up to its snapshot, and only when that is worth it`() {
        let policy = RetentionPolicy()
        let cases: [(snapshot: Int64, packed: Int64, old: Int64, end: Int64?)] = [
            (5000, 0, 5000, 5000), (5000, 0, 3000, 3000), (5000, 4000, 5000, 5000), (5000, 4001, 5000, nil),
            (999, 0, 999, nil), (5000, 2500, 3000, nil), (0, 0, 0, nil),
        ]
        for (snapshot, packed, old, end) in cases {
            let found = policy.packable(snapshot: snapshot, packed: packed, old: old)
            #expect(found == end, "\(snapshot), \(packed), \(old)")
        }
    }
}
