// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model

extension HTTPCall {
    /// The longest wait that another server may ask for.
    private static let retryAfterLimit: Duration = .seconds(86_400)

    /// `http.status`, classed as spec 3.8 has it.
    static func statusError(_ response: HTTPResponse, now: Timestamp) -> TaskError {
        let retryAfter = response.header("retry-after").flatMap { Self.retryAfter($0, now: now) }
        let errorClass: ErrorClass =
            switch response.status {
            case 429, 529: .upstream
            case 503 where retryAfter != nil: .upstream
            case 408, 425, 500...599: .transient
            default: .permanent
            }
        var details: JSONObject = [
            "status": .int(Int64(response.status)), "url": .string(response.url), "sent": true,
            "body": .string(String(decoding: response.body.prefix(4096), as: UTF8.self)),
        ]
        if let location = response.header("location") { details["location"] = .string(location) }
        return TaskError(
            code: "http.status",
            errorClass: errorClass,
            message: "\(response.url) answered \(response.status)",
            details: .object(details),
            retryAfter: errorClass == .permanent ? nil : retryAfter
        )
    }

    /// Why there is no answer.
    static func error(_ error: HTTPClientError, _ request: HTTPRequest) -> TaskError {
        let (code, errorClass): (String, ErrorClass) =
            switch error.code {
            case .cancelled: ("cancelled", .permanent)
            case .invalid: ("validation.failed", .permanent)
            case .blocked: ("http.blocked", .permanent)
            case .timeout: ("timeout", .transient)
            case .tooLarge: ("too_large", .permanent)
            case .untrusted: ("tool.failed", .permanent)
            default: ("tool.failed", .transient)
            }
        return TaskError(
            code: code,
            errorClass: errorClass,
            message: "\(request.method) \(error.message)",
            details: ["reason": .string(error.code.description), "sent": .bool(error.mayHaveLeft)]
        )
    }

    /// Seconds, or an HTTP date in the form of today (RFC 9110, section 10.2.3).
    static func retryAfter(_ text: String, now: Timestamp) -> Duration? {
        if let seconds = Int64(text), seconds >= 0 { return min(.seconds(seconds), retryAfterLimit) }
        guard let date = Timestamp(httpDate: text) else { return nil }
        return min(max(date - now, .zero), retryAfterLimit)
    }
}

extension TaskError {
    /// The same for a write that must not be made twice, unless it surely stayed here.
    var withoutRepeats: TaskError {
        guard details?["sent"] == true, errorClass != .fatal else { return self }
        var error = self
        error.errorClass = .permanent
        error.retryAfter = nil
        return error
    }
}
