// Baton
// SPDX-License-Identifier: Apache-2.0

import Driver
import HTTPServer
import Served

let served = Served { request in
    if request.path == ["events"] { return .events { try await $0.send("x") } }
    do throws(HTTPStreamError) {
        let body = try await request.body.collect(limit: 4096)
        return .bytes(body, type: "text/plain")
    } catch {
        return HTTPResponse(status: error.code == .tooLarge ? 413 : 400)
    }
}

// Whatever comes, the answer is one of HTTP/1.1 or nothing, and the connection ends.
fuzz { start, count in
    let input = bytes(start, count)
    // Where it is cut depends on the input, so that a failure can be repeated.
    let cut = input.isEmpty ? 0 : Int(input[count / 2]) * count / 256
    let answer = served.exchange(input, cut: cut)
    require(answer.isEmpty || answer.starts(with: "HTTP/1.1 ".utf8), "the answer is no HTTP")
    require(served.connectionCount < 8, "connections stay open")
    return 0
}
