// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What a tool returns.
public struct ToolResult: Sendable, Equatable {
    /// The output of the node.
    public var output: JSONValue
    /// Text for people that is no part of the output.
    public var log: String?

    /// Puts a result together.
    public init(output: JSONValue, log: String? = nil) {
        self.output = output
        self.log = log
    }
}
