// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import Hashing
internal import JSON
internal import Model
internal import Store

/// Outputs that are used again (spec 6.9). A hit is told by an event, makes no attempt and takes no slot.
extension ShardLoop {
    /// Ends or serves a ready task without an executor, if something else has its result.
    mutating func answer(for task: TaskRef, of run: OpenRun, _ batch: inout Batch) -> Bool {
        if !isLive(task, of: run) {
            run.machine.start(task, worker: "recording")
            run.inFlight += 1
            serve(task, of: run)
            return true
        }
        guard let cache = run.state.node(task).cache, let key = cacheKey(task, cache, of: run, at: batch.now) else {
            return false
        }
        guard let (output, row) = cached(key, at: batch.now) else {
            run.cacheKeys[task] = key
            return false
        }
        batch.commit.cacheUses.append(CacheUse(key: key, at: batch.now))
        run.machine.completeFromCache(task, output, from: row.run)
        return true
    }

    /// Hash of everything that the output depends on: the node, what it is handed, and the code behind it.
    private func cacheKey(
        _ task: TaskRef,
        _ cache: Graph.Cache,
        of run: OpenRun,
        at now: Timestamp
    ) -> CacheRow.Key? {
        let state = run.state
        let node = state.node(task)
        // What a replay is served must not look like what a call gave.
        guard state.derivation?.isReplay != true, let arguments = state.arguments(of: task, at: now) else { return nil }
        var parts: JSONObject = [
            "kind": .string(node.kind.name), "arguments": arguments, "version": .string(traits(node).version),
        ]
        if !node.checks.isEmpty { parts["verify"] = .array(node.checks.map(\.source)) }
        if case .tool(let name, _, _) = node.kind { parts["tool"] = .string(name) }
        if case .function(let name, _) = node.kind { parts["function"] = .string(name) }
        let scope =
            switch cache.scope {
            case .run: "run:\(state.id)"
            case .workflow: "workflow:\(state.sharingPrefix)\(state.graph.name)"
            case .project: "project:\(state.sharingPrefix)\(state.project)"
            }
        return CacheRow.Key(scope: scope, hash: SHA256.hex(JSONValue.object(parts).canonicalBytes()))
    }

    /// The output that is kept under the key, if it is still good.
    private func cached(_ key: CacheRow.Key, at now: Timestamp) -> (Payload, CacheRow)? {
        // What cannot be read is computed again, as is what is not there.
        guard let row = try? store.cached(key), row.expiresAt > now, let json = try? JSONValue(parsing: row.output),
            let output = try? reader.payload(json)
        else { return nil }
        return (output, row)
    }

    /// Keeps what a task gave, once it has passed its checks.
    mutating func keep(_ task: TaskRef, _ run: OpenRun, _ batch: inout Batch) {
        guard !run.cacheKeys.isEmpty, run.state.has(task), !run.isAboutToBeChecked(task),
            let key = run.cacheKeys.removeValue(forKey: task), run.state[task].status == .completed,
            let output = run.state[task].output, let cache = run.state.node(task).cache
        else { return }
        let now = run.state[task]
        let bytes = JSONValue.object(output.json).bytes()
        let row = CacheRow(
            key: key,
            workflow: run.state.graph.name,
            node: run.state.node(task).id,
            run: run.state.id,
            task: task.number,
            output: bytes,
            size: Int64(output.blob?.size ?? bytes.count),
            duration: batch.now - (now.startedAt ?? batch.now),
            cost: .zero,
            createdAt: batch.now,
            expiresAt: batch.now + cache.ttl
        )
        batch.commit.cache.append(row)
        bound(adding: row.size, &batch)
    }

    /// Lets those go that ended and, when there is too much, those that were used longest ago.
    private mutating func bound(adding size: Int64, _ batch: inout Batch) {
        if batch.now >= cacheUsage.sweepAt {
            batch.commit.expiries.append(Expiry(.cache, before: batch.now))
            cacheUsage.sweepAt = batch.now + .seconds(60)
        }
        // A cache that cannot be counted now is counted the next time.
        guard let known = cacheUsage.bytes ?? (try? store.cacheTotals().bytes) else { return }
        cacheUsage.bytes = known + size
        guard known + size > configuration.cacheLimit else { return }
        var filter = CacheFilter()
        filter.order = .leastRecentlyUsed
        var left = known + size
        for row in (try? store.cache(filter)) ?? [] where left > configuration.cacheLimit / 10 * 9 {
            batch.commit.removedCache.append(row.key)
            left -= row.size
        }
        // Counted anew, because entries that were replaced counted twice.
        cacheUsage.bytes = nil
    }

    /// Removes entries; how many.
    mutating func invalidate(_ selection: CacheSelection, _ batch: inout Batch) throws(EngineError) -> Int {
        var filter = CacheFilter()
        filter.scope = selection.scope
        filter.workflow = selection.workflow
        filter.node = selection.node
        filter.limit = .max
        do throws(StoreError) {
            let rows = try store.cache(filter).filter { $0.key.hash.hasPrefix(selection.key ?? "") }
            batch.commit.removedCache += rows.map(\.key)
            cacheUsage.bytes = nil
            return rows.count
        } catch {
            throw EngineError(store: error)
        }
    }
}

extension OpenRun {
    /// Its output is there, and does not count yet.
    fileprivate func isAboutToBeChecked(_ task: TaskRef) -> Bool {
        state[task].status == .verifying || state[task].openRequest?.request.purpose == .check
    }
}
