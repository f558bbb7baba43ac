// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
public import Store
internal import Threads

/// Searches a library by words and, where a model makes vectors, by what texts mean. Suspends; the library works on threads
/// of its own.
public struct LibrarySearch: Sendable {
    /// What is searched.
    public let library: Library
    let embedder: (any Embedder)?
    private let absence: String?

    /// - Parameters:
    ///   - embedder: Makes vectors; without one only words are looked for.
    ///   - absence: Why there is none although there should be; told with each answer.
    public init(_ library: Library, embedder: (any Embedder)? = nil, absence: String? = nil) {
        (self.library, self.embedder, self.absence) = (library, embedder, absence)
    }

    /// The model whose vectors are looked at; `nil` when there is none.
    public var model: String? { embedder?.model }

    /// Looks for passages in what somebody sees. When there are no vectors to look at the words answer alone, and a notice
    /// says why.
    ///
    /// - Throws: As ``Library/search(_:_:)``.
    public func search(
        _ question: Library.Question,
        _ visibility: Visibility,
        for payer: PaidCaller
    ) async throws(LibraryError) -> Library.Answer {
        guard let embedder else {
            var answer = try await ask { library throws(LibraryError) in try library.search(question, visibility) }
            answer.notice = absence
            return answer
        }
        let wide = question.widened
        let found = try await ask { library throws(LibraryError) in try library.search(wide, visibility) }
        let hasVectors = try await ask { [model = embedder.model] library throws(LibraryError) in
            try library.hasVectors(of: model)
        }
        guard hasVectors else {
            return found.cut(
                to: question,
                "no document has a vector of \(embedder.model) yet: `baton rag index` makes them"
            )
        }
        let vector: [Float]
        do throws(EmbeddingFailure) {
            let text = question.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            vector = try await vectors(of: [text], .question, embedder, payer).first ?? []
        } catch {
            return found.cut(to: question, Self.notice(error))
        }
        let near = try await ask { [model = embedder.model] library throws(LibraryError) in
            try library.nearest(to: vector, model, wide, visibility)
        }
        return found.fused(with: near, for: question)
    }

    /// Findings of a project that have words of a question or mean something alike, the best first.
    public func findings(
        like question: String,
        of project: String,
        in tenant: String,
        limit: Int,
        for payer: PaidCaller
    ) async throws(LibraryError) -> FoundFindings {
        let words = try await ask { library throws(LibraryError) in
            try library.findings(like: question, of: project, in: tenant, limit: Library.findingLimit)
        }
        func byWords(_ notice: String?) -> FoundFindings {
            FoundFindings(mode: "text", notice: notice, findings: words.prefix(limit).map { ($0.row, $0.score) })
        }
        guard let embedder else { return byWords(absence) }
        let rows = try await ask { library throws(LibraryError) in try library.findings(of: project, in: tenant) }
        guard !rows.isEmpty else { return byWords(nil) }
        do throws(EmbeddingFailure) {
            let text = question.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let all = try await vectors(of: rows.map(\.text), .finding, embedder, payer)
            let asked = try await vectors(of: [text], .question, embedder, payer).first ?? []
            let scored = zip(rows, all).map { row, vector in (row: row, score: VectorProduct.dot(asked, vector)) }
            let near = scored.sorted { $0.score > $1.score }.prefix(max(20, limit)).map(\.row.id)
            let byID = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
            let fused = RankFusion.fuse([words.map(\.row.id), near]).prefix(limit)
            return FoundFindings(
                mode: "hybrid",
                notice: nil,
                findings: fused.compactMap { hit in byID[hit.thing].map { ($0, Library.rounded(hit.score)) } }
            )
        } catch {
            return byWords(Self.notice(error))
        }
    }

    private static func notice(_ failure: EmbeddingFailure) -> String {
        "only words were looked for, because there is no vector of the question (\(failure.code)): \(failure.message)"
    }

    // MARK: Parts

    private static let threads = [SerialThread(named: "library-1"), SerialThread(named: "library-2")]

    /// Asks the library on a thread that may block.
    public func ask<Value: Sendable>(
        _ body: @escaping @Sendable (Library) throws(LibraryError) -> Value
    ) async throws(LibraryError) -> Value {
        let library = library
        let thread = Self.threads[Int.random(in: 0..<Self.threads.count)]
        return try await thread.run { () -> Result<Value, LibraryError> in
            do throws(LibraryError) { return .success(try body(library)) } catch { return .failure(error) }
        }.get()
    }
}

/// Findings that fit a question.
public struct FoundFindings: Sendable {
    /// How was looked: `text` or `hybrid`.
    public var mode: String
    /// What stood in the way, for people.
    public var notice: String?
    /// The best first, with a score of 0 to 1 that is comparable within one answer.
    public var findings: [(row: FindingRow, score: Double)]
}

extension FoundFindings {
    /// As the tool gives it.
    public var json: JSONValue {
        let list = findings.map { found -> JSONValue in
            var json = found.row.json
            json["score"] = .double(found.score)
            return .object(json)
        }
        var json: JSONObject = ["mode": .string(mode), "findings": .array(list)]
        json["notice"] = notice.map(JSONValue.string)
        return .object(json)
    }
}
