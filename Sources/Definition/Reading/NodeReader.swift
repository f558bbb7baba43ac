// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Model

/// Reads nodes: the fields that all have here, the configuration of each type in the extensions.
struct NodeReader {
    static let timeoutBounds = Duration.seconds(1)...(Span.day * 7)
    static let timeoutAliases: [(key: String, unit: Duration)] = [
        ("timeout_ms", .milliseconds(1)), ("timeout_secs", .seconds(1)),
    ]

    let registry: Registry
    let defaults: NodeDefaults
    let sink: DiagnosticSink
    var expressions: ExpressionReader
    /// What the configuration of the node being read adds to its draft.
    var found = Found()

    /// Side results of reading a configuration.
    struct Found {
        var id = ""
        var join: Graph.Join?
        var joinValue: SourceValue?
        var cases: [(name: String, value: SourceValue)] = []
        /// A request that only reads, so that repeating it is harmless.
        var isRead = false
    }

    init(registry: Registry, defaults: NodeDefaults, sink: DiagnosticSink) {
        self.registry = registry
        self.defaults = defaults
        self.sink = sink
        expressions = ExpressionReader(sink: sink)
    }

    /// The node; `nil` when its id, type or configuration is wrong. Everything wrong is reported.
    mutating func read(_ value: SourceValue) -> NodeDraft? {
        guard var reader = MappingReader(value, "a node", into: sink) else { return nil }
        defer { reader.finish() }
        found = Found()
        let idValue = reader.require("id")
        let id = idValue.flatMap { reader.id($0, "id") }
        found.id = id ?? ""
        let name = reader.text("name")
        _ = reader.text("description")
        let type = readType(&reader)
        let join = readJoin(&reader)
        let kind = readKind(type, &reader)
        let when = reader.take("when").flatMap { expressions.condition($0, "when", .document) }
        let common = readCommon(&reader, type)
        let dependencies = readDependencies(&reader)
        let uses = expressions.takeUses()
        guard let id, let idValue, let kind else { return nil }
        return NodeDraft(
            id: id,
            idValue: idValue,
            name: name,
            kind: kind,
            join: mergedJoin(join),
            joinValue: found.joinValue,
            when: when,
            retry: common.retry,
            timeout: common.timeout,
            totalTimeout: common.totalTimeout,
            continueOnFailure: common.continueOnFailure,
            priority: common.priority,
            isNonIdempotent: common.isNonIdempotent,
            dependencies: dependencies,
            cases: found.cases,
            uses: uses
        )
    }

    private struct Common {
        var retry = RetryPolicy()
        var timeout: Duration?
        var totalTimeout: Duration?
        var continueOnFailure = false
        var priority = 500
        var isNonIdempotent = false
    }

    private enum Idempotency: String, CaseIterable {
        case auto, none
    }

    private mutating func readCommon(_ reader: inout MappingReader, _ type: ResolvedType?) -> Common {
        var common = Common()
        common.retry = (RetryReader.read(&reader) ?? RetryPolicy()).filled(from: defaults.retry)
        let typeTimeout = type?.type.timeout
        let written = reader.duration("timeout", in: Self.timeoutBounds, aliases: Self.timeoutAliases)
        common.timeout = written ?? (typeTimeout == nil ? nil : defaults.timeout ?? typeTimeout)
        common.totalTimeout = reader.duration("total_timeout", in: Self.timeoutBounds)
        common.continueOnFailure = reader.flag("continue_on_failure") ?? false
        common.priority = reader.integer("priority", in: 0...1000) ?? 500
        let idempotency = reader.take("idempotency")
        common.isNonIdempotent =
            idempotency.flatMap { reader.choice($0, "idempotency", Idempotency.self) } == Idempotency.none
        if let idempotency, common.isNonIdempotent, !found.isRead, common.retry.maxAttempts ?? 1 > 1 {
            sink.report(
                .unsafeRetry,
                at: idempotency,
                "the effect takes no idempotency key, so it is not repeated once a request may have left; "
                    + "`retry` covers only failures before that"
            )
        }
        return common
    }

    private func readDependencies(_ reader: inout MappingReader) -> [(id: String, value: SourceValue)] {
        (reader.list("depends_on") ?? []).compactMap { item in
            reader.id(item, "depends_on").map { ($0, item) }
        }
    }

    private enum JoinRule: String, CaseIterable {
        case all, any, done
    }

    private mutating func readJoin(_ reader: inout MappingReader) -> Graph.Join? {
        guard let value = reader.take("join") else { return nil }
        found.joinValue = value
        if case .mapping = value.node.content {
            guard var inner = MappingReader(value, "`join`", into: sink) else { return nil }
            defer { inner.finish() }
            guard let quorum = inner.require("quorum") else { return nil }
            return inner.integer(quorum, "quorum", in: 1...WorkflowReader.nodeLimit).map { .quorum($0) }
        }
        return switch reader.choice(value, "join", JoinRule.self) {
        case .all: .all
        case .any: .any
        case .done: .done
        case nil: nil
        }
    }

    /// The rule of the node, or the one that the configuration of a `join` gives.
    private mutating func mergedJoin(_ written: Graph.Join?) -> Graph.Join {
        if let written, let configured = found.join, written != configured, let value = found.joinValue {
            sink.report(.invalidValue, at: value, "`join` and `config.mode` disagree; keep one of them")
        }
        return written ?? found.join ?? .all
    }
}
