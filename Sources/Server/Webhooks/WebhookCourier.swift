// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTP
internal import Model
internal import Synchronization
internal import Telemetry
internal import Webhooks

/// Brings single messages to their receivers, signed, under the rules on addresses (spec 11.5).
final class WebhookCourier: Sendable {
    /// How long a receiver has for its answer.
    private static let patience = Duration.seconds(15)
    /// The longest answer; nothing of it is used.
    private static let answerLimit = 64 << 10

    private let policy: AddressPolicy
    /// What CloudEvents name as their source.
    let source: String
    private let version: String
    private let clock: any EngineClock
    private let attempts: MetricFamily<Counter>
    /// Made when it is first needed: most servers have no webhooks.
    private let client = Mutex<HTTPClient?>(nil)

    init(_ settings: APISettings, version: String, clock: any EngineClock, _ metrics: MetricsRegistry) {
        policy = settings.targets
        source = settings.publicURL ?? "urn:baton"
        (self.version, self.clock) = (version, clock)
        attempts = metrics.counters(
            "webhook_attempts_total",
            "Attempts to deliver messages of webhooks",
            labels: ["outcome"]
        )
    }

    /// The rule that forbids an address, as far as its text alone shows.
    func refusal(of url: String) -> String? { policy.refusal(ofURL: url) }

    /// Sends a message once.
    ///
    /// - Returns: `nil` when the task was cancelled, so that nobody knows.
    func send(_ body: [UInt8], id: String, to url: String, keys: [WebhookKey]) async -> DeliveryOutcome? {
        let request = HTTP.HTTPRequest(
            method: "POST",
            url: url,
            headers: [("content-type", CloudEvent.mediaType), ("user-agent", "baton/\(version)")]
                + WebhookSignature.headers(id: id, at: clock.wall(), body: body, keys: keys),
            body: body,
            byteLimit: Self.answerLimit,
            timeout: Self.patience
        )
        let outcome = await outcome(of: request)
        if let outcome { attempts.add(1, outcome.word) }
        return outcome
    }

    private func outcome(of request: HTTP.HTTPRequest) async -> DeliveryOutcome? {
        do throws(HTTPClientError) {
            let answer = try await connection.send(request)
            return DeliveryOutcome(status: answer.status, retryAfter: Self.span(answer.header("retry-after")))
        } catch {
            return error.code == .cancelled ? nil : .unavailable("\(error)")
        }
    }

    private var connection: HTTPClient {
        client.withLock { client in
            if let client { return client }
            let made = HTTPClient(policy: policy)
            client = made
            return made
        }
    }

    /// Seconds; a date is passed over.
    private static func span(_ text: String?) -> Duration? {
        text.flatMap { Int64($0) }.map { .seconds(min(max(0, $0), 86_400)) }
    }
}

extension DeliveryOutcome {
    fileprivate var word: String {
        switch self {
        case .delivered: "delivered"
        case .refused: "refused"
        case .unavailable: "unavailable"
        case .gone: "gone"
        }
    }
}
