// Baton
// SPDX-License-Identifier: Apache-2.0

import Compression
import Threads

/// Makes what a handler answers fit for the wire.
enum Finishing {
    /// Bodies from this size on are worth compressing.
    static let compressionFloor = 1024
    /// Larger ones are compressed on a thread of their own.
    private static let inPlaceLimit = 32768
    private static let threads = BlockingThreads(named: "gzip", count: 1)

    /// What the server sets itself.
    private static let ownHeaders: Set<String> = [
        "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "proxy-connection", "te",
        "trailer", "date",
    ]

    /// Whether only the server sets that header.
    static func isOwn(_ name: String) -> Bool {
        // Few headers have such a length, and a hash costs more.
        switch name.utf8.count {
        case 2, 4, 7, 10, 14, 16, 17: ownHeaders.contains(name)
        default: false
        }
    }

    /// Without the headers that the server sets; an answer that cannot be sent becomes a 500.
    static func checked(_ response: HTTPResponse) -> HTTPResponse {
        guard (200...599).contains(response.status) else {
            return .problem(status: 500, code: "internal", detail: "The answer has a status that is none.")
        }
        guard response.headers.defect == nil else {
            return .problem(status: 500, code: "internal", detail: "The answer has a header that cannot be sent.")
        }
        var response = response
        for field in response.headers.fields where isOwn(field.name) {
            response.headers[field.name] = nil
        }
        return response
    }

    /// Compresses bytes that are text, if the client takes gzip.
    static func compress(_ response: inout HTTPResponse, for request: HTTPRequest) async {
        guard case .bytes(let bytes) = response.body, bytes.count >= compressionFloor,
            response.headers.first("content-encoding") == nil, response.status != 206,
            let type = response.headers.first("content-type"), isText(type)
        else { return }
        if !response.headers.list("vary").contains(where: { $0.lowercased() == "accept-encoding" || $0 == "*" }) {
            response.headers.append(lowercase: "vary", "Accept-Encoding")
        }
        guard acceptsGzip(request.headers) else { return }
        let packed: [UInt8]
        if bytes.count <= inPlaceLimit {
            packed = Gzip.compress(bytes)
        } else {
            // Cancelled: nobody waits for the answer.
            guard let result = try? await threads.run({ Gzip.compress(bytes) }) else { return }
            packed = result
        }
        guard packed.count < bytes.count else { return }
        response.body = .bytes(packed)
        response.headers.append(lowercase: "content-encoding", "gzip")
        // The bytes are others than those the strong tag was made for.
        if let tag = response.headers.first("etag"), !tag.hasPrefix("W/") { response.headers["etag"] = "W/\(tag)" }
    }

    private static func isText(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" }.lowercased()
        return name.hasPrefix("text/") || name.hasSuffix("+json") || name.hasSuffix("+xml")
            || ["application/json", "application/javascript", "application/xml", "application/yaml"].contains(name)
    }

    private static func acceptsGzip(_ headers: HTTPHeaders) -> Bool {
        guard headers.first("accept-encoding") != nil else { return false }
        var all: Bool?
        for item in headers.list("accept-encoding") {
            let parts = item.split(separator: ";").map(trimmed)
            let isWanted = !parts.dropFirst().contains { part in
                part.lowercased().hasPrefix("q=0") && part.dropFirst(3).allSatisfy { $0 == "0" || $0 == "." }
            }
            switch parts.first?.lowercased() {
            case "gzip", "x-gzip": return isWanted
            case "*": all = isWanted
            default: break
            }
        }
        return all ?? false
    }
}
