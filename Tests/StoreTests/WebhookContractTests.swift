// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import StoreSQLite
import TestSupport
import Testing

@Suite struct WebhookContractTests {
    private func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private func webhook(_ number: UInt64, tenant: String = "t") -> WebhookRow {
        var row = WebhookRow(
            id: WebhookID(high: 1, low: number),
            tenant: tenant,
            owner: "user:ü",
            role: .user,
            url: "https://example.org/\(number)",
            types: number % 2 == 0 ? [] : ["task.*", "a\"b"],
            project: number % 2 == 0 ? nil : "shop",
            createdAt: time(5)
        )
        if number == 1 { (row.status, row.note, row.oldKeyUntil) = (.paused, "n", time(9)) }
        return row
    }

    private func delivery(
        _ webhook: UInt64,
        _ sequence: Int64,
        _ state: DeliveryRow.State,
        at: Int64,
        tenant: String = "t"
    ) -> DeliveryRow {
        DeliveryRow(
            key: .init(webhook: WebhookID(high: 1, low: webhook), sequence: sequence),
            tenant: tenant,
            type: "run.completed",
            body: sequence == 1 ? [] : [0, 255, UInt8(sequence)],
            state: state,
            attempts: 3,
            firstAt: time(-1),
            at: time(at),
            failure: "503 \"no\""
        )
    }

    @Test(arguments: Backend.allCases)
    func `webhooks are changed by compare and swap, and go with all that is theirs`(backend: Backend) throws {
        try backend.webhooks { store in
            var change = SecurityChange()
            change.webhooks.webhooks = [webhook(2), webhook(1), webhook(3, tenant: "other")]
            var progress = WebhookProgressRow(webhook: webhook(1).id, cursor: 7)
            change.webhooks.progress = [progress, .init(webhook: WebhookID(high: 9, low: 9), cursor: 1)]
            change.audit = [AuditDraft(tenant: "t", at: time(1), actor: "a", action: "webhook.created", object: "b")]
            try store.apply(change)
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.auditEntries(tenant: "t", AuditFilter()).count == 1)
            #expect(try store.webhooks(tenant: nil) == [webhook(1), webhook(2), webhook(3, tenant: "other")])
            #expect(try store.webhooks(tenant: "t") == [webhook(1), webhook(2)])
            #expect(try store.webhook(webhook(1).id) == webhook(1))
            #expect(try store.webhook(WebhookID(high: 9, low: 9)) == nil)
            #expect(try store.webhookProgress(webhook(1).id) == progress)
            #expect(try store.webhookProgress(WebhookID(high: 9, low: 9)) == nil)
            (progress.cursor, progress.attempts, progress.failure) = (8, 2, "503")
            (progress.failingSince, progress.nextAt, progress.deliveredAt) = (time(1), time(2), time(3))
            var changed = webhook(1)
            (changed.revision, changed.status, changed.note, changed.updatedAt) = (2, .active, nil, time(6))
            change = SecurityChange()
            change.webhooks.webhooks = [changed]
            change.webhooks.progress = [progress]
            change.webhooks.deliveries = [delivery(1, 1, .dead, at: 1), delivery(9, 1, .dead, at: 1)]
            try store.apply(change)
            #expect(try store.webhook(changed.id) == changed && store.webhookProgress(changed.id) == progress)
            #expect(try store.delivery(.init(webhook: WebhookID(high: 9, low: 9), sequence: 1)) == nil)
            change = SecurityChange()
            change.webhooks.removedWebhooks = [changed.id, WebhookID(high: 9, low: 9)]
            try store.apply(change)
            #expect(try store.webhook(changed.id) == nil && store.webhookProgress(changed.id) == nil)
            #expect(try store.deadDeliveries(DeadDeliveryFilter()).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `messages that were not taken are found by when they are due, and dead ones in order`(backend: Backend) throws
    {
        try backend.webhooks { store in
            let rows = [
                delivery(1, 5, .waiting, at: 30), delivery(1, 6, .waiting, at: 20), delivery(1, 7, .waiting, at: 20),
                delivery(1, 1, .dead, at: 10), delivery(1, 9, .dead, at: 40), delivery(2, 3, .dead, at: 50),
                delivery(3, 2, .dead, at: 50, tenant: "other"),
            ]
            var change = SecurityChange()
            change.webhooks.webhooks = [webhook(1), webhook(2), webhook(3, tenant: "other")]
            change.webhooks.deliveries = rows
            try store.apply(change)
            let first = webhook(1).id
            #expect(try store.dueDeliveries(of: first, by: time(20), limit: 9).map(\.key.sequence) == [6, 7])
            #expect(try store.dueDeliveries(of: first, by: time(99), limit: 1) == [rows[1]])
            #expect(try store.dueDeliveries(of: webhook(2).id, by: time(99), limit: 9).isEmpty)
            #expect(try store.nextDelivery(of: first) == time(20) && store.nextDelivery(of: webhook(2).id) == nil)
            #expect(try store.deliveryCount(of: first, .waiting) == 3 && store.deliveryCount(of: first, .dead) == 2)
            #expect(try store.delivery(rows[3].key) == rows[3])
            func dead(
                _ tenant: String? = nil,
                _ webhook: WebhookID? = nil,
                after: DeliveryRow.Key? = nil,
                limit: Int = 9
            ) throws -> [Int64] {
                var filter = DeadDeliveryFilter()
                (filter.tenant, filter.webhook, filter.after, filter.limit) = (tenant, webhook, after, limit)
                return try store.deadDeliveries(filter).map(\.key.sequence)
            }
            #expect(try dead() == [1, 9, 3, 2] && dead("t") == [1, 9, 3] && dead("t", limit: 1) == [1])
            #expect(try dead(nil, first) == [1, 9] && dead("other", first) == [])
            #expect(try dead(after: rows[3].key) == [9, 3, 2] && dead(nil, first, after: rows[3].key) == [9])
            #expect(try dead(nil, webhook(2).id, after: rows[4].key) == [3])
            #expect(try dead(nil, first, after: rows[5].key) == [])
            change = SecurityChange()
            var again = rows[4]
            (again.state, again.at, again.attempts) = (.waiting, time(15), 0)
            change.webhooks.deliveries = [again]
            change.webhooks.removedDeliveries = [rows[1].key, .init(webhook: first, sequence: 99)]
            change.webhooks.forgetsDeadBefore = time(50)
            try store.apply(change)
            #expect(try store.dueDeliveries(of: first, by: time(99), limit: 9).map(\.key.sequence) == [9, 7, 5])
            #expect(try dead() == [3, 2])
        }
    }

    @Test(arguments: Backend.allCases)
    func `hooks are changed by compare and swap`(backend: Backend) throws {
        try backend.webhooks { store in
            func row(_ number: UInt64, tenant: String = "t") -> HookRow {
                HookRow(
                    id: HookID(high: 1, low: number),
                    tenant: tenant,
                    owner: "local",
                    role: .admin,
                    kind: "github",
                    action: [0, 1],
                    createdAt: time(3)
                )
            }
            var change = SecurityChange()
            change.webhooks.hooks = [row(2), row(1), row(3, tenant: "other")]
            try store.apply(change)
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.hooks(tenant: "t") == [row(1), row(2)] && store.hooks(tenant: nil).count == 3)
            var changed = row(1)
            (changed.revision, changed.oldKeyUntil, changed.updatedAt, changed.action) = (2, time(4), time(5), [])
            change.webhooks.hooks = [changed]
            change.webhooks.removedHooks = [row(2).id, HookID(high: 9, low: 9)]
            try store.apply(change)
            #expect(try store.hook(changed.id) == changed && store.hook(row(2).id) == nil)
        }
    }
}
