// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// What happens to the graph of a run (spec 5.1, 10.3).
public enum PatchEvent: Sendable, Equatable {
    /// The graph is another one.
    case applied(AppliedPatch)
    /// A person has to look at a patch first; the request follows.
    case proposed(PatchDetails, PatchChange, review: HumanTaskID)
    /// It cannot apply, or a person refused it.
    case rejected(PatchDetails, [PatchFinding])
    /// Nobody decided before it did not matter any more.
    case superseded(Int64, reason: String)
    /// A patch took another one back.
    case reverted(Int64, by: Int64)
}

/// A patch that applies.
public struct AppliedPatch: Sendable, Equatable {
    /// What was asked.
    public internal(set) var details: PatchDetails
    /// What comes of it.
    public internal(set) var change: PatchChange
    /// New ids of nodes, by old id.
    public internal(set) var renamed: [String: String] = [:]
    /// What becomes of new edges whose source has ended, by position.
    var edges: [EdgeOutcome] = []
    /// The graph that the run has from now on.
    let definition: Graph

    /// Graphs are compared by hash.
    public static func == (left: Self, right: Self) -> Bool {
        left.details == right.details && left.change == right.change && left.renamed == right.renamed
            && left.edges == right.edges && left.definition.hash == right.definition.hash
    }
}

/// What becomes of one edge.
struct EdgeOutcome: Sendable, Equatable {
    let edge: Int
    let state: RunState.EdgeState
}

extension RunState {
    mutating func fold(_ event: PatchEvent, _ now: Timestamp) {
        switch event {
        case .applied(let patch): apply(patch, now)
        case .proposed(let details, let change, let review):
            var record = PatchRecord(details, change, .proposed, at: now)
            record.reviewID = review
            patches.add(record)
        case .rejected(let details, let findings):
            if patches.index(of: details.number) == nil {
                patches.add(PatchRecord(details, nil, .rejected, at: now))
            }
            close(details.number, .rejected, now) { $0.findings = findings }
        case .superseded(let number, _):
            close(number, .superseded, now) { _ in }
        case .reverted(let number, let other):
            close(number, .reverted, now) { $0.revertedBy = other }
        }
    }

    /// What waited for the patch goes on.
    mutating func close(_ number: Int64, _ status: PatchStatus, _ now: Timestamp, _ change: (inout PatchRecord) -> Void)
    {
        guard let index = patches.index(of: number) else { return }
        patches.all[index].status = status
        patches.all[index].since = now
        change(&patches.all[index])
        let held = patches.all[index].held
        patches.all[index].held = []
        for edges in held { route(edges.task, dead: edges.dead, otherwise: edges.otherwise) }
    }

    /// What happens to the request about a patch.
    mutating func foldReview(_ event: HumanEvent, _ now: Timestamp) {
        guard let index = patches.index(reviewedBy: event.id) else { return }
        if case .opened(let request) = event {
            patches.all[index].requests = [HumanTask(request, at: now)]
        } else if !patches.all[index].requests.isEmpty {
            patches.all[index].requests[0].fold(event, now)
        }
        if case .resolved(_, let decision) = event, decision.choice == HumanRequest.approval, patches.all[index].isOpen
        {
            patches.all[index].status = .approved
        }
    }
}

extension HumanRequest {
    /// The choice that lets a patch apply, and the one that does not.
    static let approval = "approve"
    static let refusal = "reject"
}
