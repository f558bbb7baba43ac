// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A tool of somebody else's server, as it was when it was approved.
public struct ToolPinRow: Sendable, Equatable {
    /// Names a pin.
    public struct Key: Sendable, Hashable {
        /// The server, as the settings name it.
        public var server: String
        /// The tool, as the server names it.
        public var tool: String

        /// Names a pin.
        public init(server: String, tool: String) {
            (self.server, self.tool) = (server, tool)
        }
    }

    /// Names it.
    public var key: Key
    /// Of what was approved.
    public var hash: String
    /// What was approved: JSON.
    public var definition: [UInt8]
    /// When.
    public var approvedAt: Timestamp
    /// By whom.
    public var approvedBy: String
    /// When the server was first seen to have another tool of that name, or none; `nil` while it has this one.
    public var changedAt: Timestamp?

    /// Puts a row together.
    public init(
        key: Key,
        hash: String,
        definition: [UInt8],
        approvedAt: Timestamp,
        approvedBy: String,
        changedAt: Timestamp? = nil
    ) {
        (self.key, self.hash, self.definition) = (key, hash, definition)
        (self.approvedAt, self.approvedBy, self.changedAt) = (approvedAt, approvedBy, changedAt)
    }
}
