// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Store
import Testing

@testable import Engine

@Suite struct KeyedLimitsTests {
    private func task(_ number: Int) -> TaskKey { TaskKey(runKey: Int64(number), task: 0) }

    private func request(
        _ number: Int,
        fence: Int64 = 1,
        priority: Int = 500,
        tenant: String = "",
        _ demands: [KeyedLimits.Demand]
    ) -> KeyedLimits.Request {
        let flow = FairKey(tenant: tenant, project: "")
        let waiter = Waiter(task: task(number), priority: priority, flow: flow, since: 0)
        return KeyedLimits.Request(waiter: waiter, fence: fence, demands: demands)
    }

    private func demand(_ scope: LimitKey.Scope, _ name: String, _ maximum: Int) -> KeyedLimits.Demand {
        KeyedLimits.Demand(key: LimitKey(scope, name), maximum: maximum)
    }

    @Test func `a permit that becomes free goes to the waiter whose turn it is`() {
        var limits = KeyedLimits()
        let tool = demand(.tool, "t", 2)
        let answers = (0..<5).map { limits.acquire(request($0, [tool]), at: Int64($0)) }
        #expect(answers == [.granted, .granted] + [KeyedLimits.Answer](repeating: .waiting(tool.key), count: 3))
        let urgent = limits.acquire(request(5, priority: 5, [tool]), at: 5)
        #expect(urgent == .waiting(tool.key))
        #expect(limits.holders(of: tool.key).map(\.since) == [0, 1])
        #expect((2..<6).map { limits.position(of: task($0)) } == [1, 2, 3, 0])
        limits.release(task(0), fence: 2, at: 9)
        #expect(limits.takeGranted().isEmpty, "another attempt ended")
        for (ended, next) in [(0, 5), (1, 2), (5, 3), (3, 4)] {
            limits.release(task(ended), fence: 1, at: 9)
            #expect(limits.takeGranted() == [task(next)])
            #expect(limits.holds(task(next), fence: 1) && limits.waits(task(next)) == nil)
        }
        #expect(limits.waiting(for: tool.key) == 0)
        #expect(limits.holders(of: tool.key).map(\.task) == [task(2), task(4)])
        limits.release(task(2), at: 9)
        limits.release(task(2), at: 9)
        limits.release(task(4), at: 9)
        #expect(limits.permits.isEmpty && limits.claims.isEmpty && limits.maximum(of: tool.key) == nil)
    }

    @Test func `tenants share what all of them use`() {
        var limits = KeyedLimits()
        let agent = demand(.agent, "a", 1)
        _ = limits.acquire(request(0, tenant: "loud", [agent]), at: 0)
        for number in 1..<50 { _ = limits.acquire(request(number, tenant: "loud", [agent]), at: 0) }
        for number in 50..<53 { _ = limits.acquire(request(number, tenant: "quiet", [agent]), at: 0) }
        var order: [Int64] = []
        var current = task(0)
        for _ in 0..<7 {
            limits.release(current, at: 0)
            current = limits.takeGranted()[0]
            order.append(current.runKey)
        }
        #expect(order == [1, 50, 2, 51, 3, 52, 4])
    }

    @Test func `a task with several keys keeps the narrow ones while it waits, and nobody waits for ever`() {
        var limits = KeyedLimits()
        let (node, tool, queue) = (demand(.node, "n", 1), demand(.tool, "t", 2), demand(.queue, "q", 1))
        let first = limits.acquire(request(0, [queue, tool]), at: 0)
        let second = limits.acquire(request(1, [queue, node, tool, node]), at: 0)
        let third = limits.acquire(request(2, [node]), at: 0)
        let fourth = limits.acquire(request(3, [tool]), at: 0)
        let answers = [first, second, third, fourth]
        #expect(answers == [.granted, .waiting(queue.key), .waiting(node.key), .waiting(tool.key)])
        limits.release(task(0), at: 1)
        #expect(limits.takeGranted() == [task(3), task(1)])
        limits.release(task(1), at: 2)
        #expect(limits.takeGranted() == [task(2)])
        // One that gives up while it waits lets the next one in.
        var blocked = KeyedLimits()
        _ = blocked.acquire(request(0, [demand(.tool, "t", 2)]), at: 0)
        let exclusive = blocked.acquire(request(1, [demand(.tool, "t", 1)]), at: 0)
        let modest = blocked.acquire(request(2, [demand(.tool, "t", 2)]), at: 0)
        #expect([exclusive, modest] == [.waiting(tool.key), .waiting(tool.key)])
        blocked.release(task(1), at: 0)
        #expect(blocked.takeGranted() == [task(2)])
        // A better class is asked first, even when it comes last.
        let again = blocked.acquire(request(3, [demand(.tool, "t", 1)]), at: 0)
        let urgent = blocked.acquire(request(4, priority: 0, [demand(.tool, "t", 9)]), at: 0)
        #expect([again, urgent] == [.waiting(tool.key), .waiting(tool.key)])
        blocked.release(task(0), at: 0)
        #expect(blocked.takeGranted() == [task(4)])
    }

    @Test func `the smallest maximum that a holder declared counts`() {
        var limits = KeyedLimits()
        let (one, two) = (demand(.node, "k", 1), demand(.node, "k", 2))
        let answers = [
            limits.acquire(request(0, [one]), at: 0), limits.acquire(request(1, [two]), at: 0),
            limits.acquire(request(2, [two]), at: 0), limits.acquire(request(3, [one]), at: 0),
        ]
        #expect(answers == [.granted, .waiting(one.key), .waiting(one.key), .waiting(one.key)])
        #expect(limits.maximum(of: one.key) == 1)
        limits.release(task(0), at: 0)
        #expect(limits.takeGranted() == [task(1), task(2)])
        limits.release(task(1), at: 0)
        #expect(limits.takeGranted().isEmpty)
        limits.release(task(2), at: 0)
        #expect(limits.takeGranted() == [task(3)])
    }

    @Test func `a maximum changes while permits are held`() {
        var limits = KeyedLimits()
        let key = demand(.project, "p", 3)
        for number in 0..<6 { _ = limits.acquire(request(number, [key]), at: 0) }
        limits.setMaximum(5, of: key.key, at: 0)
        #expect(limits.takeGranted() == [task(3), task(4)])
        limits.setMaximum(1, of: key.key, at: 0)
        for number in 0..<4 {
            limits.release(task(number), at: 0)
            #expect(limits.takeGranted().isEmpty)
        }
        limits.release(task(4), at: 0)
        #expect(limits.takeGranted() == [task(5)])
        limits.setMaximum(0, of: key.key, at: 0)
        let stopped = limits.acquire(request(7, [demand(.project, "p", 0)]), at: 0)
        limits.release(task(5), at: 0)
        #expect(stopped == .waiting(key.key) && limits.takeGranted().isEmpty)
        limits.setMaximum(1, of: key.key, at: 0)
        #expect(limits.takeGranted() == [task(7)])
    }

    @Test func `an attempt may ask again, and the next attempt takes its place`() {
        var limits = KeyedLimits()
        let key = demand(.tool, "t", 1)
        let answers = [
            limits.acquire(request(0, [key]), at: 0), limits.acquire(request(0, [key]), at: 1),
            limits.acquire(request(1, [key]), at: 2), limits.acquire(request(1, [key]), at: 3),
        ]
        #expect(answers == [.granted, .granted, .waiting(key.key), .waiting(key.key)])
        // The end of attempt 1 of task 0 was never told.
        let next = limits.acquire(request(0, fence: 2, [key]), at: 4)
        #expect(next == .waiting(key.key) && limits.takeGranted() == [task(1)])
        limits.release(task(0), fence: 1, at: 5)
        #expect(limits.waits(task(0)) == key.key)
    }

    @Test func `what runs after a restart holds its permits, room or not`() {
        var limits = KeyedLimits()
        let key = demand(.tool, "t", 1)
        for number in 0..<2 { limits.restore(request(number, fence: 7, [key]), at: -5000 + Int64(number)) }
        limits.restore(request(1, fence: 7, [key]), at: -4999)
        let late = limits.acquire(request(2, [key]), at: 0)
        #expect(late == .waiting(key.key))
        #expect(
            limits.holders(of: key.key) == [
                .init(task: task(0), fence: 7, since: -5000), .init(task: task(1), fence: 7, since: -4999),
            ]
        )
        limits.release(task(0), fence: 7, at: 1)
        #expect(limits.takeGranted().isEmpty)
        limits.release(task(1), fence: 7, at: 1)
        #expect(limits.takeGranted() == [task(2)])
    }

    @Test func `a workflow says what a further run does when its key is full`() {
        let demand = demand(.run, "k", 2)
        func filled(_ policy: Graph.RunConcurrency.Full) -> (KeyedLimits, [KeyedLimits.RunAnswer]) {
            var limits = KeyedLimits()
            let answers = (1...4).map {
                limits.admit(run: $0, demand: demand, whenFull: policy, priority: 500, at: $0)
            }
            return (limits, answers)
        }
        var (limits, answers) = filled(.queue)
        #expect(answers == [.start, .start, .wait(cancelling: []), .wait(cancelling: [])])
        limits.release(KeyedLimits.task(ofRun: 2), at: 5)
        #expect(limits.takeGranted() == [KeyedLimits.task(ofRun: 3)])

        (limits, answers) = filled(.reject)
        #expect(answers == [.start, .start, .reject(holders: [1, 2]), .reject(holders: [1, 2])])
        #expect(limits.claims.count == 2)

        (limits, answers) = filled(.cancelNewest)
        #expect(answers == [.start, .start, .cancel(holders: [1, 2]), .cancel(holders: [1, 2])])
        #expect(limits.claims.count == 2)

        (limits, answers) = filled(.cancelOldest)
        #expect(answers == [.start, .start, .wait(cancelling: [1]), .wait(cancelling: [2])])
        // Two hold and are leaving, two wait; a fifth one sends the first of those away.
        let fifth = limits.admit(run: 5, demand: demand, whenFull: .cancelOldest, priority: 500, at: 5)
        #expect(fifth == .wait(cancelling: [3]))
        for run in [3, 1, 2] as [Int64] { limits.release(KeyedLimits.task(ofRun: run), at: 6) }
        #expect(limits.takeGranted() == [4, 5].map(KeyedLimits.task(ofRun:)))

        limits = KeyedLimits()
        limits.restore(run: 1, demand: demand, at: 0)
        limits.restore(run: 2, demand: demand, at: 0)
        let restarted = limits.admit(run: 3, demand: demand, whenFull: .reject, priority: 500, at: 9)
        #expect(restarted == .reject(holders: [1, 2]))
    }
}
