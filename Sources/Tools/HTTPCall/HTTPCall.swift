// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import HTTP
public import JSON
public import Model
public import Threads

/// A request as documents write it: the configuration of an `http` node, or the arguments of `http.request`.
public struct HTTPCall: Sendable {
    /// JSON Schema of the configuration.
    public static let schema = Schema.object(
        [
            "method": Schema.choice(
                ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
                "The method",
                default: "GET"
            ),
            "url": ["type": "string", "minLength": 1, "maxLength": 8192, "description": "http or https"],
            "query": [
                "type": "object", "description": "Added to the URL; a list repeats the name, null leaves it out",
            ],
            "headers": ["type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]]],
            "body": ["description": "Text, any JSON, or {form: {name: value}}"],
            "expect": [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "status": ["description": "A status, a class like 2xx, or a list of them"],
                    "schema": ["type": ["object", "boolean"]],
                ],
            ],
            "parse": Schema.choice(["auto", "json", "text", "bytes"], "How the body is read", default: "auto"),
            "redirects": Schema.integer("How many are followed", 0...5, default: 0),
            "max_bytes": Schema.integer("The largest body", 1...(1 << 30), default: 10 << 20),
            "timeout": Schema.text("A span such as 10s"),
        ],
        required: ["url"]
    )

    /// What will be sent; callers may add headers, such as one with a secret.
    public var request: HTTPRequest
    private let expectation: StatusExpectation
    private let bodySchema: JSONSchema?
    private let parse: String

    /// Reads a configuration that satisfies ``schema``.
    ///
    /// - Throws: `validation.failed` for what the schema cannot see.
    public init(_ configuration: JSONValue) throws(TaskError) {
        let configuration = configuration.fillingDefaults(from: Self.schema)
        expectation = try StatusExpectation(configuration["expect"]?["status"] ?? "2xx")
        bodySchema = try Self.bodySchema(configuration["expect"]?["schema"])
        parse = configuration.text("parse") ?? "auto"
        var request = HTTPRequest(method: configuration.text("method") ?? "GET", url: configuration.text("url") ?? "")
        request.redirectLimit = configuration.integer("redirects") ?? 0
        request.byteLimit = configuration.integer("max_bytes") ?? 10 << 20
        request.timeout = try configuration.duration("timeout") ?? .seconds(30)
        for member in configuration["headers"]?.objectValue ?? [:] {
            request.headers.append((member.key, try Self.scalar(member.value, "headers")))
        }
        if let query = configuration["query"]?.objectValue { request.url = try Self.adding(query, to: request.url) }
        if let body = configuration["body"], !body.isNull { try Self.set(body, in: &request) }
        self.request = request
    }

    /// The method can change something on the other side.
    public var isWrite: Bool { !["GET", "HEAD", "OPTIONS"].contains(request.method) }

    /// Sends the request.
    ///
    /// - Parameters:
    ///   - timeout: The smaller of this and the configuration's own counts.
    ///   - idempotencyKey: Sent as `Idempotency-Key` with writes. Without one, a write that may have left the machine
    ///     is never tried again: its error becomes `permanent` (spec 3.8).
    /// - Returns: `{status, headers, body, url, duration_ms}`.
    /// - Throws: `http.status`, `http.blocked`, `timeout`, `too_large`, `output.invalid`, `validation.failed`,
    ///   `tool.failed` (no connection). `details.sent` says whether the request may have left the machine.
    public func send(
        by client: HTTPClient,
        idempotencyKey: String?,
        timeout: Duration,
        cancellation: CancellationSignal
    ) async throws(TaskError) -> JSONValue {
        var request = request
        request.timeout = min(request.timeout, timeout)
        let hasKey = request.header("idempotency-key") != nil
        if let idempotencyKey, !hasKey, request.method != "GET", request.method != "HEAD" {
            request.headers.append(("Idempotency-Key", idempotencyKey))
        }
        let mayRepeat = !isWrite || hasKey || idempotencyKey != nil
        let outgoing = request
        let outcome = await cancellable(by: cancellation) { () async -> Result<HTTPResponse, HTTPClientError> in
            do throws(HTTPClientError) { return .success(try await client.send(outgoing)) } catch {
                return .failure(error)
            }
        }
        do throws(TaskError) {
            switch outcome {
            case .success(let response): return try output(response)
            case .failure(let error): throw Self.error(error, request)
            }
        } catch {
            throw mayRepeat ? error : error.withoutRepeats
        }
    }

    private func output(_ response: HTTPResponse) throws(TaskError) -> JSONValue {
        guard expectation.includes(response.status) else { throw Self.statusError(response, now: .current) }
        let body = try BodyReader(parse: parse).read(response)
        if let violations = bodySchema?.validate(body), !violations.isEmpty {
            throw .violations(violations, code: "output.invalid", what: "the body from \(response.url)")
        }
        return [
            "status": .int(Int64(response.status)), "headers": Self.headers(response), "body": body,
            "url": .string(response.url),
            "duration_ms": .int(response.duration.milliseconds),
        ]
    }

    /// Repeated headers become one with commas, as RFC 9110 (5.2) has it.
    private static func headers(_ response: HTTPResponse) -> JSONValue {
        var object = JSONObject()
        for (name, value) in response.headers {
            let before = object[name]?.stringValue
            object[name] = .string(before.map { "\($0), \(value)" } ?? value)
        }
        return .object(object)
    }
}

// MARK: - The request

extension HTTPCall {
    private static func bodySchema(_ schema: JSONValue?) throws(TaskError) -> JSONSchema? {
        guard let schema else { return nil }
        do {
            return try JSONSchema(schema)
        } catch {
            throw .argument("expect", "has a wrong schema: \(error)")
        }
    }

    private static func set(_ body: JSONValue, in request: inout HTTPRequest) throws(TaskError) {
        let hasType = request.header("content-type") != nil
        func setType(_ type: String) {
            if !hasType { request.headers.append(("Content-Type", type)) }
        }
        if let object = body.objectValue, object.count == 1, let form = object["form"]?.objectValue {
            setType("application/x-www-form-urlencoded")
            request.body = Array(try pairs(form, "body").utf8)
        } else if let object = body.objectValue, object.count == 1, object["blob"] != nil {
            throw .argument("body", "names a blob that was not loaded")
        } else if let text = body.stringValue {
            setType("text/plain; charset=utf-8")
            request.body = Array(text.utf8)
        } else {
            setType("application/json")
            request.body = body.bytes()
        }
    }

    private static func adding(_ query: JSONObject, to url: String) throws(TaskError) -> String {
        let text = try pairs(query, "query")
        guard !text.isEmpty else { return url }
        let fragment = url.firstIndex(of: "#") ?? url.endIndex
        let start = url[..<fragment]
        let separator = !start.contains("?") ? "?" : start.hasSuffix("?") || start.hasSuffix("&") ? "" : "&"
        return "\(start)\(separator)\(text)\(url[fragment...])"
    }

    private static func pairs(_ object: JSONObject, _ argument: String) throws(TaskError) -> String {
        var pairs: [String] = []
        for member in object {
            let values = member.value.arrayValue ?? (member.value.isNull ? [] : [member.value])
            for value in values { pairs.append("\(escaped(member.key))=\(escaped(try scalar(value, argument)))") }
        }
        return pairs.joined(separator: "&")
    }

    private static func scalar(_ value: JSONValue, _ argument: String) throws(TaskError) -> String {
        if let text = value.stringValue { return text }
        guard value.arrayValue == nil, value.objectValue == nil, !value.isNull else {
            throw .argument(argument, "may hold only text, numbers and truth values")
        }
        return value.text
    }

    /// Everything but the unreserved characters of RFC 3986 as %XX.
    private static func escaped(_ text: String) -> String {
        var result: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// Runs `body` in a task that the signal, too, can cancel.
private func cancellable<Value: Sendable>(
    by signal: CancellationSignal,
    _ body: @escaping @Sendable () async -> Value
) async -> Value {
    let task = Task { await body() }
    let registration = signal.onCancel { task.cancel() }
    defer { registration.remove() }
    return await withTaskCancellationHandler {
        await task.value
    } onCancel: {
        task.cancel()
    }
}

extension Timestamp {
    /// The time of the system's clock.
    static var current: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
