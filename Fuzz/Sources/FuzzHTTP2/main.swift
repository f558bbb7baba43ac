// Baton
// SPDX-License-Identifier: Apache-2.0

import Driver
import HTTPServer
import Served

let served = Served { request in
    do throws(HTTPStreamError) {
        let body = try await request.body.collect(limit: 4096)
        return .bytes(body, type: "text/plain")
    } catch {
        return HTTPResponse(status: error.code == .tooLarge ? 413 : 400)
    }
}
let hello = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

// The input is frames after the greeting. Whatever comes, the connection ends.
fuzz { start, count in
    let answer = served.exchange(hello + bytes(start, count))
    require(answer.count < 1 << 20, "the answer has \(answer.count) bytes")
    require(served.connectionCount < 8, "connections stay open")
    return 0
}
