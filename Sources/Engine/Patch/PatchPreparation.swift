// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// Applies a patch to the document of a run and compiles it. Blocks for as long as that takes.
struct PatchPreparation: Sendable {
    /// Without one there are no patches.
    let compiler: Compiler?
    /// The text of the document that a graph was made from.
    let source: @Sendable (String) throws(EngineError) -> [UInt8]?
    var limits = RunPatch.Limits()

    /// Finds documents where the reader reads.
    init(reader: RunReader, compiler: Compiler?) {
        self.init(compiler: compiler) { hash throws(EngineError) in
            try reader.storage { () throws(StoreError) in try reader.store.definition(hash) }?.source
        }
    }

    init(compiler: Compiler?, source: @escaping @Sendable (String) throws(EngineError) -> [UInt8]?) {
        self.compiler = compiler
        self.source = source
    }

    /// - Throws: `notFound` for an unknown patch; `conflict` when there is nothing to patch with or to patch.
    func prepare(
        _ request: PatchRequest,
        by author: TaskRef?,
        _ state: RunState
    ) throws(EngineError) -> PreparedPatch {
        let operations: JSONValue
        switch request.change {
        case .operations(let value): operations = value
        case .undo(let number): operations = try undo(number, state)
        }
        return try prepare(operations, base: request.base, by: author, state)
    }

    /// The same for a patch that was proposed before and approved: whatever was patched since, it is based on that.
    func prepare(again record: PatchRecord, _ state: RunState) throws(EngineError) -> PreparedPatch {
        try prepare(record.details.operations.value, base: nil, by: record.details.task, state)
    }

    private func prepare(
        _ operations: JSONValue,
        base: Int64?,
        by author: TaskRef?,
        _ state: RunState
    ) throws(EngineError) -> PreparedPatch {
        guard let compiler else {
            throw EngineError(.conflict, "no graph can be compiled here, so none can be patched")
        }
        let sequence = state.patches.sequence
        var prepared = PreparedPatch(
            operations: operations,
            sequence: sequence,
            base: base ?? sequence,
            result: .failure(.init(diagnostics: []))
        )
        let rights = author.flatMap { state.has($0) ? state.patchRights(of: $0) : nil }
        if author != nil, rights == nil {
            let message = "only nodes with `can_patch` may change the graph of their run"
            prepared.result = .failure(.init(diagnostics: [.patch(.patchForbidden, message)]))
            return prepared
        }
        let checked = RunPatch(compiler: compiler, limits: limits).check(
            operations,
            on: try document(of: state),
            state.graph.definition,
            base: prepared.base,
            by: rights.map { .agent($0) } ?? .person,
            state.patchProgress(of: author)
        )
        if let change = checked.change {
            prepared.result = .success(change)
            prepared.usd = cost(of: change.graph, instead: state.graph.definition, compiler)
        } else {
            prepared.result = .failure(.init(diagnostics: checked.diagnostics.filter { $0.severity == .error }))
        }
        return prepared
    }

    private func cost(of new: Graph, instead old: Graph, _ compiler: Compiler) -> Double? {
        let estimator = compiler.estimator ?? Estimator()
        guard let after = estimator.estimate(new).usd, let before = estimator.estimate(old).usd else { return nil }
        return max(0, after.high - before.high)
    }

    /// The document of the run as it is now.
    func document(of state: RunState) throws(EngineError) -> JSONValue {
        try document(state.graph.definition.hash, of: state)
    }

    private func document(_ hash: String, of state: RunState) throws(EngineError) -> JSONValue {
        guard let text = try source(hash), let document = RunPatch.document(of: text) else {
            throw EngineError(.conflict, "\(state.id) was started without a document, so there is nothing to patch")
        }
        return document
    }

    private func undo(_ number: Int64, _ state: RunState) throws(EngineError) -> JSONValue {
        guard let record = state.patches[number] else {
            throw EngineError(.notFound, "\(state.id) has no patch \(number)")
        }
        let applied = state.patches.all.filter(\.wasApplied)
        guard record.status == .applied, let change = record.change,
            let index = applied.firstIndex(where: { $0.number == number })
        else { throw EngineError(.conflict, "patch \(number) of \(state.id) is \(record.status.rawValue)") }
        guard !applied[index...].contains(where: \.details.isMigration) else {
            throw EngineError(.conflict, "\(state.id) was migrated, or has been since patch \(number)")
        }
        let earlier = index == 0 ? state.graph.base.hash : applied[index - 1].change?.graph ?? ""
        return RunPatch.undo(
            from: try document(earlier, of: state),
            to: try document(change.graph, of: state),
            in: try document(of: state)
        )
    }
}
