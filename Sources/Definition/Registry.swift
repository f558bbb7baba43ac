// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What a document may refer to beside itself. The same document and the same registry give the same graph.
public struct Registry: Sendable {
    /// A tool that nodes can call.
    public struct Tool: Sendable {
        /// The name, for example `http.request`; it is also a node type.
        public let name: String
        /// JSON Schema of its arguments. A property with `"x-secret": true` may hold `secret("NAME")`.
        public let input: JSONValue
        /// JSON Schema of its result, if it has one.
        public let output: JSONValue?
        /// It changes nothing, so that calling it again does no harm.
        public let isRead: Bool

        let schema: JSONSchema

        /// Describes a tool.
        public init(
            name: String,
            input: JSONValue,
            output: JSONValue? = nil,
            isRead: Bool = false
        ) throws(JSONSchemaError) {
            self.name = name
            self.input = input
            self.output = output
            self.isRead = isRead
            schema = try JSONSchema(input)
        }
    }

    /// An agent that nodes can name (spec 8.1).
    public struct Agent: Sendable {
        /// What it can do.
        public let capabilities: [String]
        /// The tools it lists.
        public let tools: [String]
        /// The tools that its profile forbids.
        public let forbiddenTools: Set<String>
        /// Its operations; `nil` when any may be asked for.
        public let operations: [String]?

        /// Describes an agent.
        public init(
            capabilities: [String] = [],
            tools: [String] = [],
            forbiddenTools: Set<String> = [],
            operations: [String]? = nil
        ) {
            self.capabilities = capabilities
            self.tools = tools
            self.forbiddenTools = forbiddenTools
            self.operations = operations
        }
    }

    /// What a child workflow takes and gives.
    public struct Interface: Sendable {
        /// `sha256:…` of the graph: a run of the parent uses exactly this one.
        public let hash: String
        /// Declared inputs.
        public let inputs: [Graph.Input]
        /// Names of the outputs.
        public let outputs: [String]
        /// Levels of graphs inside it, itself included.
        public let depth: Int

        /// Describes a workflow.
        public init(hash: String, inputs: [Graph.Input], outputs: [String], depth: Int) {
            self.hash = hash
            self.inputs = inputs
            self.outputs = outputs
            self.depth = depth
        }
    }

    /// All tools, by name.
    public var tools: [String: Tool]
    /// Tools that come and go while the program works, by name.
    public var changingTools: (@Sendable () -> [String: Tool])?
    /// All agents, by id; `nil` when they are not known here, so that any name is accepted.
    public var agents: [String: Agent]?
    /// All functions; `nil` when they are not known here.
    public var functions: Set<String>?
    /// All skills; `nil` when they are not known here.
    public var skills: Set<String>?
    /// All profiles, which may change while the program works; `nil` when they are not known here.
    public var profiles: (@Sendable () -> Set<String>)?
    /// All queues; `nil` when they are not known here.
    public var queues: Set<String>?
    /// All roles and groups; `nil` when they are not known here.
    public var roles: Set<String>?
    /// The names of all secrets; `nil` when they are not known here.
    public var secrets: Set<String>?
    /// Finds published workflows by `NAME`, `NAME@TAG` or hash; `nil` when workflows are not known here. It must give
    /// the same answer every time.
    public var workflows: (@Sendable (String) -> Interface?)?
    /// What this installation sets for workstacks, by their names.
    public var workstacks: [String: WorkstackSettings] = [:]
    /// Tools that are part of the product, but that this installation cannot run. A name that ends with `*` stands for
    /// all that begin so.
    public var absentTools: [String] = []
    /// The kinds of nodes that can be executed here.
    public var executors: Set<NodeType>
    /// Kinds that only somebody outside executes: a node of one compiles, and its run must be started so that it is
    /// claimed.
    public var externals: Set<NodeType> = []
    /// Keys that are understood, but that this engine does not carry out: `node.cache`, `workflow.budget`,
    /// `human.form`.
    public var unsupportedKeys: Set<String> = []
    /// Says which rule refuses a literal URL, in words that follow "refused: "; `nil` when it is fine. It must give
    /// the same answer every time.
    public let urlPolicy: @Sendable (String) -> String?

    /// Collects what is known; of two tools with one name the last counts.
    public init(
        tools: [Tool] = [],
        executors: Set<NodeType> = Set(NodeType.allCases),
        urlPolicy: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.tools = Dictionary(tools.map { ($0.name, $0) }) { _, last in last }
        self.executors = executors
        self.urlPolicy = urlPolicy
    }

    /// The tool of that name.
    func tool(_ name: String) -> Tool? { tools[name] ?? changingTools?()[name] }

    /// All names of tools, sorted.
    var toolNames: [String] { Set(tools.keys).union((changingTools?() ?? [:]).keys).sorted() }

    /// Part of the product, but not of this installation.
    func isAbsent(_ tool: String) -> Bool {
        absentTools.contains { name in
            name.hasSuffix("*") ? tool.hasPrefix(name.dropLast()) && tool.utf8.count >= name.utf8.count : name == tool
        }
    }
}
