// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import JSON
internal import Synchronization
internal import Telemetry

/// What is known about a request when its answer begins.
struct RequestRecord {
    /// The pattern of the operation, never the path as it came; `none` when there is no such operation.
    var route = "none"
    /// Who made it; `nil` for nobody.
    var actor: String?
    /// The client, behind proxies that are trusted.
    var address: String?
    /// Why it was refused.
    var problem: Problem?
}

/// Requests as metrics and in the log (spec 12.4).
struct RequestTelemetry: Sendable {
    let registry: MetricsRegistry
    /// Nobody is told when it is missing.
    let log: Log?
    let clients: LiveClients
    private let requests: RequestCounters
    private let limited: MetricFamily<Counter>
    private let seconds: Histogram

    init(_ registry: MetricsRegistry, _ log: Log?) {
        (self.registry, self.log) = (registry, log)
        clients = LiveClients(registry)
        requests = RequestCounters(
            registry.counters(
                "http_requests_total",
                "Requests that were answered, by operation and status",
                labels: ["route", "code"]
            )
        )
        limited = registry.counters("rate_limited_total", "Requests that came too often, by limit", labels: ["tier"])
        seconds =
            registry.histograms(
                "http_request_seconds",
                "From the head of a request to the head of its answer",
                bounds: .shortSpans
            )[]
    }

    /// Counts an answer and writes it down: what changes something at `info`, what only reads at `debug`, what failed here
    /// at `error`.
    func record(_ request: HTTPRequest, _ record: RequestRecord, status: Int, id: String, took: Duration) {
        requests[record.route, status].add()
        seconds.observe(took)
        if let problem = record.problem, problem.status == 429 {
            limited.add(1, problem.members["tier"]?.stringValue ?? "other")
        }
        guard let log else { return }
        let reads = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS"
        let level: LogLevel = status >= 500 && status != 503 ? .error : reads ? .debug : .info
        guard log.isOn(level) else { return }
        let milliseconds = (took.seconds * 10_000).rounded() / 10
        var fields: KeyValuePairs<String, JSONValue> {
            [
                "method": .string(request.method), "route": .string(record.route), "status": .int(Int64(status)),
                "ms": .double(milliseconds), "request": .string(id), "actor": .string(record.actor ?? "nobody"),
                "address": .string(record.address ?? "local"),
            ]
        }
        guard status >= 500, let problem = record.problem else { return log.record(level, "request", fields) }
        log.record(level, "request failed: \(problem.code): \(problem.detail)", fields)
    }
}

/// Counters of requests; found without making text of the status.
private final class RequestCounters: Sendable {
    private struct Key: Hashable {
        let route: String
        let status: Int
    }

    private let family: MetricFamily<Counter>
    private let known = Mutex<[Key: Counter]>([:])

    init(_ family: MetricFamily<Counter>) { self.family = family }

    /// Both come from the server, so there are not many.
    subscript(route: String, status: Int) -> Counter {
        known.withLock { known in
            let key = Key(route: route, status: status)
            if let counter = known[key] { return counter }
            let counter = family[route, String(status)]
            known[key] = counter
            return counter
        }
    }
}

/// Clients that follow the feed.
struct LiveClients: Sendable {
    let events: Gauge
    let sockets: Gauge
    private let dropped: Counter

    init(_ registry: MetricsRegistry) {
        let live = registry.gauges("live_clients", "Clients that follow the feed", labels: ["transport"])
        (events, sockets) = (live["sse"], live["websocket"])
        dropped = registry.counters("live_dropped_total", "Clients that were cut off because they took nothing")[]
    }

    /// Counts a client that follows without a task.
    func count(_ change: FollowerChange) {
        switch change {
        case .began: events.add(1)
        case .ended(let failure):
            events.add(-1)
            if failure?.code == .timeout { dropped.add() }
        }
    }

    /// Counts a client while it follows.
    func following(_ gauge: Gauge, _ body: () async throws -> Void) async throws {
        gauge.add(1)
        defer { gauge.add(-1) }
        do {
            try await body()
        } catch let error as HTTPStreamError {
            if error.code == .timeout { dropped.add() }
            throw error
        }
    }
}
