// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Definition
internal import JSON
internal import Model

/// Where a task stands in its graph.
extension RunState {
    /// What the task does.
    public func node(_ task: TaskRef) -> Graph.Node {
        graph.nodes[task.node]
    }

    /// The body that a scope instantiates. The scope must exist.
    func body(of scope: Int) -> RunGraph.Body {
        graph.bodies[self.scope(scope)?.body ?? 0]
    }

    /// Edges that end at the task, by position in its body.
    func incoming(_ task: TaskRef) -> [Int] {
        graph.bodies[graph.body(of: task.node)].incoming[graph.position(of: task.node)]
    }

    /// Edges that start from the task, by position in its body.
    func outgoing(_ task: TaskRef) -> [Int] {
        graph.bodies[graph.body(of: task.node)].outgoing[graph.position(of: task.node)]
    }

    /// The tasks at the other ends of the incoming edges, in written order.
    func sources(of task: TaskRef) -> [TaskRef] {
        let body = graph.bodies[graph.body(of: task.node)]
        return incoming(task).map { TaskRef(scope: task.scope, node: body.nodes[body.edges[$0].from]) }
    }

    /// The task of a node as seen from a scope: in the scope itself, or in one around it.
    func visibleTask(_ node: Int, from scope: Int) -> TaskRef? {
        let body = graph.body(of: node)
        var number = scope
        while let current = self.scope(number) {
            if current.body == body { return TaskRef(scope: number, node: node) }
            guard let owner = current.owner else { return nil }
            number = owner.scope
        }
        return nil
    }
}

/// What a node sees because of its place in the graph: bound ports (spec 3.4), phases (spec 3.3), and the pass or item
/// it belongs to (spec 3.7).
extension RunState {
    /// Variables that exist only in this task.
    func locals(of task: TaskRef) -> [String: JSONValue] {
        let definition = node(task)
        guard !definition.ports.isEmpty else { return [:] }
        var ports = JSONObject()
        for port in definition.ports {
            ports[port.name] = boundValue(of: port.name, at: task) ?? port.defaultValue
        }
        return ["ports": .object(ports)]
    }

    /// `iteration` and `last` of a pass, the item and `index` of an item; those of scopes around it where the inner
    /// ones have no such names.
    func scopeVariables(_ number: Int) -> [String: JSONValue] {
        guard let scope = scope(number), let owner = scope.owner else { return [:] }
        var result = scopeVariables(owner.scope)
        switch node(owner).kind {
        case .loop:
            result["iteration"] = .int(Int64(scope.number))
            result["last"] = loops[owner]?.last?.value ?? .null
        case .map(let map):
            result["index"] = .int(Int64(scope.number))
            result[map.variable] = maps[owner]?.items[scope.number] ?? .null
        case .team:
            result["participant"] = participant(scope.number, of: owner)
        default:
            break
        }
        return result
    }

    /// The value that an edge brings; `nil` when none is bound or the source gave none.
    func boundValue(of port: String, at task: TaskRef) -> JSONValue? {
        let body = graph.bodies[graph.body(of: task.node)]
        for index in incoming(task) {
            let edge = body.edges[index]
            guard let binding = edge.binding, binding.target == port else { continue }
            return self[TaskRef(scope: task.scope, node: body.nodes[edge.from])].output?.value[binding.source]
        }
        return nil
    }

    /// `phases.ID` with `success` and `status`, derived from the tasks of the phase.
    func phasesObject(_ fields: [String?]) -> JSONValue {
        var result = JSONObject()
        let wanted = fields.contains { $0 == nil } ? nil : Set(fields.compactMap { $0 })
        let nodes = graph.bodies[0].nodes
        for phase in Set(nodes.compactMap { graph.nodes[$0].phase }).sorted() where wanted?.contains(phase) ?? true {
            let status = phaseStatus(phase)
            result[phase] = ["success": .bool(status == "completed"), "status": .string(status)]
        }
        return .object(result)
    }

    private func phaseStatus(_ phase: String) -> String {
        let nodes = graph.bodies[0].nodes
        let statuses = nodes.indices.filter { graph.nodes[nodes[$0]].phase == phase }.map { root.tasks[$0].status }
        if statuses.contains(where: { $0 == .failed || $0 == .cancelled }) { return "failed" }
        if statuses.allSatisfy({ $0 == .skipped }) { return "skipped" }
        if statuses.allSatisfy(\.isTerminal) { return "completed" }
        return statuses.allSatisfy { $0 == .blocked } ? "pending" : "running"
    }
}

extension RunMachine {
    /// A source that completed without the value a port needs is an error (spec 3.4).
    func checkPorts(of task: TaskRef) throws(TaskError) {
        let body = state.graph.bodies[state.graph.body(of: task.node)]
        for index in state.incoming(task) {
            let edge = body.edges[index]
            guard let binding = edge.binding else { continue }
            let source = TaskRef(scope: task.scope, node: body.nodes[edge.from])
            guard state[source].status == .completed, state[source].output?.value[binding.source] == nil else {
                continue
            }
            throw TaskError(
                code: "port.missing",
                errorClass: .permanent,
                message: "`\(state.node(source).id)` completed without `\(binding.source)`, which port "
                    + "`\(binding.target)` needs"
            )
        }
    }
}
