// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
public import Model

/// Why there is no answer. Codes: `provider.limited` (429, 529, quota), `provider.failed` (everything else that the
/// provider or the way to it did), `provider.unavailable` (nothing could be asked: no key, no such provider or model),
/// `http.blocked` (the address may not be reached), `cancelled`.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The stable code.
    public var code: String
    /// Decides about retries (spec 3.8).
    public var errorClass: ErrorClass
    /// One sentence for people, with the provider's own words; no secrets.
    public var message: String
    /// The status of HTTP, when there was an answer.
    public var status: Int?
    /// The provider's word for the kind of error, such as `overloaded_error`.
    public var kind: String?
    /// The provider asks to be left alone that long.
    public var retryAfter: Duration?
    /// The request may have reached the provider. When not, the reservation can be released.
    public var mayHaveLeft: Bool
    /// The provider may charge the call: it may have worked on it, and nobody knows how much. When not, the call settles
    /// at nothing. Only true when ``mayHaveLeft`` is.
    public var mayBeCharged: Bool
    /// What had come of an answer that was cut off, with the usage known so far (``ModelUsage/Certainty/unknown``).
    public var partial: ModelReply?
    /// The provider's id of the request.
    public var requestID: String?

    /// Puts an error together.
    public init(
        code: String,
        errorClass: ErrorClass,
        message: String,
        status: Int? = nil,
        kind: String? = nil,
        retryAfter: Duration? = nil,
        mayHaveLeft: Bool = false,
        mayBeCharged: Bool = false,
        partial: ModelReply? = nil,
        requestID: String? = nil
    ) {
        self.code = code
        self.errorClass = errorClass
        self.message = message
        self.status = status
        self.kind = kind
        self.retryAfter = retryAfter
        self.mayHaveLeft = mayHaveLeft
        self.mayBeCharged = mayBeCharged
        self.partial = partial
        self.requestID = requestID
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }

    /// As the failure of a task. Details are `{status?, kind?, request_id?}`.
    public var taskError: TaskError {
        var details = JSONObject()
        if let status { details["status"] = .int(Int64(status)) }
        if let kind { details["kind"] = .string(kind) }
        if let requestID { details["request_id"] = .string(requestID) }
        return TaskError(
            code: code,
            errorClass: errorClass,
            message: message,
            details: details.isEmpty ? nil : .object(details),
            retryAfter: retryAfter
        )
    }
}
