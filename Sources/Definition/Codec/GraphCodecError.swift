// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why bytes cannot be read as a stored graph.
public struct GraphCodecError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, and where.
    public let message: String

    /// What is wrong, and where.
    public var description: String { "stored graph: \(message)" }
}
