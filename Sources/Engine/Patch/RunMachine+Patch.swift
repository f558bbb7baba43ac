// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Patches of the run's own graph (spec 5.1). The compiler has spoken already; what may have changed since is looked at
/// again, so that patches and the starts of nodes are in one order.
extension RunMachine {
    mutating func patch(_ command: PatchCommand) throws(Refusal) {
        switch command.action {
        case .submit(let submission): try submit(submission)
        case .checked(let number, let prepared): checked(number, prepared)
        case .migrate(let migration): try migrate(migration)
        }
    }

    private mutating func submit(_ submission: PatchSubmission) throws(Refusal) {
        let (request, prepared) = (submission.request, submission.prepared)
        let key = submission.author.map { state.patchKey(request.key, of: $0.task) } ?? request.key
        if let known = state.patches.record(key: key) {
            guard known.details.operations.value == prepared.operations || known.details.undoes != nil else {
                throw .invalid("another patch was made with the key `\(request.key)`; nothing was changed")
            }
            return
        }
        guard !state.hasEnded else { throw .state(refusal(of: "patch")) }
        var details = PatchDetails(
            number: state.patches.last + 1,
            author: turn.actor ?? "system",
            summary: String(request.summary.prefix(2000)),
            operations: payload(prepared.operations),
            base: prepared.base,
            key: key
        )
        if case .undo(let number) = request.change { details.undoes = number }
        if let (task, fence) = submission.author {
            guard state.has(task), state[task].status == .running, state[task].fence == fence else { throw .leaseLost }
            details.author = "task:\(state.name(of: task))"
            details.task = task
            details.depth = state.patchDepth(of: task) + 1
            turn.actor = details.author
        }
        let change: RunPatch.Change
        do {
            change = try checkedChange(prepared, details, isNamed: request.base != nil)
        } catch {
            return reject(details, error)
        }
        // The stricter of both holds.
        let reviews = [state.graph.definition.patchReview, policy.review].compactMap { $0 }
        let isReviewed =
            request.asksFirst
            || reviews.contains { $0.isNeeded(usd: prepared.usd, nodes: change.addedNodes) }
        if isReviewed { propose(details, change, prepared.usd) } else { apply(details, change) }
    }

    private mutating func reject(_ details: PatchDetails, _ refused: PreparedPatch.Refused) {
        let findings = refused.diagnostics.map(PatchFinding.init)
        emit(Event(actor: turn.actor, body: .patch(.rejected(details, findings))))
    }

    /// What a patch makes of the run, now.
    private func checkedChange(
        _ prepared: PreparedPatch,
        _ details: PatchDetails,
        isNamed: Bool
    ) throws(PreparedPatch.Refused) -> RunPatch.Change {
        guard prepared.sequence == state.patches.sequence else {
            let message =
                "the graph is at patch \(state.patches.sequence), not \(prepared.base); look at it again and make a new "
                + "patch"
            throw PreparedPatch.Refused(diagnostics: [.patch(.patchOutdated, message)])
        }
        let change = try prepared.result.get()
        var found = change.findings(started: state.startedNodes { offered.contains($0) })
        if let undone = details.undoes, state.patches[undone]?.status != .applied {
            found.append(.patch(.patchForbidden, "patch \(undone) is not applied, so it cannot be taken back"))
        }
        found += endedPhases(change.graph)
        guard found.isEmpty else { throw PreparedPatch.Refused(diagnostics: found) }
        do {
            _ = try outcomes(of: applied(details, change))
        } catch {
            throw PreparedPatch.Refused(diagnostics: [.patch(.patchStarted, error.message)])
        }
        return change
    }

    /// A phase that has ended gets no more nodes.
    private func endedPhases(_ graph: Graph) -> [Diagnostic] {
        let known = Set(state.graph.bodies[0].nodes.map { state.graph.nodes[$0].id })
        return graph.nodes.compactMap { node in
            guard !known.contains(node.id), let phase = node.phase, let number = state.graph.phase(named: phase) else {
                return nil
            }
            switch state.phases[number].status {
            case .pending, .running: return nil
            default:
                let message = "phase `\(phase)` has ended, so node `\(node.id)` cannot belong to it"
                return .patch(.patchStarted, message)
            }
        }
    }

    private func applied(_ details: PatchDetails, _ change: RunPatch.Change) -> AppliedPatch {
        AppliedPatch(details: details, change: patchChange(change), definition: change.graph)
    }

    private func patchChange(_ change: RunPatch.Change) -> PatchChange {
        let nodes = GraphChange(from: state.graph.definition, to: change.graph)
        return PatchChange(
            graph: change.graph.hash,
            added: nodes.added,
            removed: nodes.removed,
            changed: nodes.changed,
            nodes: change.addedNodes,
            agents: change.addedAgentNodes
        )
    }

    private mutating func apply(_ details: PatchDetails, _ change: RunPatch.Change) {
        apply(applied(details, change), source: change.document.bytes())
    }

    /// The graph is another one from now on.
    mutating func apply(_ patch: AppliedPatch, source: [UInt8]) {
        var patch = patch
        patch.edges = (try? outcomes(of: patch)) ?? []
        effects.append(.storeGraph(patch.definition, source: source))
        emit(Event(actor: turn.actor, body: .patch(.applied(patch))))
        if let undone = patch.details.undoes {
            emit(Event(actor: turn.actor, body: .patch(.reverted(undone, by: patch.details.number))))
        }
        lookAtEverything()
    }

    /// What became of a patch may let anything go on.
    mutating func lookAtEverything() {
        unhandled = [:]
        newFailures = Set(state.openScopes.lazy.filter { $0.scope.failed > 0 }.map(\.number))
        changedScopes += state.openScopes.map(\.number).filter { $0 != 0 }
        guard state.status != .queued else { return }
        takeUp()
    }

    // MARK: Edges from what has ended

    /// What becomes of new edges whose source has ended.
    func outcomes(of patch: AppliedPatch) throws(TaskError) -> [EdgeOutcome] {
        var preview = state
        preview.apply(patch, turn.now)
        let machine = RunMachine(preview, turn: turn)
        let body = preview.graph.bodies[0]
        let fresh = preview.graph.earlierEdges(in: state.graph).enumerated().filter { $0.element == nil }.map(\.offset)
        var result: [EdgeOutcome] = []
        for (source, edges) in Dictionary(grouping: fresh, by: { body.edges[$0].from }).sorted(by: { $0.key < $1.key })
        {
            let task = TaskRef(node: body.nodes[source])
            let state = preview[task]
            guard state.status.isTerminal, !preview.node(task).isCompensation else { continue }
            let (routing, otherwise) = try machine.routing(again: task)
            result += edges.map { EdgeOutcome(edge: $0, state: routing.dead.contains($0) ? .dead : otherwise) }
        }
        return result.sorted { $0.edge < $1.edge }
    }

    // MARK: Review

    private mutating func propose(_ details: PatchDetails, _ change: RunPatch.Change, _ usd: Double?) {
        if let task = details.task, let index = state.patches.index(holding: task) {
            supersede(state.patches.all[index], "its author made another one")
        }
        let id = nextHumanTaskID(TaskRef(number: -1000 - Int(details.number)))
        let planned = patchChange(change)
        emit(Event(actor: turn.actor, body: .patch(.proposed(details, planned, review: id))))
        var subject = details.json
        planned.write(into: &subject)
        subject["ops"] = details.operations.value
        subject["estimate_usd"] = usd.map(JSONValue.double) ?? .null
        let what = [
            planned.added.isEmpty ? nil : "adds " + names(planned.added),
            planned.removed.isEmpty ? nil : "removes " + names(planned.removed),
            planned.changed.isEmpty ? nil : "changes " + names(planned.changed),
        ].compactMap { $0 }.joined(separator: ", ")
        let request = HumanRequest(
            id: id,
            purpose: .patch,
            kind: .decision,
            title: "Patch \(details.number) of \(state.graph.name) by \(details.author)",
            message: (details.summary.isEmpty ? "" : details.summary + "\n")
                + "It \(what.isEmpty ? "changes no node" : what).",
            choices: [
                HumanChoice(HumanRequest.approval, label: "Approve", effect: "the patch applies"),
                HumanChoice(HumanRequest.refusal, label: "Reject", effect: "the graph stays as it is"),
            ],
            subject: payload(.object(subject)),
            assignees: ["owner"]
        )
        emit(Event(body: .human(.opened(request))))
    }

    private func names(_ ids: [String]) -> String {
        ids.prefix(10).map { "`\($0)`" }.joined(separator: ", ") + (ids.count > 10 ? ", …" : "")
    }

    /// A person has decided about a patch.
    mutating func patchReviewed(_ number: Int64, _ decision: HumanDecision) {
        guard let record = state.patches[number], record.isOpen else { return }
        if decision.choice == HumanRequest.approval { return effects.append(.checkPatch(number)) }
        let reason = decision.comment.map { ": \($0)" } ?? ""
        let finding = PatchFinding(
            code: Diagnostic.Code.patchForbidden.rawValue,
            message: "\(decision.by) rejected it\(reason)",
            path: ""
        )
        emit(Event(actor: decision.by, body: .patch(.rejected(record.details, [finding]))))
        lookAtEverything()
    }

    private mutating func checked(_ number: Int64, _ prepared: PreparedPatch) {
        guard !state.hasEnded, let record = state.patches[number], record.status == .approved else { return }
        guard prepared.sequence == state.patches.sequence else { return effects.append(.checkPatch(number)) }
        do {
            apply(record.details, try checkedChange(prepared, record.details, isNamed: false))
        } catch {
            reject(record.details, error)
            lookAtEverything()
        }
    }

    private mutating func supersede(_ record: PatchRecord, _ reason: String) {
        if let request = record.review, !request.isClosed { emit(Event(body: .human(.cancelled(request.id)))) }
        emit(Event(body: .patch(.superseded(record.number, reason: reason))))
    }

    /// Nobody has to decide about patches any more: the run ends.
    mutating func withdrawPatches() {
        for record in state.patches.all where record.isOpen { supersede(record, "the run ended") }
    }

    /// A patch as a recording has it.
    mutating func replay(_ event: PatchEvent, by actor: String?) {
        emit(Event(actor: actor, body: .patch(event)))
        lookAtEverything()
        propagate()
    }
}
