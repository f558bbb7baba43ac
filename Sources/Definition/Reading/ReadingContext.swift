// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL

/// What everything that is read has in common.
final class ReadingContext {
    let registry: Registry
    let sink: DiagnosticSink
    let purpose: Compiler.Purpose
    /// Runs the passes that must not be noticed.
    var optimises = true
    /// Shown the checked parts of the outermost document.
    var inspect: ((WorkflowDraft, ResolvedBody) -> Void)?
    var names = ExpressionNames()
    /// Expressions of the document, which are read once more with the graph.
    let parsed = ParsedExpressions()
    var defaults = NodeDefaults()
    /// The whole run has a budget.
    var hasBudget = false
    /// `vars` may also come from outside of the document, as in plans.
    var hasOpenVariables = false
    /// The text may hold `$.field`.
    var hasShorthands = false
    /// Workflows around the one that is read, to find one that contains itself.
    var enclosing: [String] = []
    /// What the graph depends on outside the document: name and fingerprint.
    var resolved: [String: String] = [:]
    /// The tools among them.
    var tools: [String: ResolvedTool] = [:]
    /// Types of nodes that need no remark.
    var types: [String: ResolvedType] = [:]

    private let unsupported: [String: Unsupported]

    init(registry: Registry, sink: DiagnosticSink, purpose: Compiler.Purpose) {
        self.registry = registry
        unsupported = Self.unsupported(registry.unsupportedKeys)
        self.sink = sink
        self.purpose = purpose
    }

    /// Reports something that is understood but cannot be executed here: an error for a run, else a warning.
    ///
    /// - Parameter isForOthers: Somebody outside may carry it out: whether the run can start turns out when it is started.
    func reportUnsupported(
        at value: SourceValue,
        position: SourcePosition? = nil,
        isForOthers: Bool = false,
        _ message: String
    ) {
        sink.report(
            .unsupported,
            severity: purpose == .run && !isForOthers ? .error : .warning,
            at: value,
            position: position,
            message
        )
    }

    /// Reports the keys of a mapping that this engine does not carry out.
    func checkSupport(_ value: SourceValue, _ owner: String, _ shape: Shape, isForOthers: Bool = false) {
        guard let unsupported = unsupported[owner], case .mapping(let entries) = value.node.content else { return }
        for entry in entries {
            guard let field = shape.find(entry.key)?.field else { continue }
            let key = shape.fields[field].key
            let isWhole = unsupported.keys.contains(key)
            guard isWhole || unsupported.words[key] != nil else { continue }
            let place = SourceValue(node: entry.value, path: SourcePath(value.path, .key(entry.key)))
            let word = place.text.map { String($0.prefix { $0 != ":" }) }
            guard isWhole || word.map({ unsupported.words[key]?.contains($0) ?? false }) ?? false else { continue }
            let what = isWhole ? key : "\(key): \(place.text ?? "")"
            let message =
                "`\(what)` is not carried out by this engine; a run with it is refused"
                + (isForOthers ? " unless somebody outside claims the node" : "")
            reportUnsupported(at: place, position: entry.keyPosition, isForOthers: isForOthers, message)
        }
    }

    /// What the engine does not carry out of one part of documents.
    private struct Unsupported {
        var keys: Set<String> = []
        /// Only some words of a key.
        var words: [String: Set<String>] = [:]
    }

    /// By the part of documents: `node.cache`, `human.kind=decision`.
    private static func unsupported(_ keys: Set<String>) -> [String: Unsupported] {
        var result: [String: Unsupported] = [:]
        for name in keys {
            let parts = name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let key = parts[1].split(separator: "=", maxSplits: 1).map(String.init)
            if key.count == 1 {
                result[String(parts[0]), default: .init()].keys.insert(key[0])
            } else {
                result[String(parts[0]), default: .init()].words[key[0], default: []].insert(key[1])
            }
        }
        return result
    }
}
