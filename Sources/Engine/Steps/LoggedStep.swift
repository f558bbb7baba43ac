// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
internal import Store

/// A step of a task as the log has it, with its values read.
public struct LoggedStep: Sendable, Equatable {
    /// From 1: a task that was begun anew after it had ended makes its steps from the first one again.
    public let pass: Int
    /// From 1 within a pass, in the order in which they began.
    public let number: Int
    /// What was called.
    public let kind: TaskStep.Kind
    /// Which model or tool.
    public let name: String
    /// What it was asked; the meaning is the executor's.
    public let request: JSONValue
    /// What it answered; `nil` while the call is under way, or was when its attempt ended.
    public fileprivate(set) var result: JSONValue?
    /// The attempt that made the call.
    public let attempt: Int
    /// When it began.
    public let at: Timestamp
    /// When it ended.
    public fileprivate(set) var endedAt: Timestamp?

    /// Puts one together.
    public init(
        pass: Int = 1,
        number: Int,
        kind: TaskStep.Kind,
        name: String,
        request: JSONValue,
        result: JSONValue?,
        attempt: Int = 1,
        at: Timestamp,
        endedAt: Timestamp? = nil
    ) {
        (self.pass, self.number, self.kind, self.name) = (pass, number, kind, name)
        (self.request, self.result, self.attempt) = (request, result, attempt)
        (self.at, self.endedAt) = (at, endedAt)
    }
}

extension RunReader {
    /// All steps of a task, the oldest first. Goes through the whole log.
    ///
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func steps(of task: TaskRef, ofRun key: Int64) throws(EngineError) -> [LoggedStep] {
        var history = StepHistory()
        try forEachEvent(ofRun: key) { _, at, event, _ in
            if event.task == task { history.take(event.body, at) }
        }
        var steps: [LoggedStep] = []
        for step in history.steps {
            var result: JSONValue?
            if let stored = step.result { result = try value(stored) }
            steps.append(
                LoggedStep(
                    pass: step.pass,
                    number: step.number,
                    kind: step.kind,
                    name: step.name,
                    request: try value(step.request),
                    result: result,
                    attempt: step.attempt,
                    at: step.at,
                    endedAt: step.endedAt
                )
            )
        }
        return steps
    }

    private func value(_ stored: StepValue) throws(EngineError) -> JSONValue {
        switch stored {
        case .inline(let value): return value
        case .blob(let blob):
            let bytes = try text(of: blob)
            guard let value = try? JSONValue(parsing: bytes) else {
                throw EngineError(.corrupted, "the blob \(blob.hash) holds no JSON")
            }
            return value
        }
    }
}

/// Makes steps out of the events of their task.
private struct StepHistory {
    struct Step {
        let pass: Int
        let number: Int
        let kind: TaskStep.Kind
        let name: String
        let request: StepValue
        let attempt: Int
        let at: Timestamp
        var result: StepValue?
        var endedAt: Timestamp?
    }

    private(set) var steps: [Step] = []
    private var (attempt, pass, first) = (0, 1, 0)
    private var hasEnded = false

    mutating func take(_ body: Event.Body, _ now: Timestamp) {
        switch body {
        case .taskStarted(let number, _, _): attempt = number
        case .step(.begun(let kind, let name, let request, _)):
            if hasEnded { (pass, first, hasEnded) = (pass + 1, steps.count, false) }
            steps.append(
                Step(
                    pass: pass,
                    number: steps.count - first + 1,
                    kind: kind,
                    name: name,
                    request: request,
                    attempt: attempt,
                    at: now
                )
            )
        case .step(.ended(_, let number, let result)):
            let index = first + number - 1
            guard steps.indices.contains(index) else { return }
            (steps[index].result, steps[index].endedAt) = (result, now)
        // What has ended keeps no steps; see ``RunState/forgetSteps(of:_:)``.
        case .taskCompleted, .taskFailed, .taskCancelled, .taskSkipped, .review(.exhausted):
            hasEnded = steps.count > first
        default: break
        }
    }
}
