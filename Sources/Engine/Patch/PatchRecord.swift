// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model

/// How far a patch of a run is (spec 2.2).
public enum PatchStatus: String, Sendable, CaseIterable {
    /// A person has to look at it.
    case proposed
    /// A person agreed; it is checked once more, and then applies.
    case approved
    /// The graph of the run has it.
    case applied
    /// It could not apply, or a person refused it.
    case rejected
    /// Nobody decided before it did not matter any more.
    case superseded
    /// It was applied, and taken back by another patch.
    case reverted
}

/// What somebody asks to change in the graph of a run, as events have it.
public struct PatchDetails: Sendable, Equatable {
    /// Its number within the run, from 1.
    public internal(set) var number: Int64
    /// Who asks: `user:NAME`, `task:NODE` or `system`.
    public internal(set) var author: String
    /// The task that asks; `nil` for people.
    public internal(set) var task: TaskRef?
    /// Why, in words.
    public internal(set) var summary: String
    /// RFC 6902 operations on the document of the run.
    public internal(set) var operations: Payload
    /// The number of the last applied patch that the author knew of.
    public internal(set) var base: Int64
    /// A second patch with the same key is answered as the first one.
    public internal(set) var key: String
    /// The patch that it takes back.
    public internal(set) var undoes: Int64?
    /// Patches upon patches that led to it: 0 for people, 1 for nodes that stood in the document.
    public internal(set) var depth = 0
    /// It puts another version of the workflow in the place of the graph.
    public internal(set) var isMigration = false
}

/// What a patch makes of a graph.
public struct PatchChange: Sendable, Equatable {
    /// Hash of the graph that comes of it.
    public internal(set) var graph: String
    /// Ids of nodes that it adds.
    public internal(set) var added: [String] = []
    /// Ids of nodes that it takes away.
    public internal(set) var removed: [String] = []
    /// Ids of nodes that it changes.
    public internal(set) var changed: [String] = []
    /// How many nodes it adds, those of bodies included.
    public internal(set) var nodes = 0
    /// How many of them are agents.
    public internal(set) var agents = 0
}

/// A finding about a patch.
public struct PatchFinding: Sendable, Equatable {
    /// The code, for example `E504`.
    public let code: String
    /// One sentence.
    public let message: String
    /// JSON Pointer; into the patch for E5xx, into the changed document for others.
    public let path: String

    init(code: String, message: String, path: String) {
        (self.code, self.message, self.path) = (code, message, path)
    }

    init(_ diagnostic: Diagnostic) {
        self.init(code: diagnostic.code.rawValue, message: diagnostic.message, path: diagnostic.path)
    }

    /// `{code, message, path}`.
    public var json: JSONValue { ["code": .string(code), "message": .string(message), "path": .string(path)] }

    init?(json: JSONValue) {
        guard let code = json["code"]?.stringValue, let message = json["message"]?.stringValue else { return nil }
        self.init(code: code, message: message, path: json["path"]?.stringValue ?? "")
    }
}

/// A patch of a run and what became of it.
public struct PatchRecord: Sendable, Equatable {
    /// What was asked.
    public internal(set) var details: PatchDetails
    /// What it makes of the graph; `nil` for one that could never apply.
    public internal(set) var change: PatchChange?
    /// How far it is.
    public internal(set) var status: PatchStatus
    /// Since when.
    public internal(set) var since: Timestamp
    /// Why it was rejected.
    public internal(set) var findings: [PatchFinding] = []
    /// The patch that took it back.
    public internal(set) var revertedBy: Int64?
    /// New ids of nodes, by old id; only where a newer version gave them.
    public internal(set) var renamed: [String: String] = [:]
    /// How many nodes and bodies the graph had before it applied.
    var nodesBefore = 0
    var bodiesBefore = 0
    /// The id of the request to people, and the request.
    var reviewID: HumanTaskID?
    var requests: [HumanTask] = []
    /// What its author leads to waits until it is decided.
    var held: [HeldEdges] = []

    /// Its number within the run.
    public var number: Int64 { details.number }
    /// The request to people, open or not; `nil` when nobody was asked.
    public var review: HumanTask? { requests.first }
    /// Nobody has decided.
    public var isOpen: Bool { status == .proposed || status == .approved }
    /// The graph got it, whatever came later.
    public var wasApplied: Bool { status == .applied || status == .reverted }

    init(_ details: PatchDetails, _ change: PatchChange?, _ status: PatchStatus, at now: Timestamp) {
        (self.details, self.change, self.status, since) = (details, change, status, now)
    }
}

/// The patches of a run, by number.
public struct PatchLog: Sendable, Equatable {
    /// The most patches that were not applied and are remembered.
    static let refusalLimit = 50

    /// All of them but the oldest that were refused.
    public internal(set) var all: [PatchRecord] = []
    /// The largest number that was given to a patch.
    public internal(set) var last: Int64 = 0
    /// The number of the last patch that was applied; 0 for none.
    public internal(set) var sequence: Int64 = 0

    /// The patch with that number.
    public subscript(number: Int64) -> PatchRecord? {
        index(of: number).map { all[$0] }
    }

    /// The patch with that key.
    public func record(key: String) -> PatchRecord? { all.last { $0.details.key == key } }

    func index(of number: Int64) -> Int? { all.lastIndex { $0.details.number == number } }

    /// The position of the patch that people are asked about by that request.
    func index(reviewedBy id: HumanTaskID) -> Int? { all.firstIndex { $0.reviewID == id } }

    /// The position of the patch whose author is that task, while nobody has decided about it.
    func index(holding task: TaskRef) -> Int? { all.firstIndex { $0.isOpen && $0.details.task == task } }

    /// Something waits for a decision about a patch.
    var isHolding: Bool { all.contains { $0.isOpen && $0.details.task != nil } }

    /// Something in that scope does.
    func holds(_ scope: Int) -> Bool { all.contains { $0.isOpen && $0.details.task?.scope == scope } }

    /// What patches have added: nodes and agents.
    var added: (nodes: Int, agents: Int) {
        all.filter { $0.wasApplied && !$0.details.isMigration }.compactMap(\.change)
            .reduce((0, 0)) { ($0.0 + $1.nodes, $0.1 + $1.agents) }
    }

    /// How deep the patch is that added a node; 0 for those that no patch added.
    func depth(of node: String) -> Int {
        all.last { $0.wasApplied && $0.change?.added.contains(node) == true && !$0.details.isMigration }?.details.depth
            ?? 0
    }

    mutating func add(_ record: PatchRecord) {
        all.append(record)
        last = max(last, record.number)
        let refused = all.indices.filter { all[$0].status == .rejected || all[$0].status == .superseded }
        if refused.count > Self.refusalLimit { all.remove(at: refused[0]) }
    }
}
