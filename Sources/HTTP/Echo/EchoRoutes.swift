// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON

/// The answers of the echo service.
struct EchoRoutes: Sendable {
    let ledger: EchoLedger
    let extra: [String: [UInt8]]

    /// The whole answer, head and body.
    func answer(to request: EchoRequest) -> [UInt8] {
        let key = request.header("idempotency-key")
        if request.path != "/ledger" { ledger.record(path: request.path, key: key) }
        if let bytes = extra[request.path] { return bytes }
        switch request.path {
        case "/ledger": return json(200, ledger.summary)
        case "/order": return order(request, key: key)
        case "/redirect": return redirect(request)
        case "/fail": return fail(request)
        case "/slow":
            wait(milliseconds: request.parameter("ms").flatMap(Int.init) ?? 1000)
            return echo(200, request)
        case "/bytes":
            let count = min(64 << 20, max(0, request.parameter("count").flatMap(Int.init) ?? 0))
            return whole(200, "application/octet-stream", [UInt8](repeating: UInt8(ascii: "x"), count: count))
        default:
            if request.path.hasPrefix("/status/"), let status = Int(request.path.dropFirst(8)),
                (200...599).contains(status)
            {
                return echo(status, request)
            }
            return echo(200, request)
        }
    }

    private func order(_ request: EchoRequest, key: String?) -> [UInt8] {
        let amount = request.parameter("amount").flatMap { try? JSONValue(parsing: $0) } ?? .null
        let id = ledger.order(key: key)
        return json(201, ["id": .string(id), "amount": amount, "key": key.map(JSONValue.string) ?? .null])
    }

    private func redirect(_ request: EchoRequest) -> [UInt8] {
        let status = request.parameter("status").flatMap(Int.init) ?? 302
        let target = (request.parameter("to") ?? "/").filter { $0 != "\r" && $0 != "\n" }
        return whole(status, "text/plain", [], headers: "Location: \(target)\r\n")
    }

    private func fail(_ request: EchoRequest) -> [UInt8] {
        let times = request.parameter("times").flatMap(Int.init) ?? 1
        guard ledger.fails(key: request.parameter("key") ?? "", times: times) else { return echo(200, request) }
        let after = request.parameter("after").flatMap(Int.init)
        let header = after.map { "Retry-After: \($0)\r\n" } ?? ""
        return whole(503, "application/json", Array(#"{"error": "not yet"}"#.utf8), headers: header)
    }

    private func wait(milliseconds: Int) {
        var left = min(60_000, max(0, milliseconds))
        while left > 0, !ledger.isOver {
            usleep(UInt32(min(left, 20) * 1000))
            left -= 20
        }
    }

    private func echo(_ status: Int, _ request: EchoRequest) -> [UInt8] {
        var query = JSONObject()
        for (name, value) in request.query { query[name] = .string(value) }
        var headers = JSONObject()
        for (name, value) in request.headers { headers[name] = .string(value) }
        let text = String(decoding: request.body, as: UTF8.self)
        let body = request.body.isEmpty ? .null : (try? JSONValue(parsing: request.body)) ?? .string(text)
        return json(
            status,
            [
                "method": .string(request.method), "path": .string(request.path), "query": .object(query),
                "headers": .object(headers), "body": body,
            ]
        )
    }

    private func json(_ status: Int, _ value: JSONValue) -> [UInt8] {
        whole(status, "application/json", value.bytes())
    }

    private func whole(_ status: Int, _ type: String, _ body: [UInt8], headers: String = "") -> [UInt8] {
        let hasBody = status != 204 && status != 304
        let length = hasBody ? "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n" : ""
        let head = "HTTP/1.1 \(status) Echo\r\n\(headers)\(length)Connection: close\r\n\r\n"
        return Array(head.utf8) + (hasBody ? body : [])
    }
}
