// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
public import JSON
import Model

/// Estimates runs of a graph from earlier ones, prices and plain assumptions.
public struct Estimator: Sendable {
    /// What earlier executions took.
    public var history: History
    /// What LLM tokens cost.
    public var prices: PriceTable

    /// An estimator; without history it assumes, without prices it gives no costs.
    public init(history: History = History(), prices: PriceTable = PriceTable()) {
        self.history = history
        self.prices = prices
    }

    /// Tokens of the prompt of an agent that never ran (spec 4.3).
    static let assumedInputTokens = 1500.0

    /// The estimate of one run.
    ///
    /// - Parameter inputs: As far as they are known; they tell how many items a map has.
    public func estimate(_ graph: Graph, inputs: JSONObject = [:]) -> Estimate {
        var tally = Tally(known: KnownValues(inputs: inputs))
        let total = add(graph.body, times: .init(low: 1, likely: 1, high: 1), to: &tally)
        var basis: [String] = []
        if tally.isFromHistory {
            basis.append("nodes that ran before: median and p90 of their last \(History.window) executions")
        }
        if tally.hasNewAgents {
            basis.append("agents that never ran: 1,500 input tokens, and up to `max_output_tokens`")
        }
        basis += tally.notes
        if total.usd == nil { basis.append("usd is unknown: there is no price for a model or tier in use") }
        return Estimate(
            usd: total.usd,
            llmTokens: total.llmTokens,
            minutes: total.minutes,
            criticalPath: total.path,
            nodes: tally.nodes,
            basis: basis
        )
    }

    /// Reports a budget that even the lowest estimate exceeds; whether it does not.
    ///
    /// A figure that is not known exceeds nothing.
    func checkBudget(of graph: Graph, _ root: SourceValue, _ sink: DiagnosticSink) -> Bool {
        guard let budget = graph.budget else { return true }
        let estimate = estimate(graph)
        var isWithin = true
        let place = root.member("budget") ?? root
        if let limit = budget.usd, let low = estimate.usd?.low, low * 1e12 > Double(limit.picodollars) {
            isWithin = false
            let text = Money(picodollars: Int64((low * 1e12).rounded(.up))).text
            let message = "the run costs at least \(text) USD, more than its budget of \(limit.text)"
            sink.report(.overBudget, at: place.member("usd") ?? place, message)
        }
        if let limit = budget.languageModelTokens, estimate.llmTokens.low > Double(limit), estimate.usd != nil {
            isWithin = false
            let text =
                "the run takes at least \(Int(estimate.llmTokens.low)) LLM tokens, more than its budget of \(limit)"
            sink.report(.overBudget, at: place.member("llm_tokens") ?? place, text)
        }
        return isWithin
    }

    /// What is collected on the way.
    private struct Tally {
        let known: KnownValues
        var nodes: [Estimate.Node] = []
        var isFromHistory = false
        var hasNewAgents = false
        var notes: [String] = []
    }

    /// What a body, or a graph, takes.
    private struct Total {
        var usd: Estimate.Range?
        var llmTokens = Estimate.Range.zero
        var minutes = Estimate.Range.zero
        var path: [String] = []
    }

    /// - Parameter times: How often the body runs.
    private func add(_ body: Graph.Body, times: Estimate.Range, to tally: inout Tally) -> Total {
        var costs: [NodeCost] = []
        for node in body.nodes {
            var cost = own(node, &tally)
            // Its place in the list comes before what is inside.
            let place = tally.nodes.count
            tally.nodes.append(cost.entry(node, times))
            if let inner = node.kind.body { addInner(inner, of: node, times, &cost, &tally) }
            if case .workflow(let child) = node.kind, case .inline(let graph) = child.workflow {
                let total = add(graph.body, times: times, to: &tally)
                cost.usd = total.usd
                cost.llmTokens = total.llmTokens
                cost.minutes = total.minutes
            }
            tally.nodes[place] = cost.entry(node, times)
            costs.append(cost)
        }
        let plan = WayPlan(body: body, costs: costs)
        return Total(
            usd: plan.usd,
            llmTokens: plan.sum(\.llmTokens),
            minutes: plan.minutes,
            path: plan.criticalPath
        )
    }

    private func addInner(
        _ inner: Graph.Body,
        of node: Graph.Node,
        _ times: Estimate.Range,
        _ cost: inout NodeCost,
        _ tally: inout Tally
    ) {
        let repetitions = repetitions(of: node, &tally)
        let total = add(inner, times: times * repetitions, to: &tally)
        cost.usd = total.usd.map { $0 * repetitions }
        cost.llmTokens = total.llmTokens * repetitions
        guard history.nodes[node.id]?.milliseconds == nil else { return }
        cost.basis = "assumed"
        switch node.kind {
        case .map(let map):
            let width = Double(map.maxParallel)
            let rounds = Estimate.Range(
                low: (repetitions.low / width).rounded(.up),
                likely: (repetitions.likely / width).rounded(.up),
                high: (repetitions.high / width).rounded(.up)
            )
            cost.minutes = total.minutes * rounds
        default: cost.minutes = total.minutes * repetitions
        }
    }

    // MARK: One node

    private func own(_ node: Graph.Node, _ tally: inout Tally) -> NodeCost {
        var cost = assumed(node, tally.known)
        let past = history.nodes[node.id]
        if let past, past.executions > 0 {
            tally.isFromHistory = true
            cost.basis = "history"
            if let spread = past.milliseconds {
                let scale = 1.0 / 60_000
                cost.minutes = .init(low: 0, likely: spread.median * scale, high: spread.p90 * scale)
                cost.minutes.low = min(cost.minutes.likely, cost.minutes.likely * 0.5)
            }
            if let spread = past.llmTokens {
                cost.llmTokens = .init(low: spread.median, likely: spread.median, high: spread.p90)
            }
            if let spread = past.usd { cost.usd = .init(low: spread.median, likely: spread.median, high: spread.p90) }
        }
        if let config = node.kind.agentConfig, past?.usd == nil {
            tally.hasNewAgents = tally.hasNewAgents || past?.llmTokens == nil
            let one = price(config.source, tokens: past?.llmTokens == nil ? nil : cost.llmTokens)
            // Tokens of several are counted already.
            let factor = past?.llmTokens == nil ? node.kind.calls : .init(low: 1, likely: 1, high: 1)
            cost.usd = one.map { $0 * factor }
        }
        return cost
    }

    /// - Parameter tokens: From earlier executions; their share of input is not known, so all count as output.
    private func price(_ config: JSONValue, tokens: Estimate.Range?) -> Estimate.Range? {
        let price = prices.price(model: config["model"]?.stringValue, tier: config["tier"]?.stringValue)
        guard let price else { return nil }
        let scale = 1e-12 / 1e6
        let (input, output) = (Double(price.input.picodollars) * scale, Double(price.output.picodollars) * scale)
        if let tokens {
            return .init(
                low: tokens.low * input,
                likely: tokens.likely * (input + output) / 2,
                high: tokens.high * output
            )
        }
        let (prompt, answer) = (Self.assumedInputTokens, NodeCost.maxOutputTokens(config))
        return .init(
            low: prompt * input,
            likely: prompt * input + answer / 4 * output,
            high: prompt * input + answer * output
        )
    }

    private func assumed(_ node: Graph.Node, _ known: KnownValues) -> NodeCost {
        let limit = node.timeout.map { Double($0.milliseconds) / 60_000 }
        var cost = NodeCost()
        switch node.kind {
        case .agent, .team:
            let answer = NodeCost.maxOutputTokens(node.kind.agentConfig?.source ?? .null)
            let (prompt, calls) = (Self.assumedInputTokens, node.kind.calls)
            let one = Estimate.Range(low: prompt, likely: prompt + answer / 4, high: prompt + answer)
            cost.llmTokens = one * calls
            let most: Double = if case .team = node.kind { 5 } else { limit ?? 10 }
            cost.minutes = Estimate.Range(low: 0.1, likely: 0.5, high: most) * node.kind.turns
        case .tool, .http, .function:
            cost.minutes = .init(low: 0, likely: 0.02, high: limit ?? 1)
        case .human(let human):
            let span = Double(human.deadline.milliseconds) / 60_000
            cost.minutes = .init(low: 0, likely: min(15, span), high: span)
        case .waitFor(let template):
            let text = (try? template.evaluate(in: known))?.stringValue
            let span = text.flatMap(Duration.init(text:)).map { Double($0.milliseconds) / 60_000 } ?? 0
            cost.minutes = .init(low: span, likely: span, high: span)
        case .waitSignal(let signal):
            let span = signal.timeout.map { Double($0.milliseconds) / 60_000 } ?? 0
            cost.minutes = .init(low: 0, likely: min(15, span), high: span)
        case .branch, .join, .transform, .filter, .aggregate: cost.basis = "free"
        case .loop, .map, .workflow, .waitUntil, .signal: break
        }
        if let when = node.when {
            // It may be skipped; whether it is, only the run knows.
            let runs = try? when.condition(in: known)
            cost.share = .init(low: runs == true ? 1 : 0, likely: runs == false ? 0 : 1, high: runs == false ? 0 : 1)
        }
        return cost
    }

    // MARK: Repetitions

    private func repetitions(of node: Graph.Node, _ tally: inout Tally) -> Estimate.Range {
        switch node.kind {
        case .loop(let loop):
            let most = Double(loop.maxIterations)
            guard loop.condition != nil else { return .init(low: most, likely: most, high: most) }
            if let past = history.nodes[node.id]?.repetitions {
                return .init(low: 1, likely: min(past.median, most), high: most)
            }
            return .init(low: 1, likely: ((most + 1) / 2).rounded(.up), high: most)
        case .map(let map):
            if let items = (try? map.items.evaluate(in: tally.known))?.arrayValue {
                let count = Double(items.count)
                return .init(low: count, likely: count, high: count)
            }
            if let past = history.nodes[node.id]?.repetitions {
                return .init(low: past.median, likely: past.median, high: past.p90)
            }
            tally.notes.append("the items of map `\(node.id)` are not known before it runs: counted as one")
            return .init(low: 1, likely: 1, high: 1)
        default: return .init(low: 1, likely: 1, high: 1)
        }
    }
}

extension Graph.NodeKind {
    /// What each agent is told.
    fileprivate var agentConfig: ValueTemplate? {
        switch self {
        case .agent(let config): return config
        case .team(let team):
            if case .agent(let config)? = team.body.nodes.first?.kind { return config }
            return nil
        default: return nil
        }
    }

    /// How many agents work, counted each time.
    fileprivate var calls: Estimate.Range {
        guard case .team(let team) = self else { return .init(low: 1, likely: 1, high: 1) }
        let count = Double(team.size)
        let rounds = team.strategy == .consensus ? Double(team.rounds + 1) : 1
        return .init(low: team.match == nil ? count : 1, likely: count, high: count * rounds)
    }

    /// How many work one after the other.
    fileprivate var turns: Estimate.Range {
        guard case .team(let team) = self else { return .init(low: 1, likely: 1, high: 1) }
        if team.strategy.isInOrder { return calls }
        return .init(low: 1, likely: 1, high: team.strategy == .consensus ? Double(team.rounds + 1) : 1)
    }
}

/// What one execution of a node takes.
struct NodeCost {
    /// `nil` when a price is not known.
    var usd: Estimate.Range? = .zero
    var llmTokens = Estimate.Range.zero
    var minutes = Estimate.Range.zero
    /// How often it runs when it is reached.
    var share = Estimate.Range(low: 1, likely: 1, high: 1)
    var basis = "assumed"

    static func maxOutputTokens(_ config: JSONValue) -> Double {
        config["max_output_tokens"]?.doubleValue ?? 4096
    }

    func entry(_ node: Graph.Node, _ times: Estimate.Range) -> Estimate.Node {
        let times = times * share
        return Estimate.Node(
            id: node.id,
            kind: node.kind.type,
            times: times,
            usd: usd.map { $0 * times },
            llmTokens: llmTokens * times,
            minutes: minutes,
            basis: basis
        )
    }
}

/// The inputs of a run that are known before it starts.
struct KnownValues: CELScope {
    let inputs: JSONObject

    func variable(_ name: String) -> CELValue? {
        name == "inputs" ? CELValue(.object(inputs)) : nil
    }

    /// Whether everything that an expression reads is known.
    func covers(_ expression: CELExpression) -> Bool {
        expression.references.allSatisfy { $0.root == "inputs" && ($0.path.first.map { inputs[$0] != nil } ?? true) }
    }
}
