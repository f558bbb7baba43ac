// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// What a schedule starts, when, and how.
public struct ScheduleDefinition: Sendable, Equatable {
    /// How late a firing may be; see ``catchUp``.
    public static let catchUps: ClosedRange<Duration> = .seconds(10) ... .seconds(366 * 86_400)
    /// See ``jitter``.
    public static let jitters: ClosedRange<Duration> = .zero ... .seconds(86_400)
    /// The largest inputs, in bytes of compact JSON.
    public static let inputLimit = 64 << 10

    /// The id; firings are named after it, so a schedule that is made anew starts anew.
    public let id: ScheduleID
    /// When it was made.
    public let createdAt: Timestamp
    /// The name, unique in its tenant: a letter or `_`, then up to 199 letters, digits, `_`, `-`, `.` or `/`.
    public var name: String
    /// The version to start: `NAME@TAG`, `NAME@3`; looked up at each firing.
    public var workflow: String
    /// What each run gets.
    public var inputs: JSONObject
    /// When it fires.
    public var timing: ScheduleTiming
    /// What happens when a run is still open.
    public var overlap = OverlapPolicy.skip
    /// A firing that is later than that, because nothing ran, is left out; others are caught up [10s–366d].
    public var catchUp = Duration.seconds(3600)
    /// Each run starts up to that much later than its firing, always before the next one [0s–1d].
    public var jitter = Duration.zero
    /// Who made it: `user:NAME`.
    public var creator: String
    /// Whose it is, and so are the runs that it starts.
    public var ownership = Ownership.common

    /// Puts a definition together; ``check()`` tells whether it holds.
    public init(
        id: ScheduleID,
        createdAt: Timestamp,
        name: String,
        workflow: String,
        inputs: JSONObject,
        timing: ScheduleTiming,
        creator: String
    ) {
        self.id = id
        self.createdAt = createdAt
        self.name = name
        self.workflow = workflow
        self.inputs = inputs
        self.timing = timing
        self.creator = creator
    }

    /// Checks names, ranges and sizes; whether the workflow exists shows at the first firing.
    ///
    /// - Throws: `invalid`, saying what is allowed.
    public func check() throws(EngineError) {
        guard Self.isName(name) else {
            throw EngineError(
                .invalid,
                "`\(name.prefix(80))` is no name of a schedule: a letter or `_`, then up to 199 letters, digits, `_`, "
                    + "`-`, `.` or `/`"
            )
        }
        guard (1...300).contains(workflow.utf8.count) else {
            throw EngineError(.invalid, "a schedule names the workflow it starts: NAME@TAG in up to 300 characters")
        }
        try Self.check("catch-up window", catchUp, Self.catchUps)
        try Self.check("jitter", jitter, Self.jitters)
        guard JSONValue.object(inputs).bytes().count <= Self.inputLimit else {
            throw EngineError(.invalid, "the inputs of a schedule have at most \(Self.inputLimit) bytes as JSON")
        }
    }

    private static func check(_ what: String, _ span: Duration, _ range: ClosedRange<Duration>) throws(EngineError) {
        guard range.contains(span) else {
            throw EngineError(
                .invalid,
                "the \(what) is from \(range.lowerBound.text) to \(range.upperBound.text), not \(span.text)"
            )
        }
    }

    private static func isName(_ text: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 32) || byte == UInt8(ascii: "_") }
        guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 200 else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "-./".utf8.contains($0) }
    }
}
