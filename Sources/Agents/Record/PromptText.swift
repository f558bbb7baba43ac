// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import JSON

/// Where the text of an agent or a skill comes from.
public enum PromptOrigin: Sendable, Hashable {
    /// The program.
    case builtIn
    /// A file of `agents.dir` or `skills.dir`.
    case file
    /// An administrator: the version of the edit.
    case edited(version: Int)

    /// `{source, version?}`.
    var json: JSONObject {
        switch self {
        case .builtIn: ["source": "built_in"]
        case .file: ["source": "file"]
        case .edited(let version): ["source": "edited", "version": .int(Int64(version))]
        }
    }
}

/// The text of an agent or a skill as it is in force.
public struct PromptText: Sendable, Hashable {
    /// The whole file.
    public let text: [UInt8]
    /// Where it comes from.
    public let origin: PromptOrigin

    /// SHA-256 of the text in hexadecimal digits.
    public var hash: String { SHA256.hex(text) }

    /// `{hash, source, version?}`.
    public var json: JSONObject {
        var json = origin.json
        json["hash"] = .string(Self.spelling(hash))
        return json
    }

    init?(_ text: [UInt8]?, _ origin: PromptOrigin) {
        guard let text else { return nil }
        (self.text, self.origin) = (text, origin)
    }

    /// A hash as clients see it.
    public static func spelling(_ hash: String) -> String { "sha256:\(hash)" }

    /// The hash of a text, as it is stored.
    public static func hash(of text: [UInt8]) -> String { SHA256.hex(text) }
}

/// The text of an agent or a skill, read.
public enum PromptRecord: Sendable, Hashable {
    case agent(AgentRecord)
    case skill(Skill)

    /// Reads a text that stands in place of that of a file.
    ///
    /// - Throws: What is wrong, with the line; also when it is the text of another agent or skill than the named one.
    public init(_ text: [UInt8], of name: PromptName, version: Int) throws(AgentRecordError) {
        let origin = PromptOrigin.edited(version: version)
        switch name.kind {
        case .agent:
            self = .agent(try AgentRecord(text, fileName: name.fileName, expecting: name.name, from: origin))
        case .skill: self = .skill(try Skill(text, fileName: name.fileName, expecting: name.name, from: origin))
        }
    }
}
