// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a request is refused before any handler sees it.
struct RequestDefect: Error, Equatable {
    /// 4xx or 5xx.
    let status: Int
    /// A stable spelling for programs.
    let code: String
    /// One sentence in ASCII without quotes.
    let reason: String

    static func malformed(_ reason: String) -> Self {
        Self(status: 400, code: "request.malformed", reason: reason)
    }

    static func tooLong(_ reason: String) -> Self {
        Self(status: 414, code: "target.too_long", reason: reason)
    }

    static func headersTooLarge(_ reason: String) -> Self {
        Self(status: 431, code: "headers.too_large", reason: reason)
    }

    static func unsupported(_ reason: String) -> Self {
        Self(status: 501, code: "request.unsupported", reason: reason)
    }

    static let timeout = Self(status: 408, code: "request.timeout", reason: "The request did not arrive in time.")

    /// As a problem (RFC 9457).
    var response: HTTPResponse {
        .problem(status: status, code: code, detail: reason)
    }
}
