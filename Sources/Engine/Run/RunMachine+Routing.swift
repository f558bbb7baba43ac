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
        while let node = pending.popLast() {
            guard !state.status.isTerminal else { break }
            evaluateJoin(node)
        }
        pending = []
    }

    /// Records a result and lets the targets know.
    mutating func complete(_ node: Int, _ output: Payload, _ log: BlobRef?, chosen: String? = nil) {
        do throws(TaskError) {
            let routing = try routing(of: node, output: output.value, chosen: chosen)
            emit(node, .taskCompleted(output: output, routing: routing, log: log))
            notifyTargets(node)
            if case .join(cancelRest: true) = state.graph.nodes[node].kind { cancelFeeders(of: node) }
        } catch {
            // The edge's condition is part of the source: without it nobody knows where to go.
            fail(node, error, log)
        }
    }

    mutating func skip(_ node: Int, _ reason: SkipReason) {
        let routing = (try? self.routing(of: node, output: .null, chosen: nil)) ?? allConditionalDead(node)
        emit(node, .taskSkipped(reason, routing: routing))
        notifyTargets(node)
    }

    mutating func notifyTargets(_ node: Int) {
        // Reversed, because the list is taken from its end: targets are looked at in written order.
        for edge in state.graph.nodes[node].outgoing.reversed() {
            pending.append(state.graph.edges[edge].to)
        }
    }

    private mutating func evaluateJoin(_ node: Int) {
        let task = state.tasks[node]
        guard task.status == .blocked, !isOffered(node) else { return }
        let all = state.graph.nodes[node].incoming.count
        let open = all - Int(task.taken) - Int(task.dead) - Int(task.broken)
        switch state.graph.nodes[node].join {
        case .all:
            if task.broken > 0 {
                skip(node, .upstreamFailed)
            } else if open == 0 {
                task.taken > 0 ? activate(node) : skip(node, reasonWhenDead(node))
            }
        case .any:
            if task.taken > 0 {
                activate(node)
            } else if open == 0 {
                skip(node, task.broken > 0 ? .upstreamFailed : reasonWhenDead(node))
            }
        case .quorum(let needed):
            if Int(task.taken) >= needed {
                activate(node)
            } else if Int(task.taken) + open < needed {
                skip(node, task.broken > 0 ? .upstreamFailed : reasonWhenDead(node))
            }
        case .done:
            if open == 0 { activate(node) }
        }
    }

    private func reasonWhenDead(_ node: Int) -> SkipReason {
        let isBranchChoice = state.graph.nodes[node].incoming.contains { edge in
            let source = state.graph.edges[edge].from
            guard case .branch = state.graph.nodes[source].kind else { return false }
            return state.tasks[source].status == .completed
        }
        return isBranchChoice ? .branch : .upstreamSkipped
    }

    // MARK: Conditions of edges

    /// Which outgoing edges a result does not take.
    private func routing(of node: Int, output: JSONValue, chosen: String?) throws(TaskError) -> Event.Routing {
        let graph = state.graph
        var dead: [Int] = []
        var fallbacks: [Int] = []
        var isAnyTaken = false
        for index in graph.nodes[node].outgoing {
            let edge = graph.edges[index]
            if edge.isFallback {
                fallbacks.append(index)
            } else if try isTaken(edge, output, chosen) {
                isAnyTaken = isAnyTaken || edge.when != nil || edge.branchCase != nil
            } else {
                dead.append(index)
            }
        }
        if isAnyTaken && !fallbacks.isEmpty { dead = (dead + fallbacks).sorted() }
        return Event.Routing(dead: dead, chosen: chosen)
    }

    private func isTaken(_ edge: Graph.Edge, _ output: JSONValue, _ chosen: String?) throws(TaskError) -> Bool {
        if let name = edge.branchCase, name != chosen { return false }
        guard let when = edge.when else { return true }
        let scope = snapshot(for: [when], extra: ["output": output])
        do {
            return try when.condition(in: scope)
        } catch {
            let target = state.graph.nodes[edge.to].id
            throw TaskError(expression: error, "the condition of the edge to `\(target)`")
        }
    }

    private func allConditionalDead(_ node: Int) -> Event.Routing {
        let graph = state.graph
        let dead = graph.nodes[node].outgoing.filter {
            graph.edges[$0].when != nil || graph.edges[$0].branchCase != nil
        }
        return Event.Routing(dead: dead)
    }

    /// What the edges of a failed node with `continue_on_failure` do.
    func routingAfterFailure(_ node: Int) -> Event.Routing {
        guard state.graph.nodes[node].continueOnFailure else { return Event.Routing() }
        return (try? routing(of: node, output: .null, chosen: nil)) ?? allConditionalDead(node)
    }

    // MARK: cancel_rest

    /// Cancels open tasks whose results only the given join would have used.
    private mutating func cancelFeeders(of join: Int) {
        var useless: Set<Int> = [join]
        var work = [join]
        while let node = work.popLast() {
            for edge in state.graph.nodes[node].incoming {
                let source = state.graph.edges[edge].from
                let feedsOthers = state.graph.nodes[source].outgoing.contains {
                    let target = state.graph.edges[$0].to
                    return !useless.contains(target) && !state.tasks[target].status.isTerminal
                }
                guard !feedsOthers, !state.tasks[source].status.isTerminal, useless.insert(source).inserted
                else { continue }
                work.append(source)
            }
        }
        for node in useless.sorted() where node != join { cancelTask(node, reason: "not_needed") }
    }
}
