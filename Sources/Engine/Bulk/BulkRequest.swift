// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// What is asked of the loop about many things at once.
enum BulkRequest: Sendable {
    case runs([RunID], Command, actor: String, Reply<BulkReport>)
    case people([HumanTaskID], PersonRequest, actor: String, Reply<BulkReport>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .runs(_, _, _, let reply), .people(_, _, _, let reply): reply(.failure(error))
        }
    }
}

/// Bulk operations: one turn and one commit, whatever becomes of single items.
extension ShardLoop {
    mutating func apply(_ request: BulkRequest, to batch: inout Batch) {
        switch request {
        case .runs(let runs, let command, let actor, let reply):
            answer(reply, keeping: .bulk, &batch) { loop, batch throws(EngineError) in
                try loop.each(runs, &batch) { loop, run, batch throws(EngineError) in
                    _ = try loop.handle(command, on: loop.key(of: run), actor, &batch)
                }
            }
        case .people(let requests, let person, let actor, let reply):
            answer(reply, keeping: .bulk, &batch) { loop, batch throws(EngineError) in
                try loop.each(requests, &batch) { loop, id, batch throws(EngineError) in
                    _ = try loop.person(id, person, actor, &batch)
                }
            }
        }
    }

    private mutating func each<ID: CustomStringConvertible>(
        _ ids: [ID],
        _ batch: inout Batch,
        _ body: (inout Self, ID, inout Batch) throws(EngineError) -> Void
    ) throws(EngineError) -> BulkReport {
        guard ids.count <= BulkReport.limit else {
            throw EngineError(.invalid, "\(ids.count) items are given; one call takes at most \(BulkReport.limit)")
        }
        var items: [BulkReport.Item] = []
        for id in ids {
            do throws(EngineError) {
                try body(&self, id, &batch)
                items.append(.init(id: id.description, error: nil))
            } catch {
                items.append(.init(id: id.description, error: error))
            }
        }
        return BulkReport(items)
    }
}
