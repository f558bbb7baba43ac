// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// How a batch is, as its provider says.
public struct BatchStatus: Sendable, Hashable {
    /// How far it is.
    public enum State: Sendable, Hashable {
        /// Nothing can be read yet.
        case working
        /// Every call in it is over.
        case ended
        /// It was not accepted; no call in it was made.
        case failed
    }

    /// The provider's id; fit for a URL.
    public let id: String
    /// How far it is.
    public let state: State
    /// It ran to its end, so every call in it has an answer or an error.
    public let isWhole: Bool
    /// How many calls are in it; `nil` when nobody knows yet.
    public let total: Int?
    /// When it began.
    public let created: Timestamp?
    /// For OpenAI: the files with answers and with errors; fit for URLs.
    public let files: [String]
    /// Why it was not accepted: the provider's errors.
    private let errors: [JSONValue]

    /// Reads the state of a batch; `nil` when it is none.
    public init?(_ json: JSONValue, as format: WireFormat) {
        guard let id = json.text("id"), BatchWire.isID(id) else { return nil }
        self.id = id
        let counts = json["request_counts"] ?? .null
        if format == .messages {
            guard let word = json.text("processing_status") else { return nil }
            (state, isWhole) = (word == "ended" ? .ended : .working, true)
            let total = ["processing", "succeeded", "errored", "canceled", "expired"].reduce(0) { sum, key in
                sum &+ min(counts.count(key), 1_000_000)
            }
            self.total = total > 0 ? total : nil
            created = json.text("created_at").flatMap { Timestamp(rfc3339: $0) }
            (files, errors) = ([], [])
        } else {
            guard let word = json.text("status") else { return nil }
            state = Self.states[word] ?? .working
            isWhole = word == "completed"
            let total = counts.count("total")
            self.total = total > 0 ? total : nil
            created = json["created_at"]?.intValue.flatMap(Self.time)
            files = ["output_file_id", "error_file_id"].compactMap { json.text($0) }.filter(BatchWire.isID)
            errors = json["errors"]?["data"]?.arrayValue ?? []
        }
    }

    private static let states: [String: State] = [
        "failed": .failed, "completed": .ended, "expired": .ended, "cancelled": .ended,
    ]

    private static func time(_ seconds: Int64) -> Timestamp? {
        (0...9_999_999_999).contains(seconds) ? Timestamp(milliseconds: seconds * 1000) : nil
    }

    /// Why a call of a batch that was not accepted is over; nothing is charged. When the provider complains of a line and
    /// there are others, it may be theirs, so the call is worth another attempt.
    ///
    /// - Parameter size: How many calls are in the batch, if that is known.
    public func refusal(provider: String, size: Int?) -> ModelError {
        let first = errors.first ?? .null
        let code = first.text("code") ?? "invalid_request_error"
        let body: JSONValue = ["error": ["type": .string(code), "message": first["message"] ?? "the batch failed"]]
        let isLimit = code == "token_limit_exceeded" || code.contains("rate_limit")
        var error = ResponseFailure(status: isLimit ? 429 : 400, headers: [], body: body.bytes(), now: nil)
            .error(provider: provider)
        error.status = nil
        error.message = "\(provider) did not accept the batch: \(code): \(first.text("message") ?? "no reason given")"
        if !isLimit, first["line"]?.intValue != nil, size != 1 { error.errorClass = .transient }
        return error
    }
}

/// How often a batch is looked at.
public enum BatchPace {
    private static let longest = Duration.seconds(600)

    /// The time to the next look: a fifth of the age of the batch, from the shortest to ten minutes.
    public static func next(age: Duration?, shortest: Duration) -> Duration {
        max(shortest, min(longest, (age ?? .zero) / 5))
    }

    /// The time to the next look after so many that failed in a row: twice as long each time, up to ten minutes, and no
    /// sooner than the provider asks.
    public static func afterFailures(_ count: Int, shortest: Duration, asked: Duration?) -> Duration {
        max(shortest, min(longest, shortest * (1 << min(max(count, 0), 12))), asked ?? .zero)
    }
}
