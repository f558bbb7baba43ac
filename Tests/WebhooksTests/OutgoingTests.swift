// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Store
import TestSupport
import Testing

@testable import Webhooks

@Suite struct OutgoingTests {
    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test func `a message is signed as the published example of Standard Webhooks`() throws {
        let key = try #require(WebhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let other = WebhookKey()
        let body = Array(#"{"test": 2432232314}"#.utf8)
        let headers = WebhookSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: time(1_614_265_330),
            body: body,
            keys: [key, other]
        )
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers[0].value == "msg_p5jXN8AQM9LWM0D4loKWxJek" && headers[1].value == "1614265330")
        let signatures = headers[2].value.split(separator: " ")
        #expect(signatures.count == 2 && signatures[0] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        // The other side takes either of them.
        let fields = Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
        for secret in [key.text, other.text] {
            let id = try HookCall(headers: fields, body: body)
                .verify(.standard, secrets: [secret], at: time(1_614_265_330 + 300))
            #expect(id == "msg_p5jXN8AQM9LWM0D4loKWxJek")
        }
    }

    @Test(.enabled(if: Oracle.isThere, "there is no Python with standardwebhooks of PyPI"))
    func `the reference library takes messages with either secret, and no forged ones`() throws {
        let (new, old, other) = (WebhookKey(), WebhookKey(), WebhookKey())
        let body = Array(#"{"data":{"text":"ü €"}}"#.utf8)
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        let headers = WebhookSignature.headers(
            id: "msg_1_2",
            at: time(Int64(clock.tv_sec)),
            body: body,
            keys: [new, old]
        )
        for key in [new, old] { #expect(try Oracle.takes(headers, body, secret: key.text)) }
        #expect(try !Oracle.takes(headers, body, secret: other.text))
        #expect(try !Oracle.takes(headers, body + [0x20], secret: new.text))
    }

    @Test func `keys have the text form of Standard Webhooks`() {
        let key = WebhookKey()
        #expect(key.text.hasPrefix("whsec_") && key.text.utf8.count == 50 && WebhookKey(key.text) == key)
        #expect(WebhookKey(String(key.text.dropFirst(6))) == key && WebhookKey() != key)
        for text in ["", "whsec_", "whsec_AAAA", "whsec_!!!!", String(repeating: "A", count: 200)] {
            #expect(WebhookKey(text) == nil, "\(text)")
        }
    }

    @Test func `delays double up to an hour, with a fifth of chance, for a day`() {
        let schedule = DeliverySchedule.standard
        let table: [(attempts: Int, chance: Double, seconds: Double)] = [
            (1, 0.5, 1), (1, 0, 0.8), (1, 1, 1.2), (2, 0.5, 2), (3, 0.5, 4), (12, 0.5, 2048), (13, 0.5, 3600),
            (1000, 0.5, 3600), (1000, 1, 4320), (0, 0.5, 1),
        ]
        for (attempts, chance, seconds) in table {
            let delay = schedule.delay(after: attempts, chance: chance)
            let error = delay - .seconds(seconds)
            #expect(max(error, .zero - error) < .milliseconds(1), "\(attempts) \(chance): \(delay)")
        }
        #expect(!schedule.isOver(since: time(0), at: time(86_399)) && schedule.isOver(since: time(0), at: time(86_400)))
    }

    @Test func `a status says whether a message is refused, nothing is taken, or nothing is wanted`() {
        for status in [200, 202, 204, 299] { #expect(DeliveryOutcome(status: status) == .delivered) }
        for status in [400, 413, 422] {
            #expect(DeliveryOutcome(status: status) == .refused("the receiver answered \(status)"))
        }
        for status in [100, 301, 401, 403, 404, 405, 408, 429, 500, 503] {
            #expect(DeliveryOutcome(status: status) == .unavailable("the receiver answered \(status)"))
        }
        #expect(DeliveryOutcome(status: 410) == .gone("the receiver answered 410"))
    }

    @Test func `an event becomes a CloudEvent`() throws {
        let run = RunID(high: 1, low: 255)
        let event: JSONValue = ["seq": 7, "type": "run.completed", "at": "2026-01-31T09:30:00.000Z"]
        let json = CloudEvent.json(event, type: "run.completed", sequence: 7, run: run, source: "urn:baton")
        let expected: JSONValue = [
            "specversion": "1.0", "id": "7", "source": "urn:baton", "type": "dev.baton.run.completed.v1",
            "subject": .string(run.description), "datacontenttype": "application/json",
            "time": "2026-01-31T09:30:00.000Z", "sequence": "7",
            "traceparent": "00-000000000000000100000000000000ff-00000000000000ff-01", "data": event,
        ]
        #expect(json == expected, "\(json.text)")
    }

    // MARK: The queue

    private let id = WebhookID(high: 1, low: 1)

    private func message(_ sequence: Int64, at seconds: Int64 = 0) -> DeliveryQueue.Message {
        .init(sequence: sequence, type: "t", at: time(seconds), body: [UInt8(sequence)])
    }

    private func queue(after cursor: Int64 = 0) -> DeliveryQueue {
        DeliveryQueue(WebhookProgressRow(webhook: id, cursor: cursor), tenant: "t")
    }

    @Test func `what is delivered moves the cursor, and a refused message steps aside`() {
        var queue = queue()
        let aside = queue.take(
            [2: .delivered, 3: .refused("no"), 5: .delivered],
            of: [message(2), message(3), message(5)],
            upTo: 9,
            at: time(10),
            chance: 0.5
        )
        #expect(queue.progress.cursor == 9 && !queue.isFailing && queue.progress.deliveredAt == time(10))
        #expect(aside.count == 1 && aside[0].key.sequence == 3 && aside[0].state == .waiting)
        #expect(aside[0].at == time(11) && aside[0].firstAt == time(10) && aside[0].body == [3])
        #expect(aside[0].key.messageID == "msg_\(id.description.dropFirst(3))_3")
        // It is tried again, until its day is over.
        let again = queue.retry(aside[0], .refused("still no"), at: time(11), chance: 0.5)
        #expect(again?.at == time(13) && again?.attempts == 2 && again?.failure == "still no")
        #expect(queue.retry(aside[0], .delivered, at: time(11), chance: 0.5) == nil)
        let late = queue.retry(aside[0], .unavailable("x"), at: time(10 + 86_400), chance: 0.5)
        #expect(late?.state == .dead && late?.at == time(10 + 86_400) && late?.key == aside[0].key)
    }

    @Test func `while nothing is taken the messages wait in order, and are given up one by one after a day`() {
        var queue = queue()
        let messages = [message(2, at: -50), message(3, at: 100), message(4, at: 100_000)]
        let aside = queue.take(
            [2: .unavailable("down"), 3: .delivered],
            of: messages,
            upTo: 9,
            at: time(10),
            chance: 0.5
        )
        #expect(aside.isEmpty && queue.progress.cursor == 0 && queue.isFailing)
        #expect(queue.progress.nextAt == time(11) && queue.progress.failingSince == time(10))
        _ = queue.take(
            [2: .unavailable("429", retryAfter: .seconds(60))],
            of: messages,
            upTo: 9,
            at: time(11),
            chance: 0
        )
        #expect(queue.progress.nextAt == time(71) && queue.progress.attempts == 2)
        _ = queue.take(
            [2: .unavailable("429", retryAfter: .seconds(9999999))],
            of: messages,
            upTo: 9,
            at: time(71),
            chance: 0
        )
        #expect(queue.progress.nextAt == time(71 + 3600), "an hour at most")
        #expect(queue.expire(messages, upTo: 9, at: time(86_409)).isEmpty)
        // The first one happened before the failing began, the second one after.
        let first = queue.expire(messages, upTo: 9, at: time(86_410))
        #expect(first.map(\.key.sequence) == [2] && first[0].state == .dead && queue.progress.cursor == 2)
        #expect(first[0].failure == "429" && first[0].body == [2])
        let second = queue.expire([message(3, at: 100)], upTo: 3, at: time(86_500))
        #expect(second.map(\.key.sequence) == [3] && queue.progress.cursor == 3 && queue.isFailing)
        // Taken again: nothing of the failing is left.
        _ = queue.take([4: .delivered], of: [messages[2]], upTo: 9, at: time(100_001), chance: 0)
        var expected = WebhookProgressRow(webhook: id, cursor: 9)
        expected.deliveredAt = time(100_001)
        #expect(queue.progress == expected)
        #expect(queue.expire(messages, upTo: 9, at: time(999_999_999)).isEmpty)
    }

    @Test func `what was not tried stays, and events that are gone leave a note`() {
        var queue = queue(after: 5)
        #expect(queue.take([:], of: [message(7)], upTo: 9, at: time(1), chance: 0).isEmpty)
        #expect(queue.progress.cursor == 5)
        queue.pass(to: 6)
        let note = queue.gap(upTo: 20, at: time(2))
        #expect(queue.progress.cursor == 6 && note.key.sequence == -7 && note.body.isEmpty && note.state == .dead)
        #expect(queue.take([21: .gone("410")], of: [message(21)], upTo: 30, at: time(3), chance: 0).isEmpty)
        #expect(queue.progress.cursor == 6 && queue.progress.failure == "410")
    }
}
