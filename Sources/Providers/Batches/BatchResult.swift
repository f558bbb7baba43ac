// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// A line of the results of a batch: what became of one call.
public struct BatchResult: Sendable, Hashable {
    /// The name of the call within the batch.
    public let name: String
    private let json: JSONValue
    private let format: WireFormat

    /// Reads a line; `nil` when it is none.
    public init?(_ line: [UInt8], as format: WireFormat) {
        let limits = JSONLimits(allowsDuplicateNames: true)
        let read = (try? JSONValue(parsing: line, limits: limits)) ?? Self.repaired(line, limits)
        guard let json = read, let name = json.text("custom_id") else { return nil }
        (self.name, self.json, self.format) = (name, json, format)
    }

    private static func repaired(_ line: [UInt8], _ limits: JSONLimits) -> JSONValue? {
        line.contains(UInt8(ascii: "\\")) ? try? JSONValue(parsing: Surrogates.replaced(line), limits: limits) : nil
    }

    /// The answer.
    ///
    /// - Throws: When there is none. A call that was refused, expired or was given up is not charged.
    public func reply(to request: ModelRequest, provider: String) throws(ModelError) -> ModelReply {
        format == .messages ? try message(request, provider) : try response(request, provider)
    }

    private func message(_ request: ModelRequest, _ provider: String) throws(ModelError) -> ModelReply {
        let result = json["result"] ?? .null
        switch result.text("type") {
        case "succeeded":
            let body = result["message"] ?? .null
            return try ReplyStream.reply(in: body, as: format, to: request, provider: provider)
        case "errored":
            let error = result["error"] ?? .null
            throw Self.refused(WireFailure(error).status, error, provider)
        case "expired": throw ModelError.overInBatch(provider: provider, "the call expired in its batch")
        case "canceled": throw ModelError.overInBatch(provider: provider, "the batch of the call was given up")
        default: throw ModelError.malformed(provider: provider, "a result of a batch without a known type", nil)
        }
    }

    private func response(_ request: ModelRequest, _ provider: String) throws(ModelError) -> ModelReply {
        if let error = json["error"], error.objectValue != nil {
            switch error.text("code") {
            case "batch_expired": throw ModelError.overInBatch(provider: provider, "the call expired in its batch")
            case "batch_cancelled":
                throw ModelError.overInBatch(provider: provider, "the batch of the call was given up")
            default: throw Self.refused(WireFailure(error).status, ["error": error], provider)
            }
        }
        let response = json["response"] ?? .null
        guard let body = response["body"], let status = response["status_code"]?.intValue.flatMap({ Int(exactly: $0) })
        else { throw ModelError.malformed(provider: provider, "a result of a batch without a response", nil) }
        let requestID = response.text("request_id")
        guard status == 200 else { throw Self.refused(status, body, provider, requestID) }
        return try ReplyStream.reply(in: body, as: format, to: request, provider: provider, requestID: requestID)
    }

    private static func refused(
        _ status: Int,
        _ body: JSONValue,
        _ provider: String,
        _ requestID: String? = nil
    ) -> ModelError {
        var error = ResponseFailure(status: status, headers: [], body: body.bytes(), now: nil).error(provider: provider)
        error.mayBeCharged = false
        error.requestID = requestID ?? body.text("request_id")
        return error
    }
}

/// Cuts the results of a batch into lines while they come. Lines that cannot be read are left out.
public struct BatchResultReader: Sendable {
    private let format: WireFormat
    private var lines = LineReader()

    /// At the beginning of a file.
    public init(_ format: WireFormat) {
        self.format = format
    }

    /// The results that are complete now, each with its line; `nil` when a line is too long.
    public mutating func feed(_ bytes: [UInt8]) -> [(result: BatchResult, line: [UInt8])]? {
        lines.feed(bytes)?.compactMap { line in BatchResult(line, as: format).map { ($0, line) } }
    }

    /// The last one may lack its line end.
    public mutating func finish() -> (result: BatchResult, line: [UInt8])? {
        let rest = lines.rest()
        return BatchResult(rest, as: format).map { ($0, rest) }
    }
}

extension ModelError {
    /// A call of a batch was never made.
    public static func overInBatch(provider: String, _ why: String) -> Self {
        Self(code: "provider.failed", errorClass: .transient, message: "\(provider): \(why)", mayHaveLeft: true)
    }
}
