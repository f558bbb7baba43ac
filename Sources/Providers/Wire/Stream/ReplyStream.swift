// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Reads the stream of an answer, however it is cut into pieces; a pure state machine.
///
/// An answer is whole as soon as the provider has said why the model stopped: what may follow only closes the stream.
/// Its usage is exact when the provider's final count came, else `unknown`.
public struct ReplyStream: Sendable {
    private enum Framing: Sendable {
        case events(EventReader)
        case lines(LineReader)
    }

    private var framing: Framing
    private var machine: any ReplyMachine
    private let provider: String
    private let requestID: String?
    /// Nothing that follows is read: the provider has closed the answer, or it failed.
    public private(set) var isOver = false
    private var failure: ModelError?
    /// Events of kinds that are not known here.
    public private(set) var skipped = 0

    /// At the beginning of an answer.
    ///
    /// - Parameters:
    ///   - provider: For messages.
    ///   - requestID: The provider's id of the request, from the head of the answer.
    ///   - readsCallsInText: Small local models write calls of tools as JSON into their text; reads those as calls.
    public init(
        _ format: WireFormat,
        to request: ModelRequest,
        provider: String,
        requestID: String? = nil,
        readsCallsInText: Bool = false
    ) {
        let draft = ReplyDraft(format: format, request: request)
        switch format {
        case .messages: machine = MessagesReply(draft: draft)
        case .responses: machine = ResponsesReply(draft: draft)
        case .ollama: machine = OllamaReply(draft: draft, readsCallsInText: readsCallsInText)
        case .chatCompletions, .scripted: machine = ChatReply(draft: draft, readsCallsInText: readsCallsInText)
        }
        framing = format == .ollama ? .lines(LineReader()) : .events(EventReader())
        self.provider = provider
        self.requestID = requestID
    }

    /// Reads on.
    ///
    /// - Returns: The pieces that are there now. That the provider fails, or sends what it should not, is told by
    ///   ``finish()``; ``isOver`` is set then.
    public mutating func feed(_ bytes: some Collection<UInt8>) -> [ModelChunk] {
        var chunks: [ModelChunk] = []
        do throws(ModelError) {
            guard let messages = messages(in: bytes) else { throw malformed("a line is too long") }
            for message in messages where !isOver { chunks += try take(message) }
        } catch {
            (failure, isOver) = (error, true)
        }
        return chunks
    }

    private mutating func messages(in bytes: some Collection<UInt8>) -> [EventReader.Message]? {
        switch framing {
        case .events(var reader):
            defer { framing = .events(reader) }
            return reader.feed(bytes)
        case .lines(var reader):
            defer { framing = .lines(reader) }
            return reader.feed(bytes)?.map { ("", $0) }
        }
    }

    private mutating func take(_ message: EventReader.Message) throws(ModelError) -> [ModelChunk] {
        let data = message.data
        guard data.contains(where: { $0 > 0x20 }) else { return [] }
        if data.elementsEqual("[DONE]".utf8) {
            isOver = true
            return []
        }
        guard let json = Self.json(data) else { throw malformed("\(String(decoding: data.prefix(80), as: UTF8.self))") }
        return try take(json, event: message.event)
    }

    /// Takes one event that is read already.
    mutating func take(_ json: JSONValue, event: String = "") throws(ModelError) -> [ModelChunk] {
        if let failure = Self.failure(json, event) { throw failed(failure) }
        let chunks: [ModelChunk]?
        do throws(WireFailure) {
            chunks = try machine.take(json)
        } catch {
            throw failed(error)
        }
        if chunks == nil { skipped += 1 }
        return chunks ?? []
    }

    /// The answer, once the stream has ended.
    ///
    /// - Throws: When the provider failed or the answer is not whole, with what had come.
    public mutating func finish() throws(ModelError) -> ModelReply {
        if let failure { throw failure }
        if case .lines(var reader) = framing {
            let rest = reader.rest()
            framing = .lines(reader)
            // The last line may lack its end; half of one is no JSON.
            if !isOver, Self.json(rest) != nil { _ = try take(("", rest)) }
        }
        guard machine.draft.stop != nil else { throw ModelError.cut(provider: provider, partial) }
        machine.complete()
        return partial
    }

    /// The provider has said why the model stopped; what may follow is usage, and the end.
    public var hasStopped: Bool { machine.draft.stop != nil }

    /// What has come so far.
    public var partial: ModelReply { machine.draft.reply(requestID: requestID) }

    private func malformed(_ what: String) -> ModelError { .malformed(provider: provider, what, partial) }

    private func failed(_ failure: WireFailure) -> ModelError {
        let response = ResponseFailure(status: failure.status, headers: [], body: failure.json.bytes(), now: nil)
        var error = response.error(provider: provider, isMidStream: true)
        let words = ResponseFailure.words(in: failure.json)
        let text = [words.kind, words.message].compactMap(\.self).joined(separator: ": ")
        error.message = "\(provider) broke the answer off" + (text.isEmpty ? "" : ": \(text)")
        error.status = nil
        error.requestID = requestID
        var kept = partial
        kept.stopReason = .cut
        kept.usage.certainty = .unknown
        error.partial = kept
        return error
    }

    /// Errors that all formats write the same way.
    private static func failure(_ json: JSONValue, _ event: String) -> WireFailure? {
        let isError = json["type"] == "error" || event == "error"
        let hasError = json["error"].map { !$0.isNull } ?? false
        guard isError || (hasError && json["type"] == nil) else { return nil }
        return WireFailure(json)
    }

    /// Halves of a surrogate pair, which some servers cut in two, become replacement characters.
    private static func json(_ data: [UInt8]) -> JSONValue? {
        let limits = JSONLimits(allowsDuplicateNames: true)
        do throws(JSONError) {
            return try JSONValue(parsing: data, limits: limits)
        } catch {
            guard error.code == .encoding else { return nil }
            return try? JSONValue(parsing: Surrogates.replaced(data), limits: limits)
        }
    }
}

/// How one format is read.
protocol ReplyMachine: Sendable {
    var draft: ReplyDraft { get }
    /// Takes one event; `nil` when its kind is not known.
    mutating func take(_ json: JSONValue) throws(WireFailure) -> [ModelChunk]?
    /// Puts the answer in order after its end.
    mutating func complete()
}

extension ReplyMachine {
    mutating func complete() {}
}

/// The provider says in mid-stream that it fails.
struct WireFailure: Error {
    let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    /// The status that the provider would have answered with before the stream.
    var status: Int {
        let error = json["error"].flatMap { $0.objectValue == nil ? nil : $0 } ?? json
        if let code = error["code"]?.intValue ?? error["status_code"]?.intValue, (400...599).contains(code) {
            return Int(code)
        }
        for word in [error.text("type"), error.text("code")].compactMap(\.self) {
            if let status = Self.statuses[word] { return status }
        }
        return 500
    }

    private static let statuses: [String: Int] = [
        "overloaded_error": 529, "rate_limit_error": 429, "rate_limit_exceeded": 429, "insufficient_quota": 429,
        "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
        "not_found_error": 404, "request_too_large": 413, "timeout_error": 504, "invalid_prompt": 400,
        "context_length_exceeded": 400, "exceed_context_size_error": 400, "server_overloaded": 529,
    ]
}

/// Repairs escapes that JSON does not allow.
enum Surrogates {
    /// The text with every `\uD800`–`\uDFFF` that stands alone as `\uFFFD`.
    static func replaced(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count else {
                result.append(bytes[place])
                place += 1
                continue
            }
            guard let unit = unit(bytes, place) else {
                result += bytes[place..<min(place + 2, bytes.count)]
                place += 2
                continue
            }
            let isPair =
                (0xd800...0xdbff).contains(unit) && self.unit(bytes, place + 6).map { 0xdc00...0xdfff ~= $0 } == true
            if isPair {
                result += bytes[place..<(place + 12)]
                place += 12
            } else {
                let isAlone = (0xd800...0xdfff).contains(unit)
                result += isAlone ? Array("\\ufffd".utf8) : Array(bytes[place..<(place + 6)])
                place += 6
            }
        }
        return result
    }

    /// The code unit of an escape `\uXXXX` that starts here.
    private static func unit(_ bytes: [UInt8], _ place: Int) -> UInt16? {
        guard place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u") else {
            return nil
        }
        return UInt16(String(decoding: bytes[(place + 2)..<(place + 6)], as: UTF8.self), radix: 16)
    }
}
