// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import JSON
internal import Model
internal import Store

/// One request of a client. It is sent again until there is an answer.
struct Call {
    enum Request {
        case start(RunID, graph: Int, JSONObject)
        case control(RunID, Command)
        case decide(HumanTaskID, isApproved: Bool, by: String)
        /// Answers what is no question of yes or no.
        case answer(HumanTaskID, choice: String)
        case signal(SignalTarget, RunSignal)
        /// Gives a scope as much money as it wants.
        case lift(BudgetScope)
    }
    let request: Request
    var tries = 0
    var answer: Answer?
}

/// What clients were told, and may count on.
struct Acknowledgements {
    var started: [RunID] = []
    var events: [RunID: Int64] = [:]
    var decided: [HumanTaskID: (status: HumanTaskStatus, by: String?)] = [:]
    var signals: [(run: RunID, dedupeKey: String)] = []
}

/// Clients: they ask, wait, ask again, and remember what they were told.
extension Simulator {
    func id(ofRun number: Int) -> RunID {
        var random = SeededRandom(seed: plan.number, for: "run \(number)")
        return RunID(high: 1_800_000_000_000 << 16 | random.next() & 0xffff, low: random.next())
    }

    func begin(_ operation: Operation) {
        note("operation \(operation.kind) on run \(operation.run)")
        let run = id(ofRun: operation.run)
        switch operation.kind {
        case .start(let graph): call(.start(run, graph: graph, [:]))
        case .startOther(let graph): call(.start(run, graph: graph, ["n": 7]))
        case .pause: call(.control(run, .pause(reason: nil)))
        case .resume: call(.control(run, .resume))
        case .cancel(let compensate): call(.control(run, .cancel(reason: "drawn", compensate: compensate)))
        case .rollBack: call(.control(run, .rollBack(to: nil)))
        case .update(let priority):
            call(.control(run, .update(RunUpdate(priority: priority, labels: ["p": "\(priority)"]))))
        case .decide(let request, let isApproved, let by):
            if let id = openRequest(request, of: run) { call(.decide(id, isApproved: isApproved, by: by)) }
        case .decideBoth(let request):
            guard let id = openRequest(request, of: run) else { return }
            call(.decide(id, isApproved: true, by: "user:ann"))
            call(.decide(id, isApproved: false, by: "user:bob"))
        case .signal(let type, let key, let dedupeKey):
            call(.signal(.run(run), RunSignal(dedupeKey: dedupeKey, type: type, key: key, payload: Payload(inline: 1))))
        case .broadcast(let type, let dedupeKey):
            let signal = RunSignal(dedupeKey: dedupeKey, type: type, key: nil, payload: Payload(inline: 2))
            call(.signal(.broadcast, signal))
        }
    }

    private func openRequest(_ number: Int, of run: RunID) -> HumanTaskID? {
        guard let key = disk.rows.run(run)?.key else { return nil }
        let open = disk.rows.humanTasks(.pending(run: key, limit: 100))
        return open.isEmpty ? nil : open[number % open.count].id
    }

    func call(_ request: Call.Request) {
        calls.append(Call(request: request))
        send(calls.count - 1)
    }

    private func send(_ number: Int) {
        calls[number].tries += 1
        for _ in 0..<copies() { agenda.add(.arrives(call: number), at: now + delay()) }
        agenda.add(.asksAgain(call: number), at: now + 5_000)
    }

    func askAgain(_ number: Int) {
        guard calls[number].answer == nil, calls[number].tries < 12 else { return }
        send(number)
    }

    /// The request reaches the engine, if there is one.
    func arrive(_ number: Int) {
        guard let process else { return }
        let (engine, answers) = (process.engine, process.answers)
        switch calls[number].request {
        case .start(let run, let graph, let inputs):
            let entry = GraphLibrary.entry(graph)
            let inputs = (try? entry.graph.checkInputs(inputs).objectValue) ?? inputs
            let request = StartRequest(
                graph: entry.graph,
                source: entry.source,
                inputs: inputs,
                id: run,
                actor: "user:ann"
            )
            engine.start(request) { answers.add(Answer($0) { .started($0.id) }, to: number) }
        case .control(let run, let command):
            // Orders tell nothing of themselves: only the key says that one is a repeat.
            engine.once(IdempotencyKey(principal: "user:ann", key: "call \(number)", fingerprint: "\(run)")) { engine in
                engine.control(run, command, by: "user:ann") { answers.add(Answer($0) { .done($0) }, to: number) }
            }
        case .decide(let id, let isApproved, let by):
            engine.decide(id, approve: isApproved, comment: "as drawn", by: by) {
                answers.add(Answer($0) { .decided($0.status, by: $0.decidedBy) }, to: number)
            }
        case .answer(let id, let choice):
            let answer = HumanAnswer(choice: choice, comment: "so that it ends")
            engine.person(id, .answer(answer), by: "user:cat") {
                answers.add(Answer($0) { .decided($0.status, by: $0.decidedBy) }, to: number)
            }
        case .signal(let target, let signal):
            engine.signal(target, signal, by: "user:ann") { answers.add(Answer($0) { .delivered($0) }, to: number) }
        case .lift(let scope):
            engine.setBudget(scope, .none, by: "user:ann") { answers.add(Answer($0) { _ in .done(0) }, to: number) }
        }
    }

    /// Answers go back to those who asked.
    func takeAnswers(of process: SimulatedProcess) {
        for (number, answer) in process.answers.take() {
            if isMessageLost { continue }
            note("call \(number) is answered: \(answer)")
            take(answer, to: number)
        }
    }

    private func take(_ answer: Answer, to number: Int) {
        if case .refused(let error) = answer, error.isWorthARetry { return }
        let call = calls[number]
        if let first = call.answer, let difference = difference(first, answer, call.request) {
            violate(.acknowledged, difference)
        }
        calls[number].answer = call.answer ?? answer
        remember(answer, to: call.request)
    }

    private func difference(_ first: Answer, _ second: Answer, _ request: Call.Request) -> String? {
        switch (request, first, second) {
        case (.start(let run, _, _), .started(let one), .started(let other)) where one != run || other != run:
            "a start of \(run) was answered with \(one) and then with \(other)"
        case (.start(let run, _, _), .started, .refused(let error)):
            "a start of \(run) was answered well, and then refused: \(error)"
        case (.control(let run, _), .done(let one), .done(let other)) where one != other:
            "an order to \(run) was answered with event \(one), and then with \(other)"
        case (.control(let run, _), .done, .refused(let error)):
            "an order to \(run) was carried out, and then refused: \(error)"
        case (.decide(let id, _, _), .decided(let one, _), .decided(let other, _)) where one != other:
            "\(id) was answered as \(one), and then as \(other)"
        case (.decide(let id, _, _), .decided, .refused(let error)):
            "a decision of \(id) was accepted, and then refused: \(error)"
        default: nil
        }
    }

    private func remember(_ answer: Answer, to request: Call.Request) {
        switch (request, answer) {
        case (.start(let run, _, _), .started): acknowledged.started.append(run)
        case (.control(let run, _), .done(let event)):
            acknowledged.events[run] = max(acknowledged.events[run] ?? 0, event)
        case (.decide(let id, _, _), .decided(let status, let by)):
            if let known = acknowledged.decided[id], known.status != status || known.by != by {
                violate(.acknowledged, "\(id) was \(known.status) by \(known.by ?? ""), now \(status) by \(by ?? "")")
            }
            acknowledged.decided[id] = (status, by)
        case (.signal(.run(let run), let signal), .delivered):
            acknowledged.signals.append((run, signal.dedupeKey))
        default: break
        }
    }
}

extension Answer {
    init<Value>(_ result: Result<Value, EngineError>, _ make: (Value) -> Answer) {
        switch result {
        case .success(let value): self = make(value)
        case .failure(let error): self = .refused(error)
        }
    }
}

extension EngineError {
    fileprivate var isWorthARetry: Bool {
        switch code {
        case .draining, .storageFull, .unavailable, .notFound: true
        default: false
        }
    }
}
