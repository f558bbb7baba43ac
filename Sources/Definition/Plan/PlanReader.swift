// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// Reads a plan document and finds out which tasks it means by keys and positions.
struct PlanReader {
    let sink: DiagnosticSink
    private var shapes: ShapeReader
    private var positions: [String: Int] = [:]

    init(sink: DiagnosticSink) {
        self.sink = sink
        shapes = ShapeReader(sink: sink)
    }

    /// Keys whose values are read as parts of the workflow.
    private static let later = ["tasks", "metadata", "description", "version", "limits"]
    private static let laterInTasks = ["inputs", "verify", "compensate"]

    /// The plan; `nil` when it is no mapping. Everything wrong is reported.
    mutating func read(_ root: SourceValue) -> PlanDraft? {
        guard let head = shapes.object(root, as: PlanShapes.document, skipping: Self.later) else { return nil }
        var draft = PlanDraft(root: root)
        draft.rigor = head["rigor"]?.stringValue.flatMap(PlanRigor.init) ?? .L1
        draft.serializes = head["serialize"]?.boolValue ?? true
        draft.phases = (head["phases"]?.arrayValue ?? []).compactMap(\.objectValue)
        draft.requirements = requirements(root, head)
        if let budget = head["budget"], let value = root.member("budget") {
            let usd = budget["usd"]?.stringValue.flatMap { Money(text: $0) }
            draft.budget = (usd, budget["llm_tokens"]?.intValue, value)
        }
        draft.tasks = tasks(root.member("tasks"))
        for index in draft.tasks.indices {
            draft.tasks[index].dependencies = dependencies(of: index, draft.tasks)
        }
        draft.questions = questions(root.member("open_questions"), draft.tasks)
        checkPhases(draft)
        checkTestTasks(root, draft.tasks)
        return draft
    }

    private func requirements(_ root: SourceValue, _ head: JSONObject) -> [PlanRequirement] {
        (root.member("requirements")?.members ?? []).compactMap { entry, value in
            let stored = head["requirements"]?[entry.key]
            guard let text = stored?.stringValue ?? stored?["text"]?.stringValue else { return nil }
            let priority = stored?["priority"]?.stringValue ?? "must"
            return PlanRequirement(id: entry.key, text: text, priority: priority, value: value)
        }
    }

    private mutating func tasks(_ value: SourceValue?) -> [PlanTask] {
        guard let value else { return [] }
        guard let items = value.items else {
            sink.report(.invalidValue, at: value, "`tasks` must be a list, not \(value.node.kindName)")
            return []
        }
        guard (1...200).contains(items.count) else {
            sink.report(.planSize, at: value, "a plan has 1 to 200 tasks, not \(items.count)")
            return []
        }
        // A task that cannot be read still has its position, which others may name.
        return items.enumerated().map { index, item in
            let stored = shapes.object(item, as: PlanShapes.task, skipping: Self.laterInTasks) ?? [:]
            let keyValue = item.member("key") ?? item
            let key = stored["key"]?.stringValue ?? ""
            if let first = positions[key], !key.isEmpty {
                let related = items[first].member("key").map { [DiagnosticSink.related($0, "the first one is here")] }
                let message = "two tasks have the key `\(key)`; rename one"
                sink.report(.duplicateNode, at: keyValue, message, related: related ?? [])
            } else {
                positions[key] = index
            }
            return PlanTask(key: key, keyValue: keyValue, value: item, stored: stored)
        }
    }

    private func dependencies(of index: Int, _ tasks: [PlanTask]) -> [(task: Int, value: SourceValue)] {
        var result: [(task: Int, value: SourceValue)] = []
        for value in tasks[index].value.member("depends_on")?.items ?? [] {
            switch task(value, tasks) {
            case .found(index): drop(value, "a task cannot wait for itself")
            case .found(let task):
                guard !result.contains(where: { $0.task == task }) else {
                    sink.report(.impliedEdge, at: value, "`\(tasks[task].key)` is named twice; once is enough")
                    continue
                }
                result.append((task, value))
            case .useless(let reason): drop(value, reason)
            case .unknown: break
            }
        }
        return result
    }

    private func drop(_ value: SourceValue, _ reason: String) {
        sink.report(.droppedDependency, at: value, "the dependency was dropped: \(reason)")
    }

    private enum Reference {
        case found(Int)
        /// It can mean no task; why not.
        case useless(String)
        /// Reported.
        case unknown
    }

    /// The task that a key or a position means.
    private func task(_ value: SourceValue, _ tasks: [PlanTask]) -> Reference {
        if let text = value.text, Name.isID(text) {
            if let position = positions[text] { return .found(position) }
            let suggestion = sink.suggestion(for: text, among: tasks.lazy.map(\.key))
            sink.report(.unknownPlanDependency, at: value, "there is no task `\(text)`\(suggestion)")
            return .unknown
        }
        guard let number = value.text.flatMap({ Int64($0) }) ?? value.node.json.intValue else {
            let written = value.text.map { "`\($0)`" } ?? value.node.kindName
            return .useless("\(written) is no key and no position of a task")
        }
        guard tasks.indices.contains(Int(number)) else {
            return .useless("there is no task at position \(number); the last one is \(tasks.count - 1)")
        }
        return .found(Int(number))
    }

    private func questions(_ value: SourceValue?, _ tasks: [PlanTask]) -> [PlanQuestion] {
        var taken: Set<String> = []
        return (value?.items ?? []).enumerated().map { index, item in
            let id = item.member("id")?.text ?? "Q\(index + 1)"
            if !taken.insert(id).inserted {
                sink.report(.duplicateNode, at: item.member("id") ?? item, "two questions have the id `\(id)`")
            }
            var question = PlanQuestion(
                id: id,
                question: item.member("question")?.text ?? "",
                proposedAnswer: item.member("proposed_answer")?.text,
                impact: item.member("impact")?.text,
                value: item
            )
            for value in item.member("blocks")?.items ?? [] {
                switch task(value, tasks) {
                case .found(let task): question.blocks.append(task)
                case .useless(let reason): drop(value, reason)
                case .unknown: break
                }
            }
            return question
        }
    }

    private func checkPhases(_ draft: PlanDraft) {
        let ids = draft.phases.compactMap { $0["id"]?.stringValue }
        for (index, item) in (draft.root.member("phases")?.items ?? []).enumerated() {
            guard let value = item.member("id"), let id = value.text, ids.prefix(index).contains(id) else { continue }
            sink.report(.duplicateNode, at: value, "two phases have the id `\(id)`; rename one")
        }
        for task in draft.tasks {
            guard let value = task.value.member("phase"), let id = value.text, !ids.contains(id) else { continue }
            let suggestion = sink.suggestion(for: id, among: ids)
            sink.report(.invalidValue, at: value, "there is no phase `\(id)`\(suggestion)")
        }
    }

    private func checkTestTasks(_ root: SourceValue, _ tasks: [PlanTask]) {
        for value in root.member("test_strategy")?.member("test_tasks")?.items ?? [] {
            if case .useless(let reason) = task(value, tasks) { drop(value, reason) }
        }
    }
}
