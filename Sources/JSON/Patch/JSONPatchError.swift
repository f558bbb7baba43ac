// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a patch cannot be read or does not fit a value.
public struct JSONPatchError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable {
        /// Not a patch: a wrong shape, an unknown operation, a text that is no JSON Pointer.
        case malformed
        /// An operation of RFC 6902 that these rules leave out.
        case operationNotAllowed
        /// There is nothing at the place, or nothing can be put there.
        case pathNotFound
        /// The operation needs a `value` and has none.
        case valueMissing
        /// A `test` found another value.
        case testFailed
        /// The patch, its copies or the nesting of the result go over a limit.
        case tooLarge
    }

    /// The kind of failure.
    public let code: Code
    /// The operation at fault, from 0; `nil` when it is the whole patch.
    public let operation: Int?
    /// The place it is about: its `path` or `from`.
    public let pointer: JSONPointer?
    /// One sentence without operation and place.
    public let message: String

    /// Operation, place and message.
    public var description: String {
        guard let operation else { return message }
        return "operation \(operation)\(pointer.map { " (\"\($0)\")" } ?? ""): \(message)"
    }
}
