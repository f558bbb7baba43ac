// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// A phase of a workstack as written (spec 3.3).
struct WorkstackPhase {
    let id: String
    /// Where the id stands.
    let idValue: SourceValue
    /// The whole phase.
    let value: SourceValue
    /// In stored form, but for what other members of this type hold.
    let stored: JSONObject
    var calls: [Call]
    var agents: [SourceValue]
    let strategy: Strategy
    /// The ids in `depends_on`; `nil` when the key is missing.
    let dependencies: [(id: String, value: SourceValue)]?

    /// A call of a tool.
    struct Call {
        let value: SourceValue
        let tool: String
        let stored: JSONObject
    }

    /// How the agents work together.
    enum Strategy: Equatable {
        /// One node for each agent, one after the other.
        case sequential
        /// One node for each agent, side by side.
        case parallel
        /// One node for all agents.
        case together(String)

        init(_ name: String?) {
            switch name {
            case nil, "sequential": self = .sequential
            case "parallel": self = .parallel
            case let name?: self = .together(name)
            }
        }
    }

    var continuesOnFailure: Bool { stored["continue_on_failure"]?.boolValue ?? false }

    /// A field, under whatever key it was written.
    func field(_ key: String) -> SourceValue? { value.member(key, in: WorkstackShapes.phase) }
}

/// Reads the phases of a workstack.
struct WorkstackPhaseReader {
    let context: ReadingContext

    private var sink: DiagnosticSink { context.sink }

    /// Keys of a phase that are read later, some of them as parts of nodes.
    private static let later = ["tools", "rollback", "condition", "arguments", "agent_arguments"]

    func read(_ value: SourceValue) -> [WorkstackPhase] {
        var shapes = ShapeReader(sink: sink)
        let count = 1...WorkstackShapes.phaseLimit
        guard shapes.list(value, "phases", .anything, count, .document) != nil else { return [] }
        var taken: [String: SourceValue] = [:]
        return (value.items ?? []).compactMap { item in
            guard let phase = phase(item, &shapes) else { return nil }
            if let first = taken[phase.id] {
                let related = DiagnosticSink.related(first, "the first one is here")
                let message = "two phases have the id `\(phase.id)`; rename one"
                sink.report(.duplicateNode, at: phase.idValue, message, related: [related])
                return nil
            }
            taken[phase.id] = phase.idValue
            return phase
        }
    }

    private func phase(_ value: SourceValue, _ shapes: inout ShapeReader) -> WorkstackPhase? {
        let errors = sink.errorCount
        guard let stored = shapes.object(value, as: WorkstackShapes.phase, skipping: Self.later) else { return nil }
        checkSupport(value, stored)
        if let arguments = value.member("agent_arguments") {
            sink.report(.alias, at: arguments, "`agent_arguments` is read as `arguments`")
        }
        let calls = calls(value.member("tools"), &shapes)
        let agents = value.member("agents")?.items ?? []
        if calls.isEmpty, agents.isEmpty, sink.errorCount == errors {
            sink.report(.missingKey, at: value, "a phase needs `tools` or `agents`")
        }
        checkAgentKeys(value, hasAgents: !agents.isEmpty)
        let strategy = strategy(value, stored)
        guard let id = stored["id"]?.stringValue, let idValue = value.member("id") else { return nil }
        return WorkstackPhase(
            id: id,
            idValue: idValue,
            value: value,
            stored: stored,
            calls: calls,
            agents: agents,
            strategy: strategy,
            dependencies: value.member("depends_on").map { list in
                (list.items ?? []).compactMap { item in item.text.map { (id: $0, value: item) } }
            }
        )
    }

    private func calls(_ value: SourceValue?, _ shapes: inout ShapeReader) -> [WorkstackPhase.Call] {
        guard let value, shapes.list(value, "tools", .anything, 0...100, .document) != nil else { return [] }
        return (value.items ?? []).compactMap { item in
            guard let stored = shapes.object(item, as: WorkstackShapes.toolCall, skipping: ["args", "compensate"]),
                let tool = stored["tool"]?.stringValue
            else { return nil }
            return WorkstackPhase.Call(value: item, tool: tool, stored: stored)
        }
    }

    /// What belongs to agents says nothing in a phase without them.
    private func checkAgentKeys(_ value: SourceValue, hasAgents: Bool) {
        guard !hasAgents else { return }
        for key in ["strategy", "parallel", "operation", "arguments"] {
            guard let place = value.member(key, in: WorkstackShapes.phase) else { continue }
            sink.report(.invalidValue, at: place, "`\(key)` belongs to `agents`, and this phase has none")
        }
    }

    private func strategy(_ value: SourceValue, _ stored: JSONObject) -> WorkstackPhase.Strategy {
        let name = stored["strategy"]?.stringValue
        guard let flag = stored["parallel"]?.boolValue, let place = value.member("parallel") else {
            return WorkstackPhase.Strategy(name)
        }
        if let name, (name == "parallel") != flag {
            sink.report(.invalidValue, at: place, "`parallel` and `strategy: \(name)` disagree; keep one of them")
        }
        return WorkstackPhase.Strategy(flag ? "parallel" : name)
    }

    /// Sequences and parallel agents are nodes like others; only other strategies need an engine that knows them.
    private func checkSupport(_ value: SourceValue, _ stored: JSONObject) {
        guard case .together = WorkstackPhase.Strategy(stored["strategy"]?.stringValue) else {
            let members = (value.members ?? []).map(\.entry).filter { $0.key != "strategy" }
            let rest = SourceNode(.mapping(members), at: value.node.position)
            return context.checkSupport(SourceValue(node: rest, path: value.path), "phase", WorkstackShapes.phase)
        }
        context.checkSupport(value, "phase", WorkstackShapes.phase)
    }
}
