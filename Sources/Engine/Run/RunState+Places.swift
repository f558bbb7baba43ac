// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// What a node sees because of its place in the graph: bound ports (spec 3.4) and phases (spec 3.3).
extension RunState {
    /// Variables that exist only in this node.
    func locals(of node: Int) -> [String: JSONValue] {
        let definition = graph.nodes[node]
        guard !definition.ports.isEmpty else { return [:] }
        var ports = JSONObject()
        for port in definition.ports {
            ports[port.name] = boundValue(of: port.name, at: node) ?? port.defaultValue
        }
        return ["ports": .object(ports)]
    }

    /// The value that an edge brings; `nil` when none is bound or the source gave none.
    func boundValue(of port: String, at node: Int) -> JSONValue? {
        for index in graph.nodes[node].incoming {
            let edge = graph.edges[index]
            guard let binding = edge.binding, binding.target == port else { continue }
            return tasks[edge.from].output?.value[binding.source]
        }
        return nil
    }

    /// `phases.ID` with `success` and `status`, derived from the tasks of the phase.
    func phasesObject(_ fields: [String?]) -> JSONValue {
        var result = JSONObject()
        let wanted = fields.contains { $0 == nil } ? nil : Set(fields.compactMap { $0 })
        for phase in Set(graph.nodes.compactMap(\.phase)).sorted() where wanted?.contains(phase) ?? true {
            let status = phaseStatus(phase)
            result[phase] = ["success": .bool(status == "completed"), "status": .string(status)]
        }
        return .object(result)
    }

    private func phaseStatus(_ phase: String) -> String {
        let statuses = graph.nodes.indices.filter { graph.nodes[$0].phase == phase }.map { tasks[$0].status }
        if statuses.contains(where: { $0 == .failed || $0 == .cancelled }) { return "failed" }
        if statuses.allSatisfy({ $0 == .skipped }) { return "skipped" }
        if statuses.allSatisfy(\.isTerminal) { return "completed" }
        return statuses.allSatisfy { $0 == .blocked } ? "pending" : "running"
    }
}

extension RunMachine {
    /// A source that completed without the value a port needs is an error (spec 3.4).
    func checkPorts(of node: Int) throws(TaskError) {
        for index in state.graph.nodes[node].incoming {
            let edge = state.graph.edges[index]
            guard let binding = edge.binding, state.tasks[edge.from].status == .completed,
                state.tasks[edge.from].output?.value[binding.source] == nil
            else { continue }
            let source = state.graph.nodes[edge.from].id
            throw TaskError(
                code: "port.missing",
                errorClass: .permanent,
                message: "`\(source)` completed without `\(binding.source)`, which port `\(binding.target)` needs"
            )
        }
    }
}
