// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a text is no cron expression.
public struct CronError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The field that is wrong; `nil` when it is the whole.
    public let field: CronField?
    /// Where in the text it is wrong, in Unicode scalars from 1.
    public let position: Int
    /// One sentence that names the field, the position, and what is allowed there.
    public let message: String

    /// The message.
    public var description: String { message }

    /// The whole is wrong.
    init(_ message: String) {
        field = nil
        position = 1
        self.message = message
    }

    /// A field is wrong.
    init(_ field: CronField, at position: Int, _ problem: String) {
        self.field = field
        self.position = position
        message = "\(field.name), character \(position): \(problem); allowed are \(field.allowed)"
    }
}
