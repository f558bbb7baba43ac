// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Providers
import Synchronization

/// Models that a provider has said it answers no calls for until some time. Of one process; forgotten when it ends.
final class LearnedPauses: Sendable {
    private let ends = Mutex<[String: Timestamp]>([:])

    /// Learns from the headers of an answer, also of a refusal.
    func learn(_ headers: [(name: String, value: String)], of model: String, at now: Timestamp) {
        guard let end = RateHeaders.pause(headers, at: now) else { return }
        ends.withLock { ends in
            // Answers overtake each other: the later end holds.
            ends = ends.filter { $0.value > now }
            ends[model] = max(end, ends[model] ?? end)
        }
    }

    /// How long a call has to wait; `nil` when it may be made.
    func wait(for model: String, at now: Timestamp) -> Duration? {
        guard let end = ends.withLock({ $0[model] }), end > now else { return nil }
        return end - now
    }
}

/// Keeping to what a provider's answers say about its own limits.
extension HTTPProvider {
    /// Refuses a call that the provider would refuse; nothing has left then.
    ///
    /// - Throws: `provider.limited`.
    func keepPause(of model: String) throws(ModelError) {
        guard let wait = pauses.wait(for: model, at: now()) else { return }
        throw ModelError(
            code: "provider.limited",
            errorClass: .upstream,
            message: "\(name): its last answer said that nothing more of \(model) is answered for now",
            retryAfter: wait
        )
    }
}
