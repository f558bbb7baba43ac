// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
public import Model

/// An answer that is a refusal, read the same for all providers (protocols: retry rules).
///
/// `x-should-retry` decides first, then the status: 429 and 529, 503 and a kind that speaks of overload are of class
/// `upstream`, 408, 409, 425 and all others from 500 on `transient`, the rest `permanent`. The wait is `retry-after-ms`,
/// else `retry-after` (seconds or a date of HTTP).
public struct ResponseFailure: Sendable {
    private let status: Int
    private let headers: [(name: String, value: String)]
    private let words: (kind: String?, message: String?)
    private let now: Timestamp?

    /// - Parameters:
    ///   - headers: Names in lower case.
    ///   - body: Any bytes; providers and what lies before them also answer in HTML.
    ///   - now: For a `retry-after` that is a date; `nil` ignores those.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8], now: Timestamp?) {
        self.status = status
        self.headers = headers
        self.now = now
        words = Self.words(in: body)
    }

    /// As an error. The request has left; it is charged at most when a gateway gave up on what may still have worked
    /// (408, 502, 504, 52x).
    public func error(provider: String, isMidStream: Bool = false) -> ModelError {
        let errorClass = self.errorClass
        let isLimit = status == 429 || status == 529 || isOverload
        let text = words.message.map { ": \($0)" } ?? ""
        return ModelError(
            code: isLimit ? "provider.limited" : "provider.failed",
            errorClass: errorClass,
            message: "\(provider) answered \(status)\(words.kind.map { " \($0)" } ?? "")\(text)",
            status: status,
            kind: words.kind,
            retryAfter: errorClass.isRetriedByDefault ? retryAfter : nil,
            mayHaveLeft: true,
            mayBeCharged: isMidStream || status == 408 || status == 502 || status == 504
                || (520...527).contains(status),
            requestID: header("request-id") ?? header("x-request-id")
        )
    }

    private var errorClass: ErrorClass {
        let isUpstream = status == 429 || status == 529 || status == 503 || isOverload
        switch header("x-should-retry") {
        case "true": return isUpstream ? .upstream : .transient
        case "false": return .permanent
        default: break
        }
        if isUpstream { return .upstream }
        return status == 408 || status == 409 || status == 425 || status >= 500 ? .transient : .permanent
    }

    private var isOverload: Bool {
        ["overloaded_error", "rate_limit_error", "rate_limit_exceeded", "insufficient_quota"].contains(words.kind)
    }

    private var retryAfter: Duration? {
        if let text = header("retry-after-ms"), let wait = Self.decimal(text) { return Self.wait(wait / 1000) }
        guard let text = header("retry-after") else { return nil }
        if let wait = Self.decimal(text) { return Self.wait(wait) }
        guard let now, let date = Timestamp(httpDate: text) else { return nil }
        return min(max(.zero, date - now), .seconds(86_400))
    }

    /// Nobody is left alone for longer than a day.
    private static func wait(_ seconds: Double) -> Duration {
        .milliseconds(Int64((min(seconds, 86_400) * 1000).rounded(.up)))
    }

    private static func decimal(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }) else { return nil }
        return Double(text)
    }

    private func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// `{error: {type|code, message}}`, `{error: "text"}`, `{type, message}` or something else, of which only short text
    /// is of use.
    static func words(in body: [UInt8]) -> (kind: String?, message: String?) {
        guard let json = try? JSONValue(parsing: body, limits: JSONLimits(allowsDuplicateNames: true)) else {
            let text = String(decoding: body.prefix(200), as: UTF8.self)
            let isPage = text.contains("<")
            let line = text.split(whereSeparator: \.isNewline).first.map(String.init)
            return (nil, isPage ? "a page of HTML" : line)
        }
        return words(in: json)
    }

    static func words(in json: JSONValue) -> (kind: String?, message: String?) {
        let error = json["error"].flatMap { $0.isNull ? nil : $0 } ?? json
        if let text = error.stringValue { return (nil, short(text)) }
        let kind = [error["type"], error["code"]].compactMap { $0?.stringValue }.filter { $0 != "error" }
        // OpenAI's code is the more exact word, where there is one.
        let code = error["code"]?.stringValue
        let exact = code == "insufficient_quota" || code == "rate_limit_exceeded" ? code : kind.first
        let message = error["message"]?.stringValue ?? json["detail"]?.stringValue ?? json["message"]?.stringValue
        return (exact, message.map(short))
    }

    private static func short(_ text: String) -> String { String(text.prefix(500)) }
}

extension ModelError {
    /// The task was cancelled.
    public static func cancelled(mayHaveLeft: Bool, _ partial: ModelReply? = nil) -> Self {
        Self(
            code: "cancelled",
            errorClass: .permanent,
            message: "the call was cancelled",
            mayHaveLeft: mayHaveLeft,
            mayBeCharged: mayHaveLeft,
            partial: partial
        )
    }

    /// The answer ended before it was whole.
    static func cut(provider: String, _ partial: ModelReply?, _ why: String = "the stream ended early") -> Self {
        var partial = partial
        partial?.stopReason = .cut
        partial?.usage.certainty = .unknown
        return Self(
            code: "provider.failed",
            errorClass: .transient,
            message: "\(provider): \(why)",
            mayHaveLeft: true,
            mayBeCharged: true,
            partial: partial,
            requestID: partial?.requestID
        )
    }

    /// What came is not what the provider should send.
    static func malformed(provider: String, _ what: String, _ partial: ModelReply?) -> Self {
        cut(provider: provider, partial, "the answer cannot be read: \(what)")
    }
}
