// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore
import JSON
import Model

/// Checks that a plan meets its requirements and can be carried out (spec 9.3).
struct PlanLinter {
    let context: ReadingContext
    let draft: PlanDraft

    private var sink: DiagnosticSink { context.sink }

    func check() {
        checkSections()
        checkRequirements()
        checkCycle()
        checkBudget()
        for task in draft.tasks {
            checkTools(task)
            checkReversibility(task)
        }
    }

    private func checkSections() {
        for section in draft.rigor.sections where draft.root.member(section) == nil {
            let message = "a plan of rigor \(draft.rigor.rawValue) needs the section `\(section)`"
            sink.report(.missingPlanSection, at: draft.root, message)
        }
    }

    private func checkRequirements() {
        let known = draft.requirements.map(\.id)
        for task in draft.tasks {
            for value in task.value.member("requires")?.items ?? [] {
                guard let id = value.text, !known.contains(id) else { continue }
                let suggestion = sink.suggestion(for: id, among: known)
                sink.report(.unknownRequirement, at: value, "there is no requirement `\(id)`\(suggestion)")
            }
            guard task.requires.isEmpty, !known.isEmpty else { continue }
            let message = "task `\(task.key)` serves no requirement; name one in `requires` or leave the task out"
            sink.report(.scopeInvention, at: task.keyValue, message)
        }
        for requirement in draft.requirements { check(requirement) }
    }

    private func check(_ requirement: PlanRequirement) {
        let tasks = draft.tasks.filter { $0.requires.contains(requirement.id) }
        guard !tasks.isEmpty else {
            let code: Diagnostic.Code = requirement.isMust ? .uncoveredRequirement : .uncoveredWish
            let message = "no task serves the requirement `\(requirement.id)`, which \(requirement.priority) be met"
            return sink.report(code, at: requirement.value, message)
        }
        guard requirement.isMust, tasks.allSatisfy(\.checks.isEmpty) else { return }
        let keys = tasks.map { "`\($0.key)`" }.joined(separator: ", ")
        let message = "nothing checks the requirement `\(requirement.id)`; give one of its tasks \(keys) a `verify`"
        sink.report(.uncheckedRequirement, at: requirement.value, message)
    }

    private func checkCycle() {
        let tasks = draft.tasks
        let edges = tasks.enumerated().flatMap { index, task in
            task.dependencies.map { Digraph.Edge(from: $0.task, to: index) }
        }
        guard let cycle = Digraph(nodeCount: tasks.count, edges: edges).shortestCycle(), let first = cycle.first else {
            return
        }
        let steps = zip(cycle, cycle.dropFirst() + [first]).compactMap { from, to in
            tasks[to].dependencies.first { $0.task == from }.map { (from: from, to: to, value: $0.value) }
        }
        guard let last = steps.last else { return }
        sink.report(
            .planCycle,
            at: last.value,
            "cycle: \((cycle + [first]).map { tasks[$0].key }.joined(separator: " → ")); remove one of these dependencies",
            related: steps.dropLast().prefix(20).map {
                DiagnosticSink.related($0.value, "\(tasks[$0.from].key) → \(tasks[$0.to].key)")
            }
        )
    }

    /// Only what is estimated counts, so that the estimate is the lowest one.
    private func checkBudget() {
        guard let budget = draft.budget else { return }
        let estimates = draft.tasks.compactMap { $0.stored["estimate"] }
        if let limit = budget.usd {
            let amounts = estimates.compactMap { $0["usd"]?.stringValue.flatMap { Money(text: $0) }?.picodollars }
            report(Self.sum(amounts), over: limit.picodollars, budget.value) { Money(picodollars: $0).text + " USD" }
        }
        if let limit = budget.tokens {
            let amounts = estimates.compactMap { $0["llm_tokens"]?.intValue }
            report(Self.sum(amounts), over: limit, budget.value) { "\($0) LLM tokens" }
        }
    }

    private static func sum(_ amounts: [Int64]) -> Int64 {
        amounts.reduce(0) { sum, amount in
            let (result, isTooMuch) = sum.addingReportingOverflow(amount)
            return isTooMuch ? .max : result
        }
    }

    private func report(_ sum: Int64, over limit: Int64, _ value: SourceValue, _ text: (Int64) -> String) {
        guard sum > limit else { return }
        let message = "the tasks are estimated at \(text(sum)), and the budget is \(text(limit))"
        sink.report(.planOverBudget, at: value, message)
    }

    private func checkTools(_ task: PlanTask) {
        let registry = context.registry
        for value in task.value.member("tools")?.items ?? [] {
            guard let name = value.text, registry.tool(name) == nil, !registry.isAbsent(name), !name.hasSuffix("*")
            else { continue }
            let suggestion = sink.suggestion(for: name, among: registry.toolNames)
            sink.report(.unknownPlanTool, at: value, "unknown tool `\(name)`\(suggestion)")
        }
        guard let value = task.value.member("capability"), let capability = value.text, let agents = registry.agents
        else { return }
        let known = Set(agents.values.flatMap(\.capabilities))
        guard !known.contains(capability) else { return }
        let suggestion = sink.suggestion(for: capability, among: known.sorted())
        sink.report(.unknownPlanTool, at: value, "no agent has the capability `\(capability)`\(suggestion)")
    }

    private func checkReversibility(_ task: PlanTask) {
        guard task.stored["reversible"] == false, task.value.member("compensate") == nil,
            let value = task.value.member("reversible")
        else { return }
        let asksPerson = task.checks.contains { $0.member("kind")?.text == "human" }
        guard !asksPerson else { return }
        let message =
            "task `\(task.key)` cannot be taken back; give it a `compensate` or a check of kind `human` in `verify`"
        sink.report(.irreversibleTask, at: value, message)
    }
}
