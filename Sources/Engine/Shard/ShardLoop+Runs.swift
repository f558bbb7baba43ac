// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// What runs do to each other: everything happens in the turn, and so in the commit, of its cause.
extension ShardLoop {
    // MARK: Children

    /// Starts a run on behalf of another one, and tells it.
    mutating func startChild(
        _ order: ChildOrder,
        for task: TaskRef,
        fence: Int64,
        of parent: OpenRun,
        _ batch: inout Batch
    ) {
        let answer: Result<RunID, TaskError>
        do throws(EngineError) {
            let workflow = try resolve(order.workflow, for: parent.state.ownership)
            let inputs = try checked(order.inputs, of: workflow.graph)
            var request = StartRequest(
                graph: workflow.graph,
                source: workflow.source,
                inputs: inputs,
                actor: "run:\(parent.state.id)"
            )
            request.priority = parent.state.priority
            request.labels = parent.state.labels
            request.ownership = parent.state.ownership
            request.execution = parent.state.execution
            if case .workflow(let child) = parent.state.node(task).kind {
                // A document may not take more than the one that starts it allows.
                let own = BudgetLimit.none.over(workflow.graph.budget)
                request.budget = BudgetLimit.none.over(child.budget).within(own)
            }
            let above = ParentRun(run: parent.state.id, task: task, depth: order.depth)
            answer = .success(try start(request, parent: above, &batch).id)
        } catch {
            answer = .failure(TaskError(code: "child.failed", errorClass: .permanent, message: error.message))
        }
        command(.childStarted(task: task, fence: fence, answer), on: parent.key, nil, &batch)
    }

    private func resolve(
        _ reference: Graph.WorkflowReference,
        for ownership: Ownership
    ) throws(EngineError) -> ResolvedWorkflow {
        switch reference {
        case .inline(let graph): return ResolvedWorkflow(graph: graph, source: [])
        case .published(let name, nil): return try workflows.workflow(name, for: ownership)
        case .published(let name, let hash?):
            // Pinned when the graph was compiled; the graph itself is there when anything ran it.
            if let graph = try? reader.graph(hash) { return ResolvedWorkflow(graph: graph.definition, source: []) }
            return try workflows.workflow("\(name)@\(hash)", for: ownership)
        }
    }

    func checked(_ inputs: JSONObject, of graph: Graph) throws(EngineError) -> JSONObject {
        do throws(InputError) {
            return try graph.checkInputs(inputs).objectValue ?? [:]
        } catch {
            throw EngineError(.invalid, "the inputs do not fit `\(graph.name)`: \(error)")
        }
    }

    /// Tells the parent of a run that ended in this turn.
    mutating func notifyParent(of run: OpenRun, _ batch: inout Batch) {
        guard !run.hasToldParent, let (key, news) = newsForParent(of: run) else { return }
        run.hasToldParent = true
        command(news, on: key, nil, &batch)
    }

    /// The same in the next turn, for a run that ended while nobody drove its parent.
    mutating func tellParentLater(of run: OpenRun) {
        if let news = newsForParent(of: run) { later.append(news) }
    }

    private mutating func newsForParent(of run: OpenRun) -> (Int64, Command)? {
        guard let parent = run.state.parent, run.state.status.isTerminal else { return nil }
        let end: ChildEnd =
            run.state.status == .completed
            ? .completed(outputs: run.state.outputs ?? Payload(inline: .null))
            : .ended(run.state.status, run.state.error)
        guard let key = attempt({ loop throws(EngineError) in try loop.key(of: parent.run) }) else { return nil }
        return (key, .childEnded(task: parent.task, run: run.state.id, end))
    }

    // MARK: Signals

    /// Hands a signal to those it is for, and tells its sender how many there were.
    mutating func sendSignal(
        _ signal: RunSignal,
        to target: SignalTarget,
        from task: TaskRef,
        fence: Int64,
        of sender: OpenRun,
        _ batch: inout Batch
    ) {
        let delivered = deliver(
            signal,
            to: target,
            from: SignalSender(sender.state.ownership),
            by: "run:\(sender.state.id)",
            &batch
        )
        command(.signalSent(task: task, fence: fence, delivered: delivered), on: sender.key, nil, &batch)
    }

    /// Hands a signal to every run it is for; how many took it. It stays in the tenant of its sender, and one for the
    /// project in that project.
    mutating func deliver(
        _ signal: RunSignal,
        to target: SignalTarget,
        from sender: SignalSender?,
        by actor: String,
        _ batch: inout Batch
    ) -> Int {
        var delivered = 0
        for key in receivers(of: signal, target, in: sender?.ownership.tenant).sorted() {
            guard let run = attempt({ loop throws(EngineError) in try loop.open(key, &batch) }),
                target.isMet(by: run.state.ownership, from: sender)
            else { continue }
            do throws(Refusal) {
                try run.machine.handle(.signal(signal), in: turn(batch, actor))
                delivered += 1
            } catch {
                // It ended.
            }
        }
        return delivered
    }

    private mutating func receivers(
        of signal: RunSignal,
        _ target: SignalTarget,
        in tenant: String?
    ) -> Set<Int64> {
        switch target {
        case .run(let id):
            return attempt({ loop throws(EngineError) in try loop.key(of: id) }).map { [$0] } ?? []
        case .workflow(let name, _):
            let here = runs.values.filter { $0.state.graph.name == name && !$0.state.status.isTerminal }.map(\.key)
            return Set(here).union(openRuns(of: name, in: tenant))
        case .project, .broadcast:
            return awaiting[signal.type] ?? []
        }
    }

    private mutating func openRuns(of workflow: String, in tenant: String?) -> [Int64] {
        var filter = RunFilter()
        filter.visibility = tenant.map(Visibility.everything)
        filter.workflow = workflow
        filter.statuses = RunStatus.allCases.filter { !$0.isTerminal }
        filter.limit = 1000
        let found = attempt { loop throws(EngineError) -> [RunRow] in
            do throws(StoreError) {
                return try loop.store.runs(filter)
            } catch {
                throw EngineError(store: error)
            }
        }
        return found?.map(\.key) ?? []
    }

    /// Remembers who waits for which kind of signal.
    mutating func noteAwaited(_ events: [Event], of run: OpenRun) {
        for event in events {
            if case .signal(.awaited(let type, _, _)) = event.body { awaiting[type, default: []].insert(run.key) }
        }
    }
}
