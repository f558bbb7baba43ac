// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON

/// Checks that expressions read what exists, and only nodes that ran before (spec 3.7).
final class ReferenceChecker {
    let draft: WorkflowDraft
    let context: ReadingContext
    let inputs: Set<String>
    /// The nodes that write each variable.
    private(set) var writers: [String: [Place]] = [:]
    /// The nodes of each phase.
    private(set) var phases: [String: [Place]] = [:]
    private var scopes: [BodyScope] = []
    private var questions: [Question] = []

    /// A node in a body.
    struct Place {
        let scope: BodyScope
        let node: Int
    }

    /// Something that holds only if one of some nodes runs before another.
    private struct Question {
        let alternatives: [(scope: BodyScope, pair: Int)]
        let use: ExpressionUse
        let offset: Int
        let code: Diagnostic.Code
        /// The node or variable that is read.
        let name: String
    }

    init(draft: WorkflowDraft, context: ReadingContext) {
        self.draft = draft
        self.context = context
        inputs = Set(draft.inputs.map(\.name))
    }

    var sink: DiagnosticSink { context.sink }

    func check(_ body: ResolvedBody, _ outputUses: [ExpressionUse]) {
        let root = BodyScope(body, parent: nil)
        collect(root)
        for scope in scopes { check(scope, outputs: scope === root ? outputUses : scope.body.draft.outputUses) }
        answerQuestions()
        for scope in scopes {
            checkWriters(scope)
            scope.reportUnusedOutputs(sink)
        }
    }

    private func collect(_ scope: BodyScope) {
        scopes.append(scope)
        for index in scope.body.overview.notable {
            let node = scope.body.nodes[index]
            let place = Place(scope: scope, node: index)
            if let name = node.storeAs { writers[name, default: []].append(place) }
            if let phase = node.phase { phases[phase, default: []].append(place) }
        }
        for (index, body) in scope.body.inner.sorted(by: { $0.key < $1.key }) {
            collect(BodyScope(body, parent: (scope, index)))
        }
    }

    private func check(_ scope: BodyScope, outputs: [ExpressionUse]) {
        let types = TypeChecker(self)
        for index in scope.body.overview.reading {
            let node = scope.body.nodes[index]
            let secrets = SecretChecker(node: node, context: context)
            for use in node.uses {
                check(use, in: scope, at: .node(index), types)
                secrets.check(use)
            }
        }
        for edge in scope.body.writtenEdges {
            for use in edge.uses { check(use, in: scope, at: .edge(from: edge.from), types) }
        }
        for use in outputs { check(use, in: scope, at: .outputs, types) }
    }

    /// Types say something only about what exists.
    private func check(
        _ use: ExpressionUse,
        in scope: BodyScope,
        at site: UseChecker.Site,
        _ types: TypeChecker
    ) {
        let errors = sink.errorCount
        UseChecker(checker: self, scope: scope, use: use, site: site).check()
        if sink.errorCount == errors { types.check(use, in: scope, at: site) }
    }

    /// Asks whether one of some places runs before the reader.
    ///
    /// - Parameter site: The node that reads, or `nil` for what is evaluated after all nodes of `scope`.
    func ask(
        anyOf places: [Place],
        _ name: String,
        _ code: Diagnostic.Code,
        _ offset: Int,
        _ use: ExpressionUse,
        by reader: Int?,
        in scope: BodyScope,
        isAtSource: Bool
    ) {
        var alternatives: [(scope: BodyScope, pair: Int)] = []
        for place in places {
            guard let meeting = scope.meeting(with: place, reader: reader) else { return }
            // The loop itself reads its body, and an edge its source.
            if meeting.source == meeting.reader, place.scope !== meeting.scope || isAtSource { return }
            let pair = Digraph.Edge(from: meeting.source, to: meeting.reader)
            // Most nodes read what they depend on, so that there is no question.
            if meeting.scope.body.digraph.hasEdge(pair) { return }
            meeting.scope.pairs.append(pair)
            alternatives.append((meeting.scope, meeting.scope.pairs.count - 1))
        }
        questions.append(Question(alternatives: alternatives, use: use, offset: offset, code: code, name: name))
    }

    private func answerQuestions() {
        let answers = Dictionary(
            uniqueKeysWithValues: scopes.map { (ObjectIdentifier($0), $0.body.digraph.areConnected($0.pairs)) }
        )
        var told: Set<String> = []
        for question in questions {
            let holds = question.alternatives.contains { answers[ObjectIdentifier($0.scope)]?[$0.pair] ?? false }
            guard !holds, let first = question.alternatives.first else { continue }
            let place = question.use.position(question.offset)
            let key = "\(SourcePath.pointer(place.value.path)) \(question.offset) \(question.name)"
            guard told.insert(key).inserted else { continue }
            let message = Self.message(question, first.scope, first.scope.pairs[first.pair])
            sink.report(question.code, at: place.value, position: place.position, message)
        }
    }

    private static func message(_ question: Question, _ scope: BodyScope, _ pair: Digraph.Edge) -> String {
        let (name, reader) = (question.name, scope.body.id(pair.to))
        if question.code == .unknownReference { return "no node before `\(reader)` has `store_as: \(name)`" }
        if name == reader { return "`\(name)` reads its own result" }
        // One more dependency would not help.
        if scope.body.digraph.areConnected([.init(from: pair.to, to: pair.from)]) == [true] {
            return "`\(reader)` reads `\(name)`, which runs after it"
        }
        return "`\(reader)` reads `\(name)`, which need not have run before; let it depend on `\(name)`"
    }

    /// Writers of one variable must run one after the other.
    private func checkWriters(_ scope: BodyScope) {
        guard let waves = scope.body.waves else { return }
        for (name, places) in writers.sorted(by: { $0.key < $1.key }) where places.count > 1 {
            let nodes = Set(places.compactMap { scope.representative(of: $0) })
            guard nodes.count > 1 else { continue }
            let ordered = nodes.sorted { (waves[$0], $0) < (waves[$1], $1) }
            let steps = zip(ordered, ordered.dropFirst()).map { Digraph.Edge(from: $0, to: $1) }
            for (step, isOrdered) in zip(steps, scope.body.digraph.areConnected(steps)) where !isOrdered {
                sink.report(
                    .variableConflict,
                    at: scope.body.nodes[step.to].idValue,
                    "`\(scope.body.id(step.from))` and `\(scope.body.id(step.to))` may run at the same time and both "
                        + "have `store_as: \(name)`"
                )
            }
        }
    }

    /// Finds a node by id from inside a scope: its own nodes, those around it, and those in loops that ended before.
    func find(_ id: String, from scope: BodyScope) -> Place? {
        var next: BodyScope? = scope
        while let scope = next {
            if let node = scope.body.positions[id] { return Place(scope: scope, node: node) }
            next = scope.parent?.scope
        }
        return scopes.lazy.compactMap { inner in
            guard let node = inner.body.positions[id], inner.isLoopBody else { return nil }
            return Place(scope: inner, node: node)
        }.first
    }

    /// All ids, for suggestions.
    var ids: [String] { scopes.flatMap { $0.body.nodes.map(\.id) } }
}

/// A body with the questions about its nodes.
final class BodyScope {
    let body: ResolvedBody
    /// The body around it and the node it belongs to.
    let parent: (scope: BodyScope, node: Int)?
    /// Pairs of nodes of which the first must run before the second.
    var pairs: [Digraph.Edge] = []
    /// Nodes whose output something reads.
    var isRead: [Bool]
    /// The nodes that name another one as what undoes them, by its id.
    private let undoneBy: [String: [Int]]
    /// What is known of the output of each node; nothing in it until the first is asked for.
    private var outputTypes: [CELType?] = []

    init(_ body: ResolvedBody, parent: (scope: BodyScope, node: Int)?) {
        self.body = body
        self.parent = parent
        isRead = [Bool](repeating: false, count: body.nodes.count)
        var undoneBy: [String: [Int]] = [:]
        for index in body.overview.notable {
            if let id = body.nodes[index].undoneBy { undoneBy[id, default: []].append(index) }
        }
        self.undoneBy = undoneBy
    }

    /// The one node that is undone by this one, which runs after it and may read it.
    func undone(by node: Int) -> Int? {
        guard !undoneBy.isEmpty, let nodes = undoneBy[body.id(node)], nodes.count == 1 else { return nil }
        return nodes[0]
    }

    func outputType(of node: Int) -> CELType {
        if outputTypes.isEmpty { outputTypes = Array(repeating: nil, count: body.nodes.count) }
        let type = outputTypes[node] ?? body.nodes[node].outputType
        outputTypes[node] = type
        return type
    }

    /// `iteration` and `last` exist here.
    var isInsideLoop: Bool { isLoopBody || parent?.scope.isInsideLoop ?? false }

    var isLoopBody: Bool { parent.map { $0.scope.body.nodes[$0.node].type == .loop } ?? false }

    private var chain: [BodyScope] { [self] + (parent?.scope.chain ?? []) }

    /// The node of this body that a place is, or lies in.
    func representative(of place: ReferenceChecker.Place) -> Int? {
        var (scope, node) = (place.scope, place.node)
        while scope !== self {
            guard let parent = scope.parent else { return nil }
            (scope, node) = parent
        }
        return node
    }

    /// The innermost body that holds both, with the nodes that stand for them; `nil` when the reader comes after
    /// everything in it.
    func meeting(
        with place: ReferenceChecker.Place,
        reader: Int?
    ) -> (scope: BodyScope, source: Int, reader: Int)? {
        var (scope, node) = (self, reader)
        while true {
            if let source = scope.representative(of: place) {
                return node.map { (scope, source, $0) }
            }
            guard let parent = scope.parent else { return nil }
            (scope, node) = (parent.scope, parent.node)
        }
    }

    /// Only for kinds that do nothing but compute, and not when a join or the end of a pass collects the output.
    func reportUnusedOutputs(_ sink: DiagnosticSink) {
        for (index, type) in body.overview.types.enumerated() where !isRead[index] {
            guard type == .transform || type == .filter || type == .aggregate else { continue }
            let node = body.nodes[index]
            let isCollected = body.digraph.successors(of: index).contains { body.overview.types[$0] == .join }
            let isResult = parent != nil && body.draft.output == nil && body.digraph.successors(of: index).isEmpty
            let isTested = body.digraph.edges(from: index).contains { edge in
                !body.edges[edge].uses.isEmpty || body.edges[edge].bindsPort
            }
            guard !isCollected, !isTested, !isResult else { continue }
            sink.report(.unusedOutput, at: node.idValue, "nothing reads the output of `\(node.id)`")
        }
    }
}
