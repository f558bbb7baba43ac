// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Providers

@Suite struct RateHeadersTests {
    private static let now = Timestamp(rfc3339: "2026-03-01T12:00:00Z") ?? Timestamp(milliseconds: 0)

    private func pause(_ fields: [String: String]) -> Duration? {
        RateHeaders.pause(fields.map { ($0.key, $0.value) }, at: Self.now).map { $0 - Self.now }
    }

    @Test(arguments: [
        ("6m0s", 360_000), ("20ms", 20), ("1s", 1000), ("1h2m3.5s", 3_723_500), ("7.66s", 7660), ("0s", 0),
        ("1d", 86_400_000), ("2d", 86_400_000), ("999999999999999h", 86_400_000), ("10", 10_000), ("0.25", 250),
    ])
    func `spans are read, and none is longer than a day`(text: String, milliseconds: Int64) {
        #expect(RateHeaders.span(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "s", "5x", "-5s", "5 s", "1s2", "..s", "1.2.3s", "nan", "inf", "1e3s", "١s", "9999999999999999s", "m5",
        "6M",
    ])
    func `what is no span is none`(text: String) {
        #expect(RateHeaders.span(text) == nil)
    }

    @Test func `a kind that is used up pauses until its reset, the latest of several`() {
        #expect(
            pause([
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:20Z",
                "anthropic-ratelimit-output-tokens-remaining": "0",
                "anthropic-ratelimit-output-tokens-reset": "2026-03-01T13:00:45+01:00",
                "anthropic-ratelimit-input-tokens-remaining": "5000",
                "anthropic-ratelimit-input-tokens-reset": "2026-03-01T12:30:00Z",
            ]) == .seconds(45)
        )
        #expect(
            pause([
                "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "6m0s",
            ]) == .seconds(360)
        )
        #expect(
            pause([
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2027-01-01T00:00:00Z",
            ]) == .seconds(86_400)
        )
    }

    @Test func `what is not used up, over, or not readable pauses nothing`() {
        let used = "x-ratelimit-remaining-requests"
        let reset = "x-ratelimit-reset-requests"
        for fields in [
            [:], [used: "1", reset: "1m"], [used: "0"], [reset: "1m"], [used: "0", reset: "soon"],
            [used: "", reset: "1m"], [used: "-0", reset: "1m"], [used: "none", reset: "1m"], [used: "0", reset: "0s"],
            ["anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "6m0s"],
            [
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-03-01T11:59:59Z",
            ],
        ] {
            #expect(pause(fields) == nil, "\(fields)")
        }
    }
}
