// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Model
import Providers

/// Why the gateway gives no answer, told in the words of the provider whose client asks.
struct GatewayRefusal: Error, Equatable {
    let status: Int
    /// As providers name kinds of errors.
    let kind: String
    let message: String
    /// The client may ask again, after that time if it is known.
    var isRetried = false
    var wait: Duration?

    init(_ status: Int, _ kind: String, _ message: String) {
        (self.status, self.kind, self.message) = (status, kind, message)
    }

    /// What a provider said, with its own status; what never reached one is 502.
    init(_ error: ModelError) {
        let status = error.status ?? (error.code == "provider.limited" ? 429 : 502)
        self.init(status, error.kind ?? (status >= 500 ? "api_error" : "invalid_request_error"), error.message)
        isRetried = error.errorClass.isRetriedByDefault
        wait = error.retryAfter
    }

    static func invalid(_ message: String) -> Self { Self(400, "invalid_request_error", message) }

    static let over = Self(403, "permission_error", "the attempt that this token belongs to is over")

    /// Clients do not ask again.
    static func budget(_ message: String) -> Self { Self(402, "billing_error", message) }

    func response(_ format: WireFormat) -> HTTPResponse {
        var headers: HTTPHeaders = ["x-should-retry": isRetried ? "true" : "false"]
        if let wait {
            headers["retry-after-ms"] = String(wait.milliseconds)
            headers["retry-after"] = String((wait.milliseconds + 999) / 1000)
        }
        let body = ServedReply.refusal(kind: kind, message: message, as: format)
        return .json(body.bytes(), status: status, headers: headers)
    }
}
