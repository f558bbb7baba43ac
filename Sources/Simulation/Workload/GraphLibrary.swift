// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import JSON
internal import Synchronization

/// The workflows that simulations run: the same for every case, compiled once in a process, because compiling one takes
/// as long as simulating it.
enum GraphLibrary {
    struct Entry: Sendable {
        let source: [UInt8]
        let graph: Graph
    }

    /// How many there are.
    static let count = 40

    private static let entries = Mutex<[Int: Entry]>([:])

    static func entry(_ number: Int) -> Entry {
        if let known = entries.withLock({ $0[number] }) { return known }
        let made = compile(number)
        entries.withLock { $0[number] = made }
        return made
    }

    /// The document with that number, or the next one that is valid: some drawn at random are not.
    private static func compile(_ number: Int) -> Entry {
        for attempt in 0..<100 {
            var generator = DocumentGenerator(number: number + attempt * count)
            let text = generator.document()
            if case .success(let graph) = compile(text) { return Entry(source: Array(text.utf8), graph: graph) }
        }
        preconditionFailure("no valid document in a hundred; see GraphLibraryTests")
    }

    struct Invalid: Error {
        let reason: String
    }

    static func compile(_ text: String) -> Result<Graph, Invalid> {
        guard let tool = try? Registry.Tool(name: "noop", input: ["type": "object"]) else {
            return .failure(Invalid(reason: "the schema of `noop`"))
        }
        let result = Compiler(registry: Registry(tools: [tool])).compile(text: Array(text.utf8), fileName: "w.yaml")
        guard let graph = result.graph else {
            return .failure(Invalid(reason: result.diagnostics.map(\.message).joined(separator: "\n")))
        }
        return .success(graph)
    }
}
