// Baton
// SPDX-License-Identifier: Apache-2.0

public import CEL
public import JSON
public import Model

/// The compiled, validated, content-addressed graph that the engine interprets (the IR of spec 4.1).
///
/// Nodes and edges refer to each other by position, so that the engine works on dense integers.
public final class Graph: Sendable {
    /// `sha256:` and the hash of the canonical bytes of ``json``.
    public let hash: String
    /// Name of the workflow.
    public let name: String
    /// What the workflow is for.
    public let summary: String?
    /// Declared inputs, in written order.
    public let inputs: [Input]
    /// Declared outputs: an object of templates, evaluated when the run completes.
    public let outputs: ValueTemplate
    /// All nodes; a node's position is its index.
    public let nodes: [Node]
    /// All edges; an edge's position is its index.
    public let edges: [Edge]
    /// What a run does when a failure is left unhandled.
    public let failurePolicy: FailurePolicy
    /// The longest life of a run, counted from its start, paused time included.
    public let deadline: Duration?
    /// The most tasks of one run in flight at a time; `nil` for no limit of its own.
    public let maxParallel: Int?
    /// The canonical form: what is stored, hashed and read back.
    public let json: JSONValue

    private let positions: [String: Int]

    init(
        hash: String,
        name: String,
        summary: String?,
        inputs: [Input],
        outputs: ValueTemplate,
        nodes: [Node],
        edges: [Edge],
        failurePolicy: FailurePolicy,
        deadline: Duration?,
        maxParallel: Int?,
        json: JSONValue
    ) {
        self.hash = hash
        self.name = name
        self.summary = summary
        self.inputs = inputs
        self.outputs = outputs
        self.nodes = nodes
        self.edges = edges
        self.failurePolicy = failurePolicy
        self.deadline = deadline
        self.maxParallel = maxParallel
        self.json = json
        positions = Dictionary(nodes.enumerated().map { ($1.id, $0) }) { first, _ in first }
    }

    /// The position of the node with that id.
    public func index(of id: String) -> Int? { positions[id] }

    /// One declared input.
    public struct Input: Sendable {
        /// The name.
        public let name: String
        /// JSON Schema of the value.
        public let schema: JSONValue
        /// Used when the start gives none; an input without it is required.
        public let defaultValue: JSONValue?
    }

    /// A connection. It resolves once: taken, dead or broken (spec 3.9).
    public struct Edge: Sendable {
        /// Position of the source node.
        public let from: Int
        /// Position of the target node.
        public let to: Int
        /// CEL condition over `output` and the rest of the scope; `nil` always holds.
        public let when: CELExpression?
        /// Taken only when the branch chose this case.
        public let branchCase: String?
        /// On `branch` and `human` sources: an edge without condition beside edges with one; taken when none of
        /// those is.
        public let isFallback: Bool
    }

    /// When a node with several incoming edges runs (spec 3.9).
    public enum Join: Sendable, Equatable {
        /// Every edge resolved, at least one taken, none broken.
        case all
        /// The first taken edge.
        case any
        /// Every edge resolved, whatever the result.
        case done
        /// That many taken edges.
        case quorum(Int)
    }

    /// One vertex. A class, because the engine passes nodes around and copying one must cost nothing.
    public final class Node: Sendable {
        /// The id, unique in the graph.
        public let id: String
        /// Shown instead of the id.
        public let name: String?
        /// What the node does.
        public let kind: NodeKind
        /// Positions of the edges that end here, in written order.
        public let incoming: [Int]
        /// Positions of the edges that start here, in written order.
        public let outgoing: [Int]
        /// When the node runs.
        public let join: Join
        /// Evaluated once when the join is satisfied; false skips the node.
        public let when: CELExpression?
        /// How failed attempts are repeated.
        public let retry: RetryPolicy
        /// The longest one attempt may take; `nil` for no limit (`human`, `join`, `wait`).
        public let timeout: Duration?
        /// The longest all attempts together may take, from the first start.
        public let totalTimeout: Duration?
        /// A failure does not break outgoing edges.
        public let continueOnFailure: Bool
        /// 0–1000; lower runs first.
        public let priority: Int
        /// Dependency depth: 0 without incoming edges.
        public let wave: Int
        /// The effect cannot take an idempotency key: it is never repeated once the request may have left.
        public let isNonIdempotent: Bool

        init(
            id: String,
            name: String?,
            kind: NodeKind,
            incoming: [Int],
            outgoing: [Int],
            join: Join,
            when: CELExpression?,
            retry: RetryPolicy,
            timeout: Duration?,
            totalTimeout: Duration?,
            continueOnFailure: Bool,
            priority: Int,
            wave: Int,
            isNonIdempotent: Bool
        ) {
            self.id = id
            self.name = name
            self.kind = kind
            self.incoming = incoming
            self.outgoing = outgoing
            self.join = join
            self.when = when
            self.retry = retry
            self.timeout = timeout
            self.totalTimeout = totalTimeout
            self.continueOnFailure = continueOnFailure
            self.priority = priority
            self.wave = wave
            self.isNonIdempotent = isNonIdempotent
        }
    }

    /// What a node does, with its checked configuration (spec 3.6).
    public enum NodeKind: Sendable {
        /// Calls a registered tool. `arguments` evaluates to an object; `storeAs` names the variable that gets the
        /// result.
        case tool(name: String, arguments: ValueTemplate, storeAs: String?)
        /// Sends an HTTP request. `config` evaluates to the object of spec 3.6.
        case http(config: ValueTemplate)
        /// Asks a person.
        case human(Human)
        /// Chooses one way.
        case branch(Branch)
        /// Waits for others and gives a map of their outputs. The join rule itself is in ``Node/join``;
        /// `cancelRest` cancels tasks that feed only this node once it ran.
        case join(cancelRest: Bool)
        /// Builds a value: `value` evaluates to it, then `remove` (JSON Pointers) are taken out.
        case transform(value: ValueTemplate, remove: [String])
        /// Keeps the items for which `predicate` holds, at most `limit`; `variable` names the item.
        case filter(items: ValueTemplate, predicate: CELExpression, variable: String, limit: Int?)
        /// Condenses a list.
        case aggregate(Aggregate)
        /// Waits for a span.
        case waitFor(ValueTemplate)
        /// Waits until a point in time: RFC 3339 text.
        case waitUntil(ValueTemplate)

        /// The spelling of the kind in documents.
        public var name: String {
            switch self {
            case .tool: "tool"
            case .http: "http"
            case .human: "human"
            case .branch: "branch"
            case .join: "join"
            case .transform: "transform"
            case .filter: "filter"
            case .aggregate: "aggregate"
            case .waitFor, .waitUntil: "wait"
            }
        }

        /// Evaluated in the commit that makes it ready, without an executor (H703).
        public var isAbsorbed: Bool {
            switch self {
            case .branch, .join, .transform, .filter, .aggregate: true
            case .tool, .http, .human, .waitFor, .waitUntil: false
            }
        }
    }

    /// Configuration of a `human` node of kind `approval`.
    public struct Human: Sendable {
        /// What happens when nobody decides in time.
        public enum Expiry: String, Sendable, CaseIterable {
            /// The task fails with `deadline.exceeded`.
            case fail
            /// As if approved, by `system`.
            case approve
            /// As if rejected, by `system`.
            case reject
            /// The task is skipped and its dependents go on.
            case skip
        }
        /// Evaluates to the title: text.
        public let title: ValueTemplate
        /// Evaluates to the message: text.
        public let message: ValueTemplate
        /// `user:ID` or `role:NAME`; informational while there is one local person.
        public let assignees: [String]
        /// How long a person has.
        public let deadline: Duration
        /// What happens then.
        public let onExpiry: Expiry
    }

    /// Configuration of a `branch` node.
    public struct Branch: Sendable {
        /// What an error in a condition does.
        public enum ErrorRule: String, Sendable, CaseIterable {
            /// The task fails.
            case fail
            /// The default case is taken.
            case `default`
            /// The next case is tried.
            case next
        }
        /// One way.
        public struct Case: Sendable {
            /// The name that edges use.
            public let name: String
            /// First true one wins.
            public let when: CELExpression
        }
        /// In order.
        public let cases: [Case]
        /// Chosen when no case holds; `nil` makes all outgoing edges dead.
        public let defaultCase: String?
        /// What an error in a condition does.
        public let onError: ErrorRule
    }

    /// Configuration of an `aggregate` node.
    public struct Aggregate: Sendable {
        /// A way to condense values.
        public enum Function: String, Sendable, CaseIterable {
            case count, sum, min, max, avg, first, last, collect, distinct, merge, concat
        }
        /// One result.
        public struct Operation: Sendable {
            /// Name of the result.
            public let name: String
            /// How.
            public let function: Function
            /// Over `item` and `index`; `nil` means the item itself.
            public let of: CELExpression?
        }
        /// Evaluates to a list.
        public let items: ValueTemplate
        /// Over `item` and `index`; with it the output is a list of `{key, …results}` in order of first appearance.
        public let groupBy: CELExpression?
        /// The results.
        public let operations: [Operation]
    }
}
