// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

extension RunState {
    /// One instance of a body: the graph itself, a pass of a loop, an item of a map.
    public struct Scope: Sendable, Equatable {
        /// The loop or map it belongs to; `nil` for the graph itself and for compensations.
        public internal(set) var owner: TaskRef?
        /// The pass or the item, from 0; of a compensation its number.
        public internal(set) var number: Int
        /// Which body of the graph it instantiates.
        var body: Int
        /// One per node, by position in the body.
        public internal(set) var tasks: [TaskState]
        /// One per edge, by position in the body.
        var edges: [EdgeState]
        /// Tasks that have not ended.
        public internal(set) var open: Int
        /// Tasks that failed.
        var failed = 0
        /// Transactional groups of which a member ended.
        var groups: [String: GroupProgress] = [:]
    }

    /// The scope with that number; `nil` once it ended.
    public func scope(_ number: Int) -> Scope? {
        number == 0 ? root : inner[number]
    }

    /// Scopes that have not ended, the graph itself first.
    public var openScopes: [(number: Int, scope: Scope)] {
        [(0, root)] + inner.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Every task of every open scope.
    public var allTasks: [TaskRef] {
        openScopes.flatMap { number, scope in
            graph.bodies[scope.body].nodes.map { TaskRef(scope: number, node: $0) }
        }
    }

    /// The task exists, now.
    public func has(_ task: TaskRef) -> Bool {
        guard task.number >= 0, graph.nodes.indices.contains(task.node), let scope = scope(task.scope) else {
            return false
        }
        return graph.body(of: task.node) == scope.body
    }

    /// The task. It must exist; see ``has(_:)``.
    public internal(set) subscript(task: TaskRef) -> TaskState {
        get {
            let position = graph.position(of: task.node)
            if task.scope == 0 { return root.tasks[position] }
            return inner[task.scope]?.tasks[position] ?? TaskState()
        }
        _modify {
            let position = graph.position(of: task.node)
            if task.scope == 0 {
                yield &root.tasks[position]
            } else {
                yield &inner[task.scope, default: .init(owner: nil, number: 0, body: 0, in: graph)].tasks[position]
            }
        }
    }

    /// The pass and item numbers that lead to a scope, outermost first; empty for the graph itself.
    public func place(of scope: Int) -> [Int] {
        guard let state = inner[scope], let owner = state.owner else { return [] }
        return place(of: owner.scope) + [state.number]
    }

    /// The id of a task's node, with the passes and items it belongs to: `check[3]`.
    public func name(of task: TaskRef) -> String {
        let place = place(of: task.scope)
        guard !place.isEmpty else { return node(task).id }
        return node(task).id + "[" + place.map(String.init).joined(separator: ".") + "]"
    }

    mutating func withScope<Value>(_ number: Int, _ body: (inout Scope) -> Value) -> Value? {
        if number == 0 { return body(&root) }
        guard inner[number] != nil else { return nil }
        return body(&inner[number, default: root])
    }

    /// Begins an instance of the body that `owner` repeats.
    mutating func openScope(_ scope: Int, number: Int, owner: TaskRef) {
        guard let body = graph.repeatedBody(of: owner.node) else { return }
        let opened = Scope(owner: owner, number: number, body: body, in: graph)
        counts[Self.slot(of: .blocked)] += opened.open
        inner[scope] = opened
        lastScope = max(lastScope, scope)
    }

    /// Drops every instance that a loop or map still has, and those within.
    mutating func closeScopes(of owner: TaskRef) {
        for scope in scopes(of: owner) {
            for node in graph.bodies[inner[scope]?.body ?? 0].nodes where graph.nodes[node].kind.isContainer {
                closeScopes(of: TaskRef(scope: scope, node: node))
            }
            inner[scope] = nil
            forgetHolds(in: scope)
        }
    }

    /// Numbers of the open instances that belong to a loop or map, in order.
    func scopes(of owner: TaskRef) -> [Int] {
        guard !inner.isEmpty else { return [] }
        return inner.filter { $0.value.owner == owner }.map(\.key).sorted()
    }
}

extension RunState.Scope {
    /// An instance in which nothing has happened yet.
    init(owner: TaskRef?, number: Int, body: Int, in graph: RunGraph) {
        self.owner = owner
        self.number = number
        self.body = body
        let shape = graph.bodies[body]
        tasks = Array(repeating: RunState.TaskState(), count: shape.nodes.count)
        edges = Array(repeating: .unresolved, count: shape.edges.count)
        open = shape.nodes.count
        for (position, node) in shape.nodes.enumerated() where graph.nodes[node].isCompensation {
            // Runs only to undo another node, and then as a task of its own.
            tasks[position].status = .skipped
            open -= 1
        }
    }
}
