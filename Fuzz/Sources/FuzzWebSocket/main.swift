// Baton
// SPDX-License-Identifier: Apache-2.0

import Driver
import HTTPServer
import Served

let served = Served { request in
    .webSocket(for: request) { socket in
        for try await message in socket { try await socket.send(message) }
    }
}
let upgrade = Array(
    ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").utf8
)

// The input is frames after the upgrade. Whatever comes, the connection ends.
fuzz { start, count in
    let answer = served.exchange(upgrade + bytes(start, count))
    require(answer.isEmpty || answer.starts(with: "HTTP/1.1 101 ".utf8), "there is no upgrade")
    require(served.connectionCount < 8, "connections stay open")
    return 0
}
