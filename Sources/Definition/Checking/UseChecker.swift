// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Checks what one expression reads.
struct UseChecker {
    /// Where an expression is evaluated.
    enum Site {
        case node(Int)
        case edge(from: Int)
        /// After all nodes of the body.
        case outputs
    }

    let checker: ReferenceChecker
    let scope: BodyScope
    let use: ExpressionUse
    let site: Site

    private var sink: DiagnosticSink { checker.sink }

    /// The node that reads.
    private var reader: Int? {
        switch site {
        case .node(let node), .edge(let node): node
        case .outputs: nil
        }
    }

    func check() {
        for reference in use.expression.references {
            if use.locals.contains(reference.root) {
                checkLocal(reference)
                continue
            }
            switch reference.root {
            case "nodes": checkNode(reference)
            case "ctx": checkContext(reference)
            case "inputs": checkInput(reference)
            case "run": checkField(reference.path.first, of: "`run`", among: Scope.runFields, reference)
            case "project": checkField(reference.path.first, of: "`project`", among: Scope.projectFields, reference)
            case "vars": checkVariable(reference)
            case "phases": checkPhase(reference)
            case "now": break
            case "iteration" where scope.isInsideLoop, "last" where scope.isInsideLoop: break
            default: reportUnknownRoot(reference)
            }
        }
    }

    private func checkLocal(_ reference: CELExpression.Reference) {
        switch (reference.root, site) {
        case ("output", .edge(let node)), ("output", .node(let node)):
            if case .edge = site { scope.isRead[node] = true }
            checkOutput(of: .init(scope: scope, node: node), reference.path[...], reference)
        case ("ports", .node(let node)):
            let names = scope.body.nodes[node].ports.map(\.name)
            checkField(reference.path.first, of: "`ports`", among: names, reference)
        case ("error", _):
            checkField(reference.path.first, of: "`error`", among: ["code", "class", "message", "details"], reference)
        default: break
        }
    }

    private func checkInput(_ reference: CELExpression.Reference) {
        guard let name = reference.path.first, !checker.inputs.contains(name) else { return }
        let suggestion =
            dashHint(reference, isKnown: checker.inputs.contains)
            ?? sink.suggestion(for: name, among: checker.draft.inputs.map(\.name))
        report(.unknownReference, reference, "there is no input `\(name)`\(suggestion)")
    }

    private func checkField(
        _ field: String?,
        of owner: @autoclosure () -> String,
        among fields: [String],
        _ reference: CELExpression.Reference,
        _ code: Diagnostic.Code = .unknownReference
    ) {
        guard let field, !fields.contains(field) else { return }
        let suggestion = sink.suggestion(for: field, among: fields)
        let message =
            "\(owner()) has no field `\(field)`\(suggestion) (it has \(fields.isEmpty ? "none" : fields.joined(separator: ", ")))"
        report(code, reference, message)
    }

    private func checkNode(_ reference: CELExpression.Reference) {
        guard let place = place(reference.path.first, reference) else { return }
        ask(place, reference)
        let path = reference.path.dropFirst()
        if path.isEmpty || path.first == "output" { place.scope.isRead[place.node] = true }
        checkField(path.first, of: "`nodes.\(place.scope.body.id(place.node))`", among: Scope.nodeFields, reference)
        if path.first == "output" { checkOutput(of: place, path.dropFirst(), reference) }
    }

    /// `ctx.ID` and `ctx["ID:output"]` are the output of a node.
    private func checkContext(_ reference: CELExpression.Reference) {
        let id = reference.path.first.map { $0.hasSuffix(":output") ? String($0.dropLast(7)) : $0 }
        guard let place = place(id, reference) else { return }
        place.scope.isRead[place.node] = true
        ask(place, reference)
        checkOutput(of: place, reference.path.dropFirst(), reference)
    }

    private func place(_ id: String?, _ reference: CELExpression.Reference) -> ReferenceChecker.Place? {
        guard let id else {
            let message = "`\(reference.root)` must be followed by the id of a node, as in `\(reference.root).fetch`"
            report(.unknownReference, reference, message)
            return nil
        }
        if let place = checker.find(id, from: scope) { return place }
        let suggestion =
            dashHint(reference) { checker.find($0, from: scope) != nil }
            ?? sink.suggestion(for: id, among: checker.ids)
        report(.unknownReference, reference, "there is no node `\(id)`\(suggestion)")
        return nil
    }

    /// A name with `-` after a dot is a subtraction; says how to write it.
    private func dashHint(_ reference: CELExpression.Reference, isKnown: (String) -> Bool) -> String? {
        let rest = use.expression.source.utf8.dropFirst(reference.offset + reference.root.utf8.count)
        guard rest.first == UInt8(ascii: ".") else { return nil }
        let word = String(decoding: rest.dropFirst().prefix { Name.isIDByte($0) }, as: UTF8.self)
        guard word != reference.path.first, isKnown(word) else { return nil }
        return "; a name with `-` is written `\(reference.root)[\"\(word)\"]`"
    }

    private func checkOutput(
        of place: ReferenceChecker.Place,
        _ path: ArraySlice<String>,
        _ reference: CELExpression.Reference
    ) {
        let node = place.scope.body.nodes[place.node]
        guard !reference.isTested else { return }
        if node.type == .workflow, let names = node.outputNames {
            checkField(path.first, of: "the output of `\(node.id)`", among: names, reference, .wrongInterface)
        } else if let fields = node.outputFields {
            checkField(path.first, of: "the output of `\(node.id)`", among: fields, reference)
        }
    }

    private func checkVariable(_ reference: CELExpression.Reference) {
        guard let name = reference.path.first else { return }
        guard let writers = checker.writers[name] else {
            if reference.isTested || checker.context.hasOpenVariables { return }
            let suggestion = sink.suggestion(for: name, among: checker.writers.keys.sorted())
            return report(.unknownReference, reference, "no node has `store_as: \(name)`\(suggestion)")
        }
        if reference.isTested { return }
        ask(anyOf: writers, name, .unknownReference, reference)
    }

    private func checkPhase(_ reference: CELExpression.Reference) {
        guard let id = reference.path.first else { return }
        guard let nodes = checker.phases[id] else {
            let suggestion = sink.suggestion(for: id, among: checker.phases.keys.sorted())
            return report(.unknownReference, reference, "there is no phase `\(id)`\(suggestion)")
        }
        let field = reference.path.dropFirst().first
        checkField(field, of: "`phases.\(id)`", among: Scope.phaseFields, reference)
        for node in nodes { ask(anyOf: [node], "phases.\(id)", .notAncestor, reference) }
    }

    private func reportUnknownRoot(_ reference: CELExpression.Reference) {
        let name = reference.root
        let hint: String
        if name == "output" {
            hint = "; `output` exists only in conditions of edges, elsewhere write `nodes.ID.output`"
        } else if checker.inputs.contains(name) {
            hint = "; did you mean `inputs.\(name)`?"
        } else if checker.find(name, from: scope) != nil {
            hint = "; did you mean `nodes.\(name)`?"
        } else if checker.writers[name] != nil {
            hint = "; did you mean `vars.\(name)`?"
        } else {
            hint =
                ["iteration", "last"].contains(name)
                ? "; it exists only in the body of a loop" : sink.suggestion(for: name, among: Scope.roots + use.locals)
        }
        report(.unknownReference, reference, "unknown variable `\(name)`\(hint)")
    }

    private func ask(_ place: ReferenceChecker.Place, _ reference: CELExpression.Reference) {
        ask(anyOf: [place], place.scope.body.id(place.node), .notAncestor, reference)
    }

    private func ask(
        anyOf places: [ReferenceChecker.Place],
        _ name: String,
        _ code: Diagnostic.Code,
        _ reference: CELExpression.Reference
    ) {
        var (reader, isAtSource) = (reader, false)
        if case .edge = site { isAtSource = true }
        if case .node(let node) = site, let undone = scope.undone(by: node) { (reader, isAtSource) = (undone, true) }
        checker.ask(
            anyOf: places,
            name,
            code,
            reference.offset,
            use,
            by: reader,
            in: scope,
            isAtSource: isAtSource
        )
    }

    private func report(_ code: Diagnostic.Code, _ reference: CELExpression.Reference, _ message: String) {
        let place = use.position(reference.offset)
        sink.report(code, at: place.value, position: place.position, message)
    }
}

extension NodeDraft {
    /// The fields of the output, where they are always the same.
    fileprivate var outputFields: [String]? {
        guard type == .aggregate else { return resolved.outputFields }
        guard stored["config"]?["group_by"] == nil else { return nil }
        return stored["config"]?["ops"]?.arrayValue?.compactMap { $0["as"]?.stringValue }
    }
}
