// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// Rewrites a workstack to a workflow (spec 3.3): each call of a tool and each agent becomes a node of its phase.
struct WorkstackNormaliser {
    let context: ReadingContext
    let root: SourceValue

    private var sink: DiagnosticSink { context.sink }

    /// Keys that are taken over as they are, so that the workflow is read with them.
    private static let taken = ["description", "version", "metadata", "limits", "concurrency", "budget"]

    /// The workflow; `nil` when something is wrong with the workstack itself, which is reported.
    func normalise() -> DocumentKind.Normalised? {
        let errors = sink.errorCount
        var shapes = ShapeReader(sink: sink)
        let later = Self.taken + ["outputs", "phases"]
        guard let head = shapes.object(root, as: WorkstackShapes.document, skipping: later) else { return nil }
        let phases = root.member("phases").map { WorkstackPhaseReader(context: context).read($0) } ?? []
        checkRequired()
        let settings = settings(head)
        let parallel = checkParallelPhases(phases).union(settings.parallelPhases)
        let isGraph = head["order"] == "graph"
        let order = PhaseOrder(phases: phases, isGraph: isGraph, parallel: parallel, sink: sink).dependencies()
        guard sink.errorCount == errors, !phases.isEmpty else { return nil }
        let names = names(phases)
        var storage = PhaseStorage(context: context, names: names)
        let nodes = PhaseNodes(context: context, names: names, phases: phases, order: order)
        var result = DocumentKind.Normalised(
            kind: .workstack,
            root: SourceValue(node: workflow(head, settings, nodes), path: root.path)
        )
        result.phases = phases.map { storage.stored($0) }
        result.phaseUses = storage.takeUses()
        return sink.errorCount == errors ? result : nil
    }

    private func workflow(_ head: JSONObject, _ settings: WorkstackSettings, _ nodes: PhaseNodes) -> SourceNode {
        let timeout = root.member("timeout", in: WorkstackShapes.document)
        let written = head["timeout_ms"]?.intValue.flatMap { span in timeout?.derived.text("\(span)ms") }
        let usual = settings.defaultTimeout.map { root.derived.text("\($0.milliseconds)ms") }
        let members: [(String, SourceNode?)] = [
            ("workflow", root.member("workstack")?.moved),
            ("inputs", root.member("inputs", in: WorkstackShapes.document)?.moved),
            ("outputs", root.member("outputs")?.moved ?? nodes.outputs(root)),
            ("deadline", written ?? usual), ("nodes", root.derived.list(nodes.nodes())),
        ]
        return root.derived.mapping(members + Self.taken.map { ($0, root.member($0)?.moved) })
    }

    private func checkRequired() {
        let names = NodeReader(context: context, locals: [], depth: 0, subjects: [:])
        let agents = context.registry.agents.map { Set($0.keys) }
        for value in root.member("required_agents")?.items ?? [] { names.checkName(value, agents, "agent") }
        for value in root.member("required_skills")?.items ?? [] {
            names.checkName(value, context.registry.skills, "skill")
        }
    }

    /// What the installation sets for this workstack.
    private func settings(_ head: JSONObject) -> WorkstackSettings {
        guard let name = head["workstack"]?.stringValue, let value = root.member("workstack"),
            let settings = context.registry.workstacks[name]
        else { return WorkstackSettings() }
        context.resolved["workstack:\(name)"] = settings.text
        if !settings.isEnabled {
            context.reportUnsupported(at: value, "the workstack `\(name)` is disabled here")
        }
        return settings
    }

    private func checkParallelPhases(_ phases: [WorkstackPhase]) -> Set<String> {
        let known = Set(phases.map(\.id))
        let values = root.member("parallel_phases")?.items ?? []
        for value in values {
            guard let id = value.text, !known.contains(id) else { continue }
            let suggestion = sink.suggestion(for: id, among: phases.lazy.map(\.id))
            sink.report(.unknownNode, at: value, "there is no phase `\(id)`\(suggestion)")
        }
        return Set(values.compactMap(\.text))
    }

    /// What shorthands of expressions may mean.
    private func names(_ phases: [WorkstackPhase]) -> ExpressionNames {
        let inputs = root.member("inputs", in: WorkstackShapes.document)?.members ?? []
        return ExpressionNames(
            inputs: Set(inputs.map(\.entry.key)),
            variables: Set(phases.flatMap(\.calls).compactMap { $0.stored["store_as"]?.stringValue }),
            phases: Set(phases.map(\.id))
        )
    }
}

/// Writes phases in the form in which graphs store them.
private struct PhaseStorage {
    let context: ReadingContext
    private var shapes: ShapeReader

    init(context: ReadingContext, names: ExpressionNames) {
        self.context = context
        shapes = ShapeReader(sink: context.sink, names: names)
    }

    mutating func takeUses() -> [ExpressionUse] { shapes.expressions.takeUses() }

    mutating func stored(_ phase: WorkstackPhase) -> JSONValue {
        var result: JSONObject = ["id": .string(phase.id)]
        result["title"] = phase.stored["title"]
        if phase.continuesOnFailure { result["continue_on_failure"] = true }
        result["timeout_ms"] = phase.stored["timeout_ms"]
        guard let rollback = phase.value.member("rollback") else { return .object(result) }
        NodeReader(context: context, locals: [], depth: 0, subjects: [:]).checkCompensation(rollback)
        if let calls = shapes.value(rollback, "rollback", WorkstackShapes.rollback, .document), calls != [] {
            result["rollback"] = calls
        }
        return .object(result)
    }
}
