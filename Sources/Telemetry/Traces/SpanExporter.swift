// Baton
// SPDX-License-Identifier: Apache-2.0

public import HTTP
public import JSON
internal import Synchronization

/// How spans leave the process.
public struct SpanExportSettings: Sendable {
    /// Where a collector listens, such as `http://127.0.0.1:4318`; `/v1/traces` is added.
    public var endpoint: String
    /// Sent with every request, such as credentials.
    public var headers: [(name: String, value: String)] = []
    /// What the spans come from.
    public var resource: JSONObject = ["service.name": "baton"]
    /// The version of the program.
    public var version = ""
    /// The most spans in one request.
    public var batchLimit = 512
    /// The most spans that wait; more are dropped.
    public var capacity = 16_384
    /// How often is looked for spans to send.
    public var interval = Duration.seconds(1)
    /// Of one request.
    public var timeout = Duration.seconds(10)
    /// How often a batch is tried, at least once.
    public var attempts = 6
    /// Before the second attempt; doubles from then on, to at most 30 s. What the collector asks for goes first.
    public var firstPause = Duration.milliseconds(500)

    /// Sends to that collector, with the usual bounds.
    public init(endpoint: String) {
        self.endpoint = endpoint
    }
}

/// What became of spans.
public struct SpanCounts: Sendable, Equatable {
    /// The collector took them.
    public var sent = 0
    /// The collector refused them.
    public var rejected = 0
    /// There was no room, or no attempt got through.
    public var dropped = 0
}

/// Sends spans to a collector over OTLP/HTTP, in batches, from a bounded queue. A collector that is gone costs spans,
/// never anything else.
public final class SpanExporter: Sendable {
    private struct State {
        var queue: [Span] = []
        var counts = SpanCounts()
        var isSending = false
    }
    private enum Outcome {
        case done(rejected: Int)
        case later(Duration?)
        case refused
        case cancelled
    }
    private let state = Mutex(State())
    private let settings: SpanExportSettings
    private let client: HTTPClient

    /// - Parameter client: Its policy must permit the endpoint; without one a client is made that does.
    public init(_ settings: SpanExportSettings, client: HTTPClient? = nil) {
        self.settings = settings
        let authority = (try? HTTPURL(settings.endpoint))?.authority
        self.client = client ?? HTTPClient(policy: AddressPolicy(allowed: authority.map { [$0] } ?? []))
    }

    /// What became of the spans so far.
    public var counts: SpanCounts { state.withLock { $0.counts } }

    /// Takes spans to be sent. Never blocks; what finds no room is dropped and counted.
    public func export(_ spans: [Span]) {
        guard !spans.isEmpty else { return }
        state.withLock { state in
            let room = max(0, settings.capacity - state.queue.count)
            state.queue += spans.prefix(room)
            state.counts.dropped += max(0, spans.count - room)
        }
    }

    /// Sends until cancelled. Call once.
    public func run() async {
        while (try? await Task.sleep(for: settings.interval)) != nil { await sendAll() }
    }

    /// Sends what is left, as far as it goes within that time; cancel ``run()`` before.
    public func finish(within limit: Duration) async {
        await withTaskGroup { group in
            group.addTask { await self.sendAll() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func sendAll() async {
        while let batch = nextBatch() {
            let isOver = await send(batch)
            state.withLock { $0.isSending = false }
            if isOver { return }
        }
    }

    private func nextBatch() -> [Span]? {
        state.withLock { state in
            guard !state.isSending, !state.queue.isEmpty else { return nil }
            state.isSending = true
            let batch = Array(state.queue.prefix(settings.batchLimit))
            state.queue.removeFirst(batch.count)
            return batch
        }
    }

    /// - Returns: Whether the task was cancelled; the batch is in the queue again then.
    private func send(_ batch: [Span]) async -> Bool {
        let body = OTLPDocument.bytes(batch, resource: settings.resource, version: settings.version)
        var pause = settings.firstPause
        for attempt in 1...max(1, settings.attempts) {
            let outcome = await post(body)
            switch outcome {
            case .done(let rejected):
                let rejected = min(max(0, rejected), batch.count)
                state.withLock { $0.counts.sent += batch.count - rejected }
                state.withLock { $0.counts.rejected += rejected }
                return false
            case .refused:
                state.withLock { $0.counts.rejected += batch.count }
                return false
            case .later(let wish):
                guard attempt < settings.attempts else { break }
                if (try? await Task.sleep(for: min(wish ?? pause, .seconds(60)))) == nil { return putBack(batch) }
                pause = min(pause * 2, .seconds(30))
            case .cancelled: return putBack(batch)
            }
        }
        state.withLock { $0.counts.dropped += batch.count }
        return false
    }

    private func putBack(_ batch: [Span]) -> Bool {
        state.withLock { $0.queue.insert(contentsOf: batch, at: 0) }
        return true
    }

    private func post(_ body: [UInt8]) async -> Outcome {
        let base = settings.endpoint.hasSuffix("/") ? String(settings.endpoint.dropLast()) : settings.endpoint
        let request = HTTPRequest(
            method: "POST",
            url: base + "/v1/traces",
            headers: [("Content-Type", "application/json")] + settings.headers,
            body: body,
            byteLimit: 1 << 20,
            timeout: settings.timeout
        )
        do {
            let response = try await client.send(request)
            switch response.status {
            case 200...299: return .done(rejected: Self.rejected(response.body))
            case 429, 502, 503, 504:
                return .later(response.header("retry-after").flatMap(Int.init).map { .seconds($0) })
            default: return .refused
            }
        } catch {
            switch error.code {
            case .cancelled: return .cancelled
            case .invalid, .blocked, .untrusted: return .refused
            default: return .later(nil)
            }
        }
    }

    /// How many spans the answer says were not taken.
    private static func rejected(_ body: [UInt8]) -> Int {
        guard let answer = try? JSONValue(parsing: body), let count = answer["partialSuccess"]?["rejectedSpans"] else {
            return 0
        }
        return count.intValue.map { Int($0) } ?? count.stringValue.flatMap(Int.init) ?? 0
    }
}
