// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON
import Providers

/// A call of a model as the client of a provider wrote it, checked for what its cost could not be bounded by.
struct GatewayRequest: Sendable {
    let format: WireFormat
    /// What the client calls the model.
    let model: String
    /// The client reads a stream.
    let isStream: Bool
    /// The longest answer that the client asks for.
    let outputLimit: Int?
    /// No tokenizer makes more LLM tokens of it.
    let inputBound: Int
    /// It asks for a cache that lives an hour, which costs more.
    let marksLong: Bool
    let served: ServedRequest
    /// What the step says.
    let record: JSONValue
    private let body: JSONObject

    init(_ bytes: [UInt8], _ format: WireFormat) throws(GatewayRefusal) {
        guard let json = try? JSONValue(parsing: bytes, limits: JSONLimits(allowsDuplicateNames: true)),
            var body = json.objectValue
        else { throw .invalid("the body must be a JSON object") }
        for key in Self.unbounded[format] ?? [] where body[key].map({ !$0.isNull }) ?? false {
            throw .invalid("`\(key)` is not served here: what it refers to cannot be counted")
        }
        if let what = Self.reference(in: json) {
            throw .invalid("\(what) is not served here: what it refers to cannot be counted; send the content itself")
        }
        for key in ["service_tier", "speed", "n", "background", "inference_geo"] { body[key] = nil }
        if let tools = body["tools"]?.arrayValue { body["tools"] = .array(tools.filter { !Self.runsElsewhere($0) }) }
        self.body = body
        do throws(ServedRequestError) {
            served = try ServedRequest(.object(body), as: format)
        } catch {
            throw .invalid(error.description)
        }
        self.format = format
        model = served.request.model
        isStream = served.isStream
        let named = Self.limits(format).contains { body[$0]?.intValue != nil }
        outputLimit = named ? served.request.maxOutputTokens : nil
        let request = served.request
        inputBound =
            bytes.count + 16 * (request.messages.count + request.instructions.count) + 64 * request.tools.count + 1024
            + Self.pictures(request) * 6000
        marksLong = Self.marksLong(json)
        record = [
            "form": .string(format.rawValue), "model": .string(model), "sha256": .string(SHA256.hex(bytes)),
            "bytes": .int(Int64(bytes.count)), "messages": .int(Int64(request.messages.count)),
            "max_output_tokens": outputLimit.map { .int(Int64($0)) } ?? .null,
        ]
    }

    /// The body for a provider of the same form.
    func body(for model: String, outputLimit: Int) -> JSONValue {
        var body = body
        body["model"] = .string(model)
        body["stream"] = true
        let limits = Self.limits(format)
        let key = limits.first { body[$0] != nil } ?? limits[0]
        for other in limits { body[other] = nil }
        body[key] = .int(Int64(outputLimit))
        if format == .chatCompletions {
            var options = body["stream_options"]?.objectValue ?? [:]
            options["include_usage"] = true
            body["stream_options"] = .object(options)
        }
        return .object(body)
    }

    private static func limits(_ format: WireFormat) -> [String] {
        switch format {
        case .messages: ["max_tokens"]
        case .responses: ["max_output_tokens"]
        case .chatCompletions, .ollama, .scripted: ["max_completion_tokens", "max_tokens"]
        }
    }

    /// Keys by which the provider reads more than the request has.
    private static let unbounded: [WireFormat: [String]] = [
        .messages: ["container", "mcp_servers"], .responses: ["previous_response_id", "conversation", "prompt"],
    ]

    /// Tools that the provider runs itself, for a price of their own.
    private static func runsElsewhere(_ tool: JSONValue) -> Bool {
        let type = tool["type"]?.stringValue ?? ""
        let families = [
            "web_search", "web_fetch", "code_execution", "code_interpreter", "file_search", "image_generation", "mcp",
            "computer_use_preview", "tool_search", "advisor",
        ]
        return families.contains { type == $0 || type.hasPrefix("\($0)_") }
    }

    /// The first part that is somewhere else, or whose bytes say little about its LLM tokens.
    private static func reference(in json: JSONValue) -> String? {
        switch json {
        case .array(let items): return items.lazy.compactMap(reference).first
        case .object(let object):
            let source = object["source"]
            if let type = source?["type"]?.stringValue, type == "url" || type == "file" {
                return "content of the source `\(type)`"
            }
            if source?["media_type"] == "application/pdf" { return "a PDF" }
            for key in ["file_id", "file_url", "file_data"] where object[key]?.stringValue != nil { return "`\(key)`" }
            let picture = object["image_url"]?.stringValue ?? object["image_url"]?["url"]?.stringValue
            if let picture, !picture.hasPrefix("data:") { return "`image_url`" }
            // Arguments and schemas of tools are no content.
            for member in object where !["input", "input_schema", "parameters", "arguments"].contains(member.key) {
                if let found = reference(in: member.value) { return found }
            }
            return nil
        default: return nil
        }
    }

    private static func marksLong(_ json: JSONValue) -> Bool {
        switch json {
        case .array(let items): items.contains(where: marksLong)
        case .object(let object):
            object["cache_control"]?["ttl"] == "1h" || object.contains { marksLong($0.value) }
        default: false
        }
    }

    private static func pictures(_ request: ModelRequest) -> Int {
        request.messages.reduce(0) { count, message in
            count + message.parts.count { if case .image = $0 { true } else { false } }
        }
    }
}
