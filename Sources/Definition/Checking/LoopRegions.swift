// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore

/// Moves the region that a loop with `back_to` repeats into its body (spec 3.6): all that lies between the node named
/// and the loop. The region must have one entry, the node named, and one exit, the loop.
struct LoopRegions {
    let sink: DiagnosticSink

    func nest(_ body: inout BodyDraft) {
        for index in body.nodes.indices {
            guard var inner = body.nodes[index].body else { continue }
            nest(&inner)
            body.nodes[index].body = inner
        }
        // The innermost region first: a loop in the region of another moves with its body.
        var pending = body.nodes.filter { $0.backTo != nil && $0.body == nil }.map(\.id)
        while !pending.isEmpty {
            let links = Links(body)
            let regions = pending.compactMap { loop in region(of: loop, body, links).map { (loop, $0) } }
            guard let (loop, region) = regions.min(by: { $0.1.count < $1.1.count }) else { return }
            move(region, into: loop, &body, links)
            pending.removeAll { $0 == loop || !regions.map(\.0).contains($0) }
        }
    }

    /// Who leads to whom, by id.
    private struct Links {
        var forward: [String: [String]] = [:]
        var backward: [String: [String]] = [:]
        var places: [String: SourceValue] = [:]

        init(_ body: BodyDraft) {
            let returns = Dictionary(
                body.nodes.compactMap { node in node.backTo.map { (node.id, $0.id) } },
                uniquingKeysWith: { first, _ in first }
            )
            for edge in body.edges where returns[edge.from.id] != edge.to.id {
                add(edge.from.id, edge.to.id, edge.value)
            }
            for node in body.nodes {
                for (id, value) in node.dependencies where returns[id] != node.id { add(id, node.id, value) }
            }
        }

        private mutating func add(_ from: String, _ to: String, _ value: SourceValue) {
            forward[from, default: []].append(to)
            backward[to, default: []].append(from)
            places["\(from)>\(to)"] = value
        }

        /// Everything that can be reached, the start included, without passing `end`.
        static func reach(_ start: String, _ links: [String: [String]], until end: String) -> Set<String> {
            var found: Set<String> = [start]
            var open = [start]
            while let next = open.popLast() {
                for other in links[next] ?? [] where other != end && found.insert(other).inserted {
                    open.append(other)
                }
            }
            return found
        }
    }

    private func region(of loop: String, _ body: BodyDraft, _ links: Links) -> Set<String>? {
        guard let node = body.nodes.first(where: { $0.id == loop }), let backTo = node.backTo else { return nil }
        guard body.nodes.contains(where: { $0.id == backTo.id }) else {
            let suggestion = sink.suggestion(for: backTo.id, among: body.nodes.lazy.map(\.id))
            sink.report(.unknownNode, at: backTo.value, "there is no node `\(backTo.id)`\(suggestion)")
            return nil
        }
        let after = Links.reach(backTo.id, links.forward, until: loop)
        let before = Links.reach(loop, links.backward, until: backTo.id).union([backTo.id])
        let region = after.intersection(before).subtracting([loop])
        guard backTo.id != loop, (links.forward[backTo.id] ?? []).contains(where: { before.contains($0) || $0 == loop })
        else {
            let message = "`\(backTo.id)` does not lead to the loop `\(loop)`; nothing would be repeated"
            sink.report(.loopRegion, at: backTo.value, message)
            return nil
        }
        return isClosed(region, loop, backTo, links) ? region : nil
    }

    /// One way in and one way out.
    private func isClosed(
        _ region: Set<String>,
        _ loop: String,
        _ backTo: (id: String, value: SourceValue),
        _ links: Links
    ) -> Bool {
        for node in region.sorted() {
            for source in links.backward[node] ?? [] where node != backTo.id && !region.contains(source) {
                report(
                    "\(source) → \(node)",
                    "enters the region of loop `\(loop)` beside `\(backTo.id)`",
                    backTo,
                    links
                )
                return false
            }
            for target in links.forward[node] ?? [] where target != loop && !region.contains(target) {
                report(
                    "\(node) → \(target)",
                    "leaves the region of loop `\(loop)` beside the loop itself",
                    backTo,
                    links
                )
                return false
            }
        }
        return true
    }

    private func report(
        _ edge: String,
        _ what: String,
        _ backTo: (id: String, value: SourceValue),
        _ links: Links
    ) {
        let place = links.places[edge.split(separator: " → ").joined(separator: ">")]
        sink.report(
            .loopRegion,
            at: backTo.value,
            "the edge \(edge) \(what); a region has one entry and one exit",
            related: place.map { [DiagnosticSink.related($0, edge)] } ?? []
        )
    }

    private func move(_ region: Set<String>, into loop: String, _ body: inout BodyDraft, _ links: Links) {
        guard let index = body.nodes.firstIndex(where: { $0.id == loop }), let backTo = body.nodes[index].backTo else {
            return
        }
        var inner = BodyDraft(nodeList: body.nodes[index].value)
        for node in body.nodes where region.contains(node.id) {
            if node.id == backTo.id {
                // What leads to the entry leads to the loop.
                for dependency in node.dependencies where !region.contains(dependency.id) && dependency.id != loop {
                    body.nodes[index].dependencies.append(dependency)
                }
            }
            node.dependencies.removeAll { !region.contains($0.id) }
            inner.nodes.append(node)
        }
        body.nodes[index].dependencies.removeAll { region.contains($0.id) }
        var rest: [EdgeDraft] = []
        for edge in body.edges {
            switch (region.contains(edge.from.id), region.contains(edge.to.id)) {
            case (true, true): inner.edges.append(edge)
            case (true, false): reportCondition(edge)
            case (false, true):
                guard edge.from.id != loop else { continue }
                edge.to = EdgeEnd(id: loop, port: nil, value: edge.to.value)
                rest.append(edge)
            case (false, false): rest.append(edge)
            }
        }
        body.edges = rest
        body.nodes[index].body = inner
        body.nodes.removeAll { region.contains($0.id) }
    }

    /// The edge to the loop only ends a pass.
    private func reportCondition(_ edge: EdgeDraft) {
        guard edge.isConditional else { return }
        let message = "the edge that ends a pass of a loop has no condition; use `while` or `until` of the loop"
        sink.report(.loopRegion, at: edge.value, message)
    }
}
