// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// What a webhook has sent and has to send: decides, and leaves sending and storing to who calls.
///
/// Messages go in the order of the log. While the other side takes nothing, the first one is tried again and again and the
/// others wait in the log, which costs nothing and keeps the order. One that is refused by itself steps aside, so that it
/// holds nobody up. Either is given up after the span of the schedule.
public struct DeliveryQueue: Sendable {
    /// An event that the webhook wants.
    public struct Message: Sendable, Equatable {
        /// Its number in the log of all runs.
        public let sequence: Int64
        /// Its type.
        public let type: String
        /// When it happened.
        public let at: Timestamp
        /// What is sent.
        public let body: [UInt8]

        /// Puts a message together.
        public init(sequence: Int64, type: String, at: Timestamp, body: [UInt8]) {
            (self.sequence, self.type, self.at, self.body) = (sequence, type, at, body)
        }
    }

    private let schedule: DeliverySchedule
    private let tenant: String
    /// How far it got.
    public private(set) var progress: WebhookProgressRow

    /// Goes on where the webhook was.
    public init(_ progress: WebhookProgressRow, tenant: String, _ schedule: DeliverySchedule = .standard) {
        (self.progress, self.tenant, self.schedule) = (progress, tenant, schedule)
    }

    /// The other side took nothing at the last attempt.
    public var isFailing: Bool { progress.attempts > 0 }

    /// Takes what became of attempts into account.
    ///
    /// - Parameters:
    ///   - messages: All that the webhook wants of the events up to `last`, in order.
    ///   - outcomes: By sequence; those that are missing were not tried.
    ///   - last: The number of the last event that was looked at.
    ///   - chance: From 0 up to 1.
    /// - Returns: Messages that step aside, to be stored together with ``progress``.
    public mutating func take(
        _ outcomes: [Int64: DeliveryOutcome],
        of messages: [Message],
        upTo last: Int64,
        at now: Timestamp,
        chance: Double
    ) -> [DeliveryRow] {
        var aside: [DeliveryRow] = []
        for message in messages {
            switch outcomes[message.sequence] {
            case .delivered?:
                progress.deliveredAt = now
                recover()
            case .refused(let failure)?:
                aside.append(row(message, .waiting, attempts: 1, now, failure, chance))
                recover()
            case .unavailable(let failure, let wait)?:
                fail(failure, wait, at: now, chance)
                return aside
            case .gone(let failure)?:
                progress.failure = failure
                return aside
            case nil: return aside
            }
            progress.cursor = max(progress.cursor, message.sequence)
        }
        progress.cursor = max(progress.cursor, last)
        return aside
    }

    /// Gives messages up that waited too long for a side that takes nothing.
    ///
    /// The span of each begins when it happened, or when the failing began if that was later.
    /// - Returns: Dead letters, to be stored together with ``progress``; none when there is nothing to give up.
    public mutating func expire(_ messages: [Message], upTo last: Int64, at now: Timestamp) -> [DeliveryRow] {
        guard isFailing, let since = progress.failingSince else { return [] }
        var dead: [DeliveryRow] = []
        for message in messages {
            guard schedule.isOver(since: max(message.at, since), at: now) else { return dead }
            let failure = progress.failure ?? ""
            dead.append(row(message, .dead, attempts: progress.attempts, now, failure, 0))
            progress.cursor = message.sequence
        }
        progress.cursor = max(progress.cursor, last)
        return dead
    }

    /// Notes that some of the events up to a number are not kept any more; those that are will be sent.
    ///
    /// - Returns: A dead letter without a body; its number is below 0, so that it takes the place of no message.
    public func gap(upTo last: Int64, at now: Timestamp) -> DeliveryRow {
        let message = Message(sequence: -progress.cursor - 1, type: "events.compacted", at: now, body: [])
        let failure =
            "some of the events \(progress.cursor + 1) to \(last) were packed or deleted before they could be sent"
        return row(message, .dead, attempts: 0, now, failure, 0)
    }

    /// Passes over events that are not wanted.
    public mutating func pass(to last: Int64) { progress.cursor = max(progress.cursor, last) }

    /// What becomes of a message that stepped aside, after another attempt.
    ///
    /// - Returns: The row as it is to be stored; `nil` when it was delivered and goes.
    public func retry(
        _ row: DeliveryRow,
        _ outcome: DeliveryOutcome,
        at now: Timestamp,
        chance: Double
    ) -> DeliveryRow? {
        guard let failure = outcome.failure else { return nil }
        var row = row
        row.attempts += 1
        row.failure = failure
        if schedule.isOver(since: row.firstAt, at: now) {
            (row.state, row.at) = (.dead, now)
        } else {
            row.at = now + schedule.delay(after: row.attempts, chance: chance)
        }
        return row
    }

    private func row(
        _ message: Message,
        _ state: DeliveryRow.State,
        attempts: Int,
        _ now: Timestamp,
        _ failure: String,
        _ chance: Double
    ) -> DeliveryRow {
        DeliveryRow(
            key: .init(webhook: progress.webhook, sequence: message.sequence),
            tenant: tenant,
            type: message.type,
            body: message.body,
            state: state,
            attempts: attempts,
            firstAt: state == .dead ? progress.failingSince ?? now : now,
            at: state == .dead ? now : now + schedule.delay(after: attempts, chance: chance),
            failure: failure
        )
    }

    private mutating func fail(_ failure: String, _ wait: Duration?, at now: Timestamp, _ chance: Double) {
        progress.attempts += 1
        progress.failingSince = progress.failingSince ?? now
        progress.failure = failure
        let delay = schedule.delay(after: progress.attempts, chance: chance)
        progress.nextAt = now + max(delay, min(wait ?? .zero, schedule.longest))
    }

    private mutating func recover() {
        progress.attempts = 0
        (progress.failingSince, progress.nextAt, progress.failure) = (nil, nil, nil)
    }
}

extension DeliveryRow.Key {
    /// Names the message to its receiver: the same for every attempt, also after it was given up and sent again.
    public var messageID: String { "msg_\(webhook.description.dropFirst(3))_\(sequence)" }
}
