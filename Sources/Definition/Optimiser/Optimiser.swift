// Baton
// SPDX-License-Identifier: Apache-2.0

/// The passes that every compilation runs (spec 4.4). None of them changes outputs, events or errors of a run.
///
/// What is evaluated in the commit of its source (H703) needs no pass: the kind of a node alone decides it, see
/// ``Graph/NodeKind/isAbsorbed``.
struct Optimiser {
    var folding = ConstantFolding()
    /// Edges that were dropped.
    private(set) var droppedEdges = 0

    mutating func run(_ body: inout LoweredBody) {
        folding.fold(&body)
        let redundant = TransitiveReduction.redundantEdges(of: body)
        if !redundant.isEmpty {
            droppedEdges += redundant.count
            var next = redundant[...]
            var position = 0
            body.edges.removeAll { _ in
                defer { position += 1 }
                guard next.first == position else { return false }
                next = next.dropFirst()
                return true
            }
        }
        for index in body.inner.keys.sorted() {
            guard var inner = body.inner[index] else { continue }
            run(&inner)
            body.inner[index] = inner
        }
    }
}
