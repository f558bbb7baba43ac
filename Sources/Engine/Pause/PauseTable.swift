// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
internal import Model
public import Store

/// What is paused above single runs, and what that holds. Between turns it is as the store has it.
public struct PauseTable: Sendable {
    private var rows: [PauseScope: PauseRow] = [:]

    /// Nothing is paused.
    public static let empty = PauseTable([])

    /// What a store said.
    public init(_ rows: [PauseRow]) {
        for row in rows { self.rows[row.scope] = row }
    }

    /// Nothing is paused.
    public var isEmpty: Bool { rows.isEmpty }

    subscript(scope: PauseScope) -> PauseRow? {
        get { rows[scope] }
        set { rows[scope] = newValue }
    }

    /// What holds a run as a whole: nothing of it begins.
    public func holding(_ run: RunState) -> [PauseRow] {
        guard !rows.isEmpty else { return [] }
        let prefix = run.sharingPrefix
        return [.all, .project(prefix + run.project), .workflow(prefix + run.graph.name)].compactMap { rows[$0] }
    }

    /// Whether something holds a run as a whole.
    func holds(_ run: RunState) -> Bool {
        !rows.isEmpty && !holding(run).isEmpty
    }

    /// What holds the tasks of a queue.
    func holding(queue: String) -> PauseRow? {
        rows.isEmpty ? nil : rows[.queue(queue)]
    }

    /// What holds a task of an executor that is ready.
    func holding(_ task: TaskRef, of run: RunState) -> [PauseRow] {
        holding(run) + (run.node(task).queueName.flatMap { holding(queue: $0) }.map { [$0] } ?? [])
    }
}

extension Graph.Node {
    /// The queue that its attempts wait in: the one the document names, or the one of its kind. `nil` for nodes that the
    /// engine itself carries out.
    public var queueName: String? {
        kind.needsExecutor ? queue ?? kind.name : nil
    }
}
