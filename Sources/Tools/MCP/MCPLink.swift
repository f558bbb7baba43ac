// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import MCP
import Model
import Secrets
import Threads

/// One MCP server: connected when it is first needed, and again after it broke.
///
/// After a break the next call connects at once; each further failure in a row doubles the pause from one second to a
/// minute, in which calls fail without trying.
actor MCPLink {
    /// A list of tools is not believed for longer, whatever the server says.
    private static let listingLifetime = Duration.seconds(60)
    /// So many calls in a row without an answer, and the connection counts as broken.
    private static let silenceLimit = 3
    private static let pauses = (least: Duration.seconds(1), most: Duration.seconds(60))

    /// What a call comes to.
    enum CallResult: Sendable {
        case done(ToolOutcome)
        /// The tool is no longer what it was; `nil` when it is gone.
        case changed(hash: String?)
    }

    nonisolated let settings: MCPServerSettings
    private let surroundings: MCPSurroundings
    private var connection: MCPConnection?
    private var connecting: Task<Result<MCPConnection, TaskError>, Never>?
    private var listing: (tools: ToolListing, until: ContinuousClock.Instant)?
    private var listingWork: Task<Result<ToolListing, MCPBreak>, Never>?
    private var failures = 0
    private var pausedUntil: ContinuousClock.Instant?
    private var lastError: TaskError?
    /// Calls in a row that got no answer in time.
    private var silences = 0
    private let stopped = CancellationSignal()

    init(_ settings: MCPServerSettings, _ surroundings: MCPSurroundings) {
        (self.settings, self.surroundings) = (settings, surroundings)
    }

    /// Calls a tool, if it is what it was when it was approved.
    ///
    /// - Parameters:
    ///   - hash: What it was.
    ///   - isRepeatable: A repeat does no harm.
    /// - Throws: What a tool may throw. A call that may have been carried out and must not be repeated is `permanent`.
    func call(
        _ tool: ToolDescription,
        _ hash: String,
        _ arguments: JSONValue,
        isRepeatable: Bool,
        timeout: Duration,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> CallResult {
        let end = ContinuousClock.now + timeout
        var mayConnectAgain = true
        while true {
            let connection = try await connected(until: end, timeout, cancellation)
            do throws(MCPBreak) {
                let live = try await listed(connection, until: end, timeout, cancellation)
                guard let now = live.tools.first(where: { $0.name == tool.name }) else { return .changed(hash: nil) }
                guard now.hash == hash else { return .changed(hash: now.hash) }
                let request = ClientRequest.callTool(tool.name, arguments, schema: tool.inputSchema)
                let left = max(.zero, end - .now)
                let reply = try await connection.wire.ask(request, connection.facts.era, within: left, cancellation)
                (failures, silences) = (0, 0)
                return .done(try outcome(reply, connection.masker))
            } catch {
                let wasDropped = await drop(connection, after: error)
                guard wasDropped, !error.mayHaveLeft, mayConnectAgain, ContinuousClock.now < end else {
                    throw failure(error, connection.masker, isRepeatable)
                }
                mayConnectAgain = false
            }
        }
    }

    /// What the server says of itself and its tools now.
    func look(_ cancellation: CancellationSignal) async throws(TaskError) -> (ServerFacts, ToolListing) {
        let limit = settings.startTimeout
        let end = ContinuousClock.now + limit + limit
        let connection = try await connected(until: end, limit, cancellation)
        listing = nil
        do throws(MCPBreak) {
            return (connection.facts, try await listed(connection, until: end, limit, cancellation))
        } catch {
            _ = await drop(connection, after: error)
            throw failure(error, connection.masker, true)
        }
    }

    /// Why the last attempt to connect failed; `nil` after one that did not.
    var problem: String? { lastError?.message }

    /// There is a connection now.
    var isConnected: Bool { connection?.wire.isOpen ?? false }

    /// Ends the connection in order; there will be no other.
    func stop() async {
        stopped.cancel()
        if let connecting { _ = await connecting.value }
        let last = connection
        connection = nil
        await last?.wire.close()
    }

    // MARK: Connections

    private func connected(
        until end: ContinuousClock.Instant,
        _ whole: Duration,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> MCPConnection {
        guard !stopped.isCancelled else { throw .cancelled }
        if let connection {
            if connection.wire.isOpen { return connection }
            (self.connection, listing, listingWork) = (nil, nil, nil)
        }
        let work: Task<Result<MCPConnection, TaskError>, Never>
        if let connecting { work = connecting } else { work = try connect() }
        connecting = work
        switch await Patience.wait(for: work, end - .now, cancellation) {
        case .value(let result): return try result.get()
        case .late: throw named(.timeout("the MCP server", whole))
        case .cancelled: throw .cancelled
        }
    }

    private func connect() throws(TaskError) -> Task<Result<MCPConnection, TaskError>, Never> {
        if let pausedUntil, .now < pausedUntil, var error = lastError {
            error.retryAfter = pausedUntil - .now
            throw error
        }
        let (settings, surroundings, stopped) = (settings, surroundings, stopped)
        return Task {
            let result: Result<MCPConnection, TaskError>
            do throws(TaskError) {
                result = .success(try await MCPConnection.open(settings, surroundings, stopped))
            } catch {
                result = .failure(self.named(error))
            }
            self.settle(result)
            return result
        }
    }

    private func settle(_ result: Result<MCPConnection, TaskError>) {
        connecting = nil
        listing = nil
        switch result {
        case .success(let connection):
            self.connection = connection
            (lastError, pausedUntil) = (nil, nil)
        case .failure(let error): fail(error)
        }
    }

    private func fail(_ error: TaskError) {
        failures += 1
        lastError = error
        guard failures > 1 else { return }
        pausedUntil = .now + min(Self.pauses.most, Self.pauses.least * (1 << min(failures - 2, 10)))
    }

    /// A connection that gave no answer in time may still be a good one.
    ///
    /// - Returns: There is no such connection any more.
    private func drop(_ broken: MCPConnection, after reason: MCPBreak) async -> Bool {
        switch reason.code {
        case .cancelled, .refused: return false
        case .timeout:
            silences += 1
            guard silences >= Self.silenceLimit else { return false }
        case .lost, .sessionGone: break
        }
        silences = 0
        guard let connection, connection.wire === broken.wire else { return true }
        (self.connection, listing, listingWork) = (nil, nil, nil)
        if reason.code != .sessionGone { fail(named(reason.error)) }
        await broken.wire.close()
        return true
    }

    // MARK: Tools

    private func listed(
        _ connection: MCPConnection,
        until end: ContinuousClock.Instant,
        _ whole: Duration,
        _ cancellation: CancellationSignal
    ) async throws(MCPBreak) -> ToolListing {
        if connection.wire.takeToolsChanged() { listing = nil }
        if let listing, .now < listing.until { return listing.tools }
        let work = listingWork ?? Task { await self.list(connection) }
        listingWork = work
        let waited = await Patience.wait(for: work, end - .now, cancellation)
        do throws(MCPBreak) {
            switch waited {
            case .value(let result): return try result.get()
            case .late: throw .timeout(whole)
            case .cancelled: throw .cancelled
            }
        } catch {
            // Whatever comes after the list was not asked for.
            var error = error
            error.mayHaveLeft = false
            throw error
        }
    }

    private func list(_ connection: MCPConnection) async -> Result<ToolListing, MCPBreak> {
        defer { listingWork = nil }
        do throws(MCPBreak) {
            let tools =
                connection.facts.hasTools ? try await Self.pages(connection, settings.startTimeout) : ToolListing()
            let lifetime = min(Self.listingLifetime, tools.lifetime ?? Self.listingLifetime)
            if self.connection?.wire === connection.wire { listing = (tools, .now + lifetime) }
            return .success(tools)
        } catch {
            return .failure(error)
        }
    }

    private static func pages(
        _ connection: MCPConnection,
        _ limit: Duration
    ) async throws(MCPBreak) -> ToolListing {
        var listing = ToolListing()
        var cursor: String?
        repeat {
            let request = ClientRequest.listTools(after: cursor)
            let reply = try await connection.wire.ask(
                request,
                connection.facts.era,
                within: limit,
                CancellationSignal()
            )
            do throws(MCPFailure) {
                switch reply {
                case .answer(.result(let page)): cursor = try listing.take(page)
                case .answer(.error(let error)):
                    throw MCPFailure("gave no list of tools: \(error.message.prefix(300)) (\(error.code))")
                case .refused(let status): throw MCPFailure("gave no list of tools (status \(status))")
                case .silence: throw MCPFailure("gave no list of tools")
                }
            } catch {
                throw MCPBreak(code: .refused, error: .server(error.message, .transient), mayHaveLeft: false)
            }
        } while cursor != nil
        return listing
    }

    // MARK: Answers

    private func outcome(_ reply: Handshake.Reply, _ masker: Masker) throws(MCPBreak) -> ToolOutcome {
        let message: String
        switch reply {
        case .answer(.result(let result)):
            do throws(MCPFailure) {
                return try ToolOutcome(result).masked(by: masker)
            } catch {
                message = error.message
            }
        case .answer(.error(let error)): return .failed(masker.mask("\(error.message.prefix(2000)) (\(error.code))"))
        case .refused(let status):
            guard status >= 500 || status == 429 else {
                return .failed("the server refused the call with status \(status)")
            }
            message = "answered with status \(status)"
        case .silence: message = "gave no answer"
        }
        // These two say that nothing was done.
        let wasDeclined = reply == .refused(status: 429) || reply == .refused(status: 503)
        throw MCPBreak(code: .refused, error: .server(message, .transient), mayHaveLeft: !wasDeclined)
    }

    private func failure(_ reason: MCPBreak, _ masker: Masker, _ isRepeatable: Bool) -> TaskError {
        var error = named(reason.error)
        error.message = masker.mask(error.message)
        if reason.mayHaveLeft, !isRepeatable, error.errorClass != .fatal { error.errorClass = .permanent }
        if error.code != "cancelled" { error.details = ["sent": .bool(reason.mayHaveLeft)] }
        return error
    }

    private func named(_ error: TaskError) -> TaskError {
        var error = error
        let name = "the MCP server \(settings.name)"
        if !error.message.contains(name) { error.message = error.message.replacing("the MCP server", with: name) }
        return error
    }
}

extension ToolOutcome {
    fileprivate func masked(by masker: Masker) -> ToolOutcome {
        switch self {
        case .output(let value): .output(masker.mask(value))
        case .failed(let message): .failed(masker.mask(message))
        case .asks: .asks
        }
    }
}
