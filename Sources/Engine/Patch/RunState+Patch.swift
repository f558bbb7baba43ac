// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// The fold of a patch that applies: the tasks and edges of the graph itself move to where the new graph has them.
extension RunState {
    mutating func apply(_ patch: AppliedPatch, _ now: Timestamp) {
        let old = graph
        note(patch, old, now)
        graph = old.patched(to: patch.definition, renamed: patch.renamed)
        let edges = graph.earlierEdges(in: old)
        moveTasks(from: old)
        movePhases(from: old)
        moveHeld(edges)
        let outcomes = holdingBack(patch.edges)
        let before = root.edges
        root.edges = edges.map { $0.map { before[$0] } ?? .unresolved }
        for outcome in outcomes { root.edges[outcome.edge] = outcome.state }
        countEdges()
        patches.sequence = patch.details.number
        close(patch.details.number, .applied, now) { _ in }
    }

    private mutating func note(_ patch: AppliedPatch, _ old: RunGraph, _ now: Timestamp) {
        var record = PatchRecord(patch.details, patch.change, .applied, at: now)
        record.renamed = patch.renamed
        (record.nodesBefore, record.bodiesBefore) = (old.nodes.count, old.bodies.count)
        if let index = patches.index(of: patch.details.number) {
            let known = patches.all[index]
            (record.reviewID, record.requests, record.held) = (known.reviewID, known.requests, known.held)
            // It stands where it was applied, not where it was proposed.
            patches.all.remove(at: index)
        }
        patches.add(record)
    }

    private mutating func moveTasks(from old: RunGraph) {
        let before = root.tasks
        let blocked = before.count { $0.status == .blocked }
        root.tasks = graph.bodies[0].nodes.map { node in
            let isOld = node < old.nodes.count && old.body(of: node) == 0
            var task = isOld ? before[old.position(of: node)] : TaskState()
            // What only undoes others is no task of its own.
            let isCompensation = graph.nodes[node].isCompensation
            if isCompensation, task.status == .blocked { task.status = .skipped }
            if !isCompensation, task.status == .skipped, task.skipReason == nil { task.status = .blocked }
            return task
        }
        counts[Self.slot(of: .blocked)] += root.tasks.count { $0.status == .blocked } - blocked
        root.open = root.tasks.count { !$0.status.isTerminal }
        root.failed = root.tasks.count { $0.status == .failed }
    }

    private mutating func movePhases(from old: RunGraph) {
        let before = phases
        phases = graph.phases.enumerated().map { number, phase in
            var progress = PhaseProgress(total: phase.nodes.count)
            for node in phase.nodes { progress.move(.blocked, root.tasks[graph.position(of: node)].status) }
            guard before.indices.contains(number) else { return progress }
            progress.status = before[number].status
            progress.endSequence = before[number].endSequence
            progress.held = before[number].held
            progress.isReleased = before[number].isReleased
            progress.rollbacksBefore = before[number].rollbacksBefore
            return progress
        }
    }

    /// Edges that are held back are named by position.
    private mutating func moveHeld(_ edges: [Int?]) {
        var position: [Int: Int] = [:]
        for (new, old) in edges.enumerated() { if let old { position[old] = new } }
        func moved(_ held: [HeldEdges]) -> [HeldEdges] {
            held.map { held in
                guard held.task.scope == 0 else { return held }
                let dead = held.dead.compactMap { position[$0] }.sorted()
                return HeldEdges(task: held.task, dead: dead, otherwise: held.otherwise)
            }
        }
        for (name, group) in root.groups { root.groups[name]?.held = moved(group.held) }
        for number in phases.indices { phases[number].held = moved(phases[number].held) }
        for index in patches.all.indices { patches.all[index].held = moved(patches.all[index].held) }
    }

    /// New edges of a task whose edges are held back are held back with them.
    ///
    /// - Returns: The others.
    private mutating func holdingBack(_ outcomes: [EdgeOutcome]) -> [EdgeOutcome] {
        outcomes.filter { outcome in
            let body = graph.bodies[0]
            let source = TaskRef(node: body.nodes[body.edges[outcome.edge].from])
            guard isHeldBack(source) else { return true }
            guard outcome.state == .dead else { return false }
            func add(_ held: inout [HeldEdges]) {
                for index in held.indices where held[index].task == source {
                    held[index] = HeldEdges(
                        task: source,
                        dead: (held[index].dead + [outcome.edge]).sorted(),
                        otherwise: held[index].otherwise
                    )
                }
            }
            for name in root.groups.keys.sorted() { add(&root.groups[name, default: GroupProgress()].held) }
            for number in phases.indices { add(&phases[number].held) }
            for index in patches.all.indices { add(&patches.all[index].held) }
            return false
        }
    }

    /// The task ended, and its edges wait for something.
    func isHeldBack(_ task: TaskRef) -> Bool {
        root.groups.values.contains { $0.held.contains { $0.task == task } }
            || phases.contains { $0.held.contains { $0.task == task } }
            || patches.all.contains { $0.held.contains { $0.task == task } }
    }

    private mutating func countEdges() {
        for index in root.tasks.indices {
            (root.tasks[index].taken, root.tasks[index].dead, root.tasks[index].broken) = (0, 0, 0)
        }
        for (edge, state) in zip(graph.bodies[0].edges, root.edges) { root.tasks[edge.to].count(state, by: 1) }
    }

    /// Ids of nodes of the graph itself that a patch must leave as they are.
    ///
    /// - Parameter isOffered: A task that is about to begin.
    func startedNodes(_ isOffered: (TaskRef) -> Bool = { _ in false }) -> Set<String> {
        var result: Set<String> = []
        for node in graph.bodies[0].nodes {
            let task = TaskRef(node: node)
            let definition = graph.nodes[node]
            guard !definition.isCompensation else { continue }
            let now = self[task]
            let isUntouched = now.status == .blocked && now.attempts == 0 && !isOffered(task)
            guard !isUntouched || compensations.newest[task] != nil else { continue }
            result.insert(definition.id)
            if let other = graph.undoing(node) { result.insert(other.id) }
        }
        return result
    }

    /// How far the run is, for who checks a patch.
    func patchProgress(of author: TaskRef?, _ isOffered: (TaskRef) -> Bool = { _ in false }) -> RunPatch.Progress {
        let added = patches.added
        return RunPatch.Progress(
            started: startedNodes(isOffered),
            sequence: patches.sequence,
            patches: patches.all.count { $0.wasApplied && !$0.details.isMigration },
            addedAgentNodes: added.agents,
            addedNodes: added.nodes,
            spawnDepth: author.map { patchDepth(of: $0) } ?? 0
        )
    }

    /// Patches upon patches that led to a task.
    func patchDepth(of task: TaskRef) -> Int {
        patches.depth(of: graph.outermost(node(task).id))
    }

    /// What the node of a task may change; `nil` for nothing.
    func patchRights(of task: TaskRef) -> RunPatch.Rights? {
        guard case .agent(let config) = node(task).kind else { return nil }
        return RunPatch.Rights(json: config.source["can_patch"])
    }
}
