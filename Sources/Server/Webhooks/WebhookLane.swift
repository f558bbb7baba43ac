// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model
internal import Store
internal import Synchronization
internal import Webhooks

/// The work of one webhook; used by one task.
struct WebhookLane {
    /// Messages that are under way before it is noted how far that got.
    private static let sliceSize = 64
    /// Runs whose messages are under way at a time; those of one run go one after the other.
    private static let width = 8
    /// Events that nobody wants and that are passed over before it is noted.
    private static let passing: Int64 = 1000
    /// Longest sleep, in case the clock of the machine is put back.
    private static let nap = Duration.seconds(600)

    private let webhook: WebhookRow
    private let keys: [WebhookKey]
    private let sender: WebhookSender
    private var queue: DeliveryQueue
    private var noted: Int64

    init(webhook: WebhookRow, keys: [WebhookKey], queue: DeliveryQueue, sender: WebhookSender) {
        (self.webhook, self.keys, self.queue, self.sender) = (webhook, keys, queue, sender)
        noted = queue.progress.cursor
    }

    private struct Message: Sendable {
        let run: RunID
        let content: DeliveryQueue.Message
    }

    private var now: Timestamp { sender.service.clock.wall() }
    private var cursor: Int64 { queue.progress.cursor }

    /// Sends until the task is cancelled, the feed ends or the webhook is paused.
    mutating func run() async throws(Problem) {
        try await noteGap()
        while !Task.isCancelled, !sender.feed.isFinished {
            guard let filter = try await sender.filter(of: webhook) else {
                return try await sender.pause(webhook, note: "the account of its owner is gone or disabled")
            }
            let due = try await sendAside()
            if queue.isFailing, let next = queue.progress.nextAt, next > now {
                guard try await expire(filter) else {
                    await sleep(until: due.map { min($0, next) } ?? next)
                    continue
                }
            } else if try await sendNew(filter, until: due) {
                return try await sender.pause(webhook, note: queue.progress.failure ?? "")
            }
        }
        if cursor > noted { try await note([]) }
    }

    // MARK: New messages

    /// Sends what is new, or waits for it until a message that stepped aside is due.
    ///
    /// - Returns: Whether the receiver wants nothing any more.
    private mutating func sendNew(_ filter: EventFilter, until due: Timestamp?) async throws(Problem) -> Bool {
        let patience = due.map { max(.zero, $0 - now) }
        let batch = try await sender.feed.next(after: cursor, within: patience)
        guard batch.last > cursor else { return false }
        var rest = messages(of: batch, filter)[...]
        guard !rest.isEmpty else {
            queue.pass(to: batch.last)
            if cursor - noted >= Self.passing { try await note([]) }
            return false
        }
        while !rest.isEmpty {
            // A side that took nothing is tried with one message.
            let slice = Array(rest.prefix(queue.isFailing ? 1 : Self.sliceSize))
            rest = rest.dropFirst(slice.count)
            let last = rest.isEmpty ? batch.last : slice.last?.content.sequence ?? batch.last
            let outcomes = await send(slice)
            let aside = queue.take(
                outcomes,
                of: slice.map(\.content),
                upTo: last,
                at: now,
                chance: .random(in: 0..<1)
            )
            try await note(aside)
            if outcomes.values.contains(where: { if case .gone = $0 { true } else { false } }) { return true }
            guard cursor == last, !Task.isCancelled else { return false }
        }
        return false
    }

    private func messages(of batch: LiveFeed.Batch, _ filter: EventFilter) -> [Message] {
        batch.events.filter(filter.wants).map { event in
            let json = CloudEvent.json(
                event.json,
                type: event.type,
                sequence: event.sequence,
                run: event.run,
                source: sender.courier.source
            )
            let at = event.json["at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) } ?? now
            return Message(
                run: event.run,
                content: .init(sequence: event.sequence, type: event.type, at: at, body: json.bytes())
            )
        }
    }

    /// Tries each message once, those of a run in order; after the first that finds nobody no other one begins.
    private func send(_ messages: [Message]) async -> [Int64: DeliveryOutcome] {
        var chains: [RunID: [Message]] = [:]
        for message in messages { chains[message.run, default: []].append(message) }
        let order = chains.values.sorted { ($0.first?.content.sequence ?? 0) < ($1.first?.content.sequence ?? 0) }
        let end = End()
        var outcomes: [Int64: DeliveryOutcome] = [:]
        await withTaskGroup(of: [(Int64, DeliveryOutcome)].self) { group in
            var waiting = order.makeIterator()
            for _ in 0..<Self.width {
                guard let chain = waiting.next() else { break }
                group.addTask { [self] in await send(chain, end) }
            }
            while let done = await group.next() {
                for (sequence, outcome) in done { outcomes[sequence] = outcome }
                if let chain = waiting.next() { group.addTask { [self] in await send(chain, end) } }
            }
        }
        return outcomes
    }

    private func send(_ chain: [Message], _ end: End) async -> [(Int64, DeliveryOutcome)] {
        var outcomes: [(Int64, DeliveryOutcome)] = []
        for message in chain {
            guard !Task.isCancelled, !end.isReached,
                let outcome = await send(message.content.body, message.content.sequence)
            else { return outcomes }
            outcomes.append((message.content.sequence, outcome))
            switch outcome {
            case .delivered, .refused: continue
            case .unavailable, .gone:
                end.reach()
                return outcomes
            }
        }
        return outcomes
    }

    private func send(_ body: [UInt8], _ sequence: Int64) async -> DeliveryOutcome? {
        let id = DeliveryRow.Key(webhook: webhook.id, sequence: sequence).messageID
        return await sender.courier.send(body, id: id, to: webhook.url, keys: keys(at: now))
    }

    /// The key before signs until its time is over.
    private func keys(at now: Timestamp) -> [WebhookKey] {
        webhook.oldKeyUntil.map { $0 > now } ?? false ? keys : Array(keys.prefix(1))
    }

    // MARK: Messages that were not taken

    /// Sends messages that stepped aside and are due.
    ///
    /// - Returns: When the next one is due.
    private mutating func sendAside() async throws(Problem) -> Timestamp? {
        let (security, id) = (sender.service.security, webhook.id)
        while !Task.isCancelled {
            let time = now
            let rows = try await sender.service.blocking { () throws(StoreError) in
                try security.dueDeliveries(of: id, by: time, limit: 16)
            }
            guard !rows.isEmpty else { break }
            for row in rows {
                guard let outcome = await send(row.body, row.key.sequence) else { return nil }
                let next = queue.retry(row, outcome, at: now, chance: .random(in: 0..<1))
                try await write { change in
                    if let next { change.deliveries = [next] } else { change.removedDeliveries = [row.key] }
                }
                if let next { sender.mourn([next]) }
            }
        }
        return try await sender.service.blocking { () throws(StoreError) in try security.nextDelivery(of: id) }
    }

    /// Gives messages up whose day is over.
    ///
    /// - Returns: Whether there were any.
    private mutating func expire(_ filter: EventFilter) async throws(Problem) -> Bool {
        let batch = try await sender.feed.next(after: cursor, within: .zero)
        guard batch.last > cursor else { return false }
        let dead = queue.expire(messages(of: batch, filter).map(\.content), upTo: batch.last, at: now)
        guard !dead.isEmpty else { return false }
        try await note(dead)
        return true
    }

    /// A webhook that was paused for long may find that events are gone.
    private mutating func noteGap() async throws(Problem) {
        let compacted = try await sender.service.read { store throws(StoreError) in try store.compactedSequence() }
        guard cursor < compacted else { return }
        let gap = queue.gap(upTo: compacted, at: now)
        try await write { $0.deliveries = [gap] }
        sender.mourn([gap])
    }

    // MARK: Parts

    /// Stores how far it got, with messages that step aside.
    private mutating func note(_ rows: [DeliveryRow]) async throws(Problem) {
        let progress = queue.progress
        try await write { change in
            change.progress = [progress]
            change.deliveries = rows
        }
        noted = progress.cursor
        sender.mourn(rows)
    }

    private func write(_ fill: (inout WebhookChange) -> Void) async throws(Problem) {
        var change = SecurityChange()
        fill(&change.webhooks)
        let (security, wanted) = (sender.service.security, change)
        try await sender.service.blocking { () throws(StoreError) in try security.apply(wanted) }
    }

    private func sleep(until time: Timestamp) async {
        try? await Task.sleep(for: max(.milliseconds(1), min(time - now, Self.nap)))
    }
}

/// That a receiver takes nothing, for all who send to it.
private final class End: Sendable {
    private let flag = Atomic<Bool>(false)

    var isReached: Bool { flag.load(ordering: .relaxed) }

    func reach() { flag.store(true, ordering: .relaxed) }
}
