// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import JSON
internal import Model

/// A patch that somebody wants to make.
public struct PatchRequest: Sendable {
    /// What is changed.
    public enum Change: Sendable {
        /// RFC 6902: `add`, `remove`, `replace` and `test`; `/nodes/@ID` names a node by its id.
        case operations(JSONValue)
        /// What an applied patch of that number did is taken back.
        case undo(Int64)
    }
    /// What.
    public var change: Change
    /// Why, in words; at most 2,000 characters.
    public var summary: String
    /// The number of the last applied patch that the author knows of; `nil` for whatever is there now.
    public var base: Int64?
    /// A second request with the same key gives the answer of the first one.
    public var key: String
    /// A person has to approve it, whatever the run says about reviews.
    public var asksFirst = false

    /// Puts a request together.
    public init(_ change: Change, summary: String = "", base: Int64? = nil, key: String) {
        self.change = change
        self.summary = summary
        self.base = base
        self.key = key
    }
}

/// A patch with what came of checking it outside the loop.
struct PatchSubmission: Sendable {
    var request: PatchRequest
    /// The task and the fence of the attempt that asks; `nil` for a person.
    var author: (task: TaskRef, fence: Int64)?
    var prepared: PreparedPatch
}

/// A patch that was applied to the document of a run and compiled.
struct PreparedPatch: Sendable {
    /// The operations; those of an undo were made.
    var operations: JSONValue
    /// The number of the last applied patch that it was checked against.
    var sequence: Int64
    /// The base that the author named.
    var base: Int64
    /// What it makes of the graph, or why it cannot apply.
    var result: Result<RunPatch.Change, Refused>
    /// What the run may cost more; `nil` when a price is not known.
    var usd: Double?

    /// Why a patch cannot apply.
    struct Refused: Error, Sendable {
        var diagnostics: [Diagnostic]
    }
}

/// What is asked of a machine about the graph of its run.
public struct PatchCommand: Sendable {
    enum Action: Sendable {
        case submit(PatchSubmission)
        /// A patch that a person approved was checked again.
        case checked(Int64, PreparedPatch)
        case migrate(Migration)
    }
    let action: Action
}

/// Who looks at patches.
public struct PatchPolicy: Sendable {
    /// What the project says; the stricter of this and what the workflow says holds.
    public var review = PatchReview.auto

    /// Valid patches apply at once.
    public init() {}
}
