// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@Suite struct RetryPolicyTests {
    /// Waits in milliseconds after attempt 1, 2, …, to the first that is not followed by another one.
    private func waits(_ policy: RetryPolicy, _ errorClass: ErrorClass, unit: Double = 0) -> [Int64] {
        let error = TaskError(code: "x", errorClass: errorClass, message: "x")
        var result: [Int64] = []
        while let wait = policy.wait(afterAttempt: result.count + 1, error: error, unit: unit) {
            result.append(wait.milliseconds)
        }
        return result
    }

    @Test func `without a policy the class of the error decides`() {
        let policy = RetryPolicy()
        #expect(waits(policy, .transient) == [1000, 2000, 4000])
        #expect(waits(policy, .upstream) == [5000, 10_000, 20_000, 40_000, 80_000])
        #expect(waits(policy, .permanent).isEmpty)
        #expect(waits(policy, .fatal).isEmpty)
    }

    @Test func `a policy replaces only the values it names`() {
        let cases: [(policy: RetryPolicy, errorClass: ErrorClass, waits: [Int64])] = [
            (RetryPolicy(maxAttempts: 1), .transient, []),
            (RetryPolicy(maxAttempts: 3), .transient, [1000, 2000]),
            (RetryPolicy(maxAttempts: 8), .transient, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]),
            (RetryPolicy(delay: .milliseconds(200)), .transient, [200, 400, 800]),
            (RetryPolicy(delay: .zero), .transient, [0, 0, 0]),
            (RetryPolicy(multiplier: 1), .transient, [1000, 1000, 1000]),
            (RetryPolicy(multiplier: 10), .transient, [1000, 10_000, 30_000]),
            (RetryPolicy(maxDelay: .milliseconds(1500)), .transient, [1000, 1500, 1500]),
            (RetryPolicy(maxDelay: .milliseconds(10)), .transient, [10, 10, 10]),
            (RetryPolicy(maxDelay: .seconds(12)), .upstream, [5000, 10_000, 12_000, 12_000, 12_000]),
        ]
        for (policy, errorClass, expected) in cases { #expect(waits(policy, errorClass) == expected, "\(policy)") }
    }

    @Test func `classes are what is tried again, but never what is fatal`() {
        let policy = RetryPolicy(maxAttempts: 2, classes: [.permanent, .fatal])
        #expect(waits(policy, .transient).isEmpty)
        #expect(waits(policy, .permanent) == [1000])
        #expect(waits(policy, .fatal).isEmpty)
        #expect(waits(RetryPolicy(classes: []), .transient).isEmpty)
        #expect(waits(RetryPolicy(maxAttempts: 5), .permanent).isEmpty, "more attempts alone change no class")
    }

    @Test func `jitter adds a part of the wait`() {
        #expect(waits(RetryPolicy(), .transient, unit: 0.5) == [1050, 2100, 4200])
        #expect(waits(RetryPolicy(jitter: 0), .transient, unit: 0.9) == [1000, 2000, 4000])
        #expect(waits(RetryPolicy(jitter: 1), .transient, unit: 0.999) == [1999, 3998, 7996])
        #expect(waits(RetryPolicy(maxDelay: .seconds(1), jitter: 1), .transient, unit: 0.5) == [1500, 1500, 1500])
    }

    @Test func `what the other side asks for wins over the computed wait`() {
        let error = TaskError(code: "x", errorClass: .upstream, message: "x", retryAfter: .seconds(77))
        let policy = RetryPolicy(maxDelay: .seconds(1))
        #expect(policy.wait(afterAttempt: 1, error: error, unit: 0.5) == .seconds(77))
        #expect(policy.wait(afterAttempt: 6, error: error, unit: 0.5) == nil, "but attempts are counted")
    }
}
