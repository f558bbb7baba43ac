// Baton
// SPDX-License-Identifier: Apache-2.0

/// An event as the engine records it; about 1.5 KB of JSON.
struct Event: Codable {
    struct Attempt: Codable {
        var number: Int
        var worker: String
        var started: String
        var finished: String
        var status: String
        var retryable: Bool
        var costMicroUSD: Int
        var seconds: Double
    }

    struct Payload: Codable {
        var title: String
        var summary: String
        var labels: [String]
        var score: Double
        var tokens: Int
        var model: String?
        var attempts: [Attempt]
    }

    var id: String
    var run: String
    var sequence: Int
    var kind: String
    var node: String
    var time: String
    var isReplay: Bool
    var payload: Payload
}

/// Many events; about 170 KB of JSON.
struct Page: Codable {
    var cursor: String
    var total: Int
    var events: [Event]
}

extension Event {
    static func sample(_ number: Int) -> Event {
        let attempts = (1...4).map { Attempt.sample($0, of: number) }
        let summary = """
            The step read 12 files and changed 3 of them.
            All tests passed after the second attempt; the reviewer asked for a smaller diff and a note about the \
            migration. Größe und Laufzeit blieben gleich, siehe Bericht im Anhang der Ausführung.
            """
        let payload = Payload(
            title: "Review the change \"\(number)\" before it is merged",
            summary: summary,
            labels: ["review", "backend", "team-payments", "priority-high"],
            score: Double(number) * 0.137 + 0.5,
            tokens: 18_000 + number,
            model: number % 3 == 0 ? nil : "large-2025-05",
            attempts: attempts
        )
        return Event(
            id: "evt_01JX0000000000000000\(100_000 + number)",
            run: "run_01JX0000000000000000000042",
            sequence: number,
            kind: "task.completed",
            node: "review/change-\(number)",
            time: "2025-06-01T12:01:09.000Z",
            isReplay: false,
            payload: payload
        )
    }
}

extension Event.Attempt {
    static func sample(_ attempt: Int, of number: Int) -> Self {
        let seconds = Double(number) + Double(attempt) * 0.731
        return Self(
            number: attempt,
            worker: "worker-\(attempt).eu-central.internal",
            started: "2025-06-01T12:00:0\(attempt).123Z",
            finished: "2025-06-01T12:01:0\(attempt).456Z",
            status: attempt < 4 ? "failed" : "succeeded",
            retryable: attempt < 4,
            costMicroUSD: number * 1_237 + attempt,
            seconds: seconds
        )
    }
}
