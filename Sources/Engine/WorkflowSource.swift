// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import Model

/// Where the engine finds published workflows: for child runs and schedules.
public protocol WorkflowSource: Sendable {
    /// The newest compiled form of what a reference names: `NAME`, `NAME@TAG` or `NAME@sha256:…`. Blocks while it reads.
    ///
    /// - Parameter ownership: Whose run or schedule asks: everybody finds his own workflows and those of everybody.
    /// - Throws: ``EngineError`` with `notFound`, `corrupted` or `unavailable`.
    func workflow(_ reference: String, for ownership: Ownership) throws(EngineError) -> ResolvedWorkflow
}

/// A workflow that can be started.
public struct ResolvedWorkflow: Sendable {
    /// What it runs.
    public let graph: Graph
    /// The document's text, kept for people.
    public let source: [UInt8]

    /// Puts both together.
    public init(graph: Graph, source: [UInt8]) {
        self.graph = graph
        self.source = source
    }
}

/// Knows no workflow.
public struct NoWorkflows: WorkflowSource {
    /// An empty source.
    public init() {}

    /// Always `notFound`.
    public func workflow(_ reference: String, for ownership: Ownership) throws(EngineError) -> ResolvedWorkflow {
        throw EngineError(.notFound, "there is no published workflow `\(reference)`: nothing is published here")
    }
}
