// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model

/// `baton workflow estimate`.
enum EstimateCommand {
    static let command: CommandDescription = .init(
        name: "estimate",
        summary: "Estimate money, LLM tokens and time of a run before it starts",
        discussion:
            "Three figures each: if all goes well, what to expect, and if loops go to their limits and the dearest ways\n"
            + "are taken. What is not known, such as a price, is shown as unknown and never counted as nothing.",
        arguments: [
            .init(name: "FILE", summary: "a workflow in YAML or JSON; - reads standard input", completion: .files)
        ],
        options: [
            OptionDescription(
                name: "input",
                kind: .pair("NAME=VALUE"),
                summary: "an input, as far as it is known",
                short: "i",
                isRepeated: true
            )
        ],
        examples: [.init(line: "baton workflow estimate order.yaml -i limit=500", comment: "before a run")],
        exits: [.notFound],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() {
            let document = try ServerDocument.find(context.invocation.word("FILE"), server, context)
            let inputs = try document.check().typed(context)
            let query = inputs.isEmpty ? [] : [(name: "inputs", value: JSONValue.object(inputs).text)]
            let estimate = try server.send(document.request("/v1/estimate", query: query))
            context.console.show(estimate) { text(estimate) }
            return .ok
        }
        let compiler = try WorkflowCommands.makeCompiler(context)
        let file = try WorkflowFile(context.invocation.word("FILE"), context, compiler)
        let graph = try file.graph(context.console)
        let estimator = try estimator(graph, context)
        let estimate = estimator.estimate(graph, inputs: try inputs(graph, context))
        context.console.show(estimate.json) { text(estimate.json) }
        return .ok
    }

    private static func estimator(_ graph: Graph, _ context: CommandContext) throws(CommandFailure) -> Estimator {
        let prices = try SettingsReader.read(context).estimatePrices()
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return Estimator(prices: prices) }
        let history = try engineCall { () throws(EngineError) in
            try data.reader.history(ofWorkflow: graph.name, .everything(of: Ownership.defaultTenant))
        }
        return Estimator(history: history, prices: prices)
    }

    /// Inputs that were given, and defaults; none is required.
    private static func inputs(_ graph: Graph, _ context: CommandContext) throws(CommandFailure) -> JSONObject {
        var inputs = JSONObject()
        for input in graph.inputs { inputs[input.name] = input.defaultValue }
        for pair in context.invocation.pairs("input") {
            guard let input = graph.inputs.first(where: { $0.name == pair.name }) else {
                throw .invalid("there is no input `\(pair.name)`")
            }
            inputs[pair.name] = RunInputs.value(pair.value, schema: input.schema)
        }
        return inputs
    }

    private static func text(_ estimate: JSONValue) -> String {
        var table = Table([
            .init(title: "NODE"), .init(title: "KIND", paint: .dim), .init(title: "TIMES", isNumber: true),
            .init(title: "USD", isNumber: true), .init(title: "LLM TOKENS", isNumber: true),
            .init(title: "MINUTES", isNumber: true), .init(title: "BASIS", paint: .dim),
        ])
        for node in estimate["by_node"]?.arrayValue ?? [] {
            table.add([
                node["id"]?.stringValue ?? "", node["kind"]?.stringValue ?? "", span(node["times"], digits: 0),
                span(node["usd"], digits: 4), span(node["llm_tokens"], digits: 0), span(node["minutes"], digits: 2),
                node["basis"]?.stringValue ?? "",
            ])
        }
        table.add([
            "total", "", "", span(estimate["usd"], digits: 4), span(estimate["llm_tokens"], digits: 0),
            span(estimate["minutes"], digits: 2), "",
        ])
        var lines = table.lines(width: nil, style: Style(isOn: false))
        let path = (estimate["critical_path"]?.arrayValue ?? []).compactMap(\.stringValue)
        lines.append("low/likely/high; critical path: \(path.joined(separator: " → "))")
        lines += (estimate["basis"]?.arrayValue ?? []).compactMap(\.stringValue)
        return lines.joined(separator: "\n") + "\n"
    }

    /// `low/likely/high`, or one figure when they are the same.
    private static func span(_ range: JSONValue?, digits: Int) -> String {
        guard let range, range != .null else { return "unknown" }
        let texts = ["low", "likely", "high"].map { range[$0]?.doubleValue ?? 0 }.map { decimal($0, digits: digits) }
        return Set(texts).count == 1 ? texts[0] : texts.joined(separator: "/")
    }

    private static func decimal(_ value: Double, digits: Int) -> String {
        let factor = [1.0, 10, 100, 1000, 10_000][digits]
        let scaled = Int64((value * factor).rounded())
        guard digits > 0, scaled != 0 else { return String(scaled / Int64(factor)) }
        let fraction = String(scaled % Int64(factor))
        let padded = String(repeating: "0", count: digits - fraction.count) + fraction
        return "\(scaled / Int64(factor)).\(padded)"
    }
}
