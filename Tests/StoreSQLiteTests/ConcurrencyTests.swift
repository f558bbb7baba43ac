// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Synchronization
import Testing

@testable import StoreSQLite

@Suite struct ConcurrencyTests {
    @Test func `readers see whole commits only, everything acknowledged, and never go back`() throws {
        var options = SQLiteRunStore.Options()
        (options.durability, options.checkpointPages) = (.relaxed, 60)
        try withStore(options) { store, path in
            let acknowledged = Atomic<Int64>(0)
            let isOver = Atomic<Bool>(false)
            let failures = Mutex<[String]>([])
            let reads = Atomic<Int>(0)
            // The last number after each commit.
            let ends = (1...150).map { count in
                Int64((0..<count).flatMap { Commit.step($0).records }.map(\.count).reduce(0, +))
            }
            let threads = (0..<3).map { number in
                Thread {
                    do {
                        // One of them as another process would.
                        let reader = number == 0 ? try SQLiteRunStore.openForReading(path) : store
                        var before: Int64 = 0
                        while !isOver.load(ordering: .acquiring) {
                            let least = acknowledged.load(ordering: .acquiring)
                            let last = try reader.lastSequence()
                            if last < max(least, before) || last > 0 && !ends.contains(last) {
                                failures.withLock { $0.append("\(last) after \(least) and \(before)") }
                            }
                            before = last
                            reads.add(1, ordering: .relaxed)
                        }
                        if number == 0 { reader.close() }
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
            for number in 0..<150 {
                _ = try store.commit(.step(number))
                acknowledged.store(ends[number], ordering: .releasing)
                if number % 20 == 0 { store.maintain() }
            }
            isOver.store(true, ordering: .releasing)
            threads.forEach { $0.join() }
            #expect(failures.withLock { Array($0.prefix(3)) } == [])
            #expect(reads.load(ordering: .relaxed) > 10)
            #expect(try holds(store, steps: 150))
        }
    }
}
