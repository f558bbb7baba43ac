// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Maps (spec 3.6, 6.7): an item is a scope; only a window of them is open, so memory does not grow with their number.
extension RunMachine {
    mutating func startMap(_ task: TaskRef, _ map: Graph.Map) throws(TaskError) {
        let value = try evaluate(map.items, "items")
        begin(task)
        read(value, for: task)
    }

    /// Does what was in flight when a process died.
    mutating func reloadItems(_ task: TaskRef) {
        if state.has(task), case .team(let team) = state.node(task).kind { return formAgain(task, team) }
        guard state.has(task), state[task].status == .running, state.maps[task] == nil,
            case .map(let map) = state.node(task).kind
        else { return }
        (locals, scope) = (state.locals(of: task), task.scope)
        defer { (locals, scope) = ([:], 0) }
        do throws(TaskError) {
            read(try evaluate(map.items, "items"), for: task)
        } catch {
            containerFailed(task, error)
        }
    }

    private mutating func read(_ value: JSONValue, for task: TaskRef) {
        if case .array = value {
            expand(task, ItemList(payload: payload(value), isLines: false))
        } else if let blob = BlobRef(json: value["blob"]) {
            effects.append(.loadItems(task: task, fence: state[task].fence, blob: blob))
        } else {
            let message = "`items` is \(value.kindName), not a list or {\"blob\": …} with one item a line"
            containerFailed(task, TaskError(code: "expression.failed", errorClass: .permanent, message: message))
        }
    }

    mutating func itemsLoaded(
        _ task: TaskRef,
        _ fence: Int64,
        _ items: Result<ItemsRead, TaskError>
    ) throws(Refusal) {
        guard state.has(task), state[task].status == .running, state[task].fence == fence, state.maps[task] == nil,
            !state.status.isTerminal
        else { throw .leaseLost }
        switch items {
        case .success(let read): expand(task, ItemList(payload: read.payload, isLines: true))
        case .failure(let error): containerFailed(task, error)
        }
    }

    private mutating func expand(_ task: TaskRef, _ items: ItemList) {
        guard items.count <= 1_000_000 else {
            let message = "`items` has \(items.count) items; a map takes at most 1,000,000"
            let error = TaskError(code: "too_large", errorClass: .permanent, message: message)
            return containerFailed(task, error)
        }
        emit(task, .map(.expanded(items: items.payload, isLines: items.isLines)))
        if items.count == 0 { finishMap(task) } else { openedMaps.insert(task) }
    }

    /// Fills the window: at most `max_parallel` batches of items are open.
    mutating func startItems(of task: TaskRef) {
        guard case .map(let map) = state.node(task).kind, state.maps[task] != nil, mayContinue(task) else { return }
        let window = map.maxParallel * map.batch
        while let progress = state.maps[task], progress.next < progress.count {
            let free = window - progress.open
            let count = min(free, progress.count - progress.next)
            guard count > 0, count >= min(map.batch, progress.count - progress.next) else { return }
            guard events.count < Self.eventsPerTurn else { return effects.append(.giveWay) }
            let scope = state.lastScope + 1
            emit(task, .map(.itemsStarted(first: progress.next, count: count, scope: scope)))
            for offset in 0..<count {
                activateEntries(of: scope + offset)
                changedScopes.append(scope + offset)
            }
            return
        }
    }

    /// The item of that scope ended well.
    mutating func finishItem(_ scope: Int, of task: TaskRef, _ map: Graph.Map) {
        do throws(TaskError) {
            let isPlain =
                state.body(of: scope).output == nil
                && state.scope(scope)?.lastPositions(in: state.graph).count == 1
            let output = isPlain ? nil : try scopeOutput(scope)
            let item = state.scope(scope)?.number ?? 0
            emit(task, .map(.itemCompleted(scope: scope, output: output)))
            itemEnded(item, of: task, map)
        } catch {
            failItem(scope, of: task, map, error)
        }
    }

    /// The item of that scope failed: the map bears it, or fails itself.
    mutating func failItem(_ scope: Int, of task: TaskRef, _ map: Graph.Map, _ error: TaskError) {
        let item = state.scope(scope)?.number ?? 0
        emit(task, .map(.itemFailed(scope: scope, error)))
        let failed = state.maps[task]?.failures.count ?? 0
        guard map.onItemFailure == .fail, failed > map.maxFailed else { return itemEnded(item, of: task, map) }
        let reason = TaskError(
            code: error.code,
            errorClass: error.errorClass,
            message: "item \(item) failed: \(error.message)"
        )
        containerFailed(task, reason)
    }

    private mutating func itemEnded(_ item: Int, of task: TaskRef, _ map: Graph.Map) {
        guard let progress = state.maps[task] else { return }
        if let (number, results) = progress.finishedChunk(of: item) {
            let bytes = results.canonicalBytes()
            effects.append(.store(bytes: bytes))
            let payload = Payload(value: results, storedAs: BlobRef(ofBytes: bytes))
            emit(task, .map(.chunkSealed(number: number, results: payload)))
        }
        if progress.ended == progress.count { finishMap(task) } else { openedMaps.insert(task) }
    }

    private mutating func finishMap(_ task: TaskRef) {
        guard let progress = state.maps[task], case .map(let map) = state.node(task).kind else { return }
        let failed = progress.failures.sorted { $0.item < $1.item }.map { failure -> JSONValue in
            ["index": .int(Int64(failure.item)), "error": failure.error.json]
        }
        let output: JSONObject = [
            "results": .array(progress.results(leavingOutFailures: map.onItemFailure == .ignore)),
            "failed": .array(failed),
        ]
        effects.append(.disarm(task: task, kind: .timeout))
        openedMaps.remove(task)
        complete(task, payload(.object(output)), nil)
    }
}
