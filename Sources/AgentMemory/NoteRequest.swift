// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model

/// Something to do with notes, checked: what tools, the API and the command line have in common.
public enum NoteRequest: Sendable, Equatable {
    /// Writes an entry of the memory.
    case remember(NewMemory)
    /// Reads one.
    case recall(key: String)
    /// Removes one.
    case forget(key: String)
    /// Lists keys.
    case list(MemoryList)
    /// Finds entries by their words.
    case search(MemorySearch)
    /// Several of those, one after the other.
    case bulk([Result<NoteRequest, NoteError>])
    /// Writes a context.
    case save(NewContext)
    /// Reads one, or some of its members.
    case load(name: String, keys: [String]?)
    /// Lists contexts.
    case contexts(after: String?, limit: Int)
    /// Removes one.
    case delete(name: String)
    /// Joins contexts.
    case merge(ContextMerge)
    /// Writes a thought down.
    case think(NewThought)
    /// Reads the thoughts of a branch, or all of them.
    case thoughts(branch: String?)

    /// Whether it changes something.
    public var isWrite: Bool {
        switch self {
        case .remember, .forget, .bulk, .save, .delete, .merge, .think: true
        case .recall, .list, .search, .load, .contexts, .thoughts: false
        }
    }

    /// Reads the arguments of the tool of that name.
    ///
    /// - Throws: `validation.failed`, `too_large`; `not_found` for a name that no tool for notes has.
    public init(_ name: String, _ arguments: JSONValue) throws(NoteError) {
        let fields = NoteFields(arguments)
        switch name {
        case "memory.remember": self = .remember(try NewMemory(fields))
        case "memory.recall": self = .recall(key: try fields.name("key"))
        case "memory.forget": self = .forget(key: try fields.name("key"))
        case "memory.list": self = .list(try MemoryList(fields))
        case "memory.search": self = .search(try MemorySearch(fields))
        case "memory.bulk": self = .bulk(try Self.operations(fields))
        case "context.save": self = .save(try NewContext(fields))
        case "context.load": self = .load(name: try fields.contextName("name"), keys: try fields.texts("keys"))
        case "context.list":
            self = .contexts(after: try fields.text("after"), limit: try fields.integer("limit", 1...500) ?? 100)
        case "context.delete": self = .delete(name: try fields.contextName("name"))
        case "context.merge": self = .merge(try ContextMerge(fields))
        case "thinking.list": self = .thoughts(branch: try fields.text("branch"))
        default:
            guard let thought = try NewThought(tool: name, fields) else {
                throw NoteError(.notFound, "there is no operation `\(name)` for notes")
            }
            self = .think(thought)
        }
    }

    /// An operation that is wrong does not keep others from being carried out.
    private static func operations(_ fields: NoteFields) throws(NoteError) -> [Result<NoteRequest, NoteError>] {
        guard let list = fields.value("operations")?.arrayValue, !list.isEmpty else {
            throw .invalid("/operations", "must be a list of operations")
        }
        guard list.count <= NoteLimits.operations else {
            throw .tooLarge("operations", NoteLimits.operations, list.count, unit: "items")
        }
        return list.map { item in
            Result { () throws(NoteError) in
                guard let name = item["op"]?.stringValue,
                    ["remember", "recall", "forget", "list", "search"].contains(name)
                else { throw .invalid("/op", "must be remember, recall, forget, list or search") }
                return try NoteRequest("memory.\(name)", item)
            }
        }
    }
}

/// Reads the members of a request.
struct NoteFields {
    private let object: JSONValue

    init(_ object: JSONValue) { self.object = object }

    /// A member that is there and not null.
    func value(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    func text(_ name: String) throws(NoteError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw .invalid("/\(name)", "must be text") }
        return text
    }

    /// Words that name something: 1 to 200 characters without control characters, no blanks around them.
    func name(_ name: String) throws(NoteError) -> String {
        let text = try text(name) ?? ""
        let isClean = text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        guard (1...NoteLimits.name).contains(text.count), isClean, text.first != " ", text.last != " " else {
            throw .invalid("/\(name)", "must have 1 to \(NoteLimits.name) characters, none of them a control character")
        }
        return text
    }

    /// The name of a context; some are words of the API.
    func contextName(_ name: String) throws(NoteError) -> String {
        let text = try self.name(name)
        guard !["export", "import", "merge"].contains(text) else {
            throw .invalid("/\(name)", "must not be export, import or merge")
        }
        return text
    }

    func texts(_ name: String) throws(NoteError) -> [String]? {
        guard let value = value(name) else { return nil }
        guard let list = value.arrayValue, list.allSatisfy({ $0.stringValue != nil }) else {
            throw .invalid("/\(name)", "must be a list of texts")
        }
        return list.compactMap(\.stringValue)
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(NoteError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.intValue.map({ Int($0) }), range.contains(number) else {
            throw .invalid("/\(name)", "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number between 0 and 1.
    func share(_ name: String) throws(NoteError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.doubleValue, (0...1).contains(number) else {
            throw .invalid("/\(name)", "must be a number from 0 to 1")
        }
        return number
    }

    func flag(_ name: String, default usual: Bool) throws(NoteError) -> Bool {
        guard let value = value(name) else { return usual }
        guard let flag = value.boolValue else { throw .invalid("/\(name)", "must be true or false") }
        return flag
    }

    /// How long something is kept.
    func span(_ name: String) throws(NoteError) -> Duration? {
        guard let text = try text(name) else { return nil }
        guard let span = Duration(text: text), span >= .seconds(1), span <= NoteLimits.longest else {
            throw .invalid("/\(name)", "must be a span of time such as 30m or 7d, at least 1s")
        }
        return span
    }
}
