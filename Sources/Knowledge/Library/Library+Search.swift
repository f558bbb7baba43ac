// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
public import Store

extension Library {
    /// A question.
    public struct Question: Sendable {
        /// The words; marks of search languages mean nothing.
        public var text: String
        /// Only in the sources of these names; in all that are seen, when empty.
        public var sources: [String]
        /// At most so many passages, 1 to 50.
        public var limit: Int
        /// Only passages with at least this score, 0 to 1.
        public var minimum: Double

        /// Puts a question together.
        public init(_ text: String, sources: [String] = [], limit: Int = 8, minimum: Double = 0) {
            (self.text, self.sources, self.limit, self.minimum) = (text, sources, limit, minimum)
        }
    }

    /// What a question found, the best first.
    public struct Answer: Sendable {
        /// A passage, and where it stands.
        public struct Hit: Sendable {
            /// The source.
            public var source: String
            /// What was found.
            public var hit: PassageHit
            /// 0 to 1; comparable within one answer.
            public var score: Double
        }
        /// How was looked: `text`, or `hybrid` for words and meaning.
        public var mode: String
        /// What stood in the way, for people.
        public var notice: String?
        /// The passages.
        public var hits: [Hit]
    }

    /// Looks for passages in what somebody sees.
    ///
    /// - Throws: `invalid` for a question without a word, `notFound` for a source that is not there or not seen.
    public func search(_ question: Question, _ visibility: Visibility) throws(LibraryError) -> Answer {
        let chosen = try chosenSources(question, visibility)
        let words = SearchWords.of(question.text)
        guard !words.isEmpty else { throw LibraryError(.invalid, "The question has no word.") }
        let query = PassageQuery(words: words, sources: chosen.map(\.id), limit: min(max(question.limit, 1), 50))
        let found = try stored { () throws(StoreError) in try store.search(query) }
        let hits = Self.named(found, chosen) { Self.score($0.relevance) }
        return Answer(mode: "text", notice: nil, hits: hits.filter { $0.score >= question.minimum })
    }

    /// The sources of a question, each once.
    func chosenSources(_ question: Question, _ visibility: Visibility) throws(LibraryError) -> [SourceRow] {
        let seen = try sources(visibility).map(\.row)
        guard !question.sources.isEmpty else { return seen }
        var chosen: [SourceRow] = []
        for name in question.sources {
            guard let row = seen.first(where: { $0.name == name }) else {
                throw LibraryError(.notFound, "There is no source `\(name)`.")
            }
            if !chosen.contains(where: { $0.id == row.id }) { chosen.append(row) }
        }
        return chosen
    }

    /// BM25, which has no upper end, brought to 0...1: `x / (x + 4)`. One rare word gives about a half.
    static func score(_ relevance: Double) -> Double {
        relevance <= 0 ? 0 : (relevance / (relevance + 4) * 10_000).rounded() / 10_000
    }
}

extension Library.Answer {
    /// As the API and the tool give it.
    public var json: JSONValue {
        var json: JSONObject = ["mode": .string(mode), "hits": .array(hits.map(\.json))]
        json["notice"] = notice.map(JSONValue.string)
        return .object(json)
    }
}

extension Library.Answer.Hit {
    /// A passage with its citation.
    public var json: JSONValue {
        [
            "source": .string(source), "document": .string("\(hit.document.id)"), "path": .string(hit.document.path),
            "title": .string(hit.document.title), "heading": .string(hit.passage.heading),
            "first_line": .int(Int64(hit.passage.firstLine)), "last_line": .int(Int64(hit.passage.lastLine)),
            "text": .string(hit.passage.text), "score": .double(score),
        ]
    }
}

extension SourceSummary {
    /// As the API gives it.
    public var json: JSONValue {
        [
            "name": .string(row.name), "documents": .int(Int64(documents)), "passages": .int(Int64(passages)),
            "bytes": .int(Int64(bytes)), "project": row.ownership.project.map(JSONValue.string) ?? .null,
            "owner": row.ownership.owner.map(JSONValue.string) ?? .null,
            "created_at": .string(row.createdAt.description),
        ]
    }
}

extension DocumentRow {
    /// As the API gives it.
    public var json: JSONObject {
        [
            "id": .string("\(id)"), "path": .string(path), "title": .string(title), "hash": .string(hash),
            "bytes": .int(Int64(bytes)), "passages": .int(Int64(passages)), "added_at": .string(addedAt.description),
            "updated_at": .string(updatedAt.description), "by": .string(author),
        ]
    }
}

extension Passage {
    /// As the API gives it.
    public var json: JSONValue {
        [
            "heading": .string(heading), "first_line": .int(Int64(firstLine)), "last_line": .int(Int64(lastLine)),
            "text": .string(text),
        ]
    }
}
