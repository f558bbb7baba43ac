// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// What happens to a map beside what happens to every task.
public enum MapEvent: Sendable, Equatable {
    /// The items are known: a list, or with `isLines` a blob of JSON lines.
    case expanded(items: Payload, isLines: Bool)
    /// Items `first ..< first + count` began, as scopes `scope ..< scope + count`.
    case itemsStarted(first: Int, count: Int, scope: Int)
    /// The item of that scope ended well. Without `output` its result is the output of the one task nothing follows.
    case itemCompleted(scope: Int, output: Payload?)
    /// The item of that scope failed.
    case itemFailed(scope: Int, TaskError)
    /// All items of a stretch of results ended, and the results are stored together.
    case chunkSealed(number: Int, results: Payload)
}

extension RunState {
    mutating func fold(_ event: MapEvent, _ task: TaskRef, _ now: Timestamp) {
        switch event {
        case .expanded(let items, let isLines):
            maps[task] = MapProgress(items: ItemList(payload: items, isLines: isLines))
        case .itemsStarted(let first, let count, let scope):
            maps[task]?.start(first: first, count: count)
            for offset in 0..<count { openScope(scope + offset, number: first + offset, owner: task) }
        case .itemCompleted(let scope, let output):
            guard let state = inner[scope] else { return }
            let result = output ?? state.onlyOutput(in: graph)
            inner[scope] = nil
            forgetHolds(in: scope)
            maps[task]?.end(state.number, result)
        case .itemFailed(let scope, let error):
            guard let state = inner.removeValue(forKey: scope) else { return }
            maps[task]?.end(state.number, nil)
            maps[task]?.failures.append(.init(item: state.number, error: error))
        case .chunkSealed(let number, let results):
            maps[task]?.seal(number, results)
        }
    }
}

extension RunState.Scope {
    /// Positions of the tasks that nothing follows.
    func lastPositions(in graph: RunGraph) -> [Int] {
        let shape = graph.bodies[body]
        return shape.nodes.indices.filter {
            shape.outgoing[$0].isEmpty && !graph.nodes[shape.nodes[$0]].isCompensation
        }
    }

    /// The output of the one task that nothing follows, if there is only one.
    func onlyOutput(in graph: RunGraph) -> Payload? {
        let last = lastPositions(in: graph)
        return last.count == 1 ? tasks[last[0]].output : nil
    }
}
