// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model
internal import Store

/// What is asked of the loop about patterns.
enum PatternRequest: Sendable {
    case promote(PatternID, tenant: String, PatternRecord.Promotion, Reply<PatternRecord>)
    case dismiss(PatternID, tenant: String, Reply<PatternRecord>)
    case list(tenant: String, Reply<[PatternRecord]>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .promote(_, _, _, let reply), .dismiss(_, _, let reply): reply(.failure(error))
        case .list(_, let reply): reply(.failure(error))
        }
    }
}

/// Chains that were done again and again (spec 9.14). A run is counted in the commit in which it completes, and completes
/// once: so it is counted once, whatever happens to the process. What makes a chain a proposal is said in the same commit.
extension ShardLoop {
    mutating func apply(_ request: PatternRequest, to batch: inout Batch) {
        switch request {
        case .promote(let id, let tenant, let promotion, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                var record = try loop.pattern(id, of: tenant, batch)
                guard record.status != .promoted else { return record }
                record.status = .promoted
                record.promotion = promotion
                loop.write(record, &batch)
                return record
            }
        case .dismiss(let id, let tenant, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                var record = try loop.pattern(id, of: tenant, batch)
                guard record.status != .promoted else {
                    throw EngineError(
                        .conflict,
                        "\(id) is the workstack `\(record.promotion?.workstack ?? "")` already"
                    )
                }
                guard record.status != .dismissed else { return record }
                record.status = .dismissed
                loop.write(record, &batch)
                return record
            }
        case .list(let tenant, let reply):
            answer(reply, &batch) { loop, batch throws(EngineError) in
                PatternRecord.sorted((loop.patterns[tenant] ?? [:]).values, at: batch.now)
            }
        }
    }

    private func pattern(_ id: PatternID, of tenant: String, _ batch: Batch) throws(EngineError) -> PatternRecord {
        guard let record = patterns[tenant]?[id], !record.isForgotten(at: batch.now) else {
            throw EngineError(.notFound, "there is no pattern \(id)")
        }
        return record
    }

    mutating func loadPatterns() throws(StoreError) {
        patterns = [:]
        for record in try store.registrations(.pattern).compactMap(PatternRecord.init) {
            patterns[record.ownership.tenant, default: [:]][record.id] = record
        }
    }

    /// Counts what a run did that completed in this turn.
    mutating func notePattern(of run: OpenRun, _ batch: inout Batch) {
        guard run.state.status == .completed, run.machine.events.contains(where: \.isCompletion),
            let steps = run.state.chain
        else { return }
        let (state, ownership) = (run.state, run.state.ownership)
        let id = PatternRecord.id(of: ownership, steps)
        var record = PatternRecord(ownership, steps, at: batch.now)
        if let known = patterns[ownership.tenant]?[id], !known.isForgotten(at: batch.now) {
            record = known
        } else {
            makeRoom(in: ownership.tenant, &batch)
        }
        let span = max(batch.now - (state.startedAt ?? state.createdAt), .zero)
        let isProposed = record.count(state.id, took: span, at: batch.now)
        write(record, &batch)
        guard isProposed else { return }
        run.machine.emit(Event(body: .pattern(PatternEvent(record, at: batch.now))))
    }

    /// Removes what is forgotten before something is added, and what was done the longest ago when there are too many.
    private mutating func makeRoom(in tenant: String, _ batch: inout Batch) {
        let all = patterns[tenant] ?? [:]
        var gone = all.values.filter { $0.isForgotten(at: batch.now) }
        if all.count - gone.count >= PatternRecord.limit {
            let rest = all.values.filter { !$0.isForgotten(at: batch.now) }
            gone += rest.min { $0.rankToStay < $1.rankToStay }.map { [$0] } ?? []
        }
        for record in gone {
            patterns[tenant]?[record.id] = nil
            batch.commit.registrations.removeAll { $0.key == record.key }
            batch.commit.removedRegistrations.append(record.key)
        }
    }

    private mutating func write(_ record: PatternRecord, _ batch: inout Batch) {
        patterns[record.ownership.tenant, default: [:]][record.id] = record
        batch.commit.removedRegistrations.removeAll { $0 == record.key }
        batch.commit.registrations.removeAll { $0.key == record.key }
        batch.commit.registrations.append(record.row)
    }
}

extension PatternRecord {
    /// The smallest one goes first.
    fileprivate var rankToStay: (Int, Int64, PatternID) { (status == .promoted ? 1 : 0, lastAt.milliseconds, id) }
}

extension Event {
    fileprivate var isCompletion: Bool {
        if case .runCompleted = body { return true }
        return false
    }
}
