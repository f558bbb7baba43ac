// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition

/// What of the definition language this engine carries out. A definition that needs more can be checked and stored;
/// starting it is refused with E404, so that nothing written in a document is ever ignored.
public enum EngineCapabilities {
    /// Kinds of nodes that can be executed.
    public static let nodeTypes: Set<NodeType> = [
        .agent, .tool, .http, .human, .branch, .loop, .map, .join, .transform, .filter, .aggregate, .workflow,
        .wait, .signal,
    ]

    /// Kinds of nodes whose keys mean something to whoever claims them outside, even those that are not carried out here.
    public static let externalTypes: Set<NodeType> = [.agent]

    /// Keys, and `key=value` where only some values are not carried out, by the part of the document they stand in.
    public static let unsupportedKeys = Set<String>([
        "node.on_unsupported",
        "http.profile",
    ])
}
