// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// Tasks that cannot go on by themselves (spec 3.2, 3.8, 7.3).
extension RunMachine {
    /// So many executors may die of one task that gets no further.
    static let crashLimit = 3

    /// Nothing is tried any more: does what the document says under `on_exhausted`.
    mutating func giveUp(_ task: TaskRef, _ error: TaskError, _ log: BlobRef?) {
        if state.compensation(of: task) != nil { return compensationExhausted(task, .exhausted, error, log) }
        // A fatal error ends the run, whatever the document says.
        let rule =
            error.errorClass == .fatal
            ? .fail : error.code == TaskError.overrun ? .escalate : exhaustion(of: task, after: error)
        switch rule {
        case .fail, .compensate:
            fail(task, error, log)
        case .skip:
            noteDeadLetter(task, error)
            emit(task, .review(.exhausted(error, log: log)))
            skip(task, .exhausted)
        case .escalate:
            escalate(
                task,
                .exhausted,
                summary: "\(named(task)) failed: \(error)",
                error: error,
                output: unfinished(task, error),
                log: log
            )
        case .pause where state.derivation?.kind == .shadow:
            fail(task, error, log)
        case .pause:
            emit(task, .review(.opened(.exhausted, error, log: log)))
            guard state.status != .paused else { return }
            emit(Event(actor: "system", body: .runPaused(reason: "\(named(task)) failed: \(error)")))
        }
    }

    /// What the document says. An output that did not pass its checks is for a person, unless it says something else.
    private func exhaustion(of task: TaskRef, after error: TaskError) -> Graph.Exhaustion {
        let node = state.node(task)
        let isUnsaid = error.code == TaskError.verificationFailed && !node.checks.isEmpty && !node.saysOnExhausted
        return isUnsaid ? .escalate : node.onExhausted
    }

    /// An executor died. The third one in a row that a task takes down, without a step that ended in between, is the
    /// last: the task waits for a person.
    mutating func executorDied(_ task: TaskRef) {
        let crashes = state.crashes(of: task) + 1
        if crashes < Self.crashLimit { beginAgain(task) } else { quarantine(task, crashes) }
    }

    /// An executor died, and another one may try.
    mutating func beginAgain(_ task: TaskRef) {
        emit(task, .taskReady(.lost))
        effects.append(.offer(task: task))
    }

    /// An executor died, and it was the last one.
    mutating func quarantine(_ task: TaskRef, _ crashes: Int) {
        emit(task, .review(.poisoned(crashes: crashes)))
        let error = TaskError(
            code: "task.poisoned",
            errorClass: .permanent,
            message: "\(crashes) executors died, or lost their leases, while they worked on it, and it got no further"
        )
        if state.compensation(of: task) != nil { return compensationExhausted(task, .poisoned, error, nil) }
        escalate(task, .poisoned, summary: "\(named(task)) is quarantined: \(error.message)", error: error)
    }

    /// What a person who decides about a failure sees of the output.
    private mutating func unfinished(_ task: TaskRef, _ error: TaskError) -> Payload? {
        if error.code == TaskError.verificationFailed { return state.verifications[task]?.output }
        return error.code == TaskError.overrun ? error.details?["partial"].map { payload($0) } : nil
    }

    /// Stops a task until a person decides what becomes of it: try again, skip, fail, or take over, if there are no
    /// other `choices`. Its attempt, if there was one, has ended.
    ///
    /// - Parameters:
    ///   - summary: One sentence: what happened.
    ///   - error: What it failed with; kept as the error of the task.
    ///   - question: What has to be decided; a usual one when missing.
    ///   - output: What it gave last, if that is worth looking at.
    mutating func escalate(
        _ task: TaskRef,
        _ reason: ReviewReason,
        summary: String,
        error: TaskError? = nil,
        question: String? = nil,
        output: Payload? = nil,
        choices: [HumanChoice] = Graph.Human.Kind.escalation.usualChoices,
        log: BlobRef? = nil
    ) {
        closeRequest(of: task)
        // Nobody is asked by a replay; what was decided is recorded.
        if state.derivation?.kind == .shadow, let error { return fail(task, error, log) }
        emit(task, .review(.opened(reason, error, log: log)))
        guard state.derivation?.isReplay != true else { return }
        let question = question ?? "What should become of \(named(task))?"
        var subject: JSONObject = [
            "summary": .string(summary), "question": .string(question), "reason": .string(reason.rawValue),
            "attempts": .array(state[task].failedAttempts.map(\.json)),
        ]
        subject["error"] = error?.json
        subject["output"] = output?.value
        subject["checks"] = state.verifications[task].map { .array($0.checksJSON(state.node(task).checks)) }
        let request = HumanRequest(
            id: nextHumanTaskID(task),
            purpose: .review,
            kind: .escalation,
            title: summary.count > 200 ? summary.prefix(199) + "…" : summary,
            message: question,
            choices: choices,
            form: HumanRequest.reviewForm,
            subject: payload(.object(subject)),
            assignees: ["owner"]
        )
        open(request, for: task)
    }

    /// What a person decided about a task in review.
    mutating func reviewed(_ task: TaskRef, _ decision: HumanDecision) {
        switch decision.choice {
        case "retry":
            tryAgain(task, guidance: decision.values.value["guidance"]?.stringValue ?? decision.comment)
        case "skip":
            skip(task, .human)
        case "take_over":
            let result = decision.values.value["result"] ?? .null
            let output = decision.values.blob == nil ? Payload(inline: result) : payload(result)
            var chosen: String?
            if case .branch = state.node(task).kind { chosen = result["case"]?.stringValue }
            complete(
                task,
                output,
                nil,
                chosen: chosen,
                loopExit: state.node(task).kind.isContainer ? .break : nil,
                isTakenOver: true
            )
        default:
            let message = "\(decision.by) let it fail"
            let error = TaskError(code: "human_task.rejected", errorClass: .permanent, message: message)
            fail(task, state[task].error ?? error, nil)
        }
    }

    /// Makes a task in review ready; its attempts are counted anew.
    mutating func tryAgain(_ task: TaskRef, guidance: String?) {
        emit(task, .review(.resumed(guidance: guidance)))
        startOver(task)
    }

    /// Begins what is ready: hands it to the scheduler, or, where no executor is needed, looks at it again.
    mutating func startOver(_ task: TaskRef) {
        let isDispatched = state.node(task).kind.needsExecutor && state[task].attempts > 0
        if isDispatched { offer(task) } else { activate(task) }
    }

    /// Tasks that a pause held back because their attempts were exhausted.
    mutating func resumeExhausted() {
        guard state.derivation?.isReplay != true else { return }
        for task in state.allTasks where state[task].status == .needsReview && state[task].openRequest == nil {
            tryAgain(task, guidance: nil)
        }
    }

    private func named(_ task: TaskRef) -> String { "`\(state.name(of: task))`" }
}

extension Graph.NodeKind {
    /// Its attempts are made by executors.
    var needsExecutor: Bool {
        switch self {
        case .agent, .tool, .http, .function: true
        case .human, .branch, .loop, .map, .team, .join, .transform, .filter, .aggregate, .workflow, .waitFor,
            .waitUntil,
            .waitSignal, .signal:
            false
        }
    }
}

extension FailedAttempt {
    /// `{n, at, class, code, message}`.
    var json: JSONValue {
        [
            "n": .int(Int64(number)), "at": .string(at.description), "class": .string(errorClass.rawValue),
            "code": .string(code), "message": .string(message),
        ]
    }
}

extension TaskError {
    /// The code of an attempt that was stopped because it cost much more than such tasks do; a person always decides about
    /// it. Its details have what there is so far as `partial`.
    public static let overrun = "budget.overrun"
}
