// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore
import JSON

/// Checks transactional groups and compensations (spec 3.10).
struct GroupChecker {
    let body: ResolvedBody
    let sink: DiagnosticSink

    func check() {
        var groups: [String: [Int]] = [:]
        for index in body.overview.notable {
            let node = body.nodes[index]
            if let group = node.group { groups[group, default: []].append(index) }
            checkCompensation(node, index)
        }
        for (name, members) in groups.sorted(by: { $0.key < $1.key }) { check(name, members) }
    }

    private func check(_ name: String, _ members: [Int]) {
        for member in members where body.nodes[member].type == .human {
            let value = place(member)
            let message = "group `\(name)` holds the human node `\(body.id(member))`; a group does not wait for people"
            sink.report(.invalidGroup, at: value, message)
        }
        let inside = Set(members)
        var reached: Set<Int> = []
        var open = members.prefix(1).map { $0 }
        while let next = open.popLast() {
            guard reached.insert(next).inserted else { continue }
            let neighbours = Array(body.digraph.successors(of: next)) + Array(body.digraph.predecessors(of: next))
            open += neighbours.filter(inside.contains)
        }
        if let apart = members.first(where: { !reached.contains($0) }) {
            let message = "group `\(name)` is not connected: no edges lead from its other nodes to `\(body.id(apart))`"
            sink.report(.invalidGroup, at: place(apart), message)
        }
        checkOverlap(name, members, inside)
    }

    /// A node of another group between two of this one would wait for a result that is held back.
    private func checkOverlap(_ name: String, _ members: [Int], _ inside: Set<Int>) {
        let after = reach(members) { Array(body.digraph.successors(of: $0)) }
        let before = reach(members) { Array(body.digraph.predecessors(of: $0)) }
        for node in after.intersection(before).sorted() where !inside.contains(node) {
            let other = body.nodes[node].group
            let what = other.map { "overlaps group `\($0)`" } ?? "is left and entered again"
            let message = "group `\(name)` \(what) at `\(body.id(node))`; its outputs are held back until all completed"
            sink.report(.invalidGroup, at: body.nodes[node].idValue, message)
        }
    }

    private func reach(_ start: [Int], _ next: (Int) -> [Int]) -> Set<Int> {
        var found: Set<Int> = []
        var open = start.flatMap(next)
        while let node = open.popLast() {
            if found.insert(node).inserted { open += next(node) }
        }
        return found
    }

    private func place(_ node: Int) -> SourceValue {
        body.nodes[node].value.member("group") ?? body.nodes[node].idValue
    }

    /// A node that undoes another is one that nothing leads to and that leads nowhere.
    private func checkCompensation(_ node: NodeDraft, _ index: Int) {
        guard let id = node.undoneBy, let value = node.value.member("compensate") else {
            return
        }
        guard let target = body.positions[id] else {
            let suggestion = sink.suggestion(for: id, among: body.nodes.lazy.map(\.id))
            return sink.report(.invalidCompensation, at: value, "there is no node `\(id)`\(suggestion)")
        }
        let type = body.nodes[target].type
        if type != .tool, type != .http {
            let message =
                "`\(id)` is a node of kind `\(type.rawValue)`; only `tool` and `http` nodes can undo another one"
            sink.report(.invalidCompensation, at: value, message)
        }
        if !body.digraph.successors(of: target).isEmpty || !body.digraph.predecessors(of: target).isEmpty {
            let message =
                "`\(id)` undoes `\(node.id)`, so it cannot have edges: it runs only when the run is rolled back"
            sink.report(.invalidCompensation, at: value, message)
        }
    }
}
