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

/// One node as written. A class, because every check looks at every node; only the reader and ``LoopRegions``, which
/// owns the drafts by then, change it.
final class NodeDraft {
    let id: String
    /// The whole node.
    let value: SourceValue
    let resolved: ResolvedType
    /// The node in stored form, but for what follows from its place in the graph.
    private(set) var stored: JSONObject
    let join: Graph.Join
    /// The ids in `depends_on`, with their places.
    var dependencies: [(id: String, value: SourceValue)]
    /// Expressions in the node.
    let uses: [ExpressionUse]
    /// The tool of a `tool` node, if it is known here.
    let tool: ResolvedTool?
    /// Sends nothing that could be done twice.
    let isRead: Bool
    /// What most nodes do not have.
    private var extras: NodeExtras?

    init(
        id: String,
        value: SourceValue,
        resolved: ResolvedType,
        stored: JSONObject,
        join: Graph.Join,
        dependencies: [(id: String, value: SourceValue)],
        uses: [ExpressionUse],
        tool: ResolvedTool?,
        isRead: Bool,
        extras: NodeExtras?
    ) {
        self.id = id
        self.value = value
        self.resolved = resolved
        self.stored = stored
        self.join = join
        self.dependencies = dependencies
        self.uses = uses
        self.tool = tool
        self.isRead = isRead
        self.extras = extras
    }

    /// Gives the stored form away, so that it is not copied when it is changed.
    func takeStored() -> JSONObject {
        defer { stored = JSONObject() }
        return stored
    }

    var type: NodeType { resolved.type }
    /// It has more than most nodes, or waits otherwise.
    var isNotable: Bool { extras != nil || join != .all }
    /// Where the id stands.
    var idValue: SourceValue { value.member("id") ?? value }
    /// Where the join rule stands, if it was written.
    var joinValue: SourceValue? {
        value.member("join") ?? (type == .join ? value.member("config")?.member("mode") : nil)
    }
    /// The cases of a branch with their places, the default among them.
    var cases: [(name: String, value: SourceValue)] { extras?.cases ?? [] }
    /// The variable that gets the output.
    var storeAs: String? { extras?.storeAs }
    /// What `loop` and `map` repeat.
    var body: BodyDraft? {
        get { extras?.body }
        set {
            if extras == nil { extras = NodeExtras() }
            extras?.body = newValue
        }
    }
    /// The node where the region of a `loop` begins.
    var backTo: (id: String, value: SourceValue)? { extras?.backTo }
    var ports: [PortDraft] { extras?.ports ?? [] }
    /// Declared output ports: name and JSON Schema.
    var outputs: JSONObject { extras?.outputs ?? [:] }
    /// The outputs of the child of a `workflow` node, if they are known.
    var outputNames: [String]? { extras?.outputNames }
    /// Transactional group.
    var group: String? { extras?.group }
    /// The phase it belongs to.
    var phase: String? { extras?.phase }
    /// The node that undoes this one.
    var undoneBy: String? { extras?.undoneBy }
}

/// What most nodes do not have, apart from the draft, so that most drafts are small. ``NodeDraft`` says what each is.
final class NodeExtras {
    var cases: [(name: String, value: SourceValue)] = []
    var storeAs: String?
    var body: BodyDraft?
    var backTo: (id: String, value: SourceValue)?
    var ports: [PortDraft] = []
    var outputs: JSONObject = [:]
    var outputNames: [String]?
    var group: String?
    var phase: String?
    var undoneBy: String?
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

/// One edge as written in `edges`. A class for the same reason.
final class EdgeDraft {
    let from: EdgeEnd
    var to: EdgeEnd
    let when: CELExpression?
    /// The case with its place.
    let branchCase: (name: String, value: SourceValue)?
    /// `break` or `limit` of a loop, with its place.
    let exit: (name: String, value: SourceValue)?
    let uses: [ExpressionUse]
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
