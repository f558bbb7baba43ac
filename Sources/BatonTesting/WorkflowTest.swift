// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import Store

/// A workflow under test: the real engine, tools that do what the test says, and a clock that the test moves.
///
/// Nothing happens by itself: ``start(_:)``, ``advance(by:)`` and the others do what can be done at once, and return.
/// A wait of a week takes no time. Use it from one thread at a time.
public final class WorkflowTest {
    /// Why a document cannot be tested.
    public struct InvalidDocument: Error, CustomStringConvertible {
        /// One problem a line.
        public let description: String
    }

    /// The time of the test; move it with ``advance(by:)``, which lets things happen on the way.
    public let clock = SimulatedClock()
    /// Every call so far, in order.
    public private(set) var calls: [ToolCall] = []

    private let graph: Graph
    private let source: [UInt8]
    private let tools: [String: ScriptedTool]
    private let store = MemoryRunStore()
    private let blobs = MemoryBlobStore()
    private var engine: SteppedEngine
    private var lives: UInt64 = 1
    private var attempts: [AttemptLease: (endsAt: Int64, end: ScriptedTool.Answer.End)] = [:]
    /// Leases in the order in which they were given, which a dictionary does not keep.
    private var order: [AttemptLease] = []
    private var counts: [String: Int] = [:]
    /// What checks found that are under way.
    private var evidence: [AttemptLease: [CheckEvidence]] = [:]

    /// Reads a document.
    ///
    /// - Parameters:
    ///   - text: The document, in YAML or JSON.
    ///   - tools: By name; `http` answers nodes of that kind. Every tool that the document names must be there; they
    ///     take any arguments. `check.KIND` answers checks of that kind (`check.command`, `check.judge`, …), called with
    ///     what the check evaluates to and the `output`: a value passes, unless it is false, and a failure is a gap.
    ///     Without it they pass.
    public init(_ text: String, tools: [String: ScriptedTool]) throws(InvalidDocument) {
        source = Array(text.utf8)
        let known = tools.keys.sorted().filter { $0 != "http" }.compactMap {
            try? Registry.Tool(name: $0, input: ["type": "object"])
        }
        let result = Compiler(registry: Registry(tools: known)).compile(text: source, fileName: "workflow")
        guard let graph = result.graph else {
            throw InvalidDocument(description: result.diagnostics.map(\.message).joined(separator: "\n"))
        }
        self.graph = graph
        self.tools = tools
        engine = Self.engine(store, blobs, clock, life: 1)
    }

    private static func engine(
        _ store: MemoryRunStore,
        _ blobs: MemoryBlobStore,
        _ clock: SimulatedClock,
        life: UInt64
    ) -> SteppedEngine {
        let engine = SteppedEngine(
            store: store,
            blobs: blobs,
            clock: clock,
            configuration: EngineConfiguration(worker: "test-\(life)"),
            seed: life,
            failStop: { reason in preconditionFailure("a memory store cannot fail: \(reason)") }
        )
        _ = engine.open()
        return engine
    }

    // MARK: What a test does

    /// Starts a run.
    ///
    /// - Throws: `validation.failed` when the inputs do not fit.
    public func start(_ inputs: JSONObject = [:]) throws(EngineError) -> RunID {
        let checked: JSONObject
        do throws(InputError) {
            checked = try graph.checkInputs(inputs).objectValue ?? [:]
        } catch {
            throw EngineError(.invalid, "\(error)")
        }
        let request = StartRequest(graph: graph, source: source, inputs: checked, actor: "user:test")
        return try ask { engine.start(request, $0) }.id
    }

    /// Lets time pass, and everything on the way happen.
    public func advance(by span: Duration) {
        let end = clock.monotonic() + span.milliseconds
        while let next = nextAt, next <= end {
            clock.advance(by: .milliseconds(max(0, next - clock.monotonic())))
            settle()
        }
        clock.advance(by: .milliseconds(end - clock.monotonic()))
        settle()
    }

    /// Answers the request that a `human` node of the run has open.
    ///
    /// - Throws: `not_found` when it has none open.
    public func decide(_ node: String, of run: RunID, approve: Bool, by actor: String = "user:test") throws(EngineError)
    {
        let open = store.humanTasks(.pending(run: store.run(run)?.key, limit: 1000))
        guard let request = open.first(where: { $0.node == node && $0.run == run }) else {
            throw EngineError(.notFound, "`\(node)` of \(run) asks nobody anything")
        }
        _ = try ask { engine.decide(request.id, approve: approve, comment: nil, by: actor, $0) }
    }

    /// Sends a signal to a run.
    ///
    /// - Throws: `not_found`, `state.conflict` when it ended.
    public func signal(
        _ run: RunID,
        type: String,
        key: String? = nil,
        payload: JSONValue = .null,
        dedupeKey: String? = nil
    ) throws(EngineError) {
        let signal = RunSignal(
            dedupeKey: dedupeKey ?? "test-\(clock.monotonic())-\(calls.count)-\(type)",
            type: type,
            key: key,
            payload: Payload(inline: payload)
        )
        _ = try ask { engine.signal(.run(run), signal, by: "user:test", $0) }
    }

    /// Pauses, resumes, cancels or updates a run.
    ///
    /// - Throws: `not_found`, `state.conflict`, `validation.failed`.
    public func control(_ run: RunID, _ command: Command) throws(EngineError) {
        _ = try ask { engine.control(run, command, by: "user:test", $0) }
    }

    /// The process dies, with every call in flight, and another one takes over.
    public func crash() {
        lives += 1
        attempts = [:]
        order = []
        engine = Self.engine(store, blobs, clock, life: lives)
        engine.adopt(nil) { _ in }
        settle()
    }

    // MARK: What a test looks at

    /// The run as its log gives it.
    ///
    /// - Throws: `not_found`.
    public func state(of run: RunID) throws(EngineError) -> RunState {
        guard let row = store.run(run) else { throw EngineError(.notFound, "there is no run \(run)") }
        return try RunReader(store: store, blobs: blobs).state(ofRun: row.key)
    }

    /// The outputs of a completed run; `nil` before.
    public func outputs(of run: RunID) throws(EngineError) -> JSONValue? {
        try state(of: run).outputs?.value
    }

    /// The run's status.
    public func status(of run: RunID) throws(EngineError) -> RunStatus {
        try state(of: run).status
    }

    /// What a run waits for, or why it failed.
    public func explanation(of run: RunID) throws(EngineError) -> Explanation {
        Explanation(try state(of: run), now: clock.wall())
    }

    // MARK: How it goes on

    private func ask<Value: Sendable>(
        _ request: (@escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
    ) throws(EngineError) -> Value {
        let box = Box<Value>()
        request { box.result = $0 }
        settle()
        guard let result = box.result else { throw EngineError(.unavailable, "the engine did not answer") }
        return try result.get()
    }

    /// When the next thing happens; `nil` when nothing is due within the longest sleep and nothing is in flight.
    private var nextAt: Int64? {
        let now = clock.monotonic()
        let ends = attempts.values.filter { $0.end.isOver }.map(\.endsAt).min()
        let idle = engine.idleTime
        let timer = store.timers(ofRun: nil).first.map { now + max(0, ($0.fireAt - clock.wall()).milliseconds) }
        let turn = idle >= 60_000 ? timer : now + idle
        return [ends, turn].compactMap { $0 }.min()
    }

    /// Everything that happens now.
    private func settle() {
        repeat {
            let now = clock.monotonic()
            for lease in order {
                guard let attempt = attempts[lease], attempt.endsAt <= now else { continue }
                hand(in: lease, attempt.end)
            }
            order.removeAll { attempts[$0] == nil }
            engine.heartbeat(order)
            let (starts, stops) = engine.turn()
            for lease in stops { attempts[lease] = nil }
            for assignment in starts { begin(assignment) }
        } while engine.idleTime == 0 || attempts.values.contains { $0.end.isOver && $0.endsAt <= clock.monotonic() }
    }

    private func hand(in lease: AttemptLease, _ end: ScriptedTool.Answer.End) {
        let outcome: AttemptOutcome
        switch end {
        case .returns(let value): outcome = .completed(value)
        case .fails(let error): outcome = .failed(error)
        case .hangs: return
        }
        attempts[lease] = nil
        let found = evidence.removeValue(forKey: lease)
        do {
            try engine.attemptEnded(lease, found.map { .checked($0) } ?? outcome, blobs: blobs)
        } catch {
            preconditionFailure("a memory store cannot fail: \(error)")
        }
    }

    private func begin(_ assignment: Assignment) {
        let lease = assignment.attemptLease
        if let checks = assignment.checks { return begin(checks, assignment) }
        let (name, template): (String, ValueTemplate)
        switch assignment.node.kind {
        case .tool(let tool, let arguments, _): (name, template) = (tool, arguments)
        case .http(let config): (name, template) = ("http", config)
        default: preconditionFailure("\(assignment.node.kind.name) is not carried out by an executor")
        }
        let answer: ScriptedTool.Answer
        do throws(TemplateError) {
            let arguments = try template.evaluate(in: assignment.scope)
            answer = self.answer(assignment, name, arguments)
        } catch {
            answer = .fails(.permanent, code: "expression.failed", message: error.cause.message)
        }
        order.append(lease)
        attempts[lease] = (clock.monotonic() + answer.duration.milliseconds, answer.end)
    }

    private func begin(_ order: CheckOrder, _ assignment: Assignment) {
        var (found, duration, end) = ([CheckEvidence](), Int64(0), ScriptedTool.Answer.End.returns(.null))
        var hasGaps = order.hasGaps
        for item in order.open where item.check.kind != .judge || !hasGaps {
            let name = "check.\(item.check.kind.rawValue)"
            var arguments = (try? item.check.template.evaluate(in: assignment.scope).objectValue) ?? [:]
            arguments["output"] = order.output
            let answer = tools[name].map { _ in self.answer(assignment, name, .object(arguments)) } ?? .returns(true)
            duration += answer.duration.milliseconds
            switch answer.end {
            case .returns(let value):
                let verdict = value == false ? Verdict.gapsFound : .passed
                found.append(CheckEvidence(check: item.number, verdict: verdict, details: ["answer": value]))
            case .fails(let error):
                found.append(CheckEvidence(check: item.number, verdict: .gapsFound, message: error.message))
            case .hangs: end = .hangs
            }
            hasGaps = hasGaps || found.last?.verdict == .gapsFound
        }
        let lease = assignment.attemptLease
        self.order.append(lease)
        evidence[lease] = found
        attempts[lease] = (clock.monotonic() + duration, end)
    }

    private func answer(_ assignment: Assignment, _ tool: String, _ arguments: JSONValue) -> ScriptedTool.Answer {
        let call = ToolCall(
            tool: tool,
            node: assignment.node.id,
            place: assignment.place,
            attempt: assignment.attempt,
            arguments: arguments,
            idempotencyKey: assignment.idempotencyKey
        )
        calls.append(call)
        guard let script = tools[tool] else {
            return .fails(.permanent, code: "tool.unavailable", message: "the test has no tool `\(tool)`")
        }
        defer { counts[tool, default: 0] += 1 }
        return script.answer(call, counts[tool] ?? 0)
    }
}

extension ScriptedTool.Answer.End {
    fileprivate var isOver: Bool {
        if case .hangs = self { return false }
        return true
    }
}

/// Holds an answer that is given during a turn, on the same thread.
private final class Box<Value>: @unchecked Sendable {
    var result: Result<Value, EngineError>?
}
