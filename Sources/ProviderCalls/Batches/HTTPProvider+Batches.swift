// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model
public import Providers

extension HTTPProvider: BatchProvider {
    /// Providers of the kinds `anthropic` and `openai` have batches.
    public var offersBatches: Bool { endpoint.batches != nil }

    /// Hands a call over, as ``BatchProvider`` says. A call is handed over even when its task is cancelled meanwhile.
    public func submit(_ request: ModelRequest, key: String) async throws(ModelError) -> BatchTicket {
        _ = try places()
        let name = BatchTicket.name(of: key)
        let item = BatchWire.item(name, wire(request).body, as: endpoint.format)
        return try await desk.submit(.init(name: name, bytes: item), model: request.model, to: self)
    }

    /// Asks once, as ``BatchProvider`` says.
    public func answer(to ticket: BatchTicket, for request: ModelRequest) async throws(ModelError) -> BatchAnswer {
        _ = try places()
        switch try await desk.find(ticket, self) {
        case .pending(let wait): return .pending(nextLook: wait)
        case .result(let result):
            var reply = try result.reply(to: request, provider: name)
            reply.notes = wire(request).notes + reply.notes
            return .answered(reply)
        }
    }

    /// Gives a call up, as ``BatchProvider`` says.
    public func cancel(_ ticket: BatchTicket) async throws(ModelError) {
        _ = try places()
        try await desk.cancel(ticket, self)
    }

    private func wire(_ request: ModelRequest) -> WireRequest {
        WireRequest(
            request,
            as: endpoint.format,
            facts: facts(request.model),
            isOpenAI: settings.kind == .openAI,
            isStream: false
        )
    }

    private func places() throws(ModelError) -> BatchPlaces {
        if let places = endpoint.batches { return places }
        throw ModelError(
            code: "provider.unavailable",
            errorClass: .permanent,
            message: "\(name): providers of the kind \(settings.kind.rawValue) have no batches"
        )
    }

    /// What a provider should not say.
    func strange(_ what: String, wasTaken: Bool) -> ModelError {
        ModelError(
            code: "provider.failed",
            errorClass: wasTaken ? .permanent : .transient,
            message: "\(name): \(what)",
            mayHaveLeft: true,
            mayBeCharged: wasTaken
        )
    }
}

/// The requests behind it, each made once.
extension HTTPProvider {
    /// Long enough for the body of a batch on a slow line.
    private static let uploadLimit = Duration.seconds(600)
    /// Longer results are not read.
    private static let resultLimit = 1 << 30

    /// Hands items over as one batch.
    func createBatch(of items: ArraySlice<BatchDesk.Item>) async throws(ModelError) -> BatchStatus {
        let places = try places()
        try takeCall()
        let bytes = items.map(\.bytes)
        var body = BatchWire.list(bytes)
        if let files = places.files {
            let file = try await putFile(bytes, files)
            body = BatchWire.creation(file: file, as: endpoint.format).bytes()
        }
        let answer = try await ask("POST", places.batches, body)
        guard let status = BatchStatus(answer, as: endpoint.format) else {
            throw strange("what it says of the new batch cannot be read", wasTaken: true)
        }
        return status
    }

    /// A file alone costs nothing, so nothing is charged for one that may have arrived.
    private func putFile(_ items: [[UInt8]], _ url: String) async throws(ModelError) -> String {
        let (body, type) = BatchWire.form(items)
        let answer: JSONValue
        do throws(ModelError) {
            answer = try await ask("POST", url, body, type: type)
        } catch {
            var error = error
            error.mayBeCharged = false
            throw error
        }
        guard let id = answer["id"]?.stringValue, BatchWire.isID(id) else {
            throw strange("what it says of the new file cannot be read", wasTaken: false)
        }
        return id
    }

    /// How a batch is.
    func batch(_ id: String) async throws(ModelError) -> BatchStatus {
        let answer = try await ask("GET", try url(of: id))
        guard let status = BatchStatus(answer, as: endpoint.format), status.id == id else {
            throw strange("what it says of the batch \(id) cannot be read", wasTaken: false)
        }
        return status
    }

    /// Asks for the end of a batch.
    func giveUp(_ id: String) async throws(ModelError) {
        _ = try await ask("POST", "\(try url(of: id))/cancel")
    }

    /// Reads the results of a batch that has ended, in the order they come. They are read from where batches of this provider
    /// are, whatever address the provider names.
    func readResults(
        of status: BatchStatus,
        _ onResult: @Sendable (_ name: String, _ line: [UInt8]) async -> Void
    ) async throws(ModelError) {
        guard let files = try places().files else {
            return try await readLines("\(try url(of: status.id))/results", onResult)
        }
        for file in status.files { try await readLines("\(files)/\(file)/content", onResult) }
    }

    private func readLines(
        _ url: String,
        _ onResult: @Sendable (_ name: String, _ line: [UInt8]) async -> Void
    ) async throws(ModelError) {
        let secret = try await secret()
        do throws(ModelError) {
            let answer = try await send(HTTPRequest(url: url, headers: batchHeaders(secret)))
            var reader = BatchResultReader(endpoint.format)
            var left = Self.resultLimit
            while let bytes = try await next(answer) {
                left -= bytes.count
                guard left >= 0, let results = reader.feed(bytes) else {
                    throw strange("the results of the batch are too large", wasTaken: true)
                }
                for (result, line) in results { await onResult(result.name, line) }
            }
            if let (result, line) = reader.finish() { await onResult(result.name, line) }
        } catch {
            throw error.without(secret)
        }
    }

    private func next(_ answer: HTTPStream) async throws(ModelError) -> [UInt8]? {
        do throws(HTTPClientError) {
            return try await answer.next()
        } catch {
            throw lost(error, nil)
        }
    }

    /// Ids of a ticket may come from anywhere; none leads to another place.
    private func url(of id: String) throws(ModelError) -> String {
        guard BatchWire.isID(id) else { throw strange("there is no batch of that name", wasTaken: true) }
        return "\(try places().batches)/\(id)"
    }

    private func batchHeaders(_ secret: String?, type: String? = nil) -> [(name: String, value: String)] {
        let own = headers(secret, isCall: false).filter { !["content-type", "accept"].contains($0.name.lowercased()) }
        return own + [("Accept", "application/json")] + (type.map { [("Content-Type", $0)] } ?? [])
    }

    private func ask(
        _ method: String,
        _ url: String,
        _ body: [UInt8]? = nil,
        type: String = "application/json"
    ) async throws(ModelError) -> JSONValue {
        let secret = try await secret()
        let answer: HTTPResponse
        do throws(HTTPClientError) {
            answer = try await client.send(
                HTTPRequest(
                    method: method,
                    url: url,
                    headers: batchHeaders(secret, type: body == nil ? nil : type),
                    body: body ?? (method == "POST" ? [] : nil),
                    timeout: body == nil ? min(settings.idleLimit, .seconds(60)) : Self.uploadLimit
                )
            )
        } catch {
            throw lost(error, nil).without(secret)
        }
        guard answer.status == 200 else {
            let failure = ResponseFailure(status: answer.status, headers: answer.headers, body: answer.body, now: now())
            throw failure.error(provider: name).without(secret)
        }
        guard let json = try? JSONValue(parsing: answer.body, limits: JSONLimits(allowsDuplicateNames: true)) else {
            throw strange("the answer is no JSON", wasTaken: body != nil)
        }
        return json
    }
}
