// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition

/// A task as people name it: `check`, or `check[3.1]` for what belongs to pass or item 1 within pass or item 3.
public struct TaskName: Sendable, Hashable, CustomStringConvertible {
    /// The id of the node.
    public let node: String
    /// The passes and items it belongs to, outermost first; empty for the graph itself.
    public let place: [Int]

    /// Names a task.
    public init(node: String, place: [Int] = []) {
        self.node = node
        self.place = place
    }

    /// Reads `node` or `node[3.1]`; `nil` when the text is neither.
    public init?(_ text: String) {
        let parts = text.split(separator: "[", maxSplits: 1, omittingEmptySubsequences: false)
        guard let node = parts.first, !node.isEmpty else { return nil }
        guard parts.count == 2 else {
            self.init(node: text)
            return
        }
        let numbers = parts[1].dropLast().split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts[1].hasSuffix("]"), !numbers.contains(nil) else { return nil }
        self.init(node: String(node), place: numbers.compactMap { $0 })
    }

    /// `node` or `node[3.1]`.
    public var description: String {
        place.isEmpty ? node : "\(node)[\(place.map(String.init).joined(separator: "."))]"
    }
}

extension RunState {
    /// The task of that name; `nil` when there is none, or its pass or item has ended.
    public func task(named name: TaskName) -> TaskRef? {
        guard let node = graph.index(of: name.node) else { return nil }
        let body = graph.body(of: node)
        for (number, scope) in openScopes where scope.body == body && place(of: number) == name.place {
            return TaskRef(scope: number, node: node)
        }
        return nil
    }

    /// The name of a task.
    public func taskName(of task: TaskRef) -> TaskName {
        TaskName(node: node(task).id, place: place(of: task.scope))
    }
}
