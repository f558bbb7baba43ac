// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a workflow document in JSON says about its graph, as it is written (spec 3.2). Everything else is skipped.
///
/// A class like the other parts with many arrays: copies of structs would be much of the WebAssembly module.
final class GraphDocument {
    struct Node {
        /// Its position in the list of the document.
        let index: Int
        var id = Text.empty
        var kind = Kind.other
        var join = Join.all
        /// Its own condition is the constant false.
        var isNever = false
        /// A loop goes back to this node.
        var backTo: Text?
        var isBackToAlias = false
        var width: Int64?
        var height: Int64?
    }

    /// The types that matter to a graph.
    enum Kind {
        case loop
        case join
        /// Its outgoing edges mean more than order: a decision, or a moment.
        case gate
        case other
    }

    /// How many incoming edges must be taken before a node runs.
    enum Join: Equatable {
        case all, any, done
        case quorum(Int)
    }

    struct Edge {
        /// Its position in the list of the document.
        let index: Int
        var from = Text.empty
        var to = Text.empty
        /// Values of `when`, `case` and `port` in the input.
        var when: Text?
        var branchCase: Text?
        var port: Text?
        var isNever = false
        /// Whether it carries data, where the document says so.
        var data: Bool?

        var isConditional: Bool { when != nil || branchCase != nil || port != nil }
    }

    /// An entry of `depends_on`.
    struct Dependency {
        /// The position of the node among ``GraphDocument/nodes``.
        let node: Int
        let index: Int
        let id: Text
    }

    /// What was asked beside the graph.
    struct Options {
        struct Value {
            let text: Text
            let offset: Int
        }

        var from: Value?
        var to: Value?
        var direction = LayeredLayout.Direction.right
        var nodeGap: Int64 = 24
        var layerGap: Int64 = 64
    }

    let input: [UInt8]
    var texts = TextPool()
    var nodes: [Node] = []
    var edges: [Edge] = []
    var dependencies: [Dependency] = []
    var options = Options()
    /// What is wrong with the form of nodes and edges; these are left out.
    var problems = Findings()

    init(input: [UInt8]) { self.input = input }
}
