// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Store

/// A thought to be written down.
public struct NewThought: Sendable, Equatable {
    var kind: ThoughtRow.Kind
    var text: String
    /// The steps of a plan.
    var steps: [String]
    var confidence: Double?
    var style: String?
    /// Of a fork the new one, or `nil` for one with a made name; else the one that goes on, `main` by default.
    var branch: String?
    /// The thought that a fork follows.
    var from: Int?
    /// The thought that it speaks about.
    var about: Int?

    /// The branch of whoever names none.
    public static let mainBranch = "main"

    /// Reads the arguments of a tool; `nil` for a name that no tool for thoughts has.
    ///
    /// | tool | is |
    /// |---|---|
    /// | `thinking.think` | a thought of any `type`, `hypothesis` by default |
    /// | `thinking.plan`, `analyze`, `conclude`, `reflect` | a plan, analysis, conclusion or critique |
    /// | `thinking.fork` | a thought that begins a branch after the thought `from` |
    init?(tool name: String, _ fields: NoteFields) throws(NoteError) {
        var from: Int?
        switch name {
        case "thinking.think", "thinking.fork":
            let word = try fields.text("type") ?? ThoughtRow.Kind.hypothesis.rawValue
            guard let kind = ThoughtRow.Kind(rawValue: word) else {
                let words = ThoughtRow.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid("/type", "must be one of \(words)")
            }
            self.kind = kind
            from = try fields.integer("from", 1...1_000_000)
            if name == "thinking.fork", from == nil { throw .invalid("/from", "must be the number of a thought") }
        case "thinking.plan": kind = .plan
        case "thinking.analyze": kind = .analysis
        case "thinking.conclude": kind = .conclusion
        case "thinking.reflect": kind = .critique
        default: return nil
        }
        self.from = from
        steps = try fields.texts("steps") ?? []
        guard steps.count <= 50 else { throw .tooLarge("steps", 50, steps.count, unit: "items") }
        text = try fields.text("text") ?? ""
        guard !text.isEmpty else { throw .invalid("/text", "must say something") }
        let size = ([text] + steps).reduce(0) { $0 + $1.utf8.count }
        guard size <= NoteLimits.thought else { throw .tooLarge("a thought", NoteLimits.thought, size, unit: "bytes") }
        confidence = try fields.share("confidence")
        style = try fields.value("style") == nil ? nil : fields.name("style")
        branch = try fields.value("branch") == nil ? nil : fields.name("branch")
        about = try fields.integer("about", 1...1_000_000)
    }
}
