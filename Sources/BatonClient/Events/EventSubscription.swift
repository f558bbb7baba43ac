// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTP
public import JSON

/// The events of a server from one number on, without gaps, whatever becomes of connections.
///
/// When a stream ends or breaks it is opened again after the last event that was read, at first at once and then after
/// longer and longer pauses. It gives up only when the server refuses. Belongs to one task at a time.
public final class EventSubscription {
    /// What is wanted.
    public struct Filter: Sendable {
        /// Only events of that run; an id.
        public var run: String?
        /// Only those types.
        public var types: [String] = []

        /// Everything.
        public init(run: String? = nil, types: [String] = []) {
            (self.run, self.types) = (run, types)
        }
    }

    /// How long a server may be silent; it sends a comment every 15 s.
    public var silence: Duration = .seconds(45)
    /// The longest pause between two attempts.
    public var longestPause: Duration = .seconds(15)
    /// Called before each pause, with what broke the stream.
    public var onInterruption: ((ClientError?, Duration) -> Void)?

    private let client: APIClient
    private let filter: Filter
    private var parser: ServerSentEventParser
    private var stream: (any APIStream)?
    private var ready: [ServerSentEvent] = []
    private var read = 0
    private var failures = 0

    /// - Parameter last: The number of the last event that is known; `nil` begins with what happens from now on.
    init(_ client: APIClient, _ filter: Filter, after last: Int64?) {
        (self.client, self.filter) = (client, filter)
        parser = ServerSentEventParser(lastID: last.map { String($0) } ?? "")
    }

    /// The next event: the envelope `{seq, run_seq, type, at, run, node?, …}`. Suspends until there is one.
    ///
    /// - Throws: `problem` when the server refuses, `cancelled` when the task is cancelled.
    public func next() async throws(ClientError) -> JSONValue {
        while true {
            if Task.isCancelled { throw ClientError(.cancelled, "the events are not wanted any more") }
            while read < ready.count {
                let event = ready[read]
                read += 1
                if let json = try? JSONValue(parsing: event.data), json.objectValue != nil { return json }
            }
            (ready, read) = ([], 0)
            try await readOn()
        }
    }

    /// Opens the stream, so that what happens from here on is seen; otherwise the first ``next()`` does.
    public func open() async throws(ClientError) {
        if stream == nil { stream = try await connect() }
    }

    private func readOn() async throws(ClientError) {
        do throws(ClientError) {
            try await open()
            if let bytes = try await stream?.next() {
                ready = try take(bytes)
                failures = 0
                return
            }
            stream = nil
            try await pause(after: nil)
        } catch {
            stream = nil
            guard error.isTransient else { throw error }
            try await pause(after: error)
        }
    }

    private func take(_ bytes: [UInt8]) throws(ClientError) -> [ServerSentEvent] {
        do throws(ServerSentEventError) {
            return try parser.feed(bytes)
        } catch {
            throw ClientError(.invalidAnswer, error.message)
        }
    }

    private func connect() async throws(ClientError) -> any APIStream {
        var request = APIRequest("GET", "/v1/events")
        if let run = filter.run { request.query.append(("run", run)) }
        if !filter.types.isEmpty { request.query.append(("types", filter.types.joined(separator: ","))) }
        request.headers.append(("accept", "text/event-stream"))
        if !parser.lastID.isEmpty { request.headers.append(("last-event-id", parser.lastID)) }
        let stream = try await client.transport.stream(request, silence: silence)
        guard stream.status == 200 else { throw try await refusal(stream) }
        // What a broken stream left unfinished comes again.
        parser = ServerSentEventParser(lastID: parser.lastID)
        return stream
    }

    private func refusal(_ stream: any APIStream) async throws(ClientError) -> ClientError {
        var body: [UInt8] = []
        while body.count < 1 << 20, let bytes = try await stream.next() { body += bytes }
        return ClientError(APIProblem(APIResponse(status: stream.status, headers: stream.headers, body: body)))
    }

    private func pause(after error: ClientError?) async throws(ClientError) {
        failures += 1
        let wait = Self.wait(failures, asked: error?.problem?.retryAfter ?? parser.retry, longest: longestPause)
        guard wait > .zero else { return }
        onInterruption?(error, wait)
        do {
            try await Task.sleep(for: wait)
        } catch {
            throw ClientError(.cancelled, "the events are not wanted any more")
        }
    }

    /// Nothing after the first break, then 0.25 s, doubled each time.
    static func wait(_ failures: Int, asked: Duration?, longest: Duration) -> Duration {
        guard failures > 1 else { return asked ?? .zero }
        let grown = Duration.milliseconds(250) * (1 << min(failures - 2, 10))
        return max(asked ?? .zero, min(grown, longest))
    }
}
