// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Definition
import Engine
import Hashing
import HTTPServer
import JSON
import Model
import ProviderCalls
import Providers
import Synchronization

/// The model calls of one attempt of a program that is not ours: each is a step of the task, with the money for it held
/// before and settled after, and goes to the models that the task may use, with keys that the program never sees.
///
/// Its token is good for as long as the attempt. The first call that does not fit a budget ends the session.
final class GatewaySession: Sendable {
    private struct State {
        /// Calls that ask for money, those for which it is held, and how often one of these has ended.
        var asking = 0
        var holding = 0
        var releases = 0
        var whenReleased: [CheckedContinuation<Void, Never>] = []
        var answered = 0
        var shortage: CallCost?
        var failure: TaskError?
        var lastError: ModelError?
        var result: JSONValue?
        var isSimulated = false
        var log: [String] = []

        /// `nil` when one has to wait for that.
        func canWait(since count: Int, isClosed: Bool) -> Bool? {
            releases != count ? true : holding + asking == 0 || isClosed ? false : nil
        }
    }

    private static let logLimit = 2000

    let token: String
    let agent: String
    let node: String
    let run: RunID
    let models: AgentModels
    let setup: ModelSetup
    let wish: ModelRouter.Wish
    /// What steps keep of prompts.
    let prompts = GatewayPrompts()
    private let control: ExecutionControl
    private let calls: GatewayCalls
    private let onSign: @Sendable () -> Void
    /// The session is of no more use: a budget is used up, or the task is no longer ours.
    private let onEnd: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        agent: String,
        assignment: Assignment,
        control: ExecutionControl,
        models: AgentModels,
        setup: ModelSetup,
        wish: ModelRouter.Wish,
        onSign: @escaping @Sendable () -> Void = {},
        onEnd: @escaping @Sendable () -> Void = {}
    ) {
        token = "bgt_\(SHA256.hexadecimal(SecureRandom.bytes(24)))"
        (self.agent, node, run) = (agent, assignment.node.id, assignment.run)
        (self.control, self.models, self.setup, self.wish) = (control, models, setup, wish)
        (self.onSign, self.onEnd) = (onSign, onEnd)
        calls = GatewayCalls(onEnd: onSign)
    }

    // MARK: What came of it

    /// How many calls models have answered.
    var answered: Int { state.withLock(\.answered) }
    /// What the call needs that did not fit a budget.
    var shortage: CallCost? { state.withLock(\.shortage) }
    /// Why the attempt cannot go on.
    var failure: TaskError? { state.withLock(\.failure) }
    /// Why the last call was not answered, if it was not.
    var lastError: ModelError? { state.withLock(\.lastError) }
    /// What the program said came of the task.
    var result: JSONValue? { state.withLock(\.result) }
    /// An answer came from a script.
    var isSimulated: Bool { state.withLock(\.isSimulated) }
    /// For people.
    var log: [String] { state.withLock(\.log) }
    /// A call is under way.
    var isBusy: Bool { calls.isBusy }

    func note(_ line: String) {
        state.withLock { if $0.log.count < Self.logLimit { $0.log.append(line) } }
    }

    // MARK: Requests

    /// Answers a request; a handler for a `WebServer`.
    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        onSign()
        guard let route = GatewayRoute(request.method, request.path) else {
            return GatewayRefusal(404, "not_found_error", "there is no \(request.method) \(request.target.rawPath)")
                .response(.messages)
        }
        guard isAllowed(request) else {
            return GatewayRefusal(401, "authentication_error", "the token is not that of this attempt")
                .response(route.format)
        }
        switch route {
        case .models(let format): return GatewayExchange.list(candidates.map(\.model), format)
        case .count: return await GatewayExchange.count(request)
        case .result: return await take(request)
        case .call(let format):
            guard !isOver else { return GatewayRefusal.over.response(format) }
            return await GatewayExchange.answer(request, format, for: self, among: calls)
        }
    }

    private func isAllowed(_ request: HTTPRequest) -> Bool {
        ConstantTime.isEqual(Array(GatewayExchange.token(of: request).utf8), Array(token.utf8))
    }

    /// The models that a call may ask for, the preferred first.
    var candidates: [ModelReference] {
        switch wish {
        case .tier(let tier): setup.tiers.candidates(for: tier)
        case .model(let model): setup.tiers.candidates(for: model)
        }
    }

    private var isOver: Bool { state.withLock { $0.shortage != nil || $0.failure != nil } }

    private func take(_ request: HTTPRequest) async -> HTTPResponse {
        guard let bytes = try? await request.body.collect(limit: 1 << 20), let json = try? JSONValue(parsing: bytes)
        else {
            return GatewayRefusal.invalid("the result must be JSON of at most 1 MiB").response(.messages)
        }
        state.withLock { $0.result = json }
        return .json(Array(#"{"taken":true}"#.utf8))
    }

    /// Takes no more calls, ends those that are under way, and returns when all that they cost is written down.
    func close() async {
        calls.close()
        calls.cancel()
        let waiters = state.withLock { state in
            defer { state.whenReleased = [] }
            return state.whenReleased
        }
        for waiter in waiters { waiter.resume() }
        await calls.finish()
    }

    // MARK: For calls

    func sign() { onSign() }

    /// A call asks for money; how often others have ended by then.
    func ask() -> Int {
        state.withLock { state in
            state.asking += 1
            return state.releases
        }
    }

    /// It got some, or none.
    func asked(holds: Bool) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.asking -= 1
            if holds { state.holding += 1 }
            // Whoever waited for it to hold something has nobody to wait for.
            guard state.asking + state.holding == 0 else { return [] }
            defer { state.whenReleased = [] }
            return state.whenReleased
        }
        for waiter in waiters { waiter.resume() }
    }

    /// What the call did cost is written down, so there may be room for others.
    func release() {
        let waiters = state.withLock { state in
            state.holding -= 1
            state.releases += 1
            defer { state.whenReleased = [] }
            return state.whenReleased
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when another call has ended since; false when none holds anything, so that there is nothing to wait for.
    func waitForRelease(since count: Int) async -> Bool {
        if let isThere = state.withLock({ $0.canWait(since: count, isClosed: calls.isClosed) }) { return isThere }
        await withCheckedContinuation { waiter in
            let isReady = state.withLock { state in
                guard state.canWait(since: count, isClosed: calls.isClosed) == nil else { return true }
                state.whenReleased.append(waiter)
                return false
            }
            if isReady { waiter.resume() }
        }
        return true
    }

    func starve(_ cost: CallCost) {
        state.withLock { if $0.shortage == nil { $0.shortage = cost } }
        onEnd()
    }

    func fail(_ error: TaskError) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
        onEnd()
    }

    func succeeded(_ reply: ModelReply) {
        state.withLock { state in
            state.answered += 1
            state.isSimulated = state.isSimulated || reply.isSimulated
            state.lastError = nil
        }
    }

    func failed(_ error: ModelError) { state.withLock { $0.lastError = error } }

    /// Makes changes of steps durable.
    ///
    /// - Parameter isEnd: They only end steps, which is done for a session that is closed as well.
    func record(_ changes: [StepChange], isEnd: Bool) async throws(TaskError) -> StepReceipt {
        while true {
            do throws(EngineError) {
                return try await control.record(changes)
            } catch {
                let isPassing = error.code == .storageFull || error.code == .draining
                guard isPassing, isEnd || !Task.isCancelled else { throw TaskError(error) }
                // A disk that is full may have room again; an engine that stops gives its tasks back.
                guard !isOver(error) else { throw TaskError(error) }
                await Self.pause()
            }
        }
    }

    private func isOver(_ error: EngineError) -> Bool { error.code == .draining && calls.isClosed }

    /// Cancelling does not shorten it.
    static func pause() async {
        let task = Task { try? await Task.sleep(for: .milliseconds(200)) }
        _ = await task.value
    }
}
