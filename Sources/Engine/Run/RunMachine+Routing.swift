// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// Joins, edges, skips (spec 3.9). Work is a list of nodes whose incoming edges changed, so that a long chain of
/// absorbed or skipped nodes needs no stack.
extension RunMachine {
    /// Looks at everything that may have changed until nothing does.
    mutating func propagate() {
        while !state.status.isTerminal {
            announceWaves()
            if let task = pending.popLast() {
                if state.has(task) { evaluateJoin(task) }
            } else if let group = changedGroups.min() {
                changedGroups.remove(group)
                followGroup(group)
            } else if let phase = changedPhases.min() {
                changedPhases.remove(phase)
                endPhase(phase)
            } else if let scope = changedScopes.popLast() {
                closeIfOver(scope)
            } else if let task = openedMaps.min() {
                openedMaps.remove(task)
                startItems(of: task)
            } else {
                break
            }
        }
        forgetChanges()
    }

    /// Nothing has to be looked at any more.
    mutating func forgetChanges() {
        (pending, changedScopes, openedMaps, changedGroups, changedPhases) = ([], [], [], [], [])
    }

    /// Records a result, or has it checked first.
    ///
    /// - Parameter isTakenOver: A person gave it.
    mutating func complete(
        _ task: TaskRef,
        _ output: Payload,
        _ log: BlobRef?,
        chosen: String? = nil,
        loopExit: Graph.Edge.LoopExit? = nil,
        isTakenOver: Bool = false
    ) {
        guard isVerified(task) else { return completeVerified(task, output, log, chosen: chosen, loopExit: loopExit) }
        var subject = VerificationEvent.Subject(output: output)
        (subject.log, subject.chosen, subject.loopExit) = (log, chosen, loopExit)
        subject.isTakenOver = isTakenOver
        verify(task, subject)
    }

    /// Records a result and lets the targets know.
    mutating func completeVerified(
        _ task: TaskRef,
        _ output: Payload,
        _ log: BlobRef?,
        chosen: String? = nil,
        loopExit: Graph.Edge.LoopExit? = nil
    ) {
        do throws(TaskError) {
            let routing = try routing(of: task, output: output.value, chosen: chosen, loopExit: loopExit)
            emit(task, .taskCompleted(output: output, routing: routing, log: log))
            recordCompensation(of: task, output.value)
            notifyTargets(task)
            if case .join(cancelRest: true) = state.node(task).kind { cancelFeeders(of: task) }
        } catch {
            // The edge's condition is part of the source: without it nobody knows where to go.
            fail(task, error, log)
        }
    }

    mutating func skip(_ task: TaskRef, _ reason: SkipReason) {
        let routing = (try? self.routing(of: task, output: .null, chosen: nil)) ?? allConditionalDead(task)
        emit(task, .taskSkipped(reason, routing: routing))
        notifyTargets(task)
    }

    mutating func notifyTargets(_ task: TaskRef) {
        // Reversed, because the list is taken from its end: targets are looked at in written order.
        let body = state.body(of: task.scope)
        for edge in state.outgoing(task).reversed() {
            pending.append(TaskRef(scope: task.scope, node: body.nodes[body.edges[edge].to]))
        }
    }

    private mutating func evaluateJoin(_ task: TaskRef) {
        let now = state[task]
        guard now.status == .blocked, !isOffered(task), !isBehindBarrier(task) else { return }
        let all = state.incoming(task).count
        let open = all - Int(now.taken) - Int(now.dead) - Int(now.broken)
        switch state.node(task).join {
        case .all:
            if now.broken > 0 {
                skip(task, .upstreamFailed)
            } else if open == 0 {
                now.taken > 0 ? activate(task) : skip(task, reasonWhenDead(task))
            }
        case .any:
            if now.taken > 0 {
                activate(task)
            } else if open == 0 {
                skip(task, now.broken > 0 ? .upstreamFailed : reasonWhenDead(task))
            }
        case .quorum(let needed):
            if Int(now.taken) >= needed {
                activate(task)
            } else if Int(now.taken) + open < needed {
                skip(task, now.broken > 0 ? .upstreamFailed : reasonWhenDead(task))
            }
        case .done:
            if open == 0 { activate(task) }
        }
    }

    private func reasonWhenDead(_ task: TaskRef) -> SkipReason {
        let isBranchChoice = state.sources(of: task).contains { source in
            guard case .branch = state.node(source).kind else { return false }
            return state[source].status == .completed
        }
        return isBranchChoice ? .branch : .upstreamSkipped
    }

    // MARK: Conditions of edges

    /// Which outgoing edges a result does not take.
    private func routing(
        of task: TaskRef,
        output: JSONValue,
        chosen: String?,
        loopExit: Graph.Edge.LoopExit? = nil
    ) throws(TaskError) -> Event.Routing {
        let body = state.body(of: task.scope)
        var dead: [Int] = []
        var fallbacks: [Int] = []
        var isAnyTaken = false
        for index in state.outgoing(task) {
            let edge = body.edges[index]
            if edge.isFallback {
                fallbacks.append(index)
            } else if let exit = edge.loopExit, exit != loopExit {
                dead.append(index)
            } else if try isTaken(edge, output, chosen, in: task.scope) {
                isAnyTaken = isAnyTaken || edge.when != nil || edge.branchCase != nil
            } else {
                dead.append(index)
            }
        }
        if isAnyTaken && !fallbacks.isEmpty { dead = (dead + fallbacks).sorted() }
        return Event.Routing(dead: dead, chosen: chosen)
    }

    /// Where the result of a task that has ended leads, looked at once more; and what becomes of edges that are not dead.
    func routing(again task: TaskRef) throws(TaskError) -> (Event.Routing, RunState.EdgeState) {
        let now = state[task]
        switch now.status {
        case .completed:
            var exit: Graph.Edge.LoopExit?
            if case .loop = state.node(task).kind { exit = now.output?.value["reason"] == "limit" ? .limit : .break }
            let output = now.output?.value ?? .null
            return (try routing(of: task, output: output, chosen: now.chosen, loopExit: exit), .taken)
        case .skipped:
            let routing = (try? routing(of: task, output: .null, chosen: nil)) ?? allConditionalDead(task)
            return (routing, now.skipReason.map(RunState.edgeState(after:)) ?? .broken)
        case .failed where state.node(task).continueOnFailure: return (routingAfterFailure(task), .taken)
        default: return (Event.Routing(), .broken)
        }
    }

    private func isTaken(
        _ edge: Graph.Edge,
        _ output: JSONValue,
        _ chosen: String?,
        in scope: Int
    ) throws(TaskError) -> Bool {
        if let name = edge.branchCase, name != chosen { return false }
        guard let when = edge.when else { return true }
        let variables = state.snapshot(for: [when], in: scope, at: turn.now, extra: ["output": output])
        do {
            return try when.condition(in: variables)
        } catch {
            let body = state.body(of: scope)
            let target = state.graph.nodes[body.nodes[edge.to]].id
            throw TaskError(expression: error, "the condition of the edge to `\(target)`")
        }
    }

    private func allConditionalDead(_ task: TaskRef) -> Event.Routing {
        let body = state.body(of: task.scope)
        let dead = state.outgoing(task).filter {
            body.edges[$0].when != nil || body.edges[$0].branchCase != nil || body.edges[$0].loopExit != nil
        }
        return Event.Routing(dead: dead)
    }

    /// What the edges of a failed node with `continue_on_failure` do.
    func routingAfterFailure(_ task: TaskRef) -> Event.Routing {
        guard state.node(task).continueOnFailure else { return Event.Routing() }
        return (try? routing(of: task, output: .null, chosen: nil)) ?? allConditionalDead(task)
    }

    // MARK: cancel_rest

    /// Cancels open tasks whose results only the given join would have used.
    private mutating func cancelFeeders(of join: TaskRef) {
        let body = state.body(of: join.scope)
        func task(_ position: Int) -> TaskRef { TaskRef(scope: join.scope, node: body.nodes[position]) }
        let start = state.graph.position(of: join.node)
        var useless: Set<Int> = [start]
        var work = [start]
        while let position = work.popLast() {
            for edge in body.incoming[position] {
                let source = body.edges[edge].from
                let feedsOthers = body.outgoing[source].contains {
                    let target = body.edges[$0].to
                    return !useless.contains(target) && !state[task(target)].status.isTerminal
                }
                guard !feedsOthers, !state[task(source)].status.isTerminal, useless.insert(source).inserted
                else { continue }
                work.append(source)
            }
        }
        for position in useless.sorted() where position != start {
            cancelTask(task(position), reason: "not_needed")
        }
    }
}
