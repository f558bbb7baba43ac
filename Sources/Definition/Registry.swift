// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What a document may refer to beside itself. The same document and the same registry give the same graph.
public struct Registry: Sendable {
    /// A tool that nodes can call.
    public struct Tool: Sendable {
        /// The name, for example `http.request`; it is also a node type.
        public let name: String
        /// JSON Schema of its arguments.
        public let input: JSONValue

        let schema: JSONSchema

        /// Describes a tool.
        public init(name: String, input: JSONValue) throws(JSONSchemaError) {
            self.name = name
            self.input = input
            schema = try JSONSchema(input)
        }
    }

    /// All tools, by name.
    public let tools: [String: Tool]
    /// Says which rule refuses a literal URL, in words that follow "refused: "; `nil` when it is fine. It must give
    /// the same answer every time.
    public let urlPolicy: @Sendable (String) -> String?

    /// Collects what is known; of two tools with one name the last counts.
    public init(tools: [Tool] = [], urlPolicy: @escaping @Sendable (String) -> String? = { _ in nil }) {
        self.tools = Dictionary(tools.map { ($0.name, $0) }) { _, last in last }
        self.urlPolicy = urlPolicy
    }
}
