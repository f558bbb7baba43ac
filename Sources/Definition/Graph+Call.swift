// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import JSON
public import Model

extension Graph {
    /// A call that stands in no document, with everything it needs: what undoes a node is one.
    public struct Call: Sendable {
        /// What is called.
        public enum Target: Sendable, Equatable {
            /// The tool of that name; the arguments are its own.
            case tool(String)
            /// Another machine; the arguments are the configuration of an `http` node.
            case http
        }
        /// The id of its node; not taken by another one of the run.
        public let id: String
        /// What is called.
        public let target: Target
        /// The arguments as they are: text that looks like an expression is text.
        public let arguments: JSONValue
        /// How failed attempts are repeated.
        public var retry = RetryPolicy()
        /// The longest one attempt may take.
        public var timeout: Duration?
        /// The longest all attempts together may take; `nil` for no limit.
        public var totalTimeout: Duration?
        /// The effect cannot take an idempotency key.
        public var isNonIdempotent = false
        /// The profile that bounds it.
        public var profile: String?

        /// A call with the usual retries and timeout of its kind.
        public init(id: String, target: Target, arguments: JSONValue) {
            self.id = id
            self.target = target
            self.arguments = arguments
            timeout = kind.type.description.timeout
        }

        var kind: NodeKind {
            let values = ValueTemplate(constant: arguments)
            return switch target {
            case .tool(let name): .tool(name: name, arguments: values, storeAs: nil)
            case .http: .http(config: values)
            }
        }
    }
}

extension Graph.Body {
    /// Calls that are made one after the other; the first that fails for good ends them.
    public convenience init(calls: [Graph.Call]) {
        let last = calls.count - 1
        let nodes = calls.enumerated().map { index, call in
            Graph.Node(call, incoming: index > 0 ? [index - 1] : [], outgoing: index < last ? [index] : [], at: index)
        }
        let edges = (0..<max(last, 0)).map { index in
            Graph.Edge(
                from: index,
                to: index + 1,
                when: nil,
                branchCase: nil,
                loopExit: nil,
                isFallback: false,
                binding: nil
            )
        }
        let positions = Dictionary(calls.enumerated().map { ($1.id, $0) }) { first, _ in first }
        self.init(nodes: nodes, edges: edges, output: nil, positions: positions)
    }
}
