// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import JSON
import Providers
import Testing

@Suite struct ResponseFailureTests {
    @Test func `the status and the headers decide about class, code, wait and cost`() {
        typealias Case = (status: Int, headers: [(name: String, value: String)], body: String, says: String)
        let cases: [Case] = [
            (
                429, [("retry-after", "2")], #"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#,
                "provider.limited upstream 2s free rate_limit_error | p answered 429 rate_limit_error: slow"
            ),
            (
                529, [("retry-after-ms", "1250.5"), ("retry-after", "9")], "{}",
                "provider.limited upstream 1s251ms free - | p answered 529"
            ),
            (500, [], "<html><body>oops", "provider.failed transient - free - | p answered 500: a page of HTML"),
            (503, [], "", "provider.failed upstream - free - | p answered 503"),
            (504, [], "gateway\ntimeout", "provider.failed transient - paid - | p answered 504: gateway"),
            (408, [], "{}", "provider.failed transient - paid - | p answered 408"),
            (409, [], "{}", "provider.failed transient - free - | p answered 409"),
            (
                400, [("retry-after", "2")], #"{"error":{"message":"bad","type":"invalid_request_error","code":null}}"#,
                "provider.failed permanent - free invalid_request_error | p answered 400 invalid_request_error: bad"
            ),
            (400, [("x-should-retry", "true")], "{}", "provider.failed transient - free - | p answered 400"),
            (500, [("x-should-retry", "false")], "{}", "provider.failed permanent - free - | p answered 500"),
            (
                429, [], #"{"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}}"#,
                "provider.limited upstream - free insufficient_quota | p answered 429 insufficient_quota: pay"
            ),
            (
                404, [], #"{"error":"model 'x' not found"}"#,
                "provider.failed permanent - free - | p answered 404: model 'x' not found"
            ),
            (
                429, [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], "{}",
                "provider.limited upstream 7s free - | p answered 429"
            ),
            (
                429, [("retry-after", "Sun, 06 Nov 1994 08:49:20 GMT")], "{}",
                "provider.limited upstream 0s free - | p answered 429"
            ),
            (429, [("retry-after", "soon")], "{}", "provider.limited upstream - free - | p answered 429"),
            (
                429, [("retry-after", "99999999999999999999")], "{}",
                "provider.limited upstream 1d free - | p answered 429"
            ),
        ]
        let now = Timestamp(rfc3339: "1994-11-06T08:49:30Z")
        for test in cases {
            let failure = ResponseFailure(
                status: test.status,
                headers: test.headers,
                body: Array(test.body.utf8),
                now: now
            )
            let error = failure.error(provider: "p")
            let wait = error.retryAfter?.text ?? "-"
            let cost = error.mayBeCharged ? "paid" : "free"
            let says = "\(error.code) \(error.errorClass) \(wait) \(cost) \(error.kind ?? "-") | \(error.message)"
            #expect(says == test.says)
            #expect(error.mayHaveLeft && error.status == test.status)
            #expect(error.taskError.details?["status"]?.intValue == Int64(test.status))
        }
    }
}
