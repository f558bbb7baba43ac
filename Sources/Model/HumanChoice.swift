// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// One way to answer a request to a person (spec 7.1).
public struct HumanChoice: Sendable, Hashable {
    /// What the answer names.
    public var id: String
    /// Shown instead of the id.
    public var label: String?
    /// What it does, shown to people. The word `reject` makes the choice one that does not agree, `approve` one that
    /// does; other words change nothing.
    public var effect: String?

    /// Describes a choice.
    public init(_ id: String, label: String? = nil, effect: String? = nil) {
        self.id = id
        self.label = label
        self.effect = effect
    }

    /// Whoever chooses it does not agree: it ends a request at once, whatever the quorum.
    public var isRejection: Bool { (effect.map(Self.words.contains) ?? false ? effect : id) == "reject" }

    /// Whoever chooses it agrees.
    public var isApproval: Bool { (effect.map(Self.words.contains) ?? false ? effect : id) == "approve" }

    private static let words: Set = ["approve", "reject"]
}

extension HumanChoice {
    /// `{id, label?, effect?}`, as documents write it.
    public var json: JSONValue {
        var result: JSONObject = ["id": .string(id)]
        result["label"] = label.map(JSONValue.string)
        result["effect"] = effect.map(JSONValue.string)
        return .object(result)
    }

    /// Reads `{id, label?, effect?}`.
    public init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue else { return nil }
        self.init(id, label: json["label"]?.stringValue, effect: json["effect"]?.stringValue)
    }
}
