// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON

/// Checks that expressions read what exists, and only nodes that ran before (spec 3.7).
struct ReferenceChecker {
    /// Where an expression is evaluated.
    enum Site {
        case node(Int)
        case edge(from: Int)
        /// After all nodes.
        case outputs
    }

    /// Something that holds only if one of some nodes runs before another.
    private struct Question {
        let pairs: Range<Int>
        let use: ExpressionUse
        let offset: Int
        let code: Diagnostic.Code
        /// The node or variable that is read.
        let name: String
        let reader: Int
    }

    let graph: DraftGraph
    let sink: DiagnosticSink
    private let inputs: Set<String>
    /// The nodes that write each variable.
    private let writers: [String: [Int]]
    private var pairs: [Digraph.Edge] = []
    private var questions: [Question] = []
    /// Nodes whose output something reads.
    private var isRead: [Bool]

    init(graph: DraftGraph, sink: DiagnosticSink) {
        self.graph = graph
        self.sink = sink
        inputs = Set(graph.draft.inputs.map(\.name))
        isRead = [Bool](repeating: false, count: graph.draft.nodes.count)
        var writers: [String: [Int]] = [:]
        for (index, node) in graph.draft.nodes.enumerated() {
            if case .tool(_, _, let name?) = node.kind { writers[name, default: []].append(index) }
        }
        self.writers = writers
    }

    mutating func check() {
        for (index, node) in graph.draft.nodes.enumerated() {
            for use in node.uses { check(use, at: .node(index)) }
        }
        for edge in graph.edges {
            for use in edge.uses { check(use, at: .edge(from: edge.from)) }
        }
        for use in graph.draft.outputUses { check(use, at: .outputs) }
        answerQuestions()
        checkWriters()
        checkUnusedOutputs()
    }

    private mutating func check(_ use: ExpressionUse, at site: Site) {
        for reference in use.expression.references {
            if use.locals.contains(reference.root) {
                if case .edge(let from) = site { checkOutput(of: from, reference.path[...], reference, use) }
                continue
            }
            switch reference.root {
            case "nodes": checkNode(reference, use, site)
            case "ctx": checkContext(reference, use, site)
            case "inputs": checkInput(reference, use)
            case "run": checkField(reference.path.first, of: "`run`", among: Scope.runFields, reference, use)
            case "vars": checkVariable(reference, use, site)
            case "now": break
            default: reportUnknownRoot(reference, use)
            }
        }
    }

    private func checkInput(_ reference: CELExpression.Reference, _ use: ExpressionUse) {
        guard let name = reference.path.first, !inputs.contains(name) else { return }
        let suggestion =
            Self.dashHint(reference, use, isKnown: inputs.contains)
            ?? sink.suggestion(for: name, among: graph.draft.inputs.map(\.name))
        report(.unknownReference, use, reference.offset, "there is no input `\(name)`\(suggestion)")
    }

    private func checkField(
        _ field: String?,
        of owner: String,
        among fields: [String],
        _ reference: CELExpression.Reference,
        _ use: ExpressionUse
    ) {
        guard let field, !fields.contains(field) else { return }
        let suggestion = sink.suggestion(for: field, among: fields)
        report(
            .unknownReference,
            use,
            reference.offset,
            "\(owner) has no field `\(field)`\(suggestion) (it has \(fields.joined(separator: ", ")))"
        )
    }

    private mutating func checkNode(_ reference: CELExpression.Reference, _ use: ExpressionUse, _ site: Site) {
        guard let node = position(reference.path.first, reference, use) else { return }
        ask(node, reference, use, site)
        let path = reference.path.dropFirst()
        if path.isEmpty || path.first == "output" { isRead[node] = true }
        checkField(path.first, of: "`nodes.\(graph.id(node))`", among: Scope.nodeFields, reference, use)
        if path.first == "output" { checkOutput(of: node, path.dropFirst(), reference, use) }
    }

    /// `ctx.ID` and `ctx["ID:output"]` are the output of a node.
    private mutating func checkContext(_ reference: CELExpression.Reference, _ use: ExpressionUse, _ site: Site) {
        let id = reference.path.first.map { $0.hasSuffix(":output") ? String($0.dropLast(7)) : $0 }
        guard let node = position(id, reference, use) else { return }
        isRead[node] = true
        ask(node, reference, use, site)
        checkOutput(of: node, reference.path.dropFirst(), reference, use)
    }

    private func position(_ id: String?, _ reference: CELExpression.Reference, _ use: ExpressionUse) -> Int? {
        guard let id else {
            let message = "`\(reference.root)` must be followed by the id of a node, as in `\(reference.root).fetch`"
            report(.unknownReference, use, reference.offset, message)
            return nil
        }
        if let position = graph.positions[id] { return position }
        let suggestion =
            Self.dashHint(reference, use) { graph.positions[$0] != nil }
            ?? sink.suggestion(for: id, among: graph.draft.nodes.lazy.map(\.id))
        report(.unknownReference, use, reference.offset, "there is no node `\(id)`\(suggestion)")
        return nil
    }

    /// A name with `-` after a dot is a subtraction; says how to write it.
    private static func dashHint(
        _ reference: CELExpression.Reference,
        _ use: ExpressionUse,
        isKnown: (String) -> Bool
    ) -> String? {
        let rest = use.expression.source.utf8.dropFirst(reference.offset + reference.root.utf8.count)
        guard rest.first == UInt8(ascii: ".") else { return nil }
        let word = String(decoding: rest.dropFirst().prefix { Name.isIDByte($0) }, as: UTF8.self)
        guard word != reference.path.first, isKnown(word) else { return nil }
        return "; a name with `-` is written `\(reference.root)[\"\(word)\"]`"
    }

    private func checkOutput(
        of node: Int,
        _ path: ArraySlice<String>,
        _ reference: CELExpression.Reference,
        _ use: ExpressionUse
    ) {
        guard !reference.isTested, let fields = graph.draft.nodes[node].kind.outputFields else { return }
        checkField(path.first, of: "the output of `\(graph.id(node))`", among: fields, reference, use)
    }

    private mutating func checkVariable(_ reference: CELExpression.Reference, _ use: ExpressionUse, _ site: Site) {
        guard let name = reference.path.first else { return }
        guard let writers = writers[name] else {
            let suggestion = sink.suggestion(for: name, among: writers.keys.sorted())
            return report(
                .unknownReference,
                use,
                reference.offset,
                "no node has `store_as: \(name)`\(suggestion)"
            )
        }
        ask(anyOf: writers, name, .unknownReference, reference, use, site)
    }

    private func reportUnknownRoot(_ reference: CELExpression.Reference, _ use: ExpressionUse) {
        let name = reference.root
        let hint: String
        if name == "output" {
            hint = "; `output` exists only in conditions of edges, elsewhere write `nodes.ID.output`"
        } else if inputs.contains(name) {
            hint = "; did you mean `inputs.\(name)`?"
        } else if graph.positions[name] != nil {
            hint = "; did you mean `nodes.\(name)`?"
        } else {
            hint = sink.suggestion(for: name, among: Scope.roots + use.locals)
        }
        report(.unknownReference, use, reference.offset, "unknown variable `\(name)`\(hint)")
    }

    private mutating func ask(
        _ node: Int,
        _ reference: CELExpression.Reference,
        _ use: ExpressionUse,
        _ site: Site
    ) {
        ask(anyOf: [node], graph.id(node), .notAncestor, reference, use, site)
    }

    private mutating func ask(
        anyOf nodes: [Int],
        _ name: String,
        _ code: Diagnostic.Code,
        _ reference: CELExpression.Reference,
        _ use: ExpressionUse,
        _ site: Site
    ) {
        let reader: Int
        switch site {
        case .outputs: return
        case .edge(let from):
            guard !nodes.contains(from) else { return }
            reader = from
        case .node(let index): reader = index
        }
        let first = pairs.count
        pairs += nodes.map { Digraph.Edge(from: $0, to: reader) }
        questions.append(
            Question(
                pairs: first..<pairs.count,
                use: use,
                offset: reference.offset,
                code: code,
                name: name,
                reader: reader
            )
        )
    }

    private func answerQuestions() {
        let answers = graph.digraph.areConnected(pairs)
        let refused = questions.filter { !$0.pairs.contains { answers[$0] } }
        let firsts = refused.map { pairs[$0.pairs.lowerBound] }
        let runsAfter = graph.digraph.areConnected(firsts.map { .init(from: $0.to, to: $0.from) })
        for (question, isAfter) in zip(refused, runsAfter) {
            report(question.code, question.use, question.offset, message(question, isAfter: isAfter))
        }
    }

    /// - Parameter isAfter: What is read comes later, so that one more dependency would not help.
    private func message(_ question: Question, isAfter: Bool) -> String {
        let (name, reader) = (question.name, graph.id(question.reader))
        if question.code == .unknownReference { return "no node before `\(reader)` has `store_as: \(name)`" }
        if name == reader { return "`\(name)` reads its own result" }
        if isAfter { return "`\(reader)` reads `\(name)`, which runs after it" }
        return "`\(reader)` reads `\(name)`, which need not have run before; let it depend on `\(name)`"
    }

    private func report(_ code: Diagnostic.Code, _ use: ExpressionUse, _ offset: Int, _ message: String) {
        let value = (try? JSONPointer(use.pointer)).map { use.value.descendant($0) } ?? use.value
        sink.report(code, at: value, position: value.node.position(atByte: use.offset + offset), message)
    }

    /// Writers of one variable must run one after the other.
    private func checkWriters() {
        guard let waves = graph.digraph.waves() else { return }
        let shared = writers.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
        for (name, nodes) in shared {
            let ordered = nodes.sorted { (waves[$0], $0) < (waves[$1], $1) }
            let steps = zip(ordered, ordered.dropFirst()).map { Digraph.Edge(from: $0, to: $1) }
            for (step, isOrdered) in zip(steps, graph.digraph.areConnected(steps)) where !isOrdered {
                sink.report(
                    .variableConflict,
                    at: graph.draft.nodes[step.to].idValue,
                    "`\(graph.id(step.from))` and `\(graph.id(step.to))` may run at the same time and both have "
                        + "`store_as: \(name)`"
                )
            }
        }
    }

    /// Only for node types that do nothing but compute, and not when a join collects the output.
    private func checkUnusedOutputs() {
        for (index, node) in graph.draft.nodes.enumerated() where !isRead[index] && node.kind.isComputation {
            let isCollected = graph.digraph.successors(of: index).contains { successor in
                if case .join = graph.draft.nodes[successor].kind { true } else { false }
            }
            let isTested = graph.digraph.edges(from: index).contains { !graph.edges[$0].uses.isEmpty }
            guard !isCollected, !isTested else { continue }
            sink.report(.unusedOutput, at: node.idValue, "nothing reads the output of `\(node.id)`")
        }
    }
}

extension Graph.NodeKind {
    /// Its output is the only thing that it is good for.
    fileprivate var isComputation: Bool {
        switch self {
        case .transform, .filter, .aggregate: true
        case .tool, .http, .human, .branch, .join, .waitFor, .waitUntil: false
        }
    }
}
