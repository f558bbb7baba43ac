// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The kinds of nodes (spec 3.6).
public enum NodeType: String, Sendable, CaseIterable {
    case agent, tool, http, human, branch, loop, map, join, transform, filter, aggregate, function, workflow, wait,
        signal

    /// Other spellings.
    static let aliases: [String: NodeType] = Dictionary(
        uniqueKeysWithValues: allCases.flatMap { type in type.description.aliases.map { ($0, type) } }
    )

    /// What is published about the kind.
    public var description: NodeTypeDescription {
        switch self {
        case .agent: .agent
        case .tool: .tool
        case .http: .http
        case .human: .human
        case .branch: .branch
        case .loop: .loop
        case .map: .map
        case .join: .join
        case .transform: .transform
        case .filter: .filter
        case .aggregate: .aggregate
        case .function: .function
        case .workflow: .workflow
        case .wait: .wait
        case .signal: .signal
        }
    }
}

/// What documents, editors and forms need to know about a kind of node.
public struct NodeTypeDescription: Sendable {
    /// What kind of work it is.
    public enum Category: String, Sendable, CaseIterable {
        /// Calls something outside.
        case action
        /// Decides the way.
        case control
        /// Computes a value.
        case data
        /// Waits for a person.
        case human
    }

    /// Shown to people.
    public let label: String
    /// The group it is listed in.
    public let category: Category
    /// The name of a glyph of the user interface.
    public let icon: String
    /// One sentence.
    public let summary: String
    /// Other spellings in documents.
    public let aliases: [String]
    /// How long one attempt may take when the document does not say; `nil` for no limit.
    public let timeout: Duration?
    /// The members of the output, where they are always the same.
    public let outputs: [Output]?
    /// What `config` holds.
    let config: Shape

    /// A member of the output.
    public struct Output: Sendable, ExpressibleByStringLiteral {
        /// Its name.
        public let name: String

        /// A member by its name.
        public init(stringLiteral name: String) {
            self.name = name
        }
    }

    init(
        label: String,
        category: Category,
        icon: String,
        summary: String,
        aliases: [String] = [],
        timeout: Duration?,
        outputs: [Output]? = nil,
        config: Shape
    ) {
        self.label = label
        self.category = category
        self.icon = icon
        self.summary = summary
        self.aliases = aliases
        self.timeout = timeout
        self.outputs = outputs
        self.config = config
    }
}

/// What the document sets for all nodes.
struct NodeDefaults {
    /// For node types that have a limit at all, in milliseconds.
    var timeout: Int64?
    var retry: JSONObject = [:]
}
