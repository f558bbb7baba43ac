// Baton
// SPDX-License-Identifier: Apache-2.0

/// Compiles documents to graphs: parse, check, lower, seal (spec 4.1).
///
/// Compiling is pure: the same text and the same registry give the same graph with the same hash, and neither the
/// formatting of the document nor the order of keys matters to it.
public struct Compiler: Sendable {
    /// What the graph is wanted for.
    public enum Purpose: Sendable {
        /// To look at, to publish: what cannot be executed here is a warning.
        case check
        /// To run here: what cannot be executed is an error.
        case run
    }

    /// What documents may refer to.
    public let registry: Registry
    /// What graphs are wanted for.
    public let purpose: Purpose
    /// Refuses documents whose lowest estimate exceeds their budget (E408); `nil` for no such check.
    public var estimator: Estimator?
    /// Runs the passes of the optimiser; only tests do without.
    var optimises = true

    /// A compiler that knows these tools and policies.
    public init(registry: Registry, purpose: Purpose = .run) {
        self.registry = registry
        self.purpose = purpose
    }

    /// Compiles one document.
    ///
    /// - Parameters:
    ///   - text: YAML or JSON in UTF-8, at most 4 MiB.
    ///   - fileName: Ends in `.yaml` or `.yml` for YAML in flow style; otherwise a text that starts with `{` must
    ///     be JSON.
    public func compile(text: [UInt8], fileName: String) -> CompileResult {
        compile(text: text, fileName: fileName, inspect: nil)
    }

    /// Whether `$.` stands somewhere.
    private static func mayHoldShorthands(_ text: [UInt8]) -> Bool {
        var last: UInt8 = 0
        for byte in text {
            if byte == UInt8(ascii: "."), last == UInt8(ascii: "$") { return true }
            last = byte
        }
        return false
    }

    /// - Parameter inspect: Is shown the checked parts of the document before they are lowered.
    func compile(
        text: [UInt8],
        fileName: String,
        inspect: ((WorkflowDraft, ResolvedBody) -> Void)?
    ) -> CompileResult {
        let sink = DiagnosticSink()
        let context = ReadingContext(registry: registry, sink: sink, purpose: purpose)
        context.optimises = optimises
        context.inspect = inspect
        context.hasShorthands = Self.mayHoldShorthands(text)
        guard let document = SourceDocument.parse(text, fileName: fileName, into: sink) else {
            return CompileResult(source: nil, graph: nil, diagnostics: sink.diagnostics)
        }
        var graph = sink.endStage() ? DocumentCompiler(context: context).compile(document) : nil
        if let estimator, let found = graph, !estimator.checkBudget(of: found, document.root, sink) { graph = nil }
        return CompileResult(source: document.root.node, graph: graph, diagnostics: sink.diagnostics)
    }
}
