// Baton
// SPDX-License-Identifier: Apache-2.0

/// The spelling of every kind of event (spec 10.3). A spelling never changes its meaning.
public enum EventType: String, Sendable, CaseIterable {
    case runQueued = "run.queued"
    case runStarted = "run.started"
    case runWaiting = "run.waiting"
    case runResumed = "run.resumed"
    case runPaused = "run.paused"
    case runCompleted = "run.completed"
    case runFailed = "run.failed"
    case runCancelled = "run.cancelled"
    case runUpdated = "run.updated"
    case runForked = "run.forked"
    case runReopened = "run.reopened"
    case runReset = "run.reset"
    case runMigrated = "run.migrated"
    case graphPatched = "graph.patched"
    case patchProposed = "patch.proposed"
    case patchRejected = "patch.rejected"
    case patchSuperseded = "patch.superseded"
    case patchReverted = "patch.reverted"
    case taskReady = "task.ready"
    case taskHeld = "task.held"
    case taskStarted = "task.started"
    case taskCompleted = "task.completed"
    case taskFailed = "task.failed"
    case taskRetrying = "task.retrying"
    case taskWaiting = "task.waiting"
    case taskSkipped = "task.skipped"
    case taskCancelled = "task.cancelled"
    case taskCached = "task.cached"
    case taskClaimed = "task.claimed"
    case taskProgress = "task.progress"
    case taskStarved = "task.starved"
    case agentCallStarted = "agent.call.started"
    case agentCallSubmitted = "agent.call.submitted"
    case agentCallCompleted = "agent.call.completed"
    case toolRequested = "tool.requested"
    case toolCompleted = "tool.completed"
    case toolDecided = "tool.decided"
    case verificationStarted = "verification.started"
    case verificationDispatched = "verification.dispatched"
    case evidenceRecorded = "evidence.recorded"
    case verificationReturned = "verification.returned"
    case verificationCompleted = "verification.completed"
    case loopIterationStarted = "loop.iteration_started"
    case loopIterationCompleted = "loop.iteration_completed"
    case mapExpanded = "map.expanded"
    case mapItemsStarted = "map.items_started"
    case mapItemCompleted = "map.item_completed"
    case mapItemFailed = "map.item_failed"
    case mapChunkSealed = "map.chunk_sealed"
    case teamFormed = "team.formed"
    case teamAgentsStarted = "team.agents_started"
    case teamAgentCompleted = "team.agent_completed"
    case teamAgentFailed = "team.agent_failed"
    case teamDecided = "team.decided"
    case childStarted = "child.started"
    case childEnded = "child.ended"
    case signalReceived = "signal.received"
    case signalAwaited = "signal.awaited"
    case signalTaken = "signal.taken"
    case runCompensating = "run.compensating"
    case runCompensated = "run.compensated"
    case runCompensationFailed = "run.compensation_failed"
    case rollbackStarted = "rollback.started"
    case compensationRecorded = "compensation.recorded"
    case compensationLate = "compensation.late"
    case compensationStarted = "compensation.started"
    case compensationCompleted = "compensation.completed"
    case compensationFailed = "compensation.failed"
    case compensationCancelled = "compensation.cancelled"
    case taskCompensated = "task.compensated"
    case groupCompleted = "group.completed"
    case groupFailed = "group.failed"
    case phaseStarted = "phase.started"
    case phaseCompleted = "phase.completed"
    case phaseFailed = "phase.failed"
    case phaseRolledBack = "phase.rolled_back"
    case phaseSkipped = "phase.skipped"
    case phaseReleased = "phase.released"
    case waveStarted = "wave.started"
    case waveCompleted = "wave.completed"
    case taskNeedsReview = "task.needs_review"
    case taskResumed = "task.resumed"
    case taskPoisoned = "task.poisoned"
    case taskExhausted = "task.exhausted"
    case runStuck = "run.stuck"
    case workerMissing = "worker.missing"
    case humanTaskOpened = "human_task.opened"
    case humanTaskClaimed = "human_task.claimed"
    case humanTaskReleased = "human_task.released"
    case humanTaskReassigned = "human_task.reassigned"
    case humanTaskReminded = "human_task.reminded"
    case humanTaskEscalated = "human_task.escalated"
    case humanTaskDecided = "human_task.decided"
    case humanTaskResolved = "human_task.resolved"
    case humanTaskExpired = "human_task.expired"
    case humanTaskCancelled = "human_task.cancelled"
    case budgetReserved = "budget.reserved"
    case budgetSettled = "budget.settled"
    case budgetWarning = "budget.warning"
    case budgetExhausted = "budget.exhausted"
    case budgetRaised = "budget.raised"
    case deadLetterAdded = "dead_letter.added"
    case patternSuggested = "pattern.suggested"
}

extension Event.Body {
    /// The kind.
    public var type: EventType {
        switch self {
        case .runQueued: .runQueued
        case .runStarted: .runStarted
        case .runWaiting: .runWaiting
        case .runResumed: .runResumed
        case .runPaused: .runPaused
        case .runCompleted: .runCompleted
        case .runFailed: .runFailed
        case .runCancelled: .runCancelled
        case .runUpdated: .runUpdated
        case .taskReady: .taskReady
        case .held(let hold): hold.type
        case .taskStarted: .taskStarted
        case .taskCompleted: .taskCompleted
        case .taskFailed: .taskFailed
        case .taskRetrying: .taskRetrying
        case .taskWaiting: .taskWaiting
        case .taskSkipped: .taskSkipped
        case .taskCancelled: .taskCancelled
        case .again(let event): event.type
        case .child(let event): event.type
        case .signal(let event): event.eventType
        case .loop(let event): event.type
        case .map(let event): event.type
        case .team(let event): event.type
        case .compensation(let event): event.type
        case .group(let event): event.type
        case .phase(let event): event.type
        case .wave(let event): event.type
        case .patch(let event): event.type
        case .human(let event): event.type
        case .review(let event): event.type
        case .budget(let event): event.type
        case .supervision(let event): event.type
        case .claim(let event): event.type
        case .step(let event): event.type
        case .deadLetter(let event): event.type
        case .verification(let event): event.type
        case .pattern(let event): event.type
        }
    }
}
