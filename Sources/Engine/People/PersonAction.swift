// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model

/// What a person does with a request.
public enum PersonAction: Sendable {
    /// Answers it.
    case answer(HumanAnswer)
    /// Works on it alone for ``HumanClaim/span``; again by the same person: from now on.
    case claim
    /// Gives the claim back.
    case release
    /// Asks others instead.
    case reassign(to: [String])
}

/// What a person says.
public struct HumanAnswer: Sendable, Equatable {
    /// The largest `values`, in bytes of canonical JSON.
    public static let valuesLimit = 1 << 20

    /// The id of the choice.
    public var choice: String
    /// What was filled in, by the form of the request.
    public var values: JSONObject
    /// Why.
    public var comment: String?
    /// The channel it came through, for example `cli`.
    public var via: String?

    /// Puts an answer together.
    public init(choice: String, values: JSONObject = [:], comment: String? = nil, via: String? = nil) {
        self.choice = choice
        self.values = values
        self.comment = comment
        self.via = via
    }
}

extension HumanChoice {
    /// The choice among several that agrees, or the one that does not; where none says so, the usual id.
    static func id(agreeing: Bool, among choices: [HumanChoice]) -> String {
        let found = choices.first { agreeing ? $0.isApproval : $0.isRejection }
        return found?.id ?? (agreeing ? "approve" : "reject")
    }
}
