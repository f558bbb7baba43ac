// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model

/// Reads events as the API shows them, far from the graph of their run: enough to follow what it does.
///
/// Nodes get numbers in the order in which they appear, and values that stand in blobs are null.
public struct EventSketch: Sendable {
    /// Ids of the nodes by number.
    public private(set) var names: [String] = []
    private var numbers: [String: Int] = [:]

    /// Knows no node yet.
    public init() {}

    /// The event of an envelope `{type, node?, scope?, actor?, data?, …}`; `nil` for one that only the run itself can
    /// read, such as a patch, or that is of a newer program.
    public mutating func event(_ envelope: JSONValue) -> Event? {
        guard let type = envelope["type"]?.stringValue.flatMap({ EventType(rawValue: $0) }) else { return nil }
        var task: TaskRef?
        if let node = envelope["node"]?.stringValue {
            task = TaskRef(scope: Int(envelope["scope"]?.intValue ?? 0), node: number(of: node))
        }
        let decoder = EventDecoder(graph: nil) { _, _ in .null }
        guard let body = try? decoder.body(type, envelope["data"] ?? [:], task) else { return nil }
        return Event(task: task, actor: envelope["actor"]?.stringValue, body: body)
    }

    private mutating func number(of node: String) -> Int {
        if let known = numbers[node] { return known }
        names.append(node)
        numbers[node] = names.count - 1
        return names.count - 1
    }
}
