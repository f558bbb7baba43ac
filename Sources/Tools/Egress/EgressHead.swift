// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP

/// The head of a request to a proxy, read strictly: `CONNECT host:port` or `METHOD http://…`.
struct EgressHead: Equatable {
    /// Why it is not understood; status and words of the answer.
    struct Defect: Error, Equatable {
        let status: Int
        let message: String
    }

    static let limit = 16 << 10

    let method: String
    /// Of the target.
    let url: HTTPURL
    var isTunnel: Bool { method == "CONNECT" }
    /// What the server gets in its place; empty for a tunnel. The connection serves this one request only.
    let forwarded: [UInt8]
    /// Bytes of a body that follow.
    let bodyLength: Int

    /// Finds the end of a head; `nil` while it has not come.
    static func end(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 {
            if bytes[index - 3] == 13 { return index + 1 }
        }
        return nil
    }

    /// Reads a head with its empty line.
    init(_ bytes: some Collection<UInt8>) throws(Defect) {
        let bad = { (message: String) in Defect(status: 400, message: message) }
        guard bytes.allSatisfy({ $0 == 13 || $0 == 10 || $0 == 9 || ($0 >= 0x20 && $0 < 0x7f) }) else {
            throw bad("the head has a character that is not allowed")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 3, !lines.contains(where: { $0.utf8.contains(10) || $0.utf8.contains(13) }) else {
            throw bad("the lines of the head must end with CR LF")
        }
        lines.removeLast(2)
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0", !words[0].isEmpty,
            words[0].utf8.allSatisfy({ (65...90).contains($0) })
        else { throw bad("the first line is no request") }
        method = String(words[0])
        let target = method == "CONNECT" ? "http://\(words[1])" : String(words[1])
        do throws(HTTPURL.Invalid) {
            url = try HTTPURL(target)
        } catch {
            throw bad("the target cannot be used: \(error.rule): \(error.message)")
        }
        guard method != "CONNECT" else {
            guard words[1].hasSuffix(":\(url.port)"), url.target == "/" else { throw bad("CONNECT needs host:port") }
            (forwarded, bodyLength) = ([], 0)
            return
        }
        guard url.scheme == "http" else { throw bad("https needs CONNECT") }
        var fields: [String] = []
        var length = 0
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].utf8.allSatisfy({ $0 > 0x20 })
            else { throw bad("a header is no NAME: VALUE") }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            switch name {
            case "transfer-encoding": throw Defect(status: 411, message: "a body needs a Content-Length")
            case "content-length":
                guard length == 0, let number = Int(value), number >= 0,
                    value.utf8.allSatisfy({ (48...57).contains($0) })
                else { throw bad("the Content-Length is no number") }
                length = number
                fields.append(line)
            case "host", "connection", "proxy-connection", "proxy-authorization", "keep-alive", "upgrade", "te",
                "expect":
                break
            default: fields.append(line)
            }
        }
        bodyLength = length
        let host = url.port == 80 ? url.bracketedHost : url.authority
        let head = ["\(method) \(url.target) HTTP/1.1", "Host: \(host)", "Connection: close"] + fields
        forwarded = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}
