// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import Hashing
internal import JSON
internal import Model

/// Everything that the tasks of a run came to, those of passes and items that ended included.
public struct RunHistory: Sendable {
    /// The run at the end of the history.
    public private(set) var state: RunState
    /// The last state of every task that anything happened to, and of those that are still there.
    public private(set) var tasks: [TaskName: RunState.TaskState] = [:]

    /// SHA-256 of the canonical JSON of what was last handed to each call, where that is noted.
    private(set) var arguments: [TaskName: String] = [:]
    private let notesArguments: Bool

    /// Begins with a state: what has not ended there is all that is known of it.
    init(_ state: RunState, notesArguments: Bool = false) {
        self.state = state
        self.notesArguments = notesArguments
        for task in state.allTasks { tasks[state.taskName(of: task)] = state[task] }
    }

    /// Takes the next event in.
    mutating func fold(_ event: Event, at now: Timestamp) {
        // The event that ends a pass or item takes its tasks away, so each is noted when it changes.
        state.fold(event, at: now)
        if let task = event.task, state.has(task) {
            let name = state.taskName(of: task)
            tasks[name] = state[task]
            if notesArguments, case .taskStarted = event.body, let value = state.arguments(of: task, at: now) {
                arguments[name] = SHA256.hex(value.canonicalBytes())
            }
        }
        if case .patch(.applied(let patch)) = event.body {
            for node in patch.change.removed { tasks[TaskName(node: node)] = nil }
            for (old, new) in patch.renamed {
                tasks[TaskName(node: new)] = tasks.removeValue(forKey: TaskName(node: old))
            }
            for task in state.allTasks { tasks[state.taskName(of: task)] = state[task] }
        }
        guard case .again(let change) = event.body else { return }
        switch change {
        case .reset(let places, _):
            let names = Set(places.filter { $0.scope == 0 }.map(\.node))
            // With a loop or map its passes and items begin anew.
            let inside = tasks.keys.filter { name in
                !name.place.isEmpty && names.contains(where: { isInside(name.node, $0) })
            }
            for name in inside { tasks[name] = nil }
            for place in places {
                if let task = state.task(at: place) { tasks[state.taskName(of: task)] = state[task] }
            }
        case .forked:
            for task in state.allTasks { tasks[state.taskName(of: task)] = state[task] }
        case .reopened, .cached: break
        }
    }

    /// The node stands in a body of the loop or map.
    private func isInside(_ node: String, _ container: String) -> Bool {
        guard let node = state.graph.index(of: node), let container = state.graph.index(of: container),
            let body = state.graph.repeatedBody(of: container)
        else { return false }
        var current = state.graph.body(of: node)
        while current != 0, current != body {
            guard let owner = state.graph.nodes.indices.first(where: { state.graph.repeatedBody(of: $0) == current })
            else { return false }
            current = state.graph.body(of: owner)
        }
        return current == body
    }
}

extension RunReader {
    /// What all tasks of a run came to. Folds the whole log.
    ///
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func history(ofRun key: Int64) throws(EngineError) -> RunHistory {
        try history(ofRun: key, withArguments: false)
    }

    func history(ofRun key: Int64, withArguments: Bool) throws(EngineError) -> RunHistory {
        var history: RunHistory?
        try forEachEvent(ofRun: key) { _, at, event, graph in
            if case .runQueued(let origin) = event.body, history == nil {
                let state = RunState(origin: origin, graph: graph, at: at)
                history = RunHistory(state, notesArguments: withArguments)
            } else {
                history?.fold(event, at: at)
            }
        }
        guard let history else { throw EngineError(.notFound, "run \(key) has no events") }
        return history
    }
}

extension RunState {
    /// What a call is handed, as it is evaluated when it starts; `nil` for tasks that call nothing, and when an
    /// expression fails.
    func arguments(of task: TaskRef, at now: Timestamp) -> JSONValue? {
        let template: ValueTemplate
        switch node(task).kind {
        case .tool(_, let arguments, _), .function(_, let arguments): template = arguments
        case .http(let config), .agent(let config), .signal(let config): template = config
        case .workflow(let child): template = child.inputs
        default: return nil
        }
        let expressions = template.slots.map(\.expression)
        return try? template.evaluate(in: snapshot(for: expressions, in: task.scope, at: now, extra: locals(of: task)))
    }
}
