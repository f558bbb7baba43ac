// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// The fold: how an event changes a run. No decisions, no effects, no clock.
extension RunState {
    /// Applies the next event of the log.
    public mutating func fold(_ event: Event, at now: Timestamp) {
        lastSequence += 1
        if let node = event.node {
            foldTask(event.body, node, now)
        } else {
            foldRun(event, now)
        }
    }

    private mutating func foldRun(_ event: Event, _ now: Timestamp) {
        switch event.body {
        case .runStarted:
            status = .running
            startedAt = now
        case .runWaiting(let reason):
            status = .waiting
            waitReason = reason
        case .runResumed:
            status = .running
            waitReason = nil
            pause = nil
        case .runPaused(let reason):
            status = .paused
            waitReason = nil
            pause = Pause(by: event.actor ?? "system", reason: reason, at: now)
        case .runCompleted(let outputs):
            self.outputs = outputs
            end(.completed, now)
        case .runFailed(let error):
            self.error = error
            end(.failed, now)
        case .runCancelled:
            end(.cancelled, now)
        default:
            break
        }
    }

    private mutating func end(_ status: RunStatus, _ now: Timestamp) {
        self.status = status
        waitReason = nil
        pause = nil
        endedAt = now
    }

    private mutating func foldTask(_ body: Event.Body, _ node: Int, _ now: Timestamp) {
        switch body {
        case .taskReady(let reason):
            if reason == .lost { tasks[node].lostAttempts += 1 }
            tasks[node].readyReason = reason
            tasks[node].worker = nil
            tasks[node].until = nil
            set(node, .ready, now)
        case .taskStarted(let attempt, let fence, let worker):
            tasks[node].attempts = attempt
            tasks[node].fence = fence
            tasks[node].worker = worker
            tasks[node].startedAt = tasks[node].startedAt ?? now
            set(node, .running, now)
        case .taskCompleted(let output, let routing, let log):
            tasks[node].output = output
            tasks[node].error = nil
            tasks[node].chosen = routing.chosen
            tasks[node].log = log ?? tasks[node].log
            tasks[node].startedAt = tasks[node].startedAt ?? now
            finish(node, .completed, now)
            route(node, dead: routing.dead, otherwise: .taken)
        case .taskFailed(let error, let routing, let log):
            tasks[node].error = error
            tasks[node].log = log ?? tasks[node].log
            tasks[node].startedAt = tasks[node].startedAt ?? now
            finish(node, .failed, now)
            let continues = graph.nodes[node].continueOnFailure
            route(node, dead: routing.dead, otherwise: continues ? .taken : .broken)
        case .taskRetrying(let error, let next, _, let log):
            tasks[node].error = error
            tasks[node].until = next
            tasks[node].worker = nil
            tasks[node].log = log ?? tasks[node].log
            set(node, .retrying, now)
        case .taskSkipped(let reason, let routing):
            tasks[node].skipReason = reason
            finish(node, .skipped, now)
            route(node, dead: routing.dead, otherwise: Self.edgeState(after: reason))
        case .taskCancelled:
            finish(node, .cancelled, now)
            route(node, dead: [], otherwise: .broken)
        default:
            foldWait(body, node, now)
        }
    }

    private mutating func foldWait(_ body: Event.Body, _ node: Int, _ now: Timestamp) {
        switch body {
        case .taskWaiting(let until):
            tasks[node].until = until
            tasks[node].startedAt = now
            set(node, .waiting, now)
        case .humanTaskOpened(let request):
            tasks[node].humanTask = request
            tasks[node].until = request.expiresAt
            tasks[node].startedAt = now
            set(node, .waiting, now)
        case .runFailed(let error):
            // The event names the task that is to blame.
            failedNode = node
            self.error = error
            end(.failed, now)
        default:
            break  // Decisions are followed by the event that ends their task.
        }
    }

    private static func edgeState(after reason: SkipReason) -> EdgeState {
        switch reason {
        case .condition, .human: .taken
        case .branch, .upstreamSkipped: .dead
        case .upstreamFailed: .broken
        }
    }

    private mutating func finish(_ node: Int, _ status: TaskStatus, _ now: Timestamp) {
        tasks[node].endedAt = now
        tasks[node].until = nil
        tasks[node].worker = nil
        set(node, status, now)
    }

    private mutating func set(_ node: Int, _ status: TaskStatus, _ now: Timestamp) {
        counts[Self.slot(of: tasks[node].status)] -= 1
        counts[Self.slot(of: status)] += 1
        tasks[node].status = status
        tasks[node].since = now
    }

    /// Resolves the outgoing edges. Both lists are in rising order, so one pass over each is enough.
    private mutating func route(_ node: Int, dead: [Int], otherwise: EdgeState) {
        var rest = dead[...]
        for edge in graph.nodes[node].outgoing where edges[edge] == .unresolved {
            while let first = rest.first, first < edge { rest = rest.dropFirst() }
            let state = rest.first == edge ? .dead : otherwise
            edges[edge] = state
            let target = graph.edges[edge].to
            switch state {
            case .taken: tasks[target].taken += 1
            case .dead: tasks[target].dead += 1
            case .broken: tasks[target].broken += 1
            case .unresolved: break
            }
        }
    }
}
