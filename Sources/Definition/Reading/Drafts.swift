// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// A document whose parts are each well formed; whether they fit together is not known yet.
struct WorkflowDraft {
    var name = ""
    /// The members of the graph that are not nodes and edges, in stored form.
    var head: JSONObject = [:]
    var inputs: [Graph.Input] = []
    var outputUses: [ExpressionUse] = []
    var limits: JSONObject = [:]
    var body: BodyDraft
    let value: SourceValue
}

/// Nodes and edges of the document, or of the body of a node.
struct BodyDraft {
    var nodes: [NodeDraft] = []
    var edges: [EdgeDraft] = []
    /// What one pass gives, in stored form.
    var output: JSONValue?
    var outputUses: [ExpressionUse] = []
    /// The list of nodes.
    var nodeList: SourceValue
}

/// One node as written. A class, because a draft is large and every check looks at every node; only the reader and
/// ``LoopRegions``, which owns the drafts by then, change it.
final class NodeDraft {
    let id: String
    /// Where the id stands.
    let idValue: SourceValue
    /// The whole node.
    let value: SourceValue
    let type: NodeType
    /// The node in stored form, but for what follows from its place in the graph.
    var stored: JSONObject
    let join: Graph.Join
    /// Where the join rule stands, if it was written.
    let joinValue: SourceValue?
    /// The ids in `depends_on`, with their places.
    var dependencies: [(id: String, value: SourceValue)]
    /// The cases of a branch with their places, the default among them.
    let cases: [(name: String, value: SourceValue)]
    /// Expressions in the node.
    let uses: [ExpressionUse]
    /// The variable that gets the output.
    let storeAs: String?
    /// What `loop` and `map` repeat.
    var body: BodyDraft?
    /// The node where the region of a `loop` begins.
    let backTo: (id: String, value: SourceValue)?
    let ports: [PortDraft]
    /// Declared output ports: name and JSON Schema.
    let outputs: JSONObject
    /// The outputs of the child of a `workflow` node, if they are known.
    let outputNames: [String]?
    /// The tool of a `tool` node.
    let tool: Registry.Tool?
    /// The retry policy was written at the node.
    let retriesExplicitly: Bool
    /// Sends nothing that could be done twice.
    let isRead: Bool
    /// Transactional group.
    let group: String?
    /// The phase it belongs to.
    let phase: String?
    /// The node that undoes this one.
    let undoneBy: String?

    init(
        id: String,
        idValue: SourceValue,
        value: SourceValue,
        type: NodeType,
        stored: JSONObject,
        join: Graph.Join,
        joinValue: SourceValue?,
        dependencies: [(id: String, value: SourceValue)],
        cases: [(name: String, value: SourceValue)],
        uses: [ExpressionUse],
        storeAs: String?,
        body: BodyDraft?,
        backTo: (id: String, value: SourceValue)?,
        ports: [PortDraft],
        outputs: JSONObject,
        outputNames: [String]?,
        tool: Registry.Tool?,
        retriesExplicitly: Bool,
        isRead: Bool
    ) {
        self.id = id
        self.idValue = idValue
        self.value = value
        self.type = type
        self.stored = stored
        self.join = join
        self.joinValue = joinValue
        self.dependencies = dependencies
        self.cases = cases
        self.uses = uses
        self.storeAs = storeAs
        self.body = body
        self.backTo = backTo
        self.ports = ports
        self.outputs = outputs
        self.outputNames = outputNames
        self.tool = tool
        self.retriesExplicitly = retriesExplicitly
        self.isRead = isRead
        // Most nodes have no more than id, kind, config and timeout.
        let isPlain = stored.count == 3 || stored.count == 4 && stored["timeout_ms"] != nil
        group = isPlain ? nil : stored["group"]?.stringValue
        phase = isPlain ? nil : stored["phase"]?.stringValue
        undoneBy = isPlain ? nil : stored["compensate"]?.stringValue
    }
}

/// A typed input of a node.
struct PortDraft {
    let name: String
    let schema: JSONValue
    let isRequired: Bool
    let defaultValue: JSONValue?
    let value: SourceValue
}

/// One end of an edge: a node, and a port of it.
struct EdgeEnd {
    let id: String
    let port: String?
    let value: SourceValue
}

/// One edge as written. A class for the same reason.
final class EdgeDraft {
    let from: EdgeEnd
    var to: EdgeEnd
    let when: CELExpression?
    /// The case with its place.
    let branchCase: (name: String, value: SourceValue)?
    /// `break` or `limit` of a loop, with its place.
    let exit: (name: String, value: SourceValue)?
    let uses: [ExpressionUse]
    /// The edge itself, or the id in `depends_on`.
    let value: SourceValue

    init(
        from: EdgeEnd,
        to: EdgeEnd,
        when: CELExpression? = nil,
        branchCase: (name: String, value: SourceValue)? = nil,
        exit: (name: String, value: SourceValue)? = nil,
        uses: [ExpressionUse] = [],
        value: SourceValue
    ) {
        self.from = from
        self.to = to
        self.when = when
        self.branchCase = branchCase
        self.exit = exit
        self.uses = uses
        self.value = value
    }

    /// The source decides whether it is taken.
    var isConditional: Bool { when != nil || branchCase != nil || exit != nil }
}
