// Baton
// SPDX-License-Identifier: Apache-2.0

/// Failure of parsing, checking or evaluating an expression.
public struct CELError: Error, Sendable, Equatable {
    /// What kind of failure this is.
    public enum Code: String, Sendable {
        /// The text is not an expression.
        case syntax
        /// The text, its nesting or a pattern in it is larger than allowed.
        case limit
        /// A function that does not exist, or one that does not take these arguments.
        case unknownFunction
        /// Evaluation has no value: missing field, wrong type, overflow, bad text to convert.
        case failed
        /// The evaluation used up its steps.
        case cost
    }

    /// What kind of failure this is.
    public let code: Code
    /// One sentence for the author of the expression.
    public let message: String
    /// UTF-8 byte offset into the expression text, if known.
    public let offset: Int?
    /// The reason is that a variable, field, key or list element does not exist; `default(…)` catches only these.
    public let isMissing: Bool

    /// Describes a failure.
    public init(code: Code, message: String, offset: Int? = nil, isMissing: Bool = false) {
        self.code = code
        self.message = message
        self.offset = offset
        self.isMissing = isMissing
    }
}

extension CELError: CustomStringConvertible {
    /// Code, place and message on one line.
    public var description: String {
        "\(code.rawValue)\(offset.map { " at byte \($0)" } ?? ""): \(message)"
    }
}

extension CELError {
    static func syntax(_ message: String, at offset: Int) -> Self {
        Self(code: .syntax, message: message, offset: offset)
    }

    static func failed(_ message: String, at offset: Int? = nil) -> Self {
        Self(code: .failed, message: message, offset: offset)
    }

    static func missing(_ message: String, at offset: Int? = nil) -> Self {
        Self(code: .failed, message: message, offset: offset, isMissing: true)
    }

    static var tooDeep: Self { .failed("the value has too many lists and maps inside each other") }

    /// The same failure at `offset`, unless it already names a place.
    func located(at offset: Int) -> Self {
        self.offset == nil ? Self(code: code, message: message, offset: offset, isMissing: isMissing) : self
    }
}
