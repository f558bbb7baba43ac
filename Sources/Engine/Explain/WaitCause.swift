// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// Why an open task has not ended, and what would change that. Every open task has one (spec 6.8).
public enum WaitCause: Sendable, Equatable {
    /// Tasks before it have not ended; `root` is the nearest of them that something can be done about.
    case dependency(on: [String], root: String?)
    /// Ready: no executor or permit is free.
    case queue(priority: Int)
    /// Ready: as many as may hold a key do.
    case permit(LimitKey, maximum: Int, holders: [Holder] = [])
    /// Ready: no worker serves its queue and has its labels.
    case worker(queue: String, labels: [String: String])
    /// Ready: somebody outside has to claim it.
    case external(TaskID)
    /// The run itself waits until others that share its key have ended.
    case admission(key: String, maximum: Int, holders: [Holder] = [])
    /// Ready: a token bucket is empty. If nobody goes before it, the task starts then.
    case rate(bucket: String, until: Timestamp)
    /// Ready to be tried again: retries have had their share of attempts.
    case retries(until: Timestamp)
    /// Ready: something that it needs is offline, or not known.
    case resource(String, isKnown: Bool)
    /// Ready: a call may cost more than is left of a budget; who holds what of it.
    case budget(BudgetShortage, holders: [Holder] = [])
    /// Ready: the run has as many tasks in flight as it may.
    case limit(maxParallel: Int)
    /// The run, or what it belongs to, is paused: everything that somebody has to resume.
    case paused([Pausing])
    /// Members of a transactional group before it have not ended, or are being undone.
    case group(String, waitsFor: [String])
    /// Tasks of waves before its own have not ended.
    case wave(Int, waitsFor: [String])
    /// A phase before it failed and is being rolled back.
    case rollback(phase: String)
    /// A person has to decide about a patch that a node before it made, or that is checked once more.
    indirect case patch(Int64, by: String, HumanTask?)
    /// The run is on its way to fail; this task will not start any more.
    case draining
    /// A loop or map: that many tasks within have not ended.
    case body(openTasks: Int)
    /// An executor has it.
    case lease(worker: String, fence: Int64, attempt: Int)
    /// Its output is checked: by whom, and the checks that are left.
    case checks(worker: String?, fence: Int64, attempt: Int, open: [String])
    /// A person has to answer.
    case human(HumanTask)
    /// Nothing is tried any more before a person decides: by answering the request, or, without one, by resuming the
    /// run.
    case review(HumanTask?, error: TaskError?)
    /// A signal has to come.
    case signal(type: String, key: String?, until: Timestamp?)
    /// A run that this one started has to end.
    case child(RunID)
    /// A model that took a call answers later; it is asked then whether there is an answer.
    case answer(model: String, until: Timestamp)
    /// A point in time has to come.
    case timer(until: Timestamp)
    /// The last attempt failed; the next one has a time.
    case retry(attempt: Int, of: Int?, error: TaskError, next: Timestamp)

    /// The word for the cause in APIs.
    public var kind: String {
        switch self {
        case .dependency: "dependency"
        case .queue: "queue"
        case .permit, .admission: "permit"
        case .rate: "rate"
        case .budget: "budget"
        case .resource: "resource"
        case .limit: "limit"
        case .paused: "paused"
        case .group: "group"
        case .wave: "wave"
        case .worker: "worker"
        case .external: "external"
        case .rollback: "rollback"
        case .patch: "patch"
        case .draining: "draining"
        case .body: "body"
        case .lease: "lease"
        case .checks: "verification"
        case .human: "human"
        case .review: "review"
        case .signal: "signal"
        case .child: "child"
        case .answer: "answer"
        case .timer: "timer"
        case .retry, .retries: "retry"
        }
    }
}

extension RunState {
    /// The cause for an open task; `nil` for one that ended.
    ///
    /// - Parameter pauses: What is paused above the run.
    public func waitCause(of ref: TaskRef, _ pauses: PauseTable = .empty) -> WaitCause? {
        let task = self[ref]
        switch task.status {
        case .completed, .failed, .skipped, .cancelled, .compensated: return nil
        case .blocked where startedAt == nil && !pauses.holding(self).isEmpty:
            return .paused(pauses.holding(self).map(Pausing.init))
        case .blocked where status == .queued: return admissionCause
        case .blocked: return blockedCause(ref)
        case .ready: return readyCause(ref, pauses)
        case .running where node(ref).kind.isContainer:
            return .body(openTasks: scopes(of: ref).reduce(0) { $0 + (scope($1)?.open ?? 0) })
        case .running: return .lease(worker: task.worker ?? "", fence: task.fence, attempt: task.attempts)
        case .verifying: return checksCause(ref, pauses)
        case .waiting where waitsForMoney(ref): return readyCause(ref, pauses)
        case .waiting:
            if let request = task.openRequest { return .human(request) }
            if let awaited = task.awaited {
                return .signal(type: awaited.type, key: awaited.key, until: task.until)
            }
            if let child = task.child { return .child(child) }
            if let step = handedOver(ref) {
                return .answer(model: step.name, until: task.until ?? createdAt)
            }
            return .timer(until: task.until ?? createdAt)
        case .needsReview: return .review(task.openRequest, error: task.error)
        case .retrying:
            let error = task.error ?? TaskError(code: "internal", errorClass: .transient, message: "not recorded")
            return .retry(
                attempt: task.countedAttempts,
                of: node(ref).retry.maxAttempts,
                error: error,
                next: task.until ?? createdAt
            )
        }
    }

    private func checksCause(_ ref: TaskRef, _ pauses: PauseTable) -> WaitCause {
        let own = pause.map { [Pausing(scope: nil, by: $0.by, reason: $0.reason)] } ?? []
        let pausings = own + pauses.holding(ref, of: self).map(Pausing.init)
        if !pausings.isEmpty, awaitsChecks(ref) { return .paused(pausings) }
        let verification = verifications[ref]
        let open = node(ref).checks.enumerated().filter { verification?.isKnown($0.offset) == false }
        return .checks(
            worker: self[ref].worker,
            fence: self[ref].fence,
            attempt: verification?.attempt ?? self[ref].attempts,
            open: open.map(\.element.title)
        )
    }

    private func readyCause(_ ref: TaskRef, _ pauses: PauseTable) -> WaitCause {
        let own = pause.map { [Pausing(scope: nil, by: $0.by, reason: $0.reason)] } ?? []
        let pausings = own + pauses.holding(ref, of: self).map(Pausing.init)
        if !pausings.isEmpty { return .paused(pausings) }
        var probe = RunMachine(self, turn: Turn(now: createdAt, actor: nil, entropy: 0))
        if !probe.mayBegin(ref) { return .draining }
        if self[ref].readyReason == .unserved {
            return .worker(queue: node(ref).queueName ?? "", labels: node(ref).labels)
        }
        switch holds[ref] {
        case .permit(let key, let maximum): return .permit(key, maximum: maximum)
        case .rate(let bucket, let until): return .rate(bucket: bucket, until: until)
        case .retries(let until): return .retries(until: until)
        case .budget(let shortage): return .budget(shortage)
        case .resource(let name, let isKnown): return .resource(name, isKnown: isKnown)
        case nil: break
        }
        if let limit = graph.definition.maxParallel, count(.running) + count(.verifying) >= limit {
            return .limit(maxParallel: limit)
        }
        return isExternal(ref) ? .external(id(of: ref)) : .queue(priority: node(ref).priority)
    }

    private var admissionCause: WaitCause {
        guard let demand = runDemand(at: createdAt) else { return .queue(priority: priority ?? 500) }
        return .admission(key: demand.key.name, maximum: demand.maximum)
    }

    private func blockedCause(_ ref: TaskRef) -> WaitCause {
        let open = sources(of: ref).filter { !self[$0].status.isTerminal }
        guard !open.isEmpty else { return heldCause(ref) ?? waveCause(ref) ?? .draining }
        return .dependency(on: open.map { node($0).id }, root: nearestCause(before: ref))
    }

    /// The sources ended, but nobody may see how.
    private func heldCause(_ ref: TaskRef) -> WaitCause? {
        for source in sources(of: ref) {
            if let index = patches.index(holding: source) { return patchCause(patches.all[index]) }
            if let group = openGroup(of: source), group != groupRef(of: ref) {
                return .group(group.name, waitsFor: openParts(of: group).map(name(of:)))
            }
            if let phase = graph.phase(of: source.node), ref.scope == 0, isHeld(phase) {
                return .rollback(phase: graph.phases[phase].id)
            }
        }
        return nil
    }

    func patchCause(_ record: PatchRecord) -> WaitCause {
        .patch(record.number, by: record.details.author, record.review.flatMap { $0.isClosed ? nil : $0 })
    }

    /// What a group waits for: its members, and the calls that undo them.
    private func openParts(of group: GroupRef) -> [TaskRef] {
        let members = members(of: group).filter { !self[$0].status.isTerminal }
        guard members.isEmpty else { return members }
        return compensations.rollbacks.filter { $0.target == .group(group) && !$0.isOver }.flatMap(\.current)
            .compactMap { compensations.all[$0].scope }.flatMap { scope in
                body(of: scope).nodes.map { TaskRef(scope: scope, node: $0) }
            }.filter { !self[$0].status.isTerminal }
    }

    /// Walks back through blocked tasks to the first that is not blocked.
    private func nearestCause(before ref: TaskRef) -> String? {
        var seen: Set<TaskRef> = [ref]
        var queue = [ref]
        var next = 0
        while next < queue.count {
            for source in sources(of: queue[next]) {
                let status = self[source].status
                guard !status.isTerminal, seen.insert(source).inserted else { continue }
                if status != .blocked { return node(source).id }
                queue.append(source)
            }
            next += 1
        }
        return nil
    }
}

extension WaitCause {
    /// One sentence: who holds it, and what unblocks it.
    public func sentence(now: Timestamp) -> String {
        switch self {
        case .dependency(let open, let root):
            let names = open.prefix(3).map { "`\($0)`" }.joined(separator: ", ") + (open.count > 3 ? ", …" : "")
            let cause = root.map { open.contains($0) ? "" : "; the nearest cause is `\($0)`" } ?? ""
            return "waits for \(names)\(cause)"
        case .queue(let priority): return "ready, waits for a free executor (priority \(priority))"
        case .permit(let key, let maximum, let holders):
            return "ready, waits for a permit of \(key), of which there are \(maximum)" + Self.held(by: holders)
        case .admission(let key, let maximum, let holders):
            return "the run waits: \(maximum) others with the key \(key) are not done" + Self.held(by: holders)
        case .rate(let bucket, let until):
            return
                "ready, waits for its turn to call `\(bucket.removingPrefix("tool:"))`, which is called only so often; "
                + "at \(until) (\(Self.span(now, until))) if nobody goes before it"
        case .retries(let until):
            return "ready to be tried again, but retries have had their share; "
                + "not before \(until) (\(Self.span(now, until)))"
        case .budget(let shortage, let holders): return shortage.sentence + Self.held(by: holders)
        case .resource(let name, true): return "ready, waits until the resource `\(name)` works, which is offline"
        case .resource(let name, false):
            return "ready, waits for the resource `\(name)`, which nobody has made known"
        case .limit(let limit): return "ready, but the run has \(limit) tasks in flight, its max_parallel"
        case .paused(let pausings): return "ready, but " + pausings.map(\.clause).joined(separator: " and ")
        case .group(let name, let open):
            let names = open.prefix(3).map { "`\($0)`" }.joined(separator: ", ") + (open.count > 3 ? ", …" : "")
            return "waits until group `\(name)` is over: \(names)"
        case .patch(let number, let author, let human):
            let decided = human.map(\.sentence) ?? "it is approved and checked once more"
            return "waits for patch \(number) by \(author): \(decided)"
        case .wave(let number, let open):
            let names = open.prefix(3).map { "`\($0)`" }.joined(separator: ", ") + (open.count > 3 ? ", …" : "")
            return "waits, as a task of wave \(number), until those of earlier waves have ended: \(names)"
        case .worker(let queue, let labels):
            let needed = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            return "ready, but no worker serves the queue `\(queue)`" + (needed.isEmpty ? "" : " with \(needed)")
        case .external(let id):
            return "ready, waits to be claimed by somebody outside: POST /v1/tasks/\(id)/claim"
        case .rollback(let phase): return "waits until phase `\(phase)` is rolled back"
        case .draining: return "will not start: the run is failing and only finishes what runs"
        case .body(0): return "goes on in a moment"
        case .body(let open): return open == 1 ? "1 task within has not ended" : "\(open) tasks within have not ended"
        case .lease(let worker, let fence, let attempt): return "attempt \(attempt) at \(worker), fence \(fence)"
        case .checks(let worker, let fence, let attempt, let open):
            let names = open.prefix(3).map { "`\($0)`" }.joined(separator: ", ") + (open.count > 3 ? ", …" : "")
            let who =
                worker.map { "is checked at \($0), fence \(fence)" } ?? "is to be checked when an executor is free"
            return "the output of attempt \(attempt) \(who)" + (open.isEmpty ? "" : "; left: \(names)")
        case .human(let human): return human.sentence
        case .review(let human?, _): return human.sentence
        case .review(nil, let error):
            return "held until the run is resumed" + (error.map { "; the last attempt failed with \($0)" } ?? "")
        case .signal(let type, let key, let until):
            let which = key.map { "`\(type)` with key \($0)" } ?? "`\(type)`"
            return "waits for a signal \(which)" + (until.map { " until \($0)" } ?? "")
        case .child(let run): return "waits for \(run) to end"
        case .answer(let model, let until):
            return "waits for the answer of \(model), which is looked for at \(until) (\(Self.span(now, until)))"
        case .timer(let until): return "waits until \(until) (\(Self.span(now, until)))"
        case .retry(let attempt, let all, let error, let next):
            let of = all.map { " of \($0)" } ?? ""
            return
                "attempt \(attempt)\(of) failed with \(error); the next one starts at \(next) (\(Self.span(now, next)))"
        }
    }

    /// What a person can type to change it.
    public func commands(run: RunID) -> [String] {
        switch self {
        case .human(let human), .review(let human?, _), .patch(_, _, let human?): human.commands
        case .paused(let pausings): pausings.map { $0.command(run: run) }
        case .review(nil, _): ["baton run resume \(run)"]
        case .lease, .checks, .queue, .answer, .timer, .retry: ["baton run resume \(run)", "baton run cancel \(run)"]
        case .signal(let type, let key, _):
            [(["baton signal send \(run) \(type)"] + (key.map { ["--key \($0)"] } ?? [])).joined(separator: " ")]
        case .child(let child): ["baton run explain \(child)", "baton run cancel \(child)"]
        case .patch(let number, _, nil): ["baton run patches \(run) \(number)"]
        case .permit(_, _, let holders), .admission(_, _, let holders):
            Self.runs(of: holders, but: run).map { "baton run explain \($0)" }
        case .budget(let shortage, let holders):
            ["baton budget set \(shortage.account.scope.command) USD", "baton run cancel \(run)"]
                + Self.runs(of: holders, but: run).map { "baton run explain \($0)" }
        case .external: ["baton run cancel \(run)"]
        case .resource(let name, true): ["baton resource probe \(name)", "baton run cancel \(run)"]
        case .resource(let name, false): ["baton resource add \(name) TARGET", "baton run cancel \(run)"]
        case .dependency, .rate, .retries, .limit, .group, .wave, .worker, .rollback, .draining, .body: []
        }
    }

    private static func runs(of holders: [Holder], but run: RunID) -> [RunID] {
        Array(Set(holders.map(\.run)).subtracting([run]).sorted().prefix(3))
    }

    private static func held(by holders: [Holder]) -> String {
        guard !holders.isEmpty else { return "" }
        let names = holders.prefix(3).map { holder in
            (holder.task.map { "`\($0)` of " } ?? "") + holder.run.description
                + (holder.charge.map { " (\($0.text))" } ?? "")
        }
        let more = holders.count > 3 ? " and \(holders.count - 3) more" : ""
        return "; held by \(names.joined(separator: ", "))\(more)"
    }

    private static func span(_ now: Timestamp, _ then: Timestamp) -> String {
        then > now ? "in \((then - now).text)" : "due"
    }
}
