// Baton
// SPDX-License-Identifier: Apache-2.0

/// A mistake that the types show before anything is evaluated.
public struct CELTypeError: Sendable, Equatable, CustomStringConvertible {
    /// What kind of mistake this is.
    public enum Kind: String, Sendable {
        /// There is no variable of that name.
        case unknownVariable
        /// The object is known to have no such field.
        case unknownField
        /// An operator, function or macro does not work on values of these types.
        case wrongType
        /// A function that does not exist, or takes another number of arguments.
        case unknownFunction
    }

    /// What kind of mistake this is.
    public let kind: Kind
    /// One sentence for the author of the expression.
    public let message: String
    /// UTF-8 byte offset into the expression.
    public let offset: Int

    /// Kind, place and message on one line.
    public var description: String { "\(kind.rawValue) at byte \(offset): \(message)" }
}
