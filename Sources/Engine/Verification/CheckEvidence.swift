// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model

/// What was found about an output, or about one thing in it (spec 2.1).
public enum Verdict: String, Sendable, CaseIterable {
    /// It is as it has to be.
    case passed
    /// Something is missing or wrong.
    case gapsFound = "gaps_found"
    /// A person has to look.
    case humanNeeded = "human_needed"
    /// Nobody looked.
    case skipped
}

/// What a check left behind.
public struct CheckEvidence: Sendable, Equatable {
    /// The largest evidence that is kept, in bytes of JSON.
    static let limit = 16_384
    /// The longest message, in characters.
    static let messageLimit = 2000

    /// The position of the check in its document, from 0.
    public let check: Int
    /// What was found.
    public let verdict: Verdict
    /// What is wrong, or why nobody looked; empty for what passed.
    public let message: String
    /// What was seen; which members there are depends on the kind of the check.
    public let details: JSONObject
    /// When; set when it is written down.
    public internal(set) var at: Timestamp?

    /// Puts evidence together. A message of more than 2,000 characters is cut, details of more than 16 KiB are left out.
    public init(check: Int, verdict: Verdict, message: String = "", details: JSONObject = [:]) {
        self.check = check
        self.verdict = verdict
        self.message = message.count > Self.messageLimit ? message.prefix(Self.messageLimit - 1) + "…" : message
        self.details = JSONValue.object(details).isLargerThan(Self.limit) ? ["left_out": true] : details
    }
}

/// What the checks of one attempt found, as the next attempt hears it.
public struct CheckFeedback: Sendable, Equatable {
    /// So many are kept.
    static let limit = 3

    /// The attempt whose output was checked.
    public let attempt: Int
    /// A line for each gap.
    public let text: String

    /// Puts feedback together.
    public init(attempt: Int, text: String) {
        (self.attempt, self.text) = (attempt, text)
    }
}

/// What is known about the output of a task that has checks.
public struct Verification: Sendable, Equatable {
    /// The attempt that gave the output.
    public internal(set) var attempt: Int
    /// The output. Nobody else sees it before it has passed.
    public internal(set) var output: Payload
    /// What programs of the attempt wrote.
    var log: BlobRef?
    /// The case that a branch chose.
    var chosen: String?
    /// How a loop ended.
    var loopExit: Graph.Edge.LoopExit?
    /// A person gave the output.
    public internal(set) var isTakenOver = false
    /// In the order in which it came; one for each check at most.
    public internal(set) var evidence: [CheckEvidence] = []
    /// What came of it; `nil` while checks are made.
    public internal(set) var verdict: Verdict?
    /// What earlier attempts were told, and this one; the last three.
    public internal(set) var feedback: [CheckFeedback] = []
    /// How often whoever made the checks died.
    var losses = 0

    init(attempt: Int, output: Payload) {
        (self.attempt, self.output) = (attempt, output)
    }

    /// What has to be done.
    enum Next: Equatable {
        /// Checks have to be made outside the engine.
        case executor
        /// A person has to be asked: the position of the check.
        case person(Int)
        /// All is known.
        case verdict(Verdict)
    }

    /// What follows from the evidence so far. What costs nothing comes first, then a model, then people; a gap ends it
    /// before the next of these.
    func next(_ checks: [Graph.Check]) -> Next {
        if open(checks, { $0.isMadeByExecutor && $0 != .judge }) != nil { return .executor }
        if evidence.contains(where: { $0.verdict == .gapsFound }) { return .verdict(.gapsFound) }
        if open(checks, { $0 == .judge }) != nil { return .executor }
        if evidence.contains(where: { $0.verdict == .humanNeeded }) { return .verdict(.humanNeeded) }
        if let check = open(checks, { $0 == .human }) { return .person(check) }
        // Nobody has looked: that is no evidence.
        return .verdict(evidence.contains { $0.verdict == .passed } ? .passed : .humanNeeded)
    }

    /// The first check of some kinds that has left nothing yet.
    private func open(_ checks: [Graph.Check], _ isMeant: (Graph.Check.Kind) -> Bool) -> Int? {
        checks.indices.first { isMeant(checks[$0].kind) && !isKnown($0) }
    }

    func isKnown(_ check: Int) -> Bool {
        evidence.contains { $0.check == check }
    }

    /// What is wrong, a line for each check.
    func gaps(_ checks: [Graph.Check]) -> [(title: String, message: String)] {
        evidence.filter { $0.verdict == .gapsFound }.sorted { $0.check < $1.check }.map {
            (checks.indices.contains($0.check) ? checks[$0.check].title : "check \($0.check + 1)", $0.message)
        }
    }
}

extension Graph.Check.Kind {
    /// Made outside the engine, on other threads.
    var isMadeByExecutor: Bool {
        switch self {
        case .command, .file, .http, .diff, .judge: true
        case .schema, .expr, .human: false
        }
    }
}

extension RunState {
    /// What is known about the output of a task that has checks; `nil` before its first one.
    public func verification(of task: TaskRef) -> Verification? { verifications[task] }

    /// What has checks that nobody makes at the moment.
    func awaitsChecks(_ task: TaskRef) -> Bool {
        self[task].status == .verifying && self[task].worker == nil
    }

    /// Forgets about tasks that went with their pass or item.
    mutating func forgetVerifications(in scope: Int) {
        if !verifications.isEmpty { verifications = verifications.filter { $0.key.scope != scope } }
    }
}
