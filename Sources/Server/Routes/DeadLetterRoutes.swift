// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store
internal import Webhooks

/// Messages of webhooks that were given up (spec 12.7).
struct DeadLetterRoutes: Sendable {
    /// Messages that are changed in one transaction.
    private static let step = 100
    let service: Service
    let sender: WebhookSender

    private static let chosen = Contract.Body.optional(
        .optional("seqs", .list(.integer(Int64.min...Int64.max), 1...500), "Those of these events; all when left out.")
    )

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/webhooks/{webhook}/dead-letters",
                Contract(
                    "listDeadDeliveries",
                    "Messages of a webhook that were given up, in the order of their events.",
                    .webhooks,
                    .may(.readSignals),
                    query: [.limit, .cursor("^-?[0-9]{1,18}$")],
                    .page("DeadDelivery")
                ),
                list
            ),
            Route(
                "POST",
                "/v1/webhooks/{webhook}/dead-letters/redrive",
                Contract(
                    "redriveDeadDeliveries",
                    "Sends messages again that were given up, under the same ids.",
                    .webhooks,
                    .may(.writeSignals),
                    body: Self.chosen,
                    .ok(.answer(.required("redriven", .integer)))
                ),
                redrive
            ),
            Route(
                "POST",
                "/v1/webhooks/{webhook}/dead-letters/discard",
                Contract(
                    "discardDeadDeliveries",
                    "Removes messages that were given up.",
                    .webhooks,
                    .may(.writeSignals),
                    body: Self.chosen,
                    .ok(.answer(.required("discarded", .integer)))
                ),
                discard
            ),
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await service.webhook(call, .readSignals)
        var filter = DeadDeliveryFilter()
        (filter.webhook, filter.limit) = (row.id, call.limit)
        filter.after = try call.cursor { Int64($0) }.map { .init(webhook: row.id, sequence: $0) }
        let (wanted, security) = (filter, service.security)
        let rows = try await service.blocking { () throws(StoreError) in try security.deadDeliveries(wanted) }
        let next = rows.count == wanted.limit ? rows.last.map { String($0.key.sequence) } : nil
        return .page(rows.map(\.json), next: next)
    }

    @Sendable private func redrive(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (webhook, now) = (try await service.webhook(call, .writeSignals), service.clock.wall())
        let count = try await change(webhook, call, "webhook.redriven") { rows, change in
            // What was not kept cannot be sent.
            change.deliveries = rows.filter { !$0.body.isEmpty }.map { row in
                var row = row
                (row.state, row.attempts, row.firstAt, row.at) = (.waiting, 0, now, now)
                return row
            }
            return change.deliveries.count
        }
        sender.restart(webhook.id)
        return .json(["redriven": .int(Int64(count))])
    }

    @Sendable private func discard(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let webhook = try await service.webhook(call, .writeSignals)
        let count = try await change(webhook, call, "webhook.discarded") { rows, change in
            change.removedDeliveries = rows.map(\.key)
            return rows.count
        }
        return .json(["discarded": .int(Int64(count))])
    }

    /// Changes the chosen messages in steps, and says how many there were.
    private func change(
        _ webhook: WebhookRow,
        _ call: APICall,
        _ action: String,
        _ fill: @escaping @Sendable ([DeliveryRow], inout WebhookChange) -> Int
    ) async throws(Problem) -> Int {
        let chosen = call.fields["seqs"]?.arrayValue?.compactMap(\.intValue)
        let (security, actor, address, now) = (service.security, call.actor, call.address, service.clock.wall())
        return try await service.blocking { () throws(StoreError) in
            var (count, filter) = (0, DeadDeliveryFilter())
            (filter.webhook, filter.limit) = (webhook.id, Self.step)
            while true {
                var rows: [DeliveryRow] = []
                if let chosen {
                    for sequence in Set(chosen) {
                        let row = try security.delivery(.init(webhook: webhook.id, sequence: sequence))
                        if let row, row.state == .dead { rows.append(row) }
                    }
                } else {
                    rows = try security.deadDeliveries(filter)
                }
                guard let last = rows.last else { return count }
                var change = SecurityChange()
                let changed = fill(rows, &change.webhooks)
                change.audit = [
                    webhook.entry(action, by: actor, at: now, address: address, ["count": .int(Int64(changed))])
                ]
                try security.apply(change)
                count += changed
                if chosen != nil || rows.count < filter.limit { return count }
                filter.after = last.key
            }
        }
    }
}

extension DeliveryRow {
    /// The message with its body.
    fileprivate var json: JSONValue {
        var json: JSONObject = [
            "id": .string(key.messageID), "webhook": .string(key.webhook.description), "seq": .int(key.sequence),
            "type": .string(type), "attempts": .int(Int64(attempts)), "first_at": .string(firstAt.description),
            "died_at": .string(at.description), "failure": .string(failure),
        ]
        json["message"] = body.isEmpty ? nil : try? JSONValue(parsing: body)
        return .object(json)
    }
}
