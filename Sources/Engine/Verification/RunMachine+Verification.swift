// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Outputs that count only when their checks left evidence (spec 9.7, 2.2).
extension RunMachine {
    /// Outputs of the task are checked before they count. What a replay is served was checked when it was recorded.
    func isVerified(_ task: TaskRef) -> Bool {
        !state.node(task).checks.isEmpty && state.derivation?.isReplay != true && state.compensation(of: task) == nil
    }

    /// Begins the checks of an output.
    mutating func verify(_ task: TaskRef, _ subject: VerificationEvent.Subject) {
        emit(task, .verification(.started(subject)))
        for (number, check) in state.node(task).checks.enumerated() {
            if let evidence = pureEvidence(number, check, task, subject.output.value) {
                emit(task, .verification(.evidence(evidence)))
            }
        }
        goOnVerifying(task)
    }

    /// Does what follows from the evidence so far.
    mutating func goOnVerifying(_ task: TaskRef) {
        guard let verification = state.verifications[task], verification.verdict == nil else { return }
        switch verification.next(state.node(task).checks) {
        case .executor:
            if state[task].worker != nil { emit(task, .verification(.returned(.ended))) }
            offer(task)
        case .person(let check):
            if state[task].worker != nil { emit(task, .verification(.returned(.ended))) }
            askAbout(task, check)
        case .verdict(.passed), .verdict(.skipped):
            emit(task, .verification(.completed(.passed, feedback: nil)))
            accept(task)
        case .verdict(.gapsFound): gapsFound(task, verification)
        case .verdict(.humanNeeded): humanNeeded(task)
        }
    }

    /// The output counts.
    private mutating func accept(_ task: TaskRef) {
        guard let verification = state.verifications[task] else { return }
        // What programs wrote was told when the checks began.
        completeVerified(
            task,
            verification.output,
            nil,
            chosen: verification.chosen,
            loopExit: verification.loopExit
        )
        effects.append(.keepOutput(task: task))
    }

    // MARK: Executors

    /// An executor is done with checks.
    mutating func checked(_ task: TaskRef, _ evidence: [CheckEvidence]) {
        let before = state.verifications[task]
        note(evidence, of: task)
        guard let verification = state.verifications[task] else { return }
        // Whoever makes no check when there are some will not make them the next time either.
        let isStuck = verification == before && verification.next(state.node(task).checks) == .executor
        if isStuck { checksLost(task, isRelease: false) } else { goOnVerifying(task) }
    }

    /// Writes down what checks found, those of them that are new.
    mutating func note(_ evidence: [CheckEvidence], of task: TaskRef) {
        for item in evidence {
            guard state.node(task).checks.indices.contains(item.check),
                state.verifications[task]?.isKnown(item.check) == false
            else { continue }
            emit(task, .verification(.evidence(item)))
        }
    }

    /// The checks could not be made; `error` says why.
    mutating func checksFailed(_ task: TaskRef, _ error: TaskError) {
        guard error.errorClass == .permanent || error.errorClass == .fatal else {
            return checksLost(task, isRelease: false)
        }
        giveUpChecks(task, "the check could not be made: \(error)")
    }

    /// Whoever made the checks does not any more. The third one that dies of them is the last.
    mutating func checksLost(_ task: TaskRef, isRelease: Bool) {
        emit(task, .verification(.returned(isRelease ? .released : .lost)))
        let losses = state.verifications[task]?.losses ?? 0
        guard losses >= Self.crashLimit else { return offer(task) }
        giveUpChecks(task, "\(losses) executors died, or lost their leases, while they made it")
    }

    private mutating func giveUpChecks(_ task: TaskRef, _ message: String) {
        for (number, check) in state.node(task).checks.enumerated()
        where check.kind.isMadeByExecutor && state.verifications[task]?.isKnown(number) == false {
            let evidence = CheckEvidence(check: number, verdict: .humanNeeded, message: message)
            emit(task, .verification(.evidence(evidence)))
        }
        goOnVerifying(task)
    }

    // MARK: Gaps

    /// The output is not as it has to be: again, with what is wrong, or whatever the document says.
    private mutating func gapsFound(_ task: TaskRef, _ verification: Verification) {
        let gaps = verification.gaps(state.node(task).checks)
        let feedback = gaps.map { "- \($0.title): \($0.message)" }.joined(separator: "\n")
        emit(task, .verification(.completed(.gapsFound, feedback: String(feedback.prefix(8000)))))
        let first = gaps.first.map { "`\($0.title)`: \($0.message)" } ?? ""
        let more = gaps.count > 1 ? " (and \(gaps.count - 1) more)" : ""
        let error = TaskError(
            code: TaskError.verificationFailed,
            // What must not be called twice is not called again because its output is wrong.
            errorClass: state.node(task).isNonIdempotent ? .permanent : .transient,
            message: "the output did not pass its checks: \(first.prefix(400))\(more)",
            details: ["gaps": .array(gaps.map { ["check": .string($0.title), "message": .string($0.message)] })]
        )
        guard !verification.isTakenOver else {
            return escalate(
                task,
                .exhausted,
                summary: "the result that somebody gave for `\(state.name(of: task))` did not pass: \(error.message)",
                error: error,
                output: verification.output
            )
        }
        attemptFailed(task, error, nil)
    }

    // MARK: People

    /// Asks a person about the output, by a check of kind `human`.
    private mutating func askAbout(_ task: TaskRef, _ number: Int) {
        guard let verification = state.verifications[task] else { return }
        let check = state.node(task).checks[number]
        let name = state.name(of: task)
        var message = "May the output of `\(name)` be used?"
        do throws(TaskError) {
            let values = try evaluate(check, of: task, verification.output.value)
            message = values["message"]?.stringValue ?? message
        } catch {
            let evidence = CheckEvidence(check: number, verdict: .humanNeeded, message: error.message)
            emit(task, .verification(.evidence(evidence)))
            return goOnVerifying(task)
        }
        open(
            HumanRequest(
                id: nextHumanTaskID(task),
                purpose: .check,
                kind: .approval,
                title: "Check of `\(name)`" + (check.name.map { ": \($0)" } ?? ""),
                message: message,
                choices: Graph.Human.Kind.approval.usualChoices,
                evidence: material(of: task, verification),
                assignees: check.source["assignees"]?.arrayValue?.compactMap(\.stringValue) ?? ["owner"],
                expiresAt: check.timeout.map { turn.now + $0 },
                onExpiry: .fail
            ),
            for: task
        )
    }

    /// What a person who looks at an output sees: the output, its hash, and what other checks found.
    private mutating func material(of task: TaskRef, _ verification: Verification) -> Payload {
        payload([
            [
                "output": verification.output.value, "output_sha256": .string(verification.outputHash),
                "checks": .array(verification.checksJSON(state.node(task).checks)),
            ]
        ])
    }

    /// A person approved the output, or did not.
    mutating func checkAnswered(_ task: TaskRef, agrees: Bool, _ decision: HumanDecision) {
        guard let verification = state.verifications[task], verification.verdict == nil,
            case .person(let number) = verification.next(state.node(task).checks)
        else { return }
        var details: JSONObject = [
            "by": .string(decision.by), "at": .string(turn.now.description),
            "output_sha256": .string(verification.outputHash),
        ]
        details["comment"] = decision.comment.map(JSONValue.string)
        let reason = decision.comment.map { ": \($0)" } ?? ""
        let evidence = CheckEvidence(
            check: number,
            verdict: agrees ? .passed : .gapsFound,
            message: agrees ? "" : "\(decision.by) rejected it\(reason)",
            details: details
        )
        emit(task, .verification(.evidence(evidence)))
        goOnVerifying(task)
    }

    /// Nobody answered in time: somebody else has to.
    mutating func checkExpired(_ task: TaskRef, waited: Duration) {
        guard let verification = state.verifications[task],
            case .person(let number) = verification.next(state.node(task).checks)
        else { return }
        let message = "nobody decided within \(waited.text)"
        emit(
            task,
            .verification(.evidence(CheckEvidence(check: number, verdict: .humanNeeded, message: message)))
        )
        goOnVerifying(task)
    }

    /// What is known does not suffice: a person decides.
    private mutating func humanNeeded(_ task: TaskRef) {
        guard let verification = state.verifications[task] else { return }
        emit(task, .verification(.completed(.humanNeeded, feedback: nil)))
        emit(task, .review(.opened(.unverified, nil, log: nil)))
        let undecided = verification.evidence.first { $0.verdict == .humanNeeded || $0.verdict == .skipped }
        let why = undecided.map { ": \($0.message)" } ?? ""
        open(
            HumanRequest(
                id: nextHumanTaskID(task),
                purpose: .verdict,
                kind: .review,
                title: "Is the output of `\(state.name(of: task))` good?",
                message:
                    "Its checks could not decide\(why.prefix(4000)). Approve it, have it done again, or reject it.",
                choices: Graph.Human.Kind.review.usualChoices,
                evidence: material(of: task, verification),
                assignees: ["owner"]
            ),
            for: task
        )
    }

    /// A person decided about an output whose checks could not.
    mutating func verdictGiven(_ task: TaskRef, _ decision: HumanDecision) {
        switch decision.choice {
        case "approve":
            emit(task, .verification(.completed(.passed, feedback: nil)), actor: decision.by)
            accept(task)
        case "retry":
            tryAgain(task, guidance: decision.comment)
        default:
            let reason = decision.comment.map { ": \($0)" } ?? ""
            let message = "\(decision.by) rejected the output\(reason)"
            fail(task, TaskError(code: TaskError.verificationFailed, errorClass: .permanent, message: message), nil)
        }
    }
}

extension TaskError {
    /// The output of an attempt did not pass its checks.
    static let verificationFailed = "verification.failed"
}
