// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// Reads `retry` (spec 3.8).
enum RetryReader {
    /// The classes that can be retried; `fatal` never is.
    private enum Retried: String, CaseIterable {
        case transient, upstream, permanent
    }

    /// The policy under the key `retry`, if it is there.
    static func read(_ outer: inout MappingReader) -> RetryPolicy? {
        guard let value = outer.take("retry"), var reader = MappingReader(value, "`retry`", into: outer.sink) else {
            return nil
        }
        var policy = RetryPolicy()
        policy.maxAttempts = reader.integer("max_attempts", in: 1...100)
        policy.delay = reader.duration(
            "delay",
            in: .zero...Span.day / 24,
            aliases: [("backoff_ms", .milliseconds(1))]
        )
        policy.multiplier = reader.take("multiplier", alias: "backoff_multiplier").flatMap {
            reader.number($0, "multiplier", in: 1...10)
        }
        policy.maxDelay = reader.duration("max_delay", in: .zero...Span.day)
        policy.jitter = reader.number("jitter", in: 0...1)
        policy.classes = reader.list("on")?.compactMap { item in
            reader.choice(item, "on", Retried.self).flatMap { ErrorClass(rawValue: $0.rawValue) }
        }
        policy.maxElapsed = reader.duration("max_elapsed", in: .zero...Span.year)
        reader.finish()
        return policy
    }
}

extension RetryPolicy {
    /// This policy with what it leaves open taken from another.
    func filled(from other: RetryPolicy) -> RetryPolicy {
        RetryPolicy(
            maxAttempts: maxAttempts ?? other.maxAttempts,
            delay: delay ?? other.delay,
            multiplier: multiplier ?? other.multiplier,
            maxDelay: maxDelay ?? other.maxDelay,
            jitter: jitter ?? other.jitter,
            classes: classes ?? other.classes,
            maxElapsed: maxElapsed ?? other.maxElapsed
        )
    }
}
