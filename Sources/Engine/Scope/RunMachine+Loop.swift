// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// Loops (spec 3.6): a pass is a scope; when its last task ended, the condition decides what comes next.
extension RunMachine {
    /// A turn that has made that many events lets others go first.
    static let eventsPerTurn = 4096

    mutating func startIteration(_ task: TaskRef, _ number: Int) {
        guard events.count < Self.eventsPerTurn else { return effects.append(.giveWay) }
        guard mayContinue(task) else { return }
        let scope = state.lastScope + 1
        emit(task, .loop(.iterationStarted(scope: scope, number: number)))
        activateEntries(of: scope)
        changedScopes.append(scope)
    }

    /// Nothing forbids a loop or map that runs to begin more.
    mutating func mayContinue(_ task: TaskRef) -> Bool {
        let isUnder = state[task].status == .running || state[task].status == .waiting
        return isUnder && mayBegin(task)
    }

    /// The pass of that scope ended well: again, or out.
    mutating func finishIteration(_ scope: Int, of task: TaskRef, _ loop: Graph.Loop) {
        let number = state.scope(scope)?.number ?? 0
        do throws(TaskError) {
            let output = try scopeOutput(scope)
            let isOver = try conditionEnds(loop, scope, number, output)
            emit(task, .loop(.iterationCompleted(scope: scope, output: output)))
            if isOver {
                finishLoop(task, loop, .break)
            } else if number + 1 >= loop.maxIterations {
                limitReached(task, loop)
            } else if loop.delay > .zero {
                let until = turn.now + loop.delay
                emit(task, .taskWaiting(until: until))
                effects.append(.arm(task: task, kind: .wait, at: until))
            } else {
                startIteration(task, number + 1)
            }
        } catch {
            containerFailed(task, error)
        }
    }

    private func conditionEnds(
        _ loop: Graph.Loop,
        _ scope: Int,
        _ number: Int,
        _ output: Payload
    ) throws(TaskError) -> Bool {
        let (expression, ends): (CELExpression, Bool)
        switch loop.condition {
        case .while(let condition): (expression, ends) = (condition, false)
        case .until(let condition): (expression, ends) = (condition, true)
        case nil: return false
        }
        let extra: [String: JSONValue] = ["iteration": .int(Int64(number)), "last": output.value]
        do {
            let variables = state.snapshot(for: [expression], in: scope, at: turn.now, extra: extra)
            return try expression.condition(in: variables) == ends
        } catch {
            throw TaskError(expression: error, ends ? "`until`" : "`while`")
        }
    }

    /// Without a condition a loop runs to its limit, and that is its end; with one it is a failure unless the document
    /// says to go on.
    private mutating func limitReached(_ task: TaskRef, _ loop: Graph.Loop) {
        guard loop.failsAtLimit, loop.condition != nil else { return finishLoop(task, loop, .limit) }
        let error = TaskError(
            code: "loop.limit",
            errorClass: .permanent,
            message: "the condition did not end the loop within \(loop.maxIterations) passes"
        )
        containerFailed(task, error)
    }

    private mutating func finishLoop(_ task: TaskRef, _ loop: Graph.Loop, _ exit: Graph.Edge.LoopExit) {
        let progress = state.loops[task] ?? LoopProgress()
        var output: JSONObject = [
            "iterations": .int(Int64(progress.iterations)),
            "last": progress.last?.value ?? .null,
            "reason": exit == .break ? "condition" : "limit",
        ]
        if loop.collectsResults { output["results"] = .array(progress.results.map(\.value)) }
        effects.append(.disarm(task: task, kind: .timeout))
        complete(task, payload(.object(output)), nil, loopExit: exit)
    }
}
