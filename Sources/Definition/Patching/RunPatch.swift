// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Checks a change of one run's document while it runs (spec 5.1). Pure: it says what the graph would be and applies
/// nothing.
public struct RunPatch: Sendable {
    /// Who asks for the change.
    public enum Author: Sendable {
        /// A person who may operate the run.
        case person
        /// An agent whose node has `can_patch`.
        case agent(Rights)
    }

    /// What `can_patch` of a node allows.
    public struct Rights: Sendable {
        /// Most agent nodes one patch may add.
        public var maxAgentNodes: Int
        /// Paths that may change, with everything below them; `*` stands for one step. `nil` for all.
        public var paths: [String]?
        /// Operations that may be used; `nil` for all that patches may have.
        public var operations: Set<String>?

        /// By default what an agent may do that has `can_patch: true`.
        public init(maxAgentNodes: Int = 5, paths: [String]? = nil, operations: Set<String>? = nil) {
            self.maxAgentNodes = maxAgentNodes
            self.paths = paths
            self.operations = operations
        }
    }

    /// How far the run is.
    public struct Progress: Sendable {
        /// Ids of nodes that have started.
        public var started: Set<String>
        /// The number of the last patch that was applied, 0 for none; a patch names the one it is based on.
        public var sequence: Int64
        /// How many patches were applied.
        public var patches: Int
        /// Agent nodes that patches added so far.
        public var addedAgentNodes: Int
        /// Nodes that patches added so far.
        public var addedNodes: Int
        /// Patches upon patches that led to the author: 0 for a node of the document.
        public var spawnDepth: Int

        /// A run that nobody patched.
        public init(
            started: Set<String> = [],
            sequence: Int64 = 0,
            patches: Int = 0,
            addedAgentNodes: Int = 0,
            addedNodes: Int = 0,
            spawnDepth: Int = 0
        ) {
            self.started = started
            self.sequence = sequence
            self.patches = patches
            self.addedAgentNodes = addedAgentNodes
            self.addedNodes = addedNodes
            self.spawnDepth = spawnDepth
        }
    }

    /// Caps of a run.
    public struct Limits: Sendable {
        /// Most patches of one run.
        public var patches = 20
        /// Most nodes that patches may add to one run.
        public var addedNodes = 200
        /// Most agent nodes one patch may add, whoever asks.
        public var agentNodesOfPatch = 5
        /// Most agent nodes that patches may add to one run; the document's `limits.max_agent_nodes` holds beside it.
        public var addedAgentNodes = 50
        /// Patches upon patches.
        public var spawnDepth = 3

        /// The usual caps.
        public init() {}
    }

    /// What came of it.
    public struct Result: Sendable {
        /// What it makes of the run; `nil` when the patch is refused.
        public let change: Change?
        /// Why it is refused, and what else should be known. Paths of E5xx lead into the patch, others into the changed
        /// document.
        public let diagnostics: [Diagnostic]
    }

    /// What a patch that may apply makes of a run.
    public struct Change: Sendable {
        /// The changed document.
        public let document: JSONValue
        /// Its graph.
        public let graph: Graph
        /// Nodes of the old graph that it changes, removes, or to which it changes the way, with a sentence that refuses
        /// it once they have started.
        public let touched: [String: String]
        /// Nodes that it adds, those of bodies included.
        public let addedNodes: Int
        /// Agent nodes among them.
        public let addedAgentNodes: Int

        /// Why it may not apply to a run in which these nodes have started.
        public func findings(started: Set<String>) -> [Diagnostic] {
            RunPatch.findings(touched, started: started)
        }
    }

    /// E504 for every node of the set that is touched.
    static func findings(_ touched: [String: String], started: Set<String>) -> [Diagnostic] {
        touched.filter { started.contains($0.key) }.sorted { $0.key < $1.key }
            .map { Diagnostic.patch(.patchStarted, $0.value) }
    }

    /// The document that a text holds, YAML or JSON; `nil` when it cannot be read.
    public static func document(of text: [UInt8]) -> JSONValue? {
        SourceDocument.parse(text, fileName: "document.yaml", into: DiagnosticSink())?.root.node.json
    }

    /// What graphs are compiled with.
    public let compiler: Compiler
    /// Caps of a run.
    public let limits: Limits

    /// A check with these caps.
    public init(compiler: Compiler, limits: Limits = Limits()) {
        self.compiler = compiler
        self.limits = limits
    }

    /// Checks one patch.
    ///
    /// - Parameters:
    ///   - operations: RFC 6902 with `add`, `remove`, `replace` and `test`; `/nodes/@ID` names a node by its id.
    ///   - document: The document as the run has it now.
    ///   - graph: Its graph; without it only the documents are compared.
    ///   - base: The sequence number that the author saw.
    public func check(
        _ operations: JSONValue,
        on document: JSONValue,
        _ graph: Graph? = nil,
        base: Int64,
        by author: Author,
        _ progress: Progress
    ) -> Result {
        guard base == progress.sequence else {
            let message =
                "the graph is at patch \(progress.sequence), not \(base); look at it again and make a new patch"
            return Result(change: nil, diagnostics: [.patch(.patchOutdated, message)])
        }
        let patch: JSONPatch
        let changed: JSONValue
        do throws(JSONPatchError) {
            patch = try JSONPatch(operations, rules: .definition)
            changed = try patch.apply(to: document)
        } catch {
            return Result(change: nil, diagnostics: [.patch(error)])
        }
        let guards = PatchGuards(patch: patch, old: document, new: changed, progress: progress, limits: limits)
        let refused = guards.findings(author)
        guard refused.isEmpty else { return Result(change: nil, diagnostics: refused) }
        let compiled = compiler.compile(text: changed.bytes(), fileName: "patch.json")
        guard let made = compiled.graph else { return Result(change: nil, diagnostics: compiled.diagnostics) }
        let touched = guards.touched.merging(graph.map { GraphGuards(old: $0, new: made).touched } ?? [:]) { $1 }
        let started = Self.findings(touched, started: progress.started)
        guard started.isEmpty else { return Result(change: nil, diagnostics: started) }
        let change = Change(
            document: changed,
            graph: made,
            touched: touched,
            addedNodes: guards.added.nodes,
            addedAgentNodes: guards.added.agents
        )
        return Result(change: change, diagnostics: compiled.diagnostics)
    }
}

extension Diagnostic.Code {
    /// The code under which a patch that cannot be read or applied is reported.
    public init(patch code: JSONPatchError.Code) {
        switch code {
        case .malformed, .operationNotAllowed: self = .patchOperation
        case .pathNotFound, .testFailed: self = .patchPath
        case .valueMissing: self = .patchValue
        case .tooLarge: self = .patchTooLarge
        }
    }
}

extension Diagnostic {
    /// Something about a patch, whose text has no lines.
    public static func patch(_ code: Code, _ message: String, operation: Int? = nil) -> Diagnostic {
        Diagnostic(
            code: code,
            severity: code.severity,
            message: message,
            path: operation.map { "/\($0)" } ?? "",
            line: 1,
            column: 1,
            related: [],
            fix: nil
        )
    }

    static func patch(_ error: JSONPatchError) -> Diagnostic {
        patch(Code(patch: error.code), error.description, operation: error.operation)
    }
}

extension RunPatch.Rights {
    /// Reads `can_patch` of a node; `nil` when it may change nothing.
    public init?(json: JSONValue?) {
        guard let json, json != false else { return nil }
        self.init()
        guard json != true else { return }
        guard json.objectValue != nil else { return nil }
        maxAgentNodes = json["max_agent_nodes"]?.intValue.map { Int($0) } ?? maxAgentNodes
        paths = json["paths"]?.arrayValue?.compactMap(\.stringValue)
        operations = json["ops"]?.arrayValue.map { Set($0.compactMap(\.stringValue)) }
    }
}
