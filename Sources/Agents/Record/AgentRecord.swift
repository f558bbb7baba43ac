// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
public import Providers

/// What an agent is: its instructions, the tools it has by itself, and which models it asks.
///
/// The text form is Markdown whose front matter is a mapping of `id` (needed), `summary`, `tools`, `tier` and `model`; what
/// follows are the instructions.
public struct AgentRecord: Sendable, Hashable {
    /// Letters in lower case, digits, `_` and `-`.
    public var id: String
    /// One line for people.
    public var summary: String
    /// What is sent first with every call.
    public var instructions: String
    /// Names of tools, for nodes that name none; `fs.*` stands for all that begin so.
    public var tools: [String]
    /// Which tier serves it when the node says nothing.
    public var tier: ModelTier
    /// A model in place of the tier, as `PROVIDER/MODEL`, or a name that one provider lists.
    public var model: String?
    /// The program that does its work, for an agent of kind `cli`.
    public var program: CLIProgram?

    /// A record; without tools, of the tier `medium`.
    public init(
        id: String,
        summary: String = "",
        instructions: String,
        tools: [String] = [],
        tier: ModelTier = .medium,
        model: String? = nil
    ) {
        self.id = id
        self.summary = summary
        self.instructions = instructions
        self.tools = tools
        self.tier = tier
        self.model = model
    }

    /// Reads the text form.
    public init(_ text: [UInt8], fileName: String) throws(AgentRecordError) {
        let wrong = { (rule: String) in AgentRecordError(description: "\(fileName): \(rule)") }
        guard let parts = Self.split(String(decoding: text, as: UTF8.self)) else {
            throw wrong("must begin with a front matter between two lines `---`")
        }
        let head: JSONValue
        do throws(FlatDocumentError) {
            head = try PlacedDocument(Array(parts.head.utf8), fileName: fileName).json
        } catch {
            throw wrong(error.diagnostics.map(\.message).joined(separator: "; "))
        }
        guard let fields = head.objectValue else { throw wrong("the front matter must be a mapping") }
        let known = ["id", "kind", "summary", "tools", "tier", "model"] + CLIProgram.keys
        if let stray = fields.members.first(where: { !known.contains($0.key) }) {
            throw wrong("`\(stray.key)` is none of \(known.joined(separator: ", "))")
        }
        guard let id = fields["id"]?.stringValue, Self.isID(id) else {
            throw wrong("`id` must be letters in lower case, digits, _ and -")
        }
        let list = fields["tools"]?.arrayValue ?? []
        let tools = list.compactMap(\.stringValue)
        guard tools.count == list.count, fields["tools"].map({ $0.arrayValue != nil }) ?? true else {
            throw wrong("`tools` must be a list of names")
        }
        var tier = ModelTier.medium
        if let word = fields["tier"] {
            guard let value = word.stringValue.flatMap(ModelTier.init) else {
                throw wrong("`tier` must be one of \(ModelTier.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            tier = value
        }
        guard !parts.body.isEmpty else { throw wrong("has no instructions") }
        self.init(
            id: id,
            summary: fields["summary"]?.stringValue ?? "",
            instructions: parts.body,
            tools: tools,
            tier: tier,
            model: fields["model"]?.stringValue
        )
        do throws(CLIProgram.Wrong) {
            program = try CLIProgram(fields)
        } catch {
            throw wrong(error.rule)
        }
    }

    private static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 45 }
    }

    /// The text between the first two lines of dashes, and what follows without blank lines around it.
    private static func split(_ text: String) -> (head: String, body: String)? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
        var body = lines[(end + 1)...]
        while body.first?.allSatisfy(\.isWhitespace) == true { body.removeFirst() }
        while body.last?.allSatisfy(\.isWhitespace) == true { body.removeLast() }
        return (lines[1..<end].joined(separator: "\n"), body.joined(separator: "\n"))
    }
}

/// The record of an agent cannot be read.
public struct AgentRecordError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file and what is wrong with it.
    public let description: String

    /// Says what is wrong.
    public init(description: String) {
        self.description = description
    }
}
