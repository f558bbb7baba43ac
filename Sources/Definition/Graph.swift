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
    /// The kind of document it was made from.
    public let documentKind: DocumentKind
    /// Name of the workflow.
    public let name: String
    /// What the workflow is for.
    public let summary: String?
    /// Declared inputs, in written order.
    public let inputs: [Input]
    /// Declared outputs: an object of templates, evaluated when the run completes.
    public let outputs: ValueTemplate
    /// The nodes and edges.
    public let body: Body
    /// Named groups of nodes with one failure policy, in order.
    public let phases: [Phase]
    /// What a run does when a failure is left unhandled.
    public let failurePolicy: FailurePolicy
    /// The longest life of a run, counted from its start, paused time included.
    public let deadline: Duration?
    /// Bounds of a run.
    public let limits: Limits
    /// How many runs that share a key go on at a time.
    public let concurrency: RunConcurrency?
    /// Cap for a run.
    public let budget: Budget?
    /// A wave starts only when the one before it has ended.
    public let isWaveBarrier: Bool
    /// Siblings of one wave are undone in parallel.
    public let compensatesInParallel: Bool
    /// Who looks at patches that nodes of a run make; `nil` for what the project says.
    public let patchReview: PatchReview?
    /// The canonical form: what is stored, hashed and read back.
    public let json: JSONValue

    init(_ parts: GraphParts, json: JSONValue, hash: String) {
        self.hash = hash
        documentKind = parts.documentKind
        name = parts.name
        summary = parts.summary
        inputs = parts.inputs
        outputs = parts.outputs
        body = parts.body
        phases = parts.phases
        failurePolicy = parts.failurePolicy
        deadline = parts.deadline
        limits = parts.limits
        concurrency = parts.concurrency
        budget = parts.budget
        isWaveBarrier = parts.isWaveBarrier
        compensatesInParallel = parts.compensatesInParallel
        patchReview = parts.patchReview
        self.json = json
    }

    /// All nodes of the graph itself, without those of bodies inside nodes; a node's position is its index.
    public var nodes: [Node] { body.nodes }
    /// All edges of the graph itself; an edge's position is its index.
    public var edges: [Edge] { body.edges }
    /// The most tasks of one run in flight at a time; `nil` for no limit of its own.
    public var maxParallel: Int? { limits.maxParallel }

    /// The position of the node with that id.
    public func index(of id: String) -> Int? { body.index(of: id) }

    /// Nodes and edges: those of a graph, or those that a `loop` or `map` repeats.
    public final class Body: Sendable {
        /// All nodes; a node's position is its index.
        public let nodes: [Node]
        /// All edges; an edge's position is its index.
        public let edges: [Edge]
        /// What one pass gives; `nil` means the output of its last node, or a map of the outputs of several.
        public let output: ValueTemplate?
        private let positions: [String: Int]

        init(nodes: [Node], edges: [Edge], output: ValueTemplate?, positions: [String: Int]) {
            self.nodes = nodes
            self.edges = edges
            self.output = output
            self.positions = positions
        }

        /// The position of the node with that id.
        public func index(of id: String) -> Int? { positions[id] }
    }

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
        /// Taken only when the loop ended for this reason.
        public let loopExit: LoopExit?
        /// On `branch` and `human` sources: an edge without condition beside edges with one; taken when none of
        /// those is.
        public let isFallback: Bool
        /// The value that goes from a port of the source to one of the target.
        public let binding: Binding?

        init(
            from: Int,
            to: Int,
            when: CELExpression? = nil,
            branchCase: String? = nil,
            loopExit: LoopExit? = nil,
            isFallback: Bool = false,
            binding: Binding? = nil
        ) {
            self.from = from
            self.to = to
            self.when = when
            self.branchCase = branchCase
            self.loopExit = loopExit
            self.isFallback = isFallback
            self.binding = binding
        }

        /// Why a loop ended.
        public enum LoopExit: String, Sendable, CaseIterable {
            /// The condition.
            case `break`
            /// The limit of passes.
            case limit
        }

        /// A pair of ports.
        public struct Binding: Sendable, Equatable {
            /// A member of the source's output.
            public let source: String
            /// `ports.NAME` of the target.
            public let target: String
        }
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

    /// Configuration of a `human` node.
    public struct Human: Sendable {
        /// What is asked for (spec 7.1).
        public enum Kind: String, Sendable, CaseIterable {
            case approval, decision, review, escalation
        }
        /// What happens when nobody decides in time.
        public enum Expiry: Sendable, Equatable {
            /// The task fails with `deadline.exceeded`.
            case fail
            /// As if approved, by `system`.
            case approve
            /// As if rejected, by `system`.
            case reject
            /// The task is skipped and its dependents go on.
            case skip
            /// As if this was chosen, by `system`.
            case choice(String)
            /// Others are asked, with a new deadline.
            case escalate(role: String)
        }
        /// What is asked for.
        public let kind: Kind
        /// Evaluates to the title: text.
        public let title: ValueTemplate
        /// Evaluates to the message: text.
        public let message: ValueTemplate
        /// Objects `{id, label?, effect?}`; empty for the choices of the kind.
        public let choices: [JSONValue]
        /// JSON Schema of values that are asked for.
        public let form: JSONValue?
        /// `user:ID`, `role:NAME` or `owner`; informational while there is one local person.
        public let assignees: [String]
        /// People who must agree.
        public let quorum: Int
        /// How long a person has.
        public let deadline: Duration
        /// Spans after which people are reminded; `nil` for the usual ones.
        public let reminders: [Duration]?
        /// Evaluates to a list of what people should see.
        public let evidence: ValueTemplate?
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
