// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// The nodes that the phases of a workstack stand for (spec 3.3).
struct PhaseNodes {
    let context: ReadingContext
    let names: ExpressionNames
    let phases: [WorkstackPhase]
    let order: [[PhaseOrder.Dependency]]
    private let layouts: [Layout]

    /// The ids of the nodes of a phase.
    private struct Layout {
        let tools: [String]
        let agents: [String]
        let areParallel: Bool

        /// The nodes that wait for other phases.
        var entries: [String] { tools.first.map { [$0] } ?? (areParallel ? agents : Array(agents.prefix(1))) }

        /// The nodes that other phases wait for.
        var exits: [String] {
            guard let last = agents.last else { return Array(tools.suffix(1)) }
            return areParallel ? agents : [last]
        }
    }

    init(
        context: ReadingContext,
        names: ExpressionNames,
        phases: [WorkstackPhase],
        order: [[PhaseOrder.Dependency]]
    ) {
        self.context = context
        self.names = names
        self.phases = phases
        self.order = order
        var ids = NodeNames()
        layouts = phases.map { phase in
            let tools = phase.calls.map { ids.name(phase.id, $0.tool) }
            if case .together(let strategy) = phase.strategy {
                return Layout(tools: tools, agents: [ids.name(phase.id, strategy)], areParallel: false)
            }
            let agents = phase.agents.map { ids.name(phase.id, $0.text ?? "agent") }
            return Layout(tools: tools, agents: agents, areParallel: phase.strategy == .parallel)
        }
    }

    /// All nodes, phase by phase.
    func nodes() -> [SourceNode] { phases.indices.flatMap(nodes(of:)) }

    /// What each phase gives: the output of its last node, or of several agents a map.
    func outputs(_ root: SourceValue) -> SourceNode {
        root.derived.mapping(
            zip(phases, layouts).map { phase, layout in
                let value = phase.idValue.derived
                guard layout.exits.count > 1 else {
                    return (phase.id, layout.exits.first.map { value.text(Self.output($0)) })
                }
                var seen: Set<String> = []
                let agents = zip(phase.agents, layout.exits).compactMap { agent, id -> (String, SourceNode?)? in
                    let name = agent.text ?? id
                    return (seen.insert(name).inserted ? name : id, value.text(Self.output(id)))
                }
                return (phase.id, value.mapping(agents))
            }
        )
    }

    private static func output(_ id: String) -> String { "${ \(Name.path("nodes", id)).output }" }

    private func nodes(of index: Int) -> [SourceNode] {
        let (phase, layout) = (phases[index], layouts[index])
        let condition = condition(phase)
        let tools = zip(phase.calls, layout.tools).enumerated().map { position, pair in
            let before = position == 0 ? nil : layout.tools[position - 1]
            return tool(pair.0, pair.1, Place(phase: index, before: before, condition: condition))
        }
        if case .together(let strategy) = phase.strategy {
            let place = Place(phase: index, before: layout.tools.last, condition: condition)
            return tools + [together(strategy, layout.agents[0], place)]
        }
        return tools
            + zip(phase.agents, layout.agents).enumerated().map { position, pair in
                let isFirst = position == 0 || layout.areParallel
                let before = isFirst ? layout.tools.last : layout.agents[position - 1]
                let place = Place(phase: index, before: before, condition: condition)
                return agent(pair.0, pair.1, previous: isFirst ? nil : before, place)
            }
    }

    /// Where a node stands in the order of things.
    private struct Place {
        let phase: Int
        /// The node of the same phase before it.
        let before: String?
        let condition: Condition?
    }

    /// The condition of a phase.
    private struct Condition {
        let value: SourceValue
        let source: String
        /// It is no longer what was written.
        let isRewritten: Bool
    }

    private func condition(_ phase: WorkstackPhase) -> Condition? {
        guard let value = phase.value.member("condition") else { return nil }
        var reader = ExpressionReader(sink: context.sink, names: names)
        guard let expression = reader.condition(value, "condition", .document) else { return nil }
        let isRewritten = reader.takeUses().contains(where: \.isRewritten)
        return Condition(value: value, source: expression.source, isRewritten: isRewritten)
    }

    private func tool(_ call: WorkstackPhase.Call, _ id: String, _ place: Place) -> SourceNode {
        let make = call.value.derived
        let retries = call.stored["retries"]?.intValue.map { retries in
            (call.value.member("retries") ?? call.value).derived.mapping([
                ("max_attempts", make.integer(Int(retries) + 1))
            ])
        }
        let timeout = call.value.member("timeout", in: WorkstackShapes.toolCall)?.derived
        let config = make.mapping(["tool", "args", "store_as"].map { ($0, call.value.member($0)?.moved) })
        return make.mapping(
            common(id, "tool", make, place) + [
                ("config", config), ("retry", retries),
                ("timeout", call.stored["timeout_ms"]?.intValue.flatMap { span in timeout?.text("\(span)ms") }),
                ("compensate", call.value.member("compensate")?.moved),
            ]
        )
    }

    private func agent(_ agent: SourceValue, _ id: String, previous: String?, _ place: Place) -> SourceNode {
        let make = agent.derived
        let config = make.mapping([("agent", agent.moved)] + work(place, previous: previous))
        return make.mapping(common(id, "agent", make, place) + [("config", config)])
    }

    private func together(_ strategy: String, _ id: String, _ place: Place) -> SourceNode {
        let value = phases[place.phase].value
        let make = (value.member("strategy") ?? value).derived
        let members = [("agents", value.member("agents")?.moved), ("strategy", make.text(strategy))]
        let config = make.mapping(members + work(place, previous: nil))
        return make.mapping(common(id, "agent", make, place) + [("config", config)])
    }

    /// What agents are asked to do. In a sequence each sees what the one before gave (spec 8.3).
    private func work(_ place: Place, previous: String?) -> [(String, SourceNode?)] {
        let phase = phases[place.phase]
        let arguments = phase.field("arguments")
        var passed = arguments?.moved
        if let previous, arguments == nil || arguments?.members != nil {
            let make = (arguments ?? phase.value).derived
            var members = (arguments?.members ?? []).map { ($0.entry.key, Optional($0.value.moved)) }
            if !members.contains(where: { $0.0 == "previous_result" }) {
                members.append(("previous_result", make.text(Self.output(previous))))
            }
            passed = make.mapping(members)
        }
        return [("operation", phase.field("operation")?.moved), ("arguments", passed)]
    }

    /// What all nodes of a phase have.
    private func common(_ id: String, _ type: String, _ make: DerivedNode, _ place: Place) -> [(String, SourceNode?)] {
        let phase = phases[place.phase]
        let dependencies =
            place.before.map { [make.text($0)] }
            ?? order[place.phase].flatMap { dependency in
                layouts[dependency.phase].exits.map { dependency.value.derived.text($0) }
            }
        return [
            ("id", make.text(id)), ("type", make.text(type)), ("phase", phase.idValue.moved),
            ("depends_on", dependencies.isEmpty ? nil : make.list(dependencies)), ("when", when(place)),
            ("continue_on_failure", phase.continuesOnFailure ? phase.field("continue_on_failure")?.moved : nil),
        ]
    }

    /// The condition of the phase; and in a phase whose failure does not end the run, that the node before completed:
    /// the first failure ends the phase.
    private func when(_ place: Place) -> SourceNode? {
        let phase = phases[place.phase]
        let condition = place.condition
        guard phase.continuesOnFailure, let before = place.before else {
            return condition.map { $0.isRewritten ? $0.value.derived.text($0.source) : $0.value.moved }
        }
        let isAlive = "\(Name.path("nodes", before)).status == \"completed\""
        guard let condition else { return (phase.field("continue_on_failure") ?? phase.value).derived.text(isAlive) }
        return condition.value.derived.text("(\(condition.source)) && \(isAlive)")
    }
}
