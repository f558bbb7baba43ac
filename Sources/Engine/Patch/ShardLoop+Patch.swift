// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// What is asked of the loop about the graph of a run.
enum PatchAsked: Sendable {
    /// `prepared` is what came of the patch outside the loop; without it the loop prepares it itself.
    case patch(PatchTarget, PatchRequest, PreparedPatch?, actor: String, Reply<PatchRecord>)
    case migrate(RunID, Migration, actor: String, Reply<PatchRecord>)

    func refuse(_ error: EngineError) {
        switch self {
        case .patch(_, _, _, _, let reply), .migrate(_, _, _, let reply): reply(.failure(error))
        }
    }
}

/// Whose graph it is: that of a run, or of the run to which an attempt belongs.
enum PatchTarget: Sendable {
    case run(RunID)
    case attempt(HeldLease)

    /// The run; attempts have no keys of requests.
    fileprivate var run: RunID? {
        if case .run(let run) = self { run } else { nil }
    }
}

extension ShardLoop {
    mutating func apply(_ asked: PatchAsked, to batch: inout Batch) {
        switch asked {
        case .patch(let target, let request, let prepared, let actor, let reply):
            answer(reply, keeping: .patch(of: target.run, key: request.key), &batch) {
                loop,
                batch throws(EngineError) in
                try loop.patch(target, request, prepared, actor, &batch)
            }
        case .migrate(let run, let migration, let actor, let reply):
            answer(reply, keeping: .patch(of: run, key: migration.key), &batch) { loop, batch throws(EngineError) in
                let key = try loop.key(of: run)
                _ = try loop.handle(.patch(PatchCommand(action: .migrate(migration))), on: key, actor, &batch)
                return try loop.record(key, migration.key, &batch)
            }
        }
    }

    mutating func patch(
        _ target: PatchTarget,
        _ request: PatchRequest,
        _ prepared: PreparedPatch?,
        _ actor: String,
        _ batch: inout Batch
    ) throws(EngineError) -> PatchRecord {
        var (key, author, name): (Int64, (task: TaskRef, fence: Int64)?, String) = (0, nil, request.key)
        switch target {
        case .run(let run): key = try self.key(of: run)
        case .attempt(let lease):
            key = lease.key.runKey
            author = (TaskRef(number: lease.key.task), lease.fence)
        }
        let run = try open(key, &batch)
        if let author { name = run.state.patchKey(request.key, of: author.task) }
        var ready = prepared
        if ready == nil { ready = try prepare(request, by: author?.task, run.state, known: name) }
        guard let prepared = ready else { return try record(key, name, &batch) }
        let submission = PatchSubmission(request: request, author: author, prepared: prepared)
        _ = try handle(.patch(PatchCommand(action: .submit(submission))), on: key, actor, &batch)
        return try record(key, name, &batch)
    }

    /// `nil` for a patch that was made before.
    private func prepare(
        _ request: PatchRequest,
        by author: TaskRef?,
        _ state: RunState,
        known: String
    ) throws(EngineError) -> PreparedPatch? {
        guard state.patches.record(key: known) == nil else { return nil }
        return try preparation.prepare(request, by: author, state)
    }

    mutating func record(_ key: Int64, _ name: String, _ batch: inout Batch) throws(EngineError) -> PatchRecord {
        guard let record = try open(key, &batch).state.patches.record(key: name) else {
            throw EngineError(.notFound, "the patch is not known any more")
        }
        return record
    }

    /// Checks a patch again that a person approved, in the next turn.
    mutating func checkPatch(_ number: Int64, of run: OpenRun) {
        guard let record = run.state.patches[number] else { return }
        let prepared: PreparedPatch
        do throws(EngineError) {
            prepared = try preparation.prepare(again: record, run.state)
        } catch {
            if error.code == .unavailable { brokenRead = brokenRead ?? error }
            let finding = Diagnostic.patch(.patchForbidden, error.message)
            prepared = PreparedPatch(
                operations: [],
                sequence: run.state.patches.sequence,
                base: run.state.patches.sequence,
                result: .failure(.init(diagnostics: [finding]))
            )
        }
        later.append((run.key, .patch(PatchCommand(action: .checked(number, prepared)))))
    }

    private var preparation: PatchPreparation { PatchPreparation(reader: reader, compiler: compiler) }

    /// The graph that a patch made, with its document.
    func store(_ graph: Graph, _ source: [UInt8], _ batch: inout Batch) {
        _ = reader.keep(graph)
        guard !storedDefinitions.contains(graph.hash) else { return }
        batch.commit.definitions.append(
            DefinitionRow(
                hash: graph.hash,
                name: graph.name,
                source: source,
                graph: graph.json.canonicalBytes(),
                createdAt: batch.now
            )
        )
    }
}

extension RunState {
    /// The key under which a patch of a task is known: the same for all its attempts, another one when it is done again.
    func patchKey(_ key: String, of task: TaskRef) -> String {
        "\(task.number)/\(has(task) ? self[task].repeats : 0)/\(key)"
    }
}
