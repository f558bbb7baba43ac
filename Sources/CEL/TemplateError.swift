// Baton
// SPDX-License-Identifier: Apache-2.0

/// What is wrong in a template, and where.
public struct TemplateError: Error, Sendable, Equatable {
    /// JSON Pointer of the string.
    public let pointer: String
    /// UTF-8 byte offset inside that string, if known.
    public let offset: Int?
    /// What is wrong; its offset counts from the start of the expression.
    public let cause: CELError

    /// Describes a failure.
    public init(pointer: String, offset: Int?, cause: CELError) {
        self.pointer = pointer
        self.offset = offset
        self.cause = cause
    }
}
