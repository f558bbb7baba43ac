// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Store

/// What an agent does next.
enum AgentAction: Sendable {
    /// Ask a model.
    case ask(AgentAsk)
    /// Ask one that costs little something besides.
    case aside(AgentAside)
    /// Call tools, all at once.
    case call([AgentCall])
    /// The task is done.
    case finish(JSONValue)
    /// It is not, and will not be.
    case fail(TaskError)
}

/// Decides from what a task has to do and the steps it made what comes next (spec 8.4). The same steps always lead to the
/// same action, in whatever process.
struct AgentMachine: Sendable {
    let task: AgentTask
    let turns: [AgentTurn]
    /// How often a model was asked, answered or not.
    let calls: Int
    /// What is wanted, where that was asked.
    let intent: AgentIntent?
    /// What stands for rounds that are left out.
    let summaries: [HistorySummary]
    /// What was made of the older part of the thread, where that was asked.
    let threadSummary: AgentThread.Summary?

    /// Reads the conversation from the steps.
    ///
    /// - Throws: `agent.corrupted`.
    init(_ task: AgentTask, _ steps: [AgentStep]) throws(TaskError) {
        self.task = task
        turns = try AgentTurn.read(steps)
        calls = steps.count { $0.kind == .model && $0.request["purpose"] == nil }
        summaries = HistorySummary.read(steps)
        intent = AgentIntent.read(steps)
        threadSummary = AgentThread.Summary.read(steps)
    }

    /// What comes next.
    func next() -> AgentAction {
        guard let turn = turns.last else {
            let words = [task.opening] + task.guidance + task.feedback.map(Self.words)
            if threadSummary == nil, let due = task.thread?.summaryDue(node: task.node) { return .aside(due) }
            if let due = intentDue(words) { return .aside(due) }
            let before = task.thread?.messages(threadSummary) ?? []
            return ask(before + [.user(words.joined(separator: "\n\n"))])
        }
        // Whoever has a task tried again with words wants it to go on with them, whatever it ended with.
        let words =
            task.guidance.dropFirst(turn.guidance)
            + task.feedback.filter { $0.attempt > turn.feedback }.map(Self.words)
        if !words.isEmpty {
            let results = turn.reply.toolCalls.enumerated().map { ModelPart.toolResult(settled($1, at: $0, of: turn)) }
            return ask([ModelMessage(.user, results + [.text(words.joined(separator: "\n\n"))])])
        }
        if !turn.reply.toolCalls.isEmpty { return carryOut(turn) }
        switch turn.reply.stopReason {
        case .paused: return rounds >= task.maxRounds ? .fail(tooManyRounds) : ask([])
        case .refusal, .filtered: return .fail(.agent("refused", "the model refused: \(turn.reply.text.prefix(500))"))
        case .contextFull: return .fail(.agent("context_full", "the conversation is longer than the model can read"))
        case .maxOutput: return .fail(.agent("output_limit", "the answer was cut at its limit of LLM tokens"))
        case .end, .stopSequence, .tools, .cut: return answer(turn)
        }
    }

    /// What an agent is told when its output did not pass its checks.
    static func words(_ feedback: CheckFeedback) -> String {
        """
        Your output was checked, and does not pass:
        \(feedback.text)
        Correct that, then give your whole answer again.
        """
    }

    /// Answers since somebody last said something, corrections left out.
    var rounds: Int { recent.count { !$0.isRepair } }

    /// The turns since people last said something, or checks did.
    var recent: ArraySlice<AgentTurn> {
        let last = turns.last
        let before = turns.lastIndex { $0.guidance != last?.guidance || $0.feedback != last?.feedback }
        return turns[(before.map { $0 + 1 } ?? 0)...]
    }

    // MARK: Asking

    private func ask(_ added: [ModelMessage], isRepair: Bool = false) -> AgentAction {
        if let due = summaryDue { return .aside(due) }
        var messages = AgentTurn.conversation(
            turns,
            rounds: task.historyRounds,
            summaries: summaries,
            adding: added
        )
        messages[messages.count - 1].cache = .short
        var request = ModelRequest(model: "", messages: messages, maxOutputTokens: task.maxOutputTokens)
        let skills = task.skills.map(\.text).joined(separator: "\n\n")
        request.instructions = [InstructionBlock(task.record.instructions, cache: skills.isEmpty ? .short : nil)]
        if !skills.isEmpty { request.instructions.append(InstructionBlock(skills, cache: .short)) }
        request.tools = tools.values.map(\.model).sorted { $0.name < $1.name }
        request.temperature = task.temperature
        // Where the answer is a call, its form is that of the call.
        request.outputSchema = task.respondsByTool ? nil : task.output.source
        if task.respondsByTool { request.toolChoice = .required }
        request.cacheKey = task.cacheKey
        request.origin = ModelCallOrigin(agent: task.record.id, node: task.node, call: calls + 1)
        return .ask(
            AgentAsk(
                request: request,
                added: added,
                isRepair: isRepair,
                guidance: task.guidance.count,
                feedback: task.feedback.last?.attempt ?? 0,
                historyRounds: task.historyRounds
            )
        )
    }

    /// What may be called, as far as it is known what is wanted.
    var tools: [String: AgentTool] {
        guard let intent, intent.guidance == task.guidance.count else { return task.tools }
        return task.tools.filter { intent.offers($0.value) }
    }

    /// The question what is wanted.
    private func intentDue(_ words: [String]) -> AgentAside? {
        guard task.tools.values.contains(where: { $0.kind == .patch }), intent == nil else { return nil }
        let request = AgentIntent.request(words, node: task.node)
        var fields: JSONObject = ["messages": .array(request.messages.map(\.json))]
        fields["guidance"] = .int(Int64(task.guidance.count))
        return AgentAside(request: request, purpose: .classification, fields: fields)
    }

    private func fields(_ cut: HistoryPlan.Cut) -> JSONObject {
        ["upto": .int(Int64(cut.last)), "history_rounds": .int(Int64(task.historyRounds))]
    }

    /// The account of rounds that have just been left out.
    private var summaryDue: AgentAside? {
        for cut in HistoryPlan(turns, rounds: task.historyRounds).cuts.suffix(1) {
            guard !summaries.contains(where: { $0.last == cut.last }),
                let request = HistorySummary.request(cut, turns, node: task.node)
            else { continue }
            return AgentAside(request: request, purpose: .extraction, fields: fields(cut))
        }
        return nil
    }

    // MARK: Answers

    private func answer(_ turn: AgentTurn) -> AgentAction {
        let text = turn.reply.text
        if task.respondsByTool {
            if let refusal = OutputRule.refusal(in: text) { return .fail(.gaveUp(refusal)) }
            return repair(OutputRule.Violations(lines: ["the answer was not given by calling `respond`"]), [])
        }
        return answer(text, [])
    }

    /// - Parameter results: What the calls of the answer gave, where it has some.
    private func answer(_ text: String, _ results: [ModelPart]) -> AgentAction {
        let isSimulated = turns.contains { $0.reply.isSimulated }
        switch task.output.output(of: text, isSimulated: isSimulated) {
        case .success(let output):
            if task.output.source == nil, let refusal = OutputRule.refusal(in: text) {
                return .fail(.gaveUp(refusal))
            }
            if let reason = leftToDo { return goBack(reason, results) }
            return checkClaims(text, results) ?? .finish(output)
        case .failure(let violations):
            if let refusal = OutputRule.refusal(in: text) { return .fail(.gaveUp(refusal)) }
            return repair(violations, results)
        }
    }

    /// The answer comes before what a skill wants done.
    private func goBack(_ reason: String, _ results: [ModelPart]) -> AgentAction {
        guard recent.count(where: \.isRepair) < OutputRule.repairLimit else {
            return .fail(TaskError(code: "skill.constraint", errorClass: .permanent, message: reason))
        }
        let words = "You are not done: \(reason). Do that, then answer again."
        return ask([ModelMessage(.user, results + [.text(words)])], isRepair: true)
    }

    /// What `respond` was called with, as the text of an answer.
    private func answer(_ call: ToolCall) -> String {
        let value = AgentTool.isObject(task.output.source) ? call.arguments : call.arguments["answer"] ?? .null
        return value.stringValue ?? value.text
    }

    /// Sends an answer back that says more than was done, once.
    private func checkClaims(_ text: String, _ results: [ModelPart]) -> AgentAction? {
        guard task.verifiesClaims else { return nil }
        let unsupported = ClaimsCheck(executed: executed).unsupported(in: text)
        guard let first = unsupported.first else { return nil }
        guard !recent.contains(where: \.isClaimsReturn) else {
            return .fail(
                TaskError(
                    code: "verification.failed",
                    errorClass: .permanent,
                    message: "the answer says what no tool has done: \(first.prefix(300))",
                    details: ["claims": .array(unsupported.prefix(20).map { .string($0) })]
                )
            )
        }
        let list = unsupported.prefix(20).map { "- \($0)" }.joined(separator: "\n")
        let words = """
            \(AgentTurn.claimsWords)
            \(list)
            Either do it now, with a tool, or give an answer that says only what was done.
            """
        return ask([ModelMessage(.user, results + [.text(words)])])
    }

    /// Calls of tools that succeeded.
    private var executed: [ClaimsCheck.Executed] {
        turns.flatMap { turn in
            turn.calls.sorted { $0.key < $1.key }.compactMap { index, step -> ClaimsCheck.Executed? in
                guard step.result?["output"] != nil, turn.reply.toolCalls.indices.contains(index) else { return nil }
                let tool = task.catalogue?.tool(step.name) ?? task.tools[turn.reply.toolCalls[index].name]
                return ClaimsCheck.Executed(
                    name: step.name,
                    category: tool?.category ?? "",
                    isRead: tool?.isRead ?? false,
                    arguments: (step.request["arguments"] ?? .null).text
                )
            }
        }
    }

    private func repair(_ violations: OutputRule.Violations, _ results: [ModelPart]) -> AgentAction {
        let list = violations.lines.map { "- \($0)" }.joined(separator: "\n")
        guard recent.count(where: \.isRepair) < OutputRule.repairLimit else {
            return .fail(
                TaskError(
                    code: "output.invalid",
                    errorClass: .permanent,
                    message: "the answer does not satisfy `output_schema`: \(violations.lines[0])",
                    details: ["violations": .array(violations.lines.map { .string($0) })]
                )
            )
        }
        let again =
            task.respondsByTool
            ? "Call `respond` again with the corrected answer."
            : "Answer again with nothing but the corrected JSON value."
        let text = """
            Your answer does not have the form that is needed:
            \(list)
            \(again)
            """
        return ask([ModelMessage(.user, results + [.text(text)])], isRepair: true)
    }

    // MARK: Tools

    private func carryOut(_ turn: AgentTurn) -> AgentAction {
        var results: [ModelPart] = []
        var waiting: [AgentCall] = []
        var given: ToolCall?
        for (index, call) in turn.reply.toolCalls.enumerated() {
            switch fate(of: call, at: index, in: turn) {
            case .known(let result): results.append(.toolResult(result))
            case .due(let call): waiting.append(call)
            case .end(let error): return .fail(error)
            case .answer:
                given = call
                results.append(.toolResult(ToolResult(callID: call.id, name: call.name, content: "taken in")))
            }
        }
        if waiting.isEmpty, let given { return answer(answer(given), results) }
        // What is called beside the answer is not followed by a round.
        guard rounds < task.maxRounds || given != nil else { return .fail(tooManyRounds) }
        guard let first = waiting.first else { return ask([ModelMessage(.user, results)]) }
        // What changes something waits for what comes before it.
        return .call(first.tool.isRead ? Array(waiting.prefix { $0.tool.isRead }) : [first])
    }

    private var tooManyRounds: TaskError {
        .agent("rounds", "the agent was not done after \(task.maxRounds) rounds (`max_rounds`)")
    }
}

extension TaskError {
    static func agent(_ word: String, _ message: String, details: JSONValue? = nil) -> TaskError {
        TaskError(code: "agent.\(word)", errorClass: .permanent, message: message, details: details)
    }

    /// Of an object with `reason`, perhaps `tried` and `needs`.
    static func gaveUp(_ object: JSONObject) -> TaskError {
        var details = JSONObject()
        for key in ["reason", "tried", "needs"] { details[key] = object[key] }
        return .agent(
            "gave_up",
            "the agent gave up: \(object["reason"]?.stringValue ?? "it said no reason")",
            details: .object(details)
        )
    }
}
