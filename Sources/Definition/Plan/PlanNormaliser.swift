// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Rewrites a plan to a workflow (spec 3.5): each task becomes an agent node, and each open question that blocks tasks
/// a decision before them.
struct PlanNormaliser {
    let context: ReadingContext
    let root: SourceValue

    /// Keys that are taken over as they are, so that the workflow is read with them.
    private static let taken = ["description", "version", "metadata", "limits", "deadline", "budget", "wave_mode"]

    /// The workflow; `nil` when something is wrong with the plan itself, which is reported.
    func normalise() -> DocumentKind.Normalised? {
        let errors = context.sink.errorCount
        var reader = PlanReader(sink: context.sink)
        guard let draft = reader.read(root) else { return nil }
        PlanLinter(context: context, draft: draft).check()
        let order = WriteOrder(draft: draft, sink: context.sink).steps()
        guard context.sink.errorCount == errors, !draft.tasks.isEmpty else { return nil }
        context.hasOpenVariables = true
        let nodes = PlanNodes(draft: draft, order: order)
        let members: [(String, SourceNode?)] = [
            ("workflow", root.member("plan")?.moved), ("nodes", root.derived.list(nodes.nodes())),
            ("on_failure", root.member("on_failure")?.moved ?? root.derived.text("continue")),
        ]
        return DocumentKind.Normalised(
            kind: .plan,
            root: SourceValue(
                node: root.derived.mapping(members + Self.taken.map { ($0, root.member($0)?.moved) }),
                path: root.path
            ),
            phases: draft.phases.map { phase in
                var stored = phase
                stored["description"] = nil
                return .object(stored)
            }
        )
    }
}

/// The nodes that the tasks and questions of a plan stand for.
private struct PlanNodes {
    let draft: PlanDraft
    let order: [[WriteOrder.Step]]
    /// Questions that block tasks, with the ids of their nodes.
    private let decisions: [(question: PlanQuestion, node: String)]

    init(draft: PlanDraft, order: [[WriteOrder.Step]]) {
        self.draft = draft
        self.order = order
        var names = NodeNames(taken: Set(draft.tasks.map(\.key)))
        decisions = draft.questions.filter { !$0.blocks.isEmpty }.map { ($0, names.name("decide", $0.id)) }
    }

    func nodes() -> [SourceNode] {
        decisions.map { decision($0.question, $0.node) } + draft.tasks.indices.map(task)
    }

    private func decision(_ question: PlanQuestion, _ id: String) -> SourceNode {
        let make = question.value.derived
        let title = "Decide: " + question.question.shortened(toBytes: 300).escapedForTemplate
        let impact = question.impact.map { "\nIt has an effect on: \($0)" } ?? ""
        let message = "Question: " + (question.question + impact).escapedForTemplate
        var config: [(String, SourceNode?)] = [
            ("kind", make.text("decision")), ("title", make.text(title)), ("message", make.text(message)),
            ("assignees", make.list([make.text("owner")])), ("deadline", make.text("24h")),
        ]
        if let proposed = question.proposedAnswer {
            let other = choice(make, "other", "Another answer, in the comment")
            config.append(("choices", make.list([choice(make, "proposed", proposed), other])))
            config.append(("on_expire", make.text("choice:proposed")))
        } else {
            config.append(("form", form(make)))
        }
        return make.mapping([
            ("id", make.text(id)), ("type", make.text("human")), ("config", make.mapping(config)),
        ])
    }

    private func choice(_ make: DerivedNode, _ id: String, _ label: String) -> SourceNode {
        make.mapping([("id", make.text(id)), ("label", make.text(label.shortened(toBytes: 190)))])
    }

    /// Asks for the answer in words.
    private func form(_ make: DerivedNode) -> SourceNode {
        let answer = make.mapping([("type", make.text("string")), ("minLength", make.integer(1))])
        return make.mapping([
            ("type", make.text("object")), ("required", make.list([make.text("answer")])),
            ("properties", make.mapping([("answer", answer)])),
        ])
    }

    private func task(_ index: Int) -> SourceNode {
        let task = draft.tasks[index]
        let make = task.value.derived
        let dependencies = dependencies(index)
        let priority = task.stored["priority"]?.intValue.flatMap { priority in
            task.value.member("priority")?.derived.integer(Int(10 - priority) * 100)
        }
        let outputs = task.outputs.isEmpty ? nil : schemas(task)
        return make.mapping(
            [
                ("id", task.keyValue.moved), ("type", make.text("agent")), ("name", task.value.member("title")?.moved),
                ("config", config(task, index)), ("depends_on", dependencies.isEmpty ? nil : make.list(dependencies)),
                ("on_exhausted", make.text("escalate")), ("priority", priority), ("outputs", outputs),
                ("verify", checks(task)),
            ] + ["phase", "reversible", "compensate"].map { ($0, task.value.member($0)?.moved) }
        )
    }

    private func dependencies(_ index: Int) -> [SourceNode] {
        let asked = decisions.filter { $0.question.blocks.contains(index) }
        return draft.tasks[index].dependencies.map { $0.value.derived.text(draft.tasks[$0.task].key) }
            + order[index].map { $0.value.derived.text(draft.tasks[$0.task].key) }
            + asked.map { $0.question.value.derived.text($0.node) }
    }

    private func config(_ task: PlanTask, _ index: Int) -> SourceNode {
        let make = task.value.derived
        let asked = decisions.filter { $0.question.blocks.contains(index) }
        let prompt = PlanPrompt(task: task, requirements: draft.requirements, decisions: asked).text
        let title = (task.value.member("title") ?? task.value).derived
        let tier = task.value.member("tier") ?? task.value.member("complexity") ?? task.value
        var members = [("prompt", Optional(title.text(prompt))), ("tier", tier.derived.text(task.tier))]
        members.append(worker(task))
        members += [("tools", task.value.member("tools")?.moved), ("arguments", task.value.member("inputs")?.moved)]
        if !task.outputs.isEmpty { members.append(("output_schema", answer(task))) }
        return make.mapping(members)
    }

    /// Who does it: the role that is named, whoever is able, or the usual role for the type.
    private func worker(_ task: PlanTask) -> (String, SourceNode?) {
        if let role = task.value.member("role") { return ("agent", role.moved) }
        guard let capability = task.value.member("capability") else {
            return ("agent", (task.value.member("type") ?? task.value).derived.text(task.role))
        }
        let make = capability.derived
        return ("match", make.mapping([("capabilities", make.list([capability.moved]))]))
    }

    /// The schema of each output.
    private func schemas(_ task: PlanTask) -> SourceNode {
        let value = task.value.member("outputs") ?? task.value
        return value.derived.mapping(
            (value.items ?? []).compactMap { item in
                item.member("name")?.text.map { ($0, item.member("schema")?.moved ?? item.derived.flag(true)) }
            }
        )
    }

    /// The answer of the agent holds all outputs.
    private func answer(_ task: PlanTask) -> SourceNode {
        let make = (task.value.member("outputs") ?? task.value).derived
        return make.mapping([
            ("type", make.text("object")), ("required", make.list(task.outputs.map { make.text($0.name) })),
            ("properties", schemas(task)),
        ])
    }

    /// The checks; one of kind `diff` without paths of its own takes those of the task.
    private func checks(_ task: PlanTask) -> SourceNode? {
        guard let verify = task.value.member("verify") else { return nil }
        guard let items = verify.items, let writes = task.value.member("writes"), !task.writes.isEmpty else {
            return verify.moved
        }
        return verify.derived.list(
            items.map { check in
                guard check.member("kind")?.text == "diff", check.member("writes") == nil, let members = check.members
                else { return check.moved }
                return check.derived.mapping(
                    members.map { ($0.entry.key, $0.value.moved) } + [("writes", writes.moved)]
                )
            }
        )
    }
}
