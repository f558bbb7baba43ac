// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a text is not an acceptable JSON document, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable {
        /// Not JSON.
        case syntax
        /// Nested deeper than ``JSONLimits/maxDepth``.
        case depth
        /// Longer than ``JSONLimits/maxBytes``.
        case size
        /// Not UTF-8, a byte order mark, or half of a surrogate pair in an escape.
        case encoding
        /// One object holds a name twice.
        case duplicateKey
        /// A number whose value no double can hold.
        case number
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong, without the place.
    public let message: String
    /// The line, from 1.
    public let line: Int
    /// The position in the line, from 1, in characters of the encoding (Unicode scalars).
    public let column: Int
    /// The position in the document, from 0, in bytes.
    public let offset: Int

    /// Puts the parts together; the parser does, and others who report problems in JSON text.
    public init(code: Code, message: String, line: Int, column: Int, offset: Int) {
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.offset = offset
    }

    /// Message and place.
    public var description: String { "\(message) at line \(line), column \(column)" }
}
