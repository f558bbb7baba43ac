// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Rates
import Threads

/// Lets calls pass as often, and as many at a time, as their profiles say; those that are too early wait for their turn.
public actor ProfileGate {
    private var buckets = RateBuckets()
    private var running: [String: Int] = [:]
    private var waiting: [String: [(number: Int, turn: CheckedContinuation<Bool, Never>)]] = [:]
    private var last = 0

    /// Nothing has passed.
    public init() {}

    /// Waits until the call may begin; ``leave(_:)`` has to follow when this does not throw.
    ///
    /// - Throws: `cancelled`.
    func enter(_ profiles: [ToolProfile], _ cancellation: CancellationSignal) async throws(TaskError) {
        for profile in profiles {
            guard let limit = profile.callsPerMinute else { continue }
            let start = buckets.reserve(profile.name, Rate(units: limit, period: .seconds(60)), at: now)
            try await Self.sleep(for: .milliseconds(start - now), cancellation)
        }
        // Always in the order of names, so that two calls cannot wait for each other.
        var taken: [ToolProfile] = []
        for profile in profiles.sorted(by: { $0.name < $1.name }) {
            guard let limit = profile.concurrentCalls else { continue }
            if running[profile.name, default: 0] < limit {
                running[profile.name, default: 0] += 1
            } else if await !turn(profile.name, cancellation) {
                leave(taken)
                throw .cancelled
            }
            taken.append(profile)
        }
    }

    /// Waits until somebody leaves and hands the place on; false when the call was cancelled first.
    private func turn(_ name: String, _ cancellation: CancellationSignal) async -> Bool {
        last += 1
        let number = last
        let registration = cancellation.onCancel { Task { await self.giveUp(number, name) } }
        defer { registration.remove() }
        return await withCheckedContinuation { waiting[name, default: []].append((number, $0)) }
    }

    private func giveUp(_ number: Int, _ name: String) {
        guard let position = waiting[name]?.firstIndex(where: { $0.number == number }) else { return }
        waiting[name]?.remove(at: position).turn.resume(returning: false)
    }

    /// The call is over.
    func leave(_ profiles: [ToolProfile]) {
        for profile in profiles where profile.concurrentCalls != nil {
            if waiting[profile.name]?.isEmpty == false {
                waiting[profile.name]?.removeFirst().turn.resume(returning: true)
            } else {
                running[profile.name, default: 1] -= 1
            }
        }
    }

    private var now: Int64 { ContinuousClock.now.sinceStart }

    private static func sleep(for span: Duration, _ cancellation: CancellationSignal) async throws(TaskError) {
        guard span > .zero else { return }
        // The minute has no room for the call before.
        let nap = Task { try await Task.sleep(for: span) }
        let registration = cancellation.onCancel { nap.cancel() }
        defer { registration.remove() }
        _ = await nap.result
        if cancellation.isCancelled { throw .cancelled }
    }
}

extension ContinuousClock.Instant {
    private static let start = ContinuousClock.now

    /// Milliseconds.
    fileprivate var sinceStart: Int64 { (self - Self.start).milliseconds }
}
