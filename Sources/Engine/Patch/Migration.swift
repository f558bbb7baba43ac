// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Definition
public import JSON
internal import Model

/// Another version of its workflow for a run that goes on (spec 6.6).
struct Migration: Sendable {
    var graph: Graph
    var source: [UInt8]
    /// New ids of nodes, by old id.
    var renamed: [String: String]
    var key: String
}

/// What becomes of the nodes of a run when it goes on with another version of its workflow.
///
/// A task that has begun keeps its place: the new version must have its node, by the same id or by the one that a mapping
/// gives, with the same kind, the same tool or agent, and, once it completed, an output schema that says the same. What
/// has not begun may change in any way.
public struct MigrationReport: Sendable, Equatable {
    /// Hash of the graph that the run has, and of the one it would have.
    public let graphs: (from: String, to: String)
    /// Nodes that have begun and keep their contract, by their new ids.
    public let kept: [String]
    /// New ids of nodes, by old id.
    public let renamed: [String: String]
    /// Nodes that only the new version has.
    public let new: [String]
    /// Nodes that have not begun and are left out.
    public let dropped: [String]
    /// Why the run cannot go on with it; empty when it can.
    public let conflicts: [String]

    /// Reports are compared by everything they tell.
    public static func == (left: Self, right: Self) -> Bool {
        left.graphs == right.graphs && left.kept == right.kept && left.renamed == right.renamed
            && left.new == right.new && left.dropped == right.dropped && left.conflicts == right.conflicts
    }

    /// Compares a run with a version of its workflow. `renamed` gives the new id of nodes that have another one there.
    public init(_ state: RunState, to graph: Graph, renamed: [String: String] = [:]) {
        let check = MigrationCheck(state: state, graph: graph, renamed: renamed)
        let change = GraphChange(from: state.graph.definition, to: graph, renamed: renamed)
        graphs = (state.graph.hash, graph.hash)
        self.renamed = renamed
        kept = check.begun.compactMap { graph.index(of: check.name($0)) == nil ? nil : check.name($0) }
        new = change.added
        dropped = change.removed
        conflicts = check.conflicts
    }

    /// `{from, to, kept[], renamed{}, new[], dropped[], conflicts[]}`.
    public var json: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
        return [
            "from": .string(graphs.from), "to": .string(graphs.to), "kept": list(kept), "renamed": JSONValue(renamed),
            "new": list(new), "dropped": list(dropped), "conflicts": list(conflicts),
        ]
    }
}

private struct MigrationCheck {
    let state: RunState
    let graph: Graph
    let renamed: [String: String]

    func name(_ id: String) -> String { renamed[id] ?? id }

    /// Ids of nodes of the graph itself that have begun, in order.
    var begun: [String] {
        state.graph.bodies[0].nodes.filter { node in
            let task = state[TaskRef(node: node)]
            let isUntouched = task.status == .blocked && task.attempts == 0
            return !isUntouched && task.status != .skipped || task.attempts > 0
        }.map { state.graph.nodes[$0].id }
    }

    var conflicts: [String] {
        let old = state.graph.definition
        var found: [String] = []
        if state.hasEnded { found.append("the run has ended: it is \(state.status.rawValue)") }
        for (from, to) in renamed.sorted(by: { $0.key < $1.key }) {
            if old.index(of: from) == nil { found.append("the run has no node `\(from)`") }
            if graph.index(of: to) == nil { found.append("the new version has no node `\(to)`") }
            if old.index(of: to) != nil, renamed[to] == nil { found.append("the run has a node `\(to)` already") }
        }
        if Set(renamed.values).count < renamed.count { found.append("two nodes are given the same id") }
        if old.name != graph.name { found.append("it is another workflow: `\(graph.name)`, not `\(old.name)`") }
        if old.json["concurrency"] != graph.json["concurrency"] {
            found.append("the runs of the new version share another key (`concurrency`)")
        }
        do throws(InputError) {
            _ = try graph.checkInputs(state.inputs.value.objectValue ?? [:])
        } catch {
            found.append("the inputs of the run do not fit the new version: \(error)")
        }
        if !state.patches.all.allSatisfy({ !$0.isOpen }) { found.append("a patch of the run waits for a decision") }
        return found + begun.compactMap(conflict)
    }

    private func conflict(_ id: String) -> String? {
        guard let old = state.graph.definition.index(of: id).map({ state.graph.definition.nodes[$0] }),
            let index = state.graph.index(of: id)
        else { return nil }
        guard let position = graph.index(of: name(id)) else {
            return "`\(id)` has begun, and the new version has no node `\(name(id))`; give its new id"
        }
        let new = graph.nodes[position]
        guard old.kind.name == new.kind.name, old.isCompensation == new.isCompensation else {
            return "`\(id)` has begun as \(old.kind.name) and would be \(new.kind.name)"
        }
        if old.kind.target != new.kind.target {
            return "`\(id)` has called \(old.kind.target ?? "nothing") and would call \(new.kind.target ?? "nothing")"
        }
        if state[TaskRef(node: index)].status == .completed, old.outputContract != new.outputContract {
            return "`\(id)` completed with another output schema than the new version has"
        }
        if state.graph.phase(of: index).map({ state.graph.phases[$0].id }) != new.phase {
            return "`\(id)` has begun in another phase"
        }
        if old.group != new.group { return "`\(id)` has begun in another group" }
        let change = GraphChange(from: state.graph.definition, to: graph, renamed: renamed)
        if !state.scopes(of: TaskRef(node: index)).isEmpty, change.changed.contains(name(id)) {
            return "`\(id)` repeats its body now, and the new version has another one"
        }
        return nil
    }
}

extension Graph.NodeKind {
    /// Whom it calls.
    fileprivate var target: String? {
        switch self {
        case .tool(let name, _, _), .function(let name, _): name
        case .agent(let config): config.source["agent"]?.stringValue
        default: nil
        }
    }
}

extension Graph.Node {
    /// What others may rely on of its output.
    fileprivate var outputContract: JSONValue {
        guard case .agent(let config) = kind else { return .object(outputs) }
        return [.object(outputs), config.source["output_schema"] ?? .null]
    }
}

extension RunMachine {
    /// The run goes on with another version of its workflow.
    mutating func migrate(_ migration: Migration) throws(Refusal) {
        if let known = state.patches.record(key: migration.key) {
            guard known.details.isMigration, known.change?.graph == migration.graph.hash else {
                throw .invalid("something else was done with the key `\(migration.key)`; nothing was changed")
            }
            return
        }
        guard !state.hasEnded else { throw .state(refusal(of: "migrate")) }
        try checkNothingIsUndone()
        let report = MigrationReport(state, to: migration.graph, renamed: migration.renamed)
        guard report.conflicts.isEmpty else {
            let conflicts = report.conflicts.joined(separator: "; ")
            throw .state("\(state.id) cannot go on with \(migration.graph.hash): \(conflicts)")
        }
        guard migration.graph.hash != state.graph.hash else { throw .state("\(state.id) has that version already") }
        let change = GraphChange(from: state.graph.definition, to: migration.graph, renamed: migration.renamed)
        let details = PatchDetails(
            number: state.patches.last + 1,
            author: turn.actor ?? "system",
            summary: "",
            operations: Payload(inline: []),
            base: state.patches.sequence,
            key: migration.key,
            isMigration: true
        )
        let patch = AppliedPatch(
            details: details,
            change: PatchChange(
                graph: migration.graph.hash,
                added: change.added,
                removed: change.removed,
                changed: change.changed,
                nodes: change.added.count
            ),
            renamed: migration.renamed,
            definition: migration.graph
        )
        do {
            _ = try outcomes(of: patch)
        } catch {
            throw .state("\(state.id) cannot go on with \(migration.graph.hash): \(error.message)")
        }
        apply(patch, source: migration.source)
    }
}
