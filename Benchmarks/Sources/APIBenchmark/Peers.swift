// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Another server that answers the same bytes.
struct Peer {
    let url: String
    private let end: String

    func stop() { _ = output(of: end) }

    private static let body = #"{"version":"0.1.0","api":"v1","limits":{"body_bytes":16777216,"page_items":500}}"#

    /// With two processes and a file; `nil` when it is not installed.
    static func nginx() -> Peer? {
        let (folder, port) = ("\(place)/nginx", 18_081)
        let configuration = """
            worker_processes 2; pid \(folder)/pid; error_log /dev/null;
            events { worker_connections 4096; }
            http { access_log off; default_type application/json; keepalive_requests 100000000;
              server { listen 127.0.0.1:\(port); root \(folder); } }
            """
        _ = output(of: "mkdir -p \(folder); chmod 755 \(place) \(folder)")
        write(configuration, to: "\(folder)/nginx.conf")
        write(body, to: "\(folder)/version.json")
        _ = output(of: "nginx -c \(folder)/nginx.conf >/dev/null 2>&1")
        let url = "http://127.0.0.1:\(port)/version.json"
        guard answers(url) else { return nil }
        return Peer(url: url, end: "kill $(cat \(folder)/pid)")
    }

    /// FastAPI under uvicorn with two processes, in an environment of its own; `nil` when it cannot be had.
    static func fastAPI() -> Peer? {
        let (folder, port) = ("\(place)/fastapi", 18_082)
        _ = output(of: "python3 -m venv \(folder) && \(folder)/bin/pip -q install fastapi uvicorn[standard]")
        let application = """
            from fastapi import FastAPI
            app = FastAPI()
            @app.get("/version")
            def version():
                return {"version": "0.1.0", "api": "v1", "limits": {"body_bytes": 16777216, "page_items": 500}}
            """
        write(application, to: "\(folder)/app.py")
        let command = "\(folder)/bin/uvicorn --app-dir \(folder) --workers 2 --no-access-log --port \(port) app:app"
        let pid = output(of: "\(command) >/dev/null 2>&1 & echo $!").filter(\.isNumber)
        let url = "http://127.0.0.1:\(port)/version"
        for _ in 1...50 where !answers(url) { usleep(100_000) }
        guard answers(url) else { return nil }
        return Peer(url: url, end: "kill \(pid)")
    }

    private static func answers(_ url: String) -> Bool {
        output(of: "curl -sf -o /dev/null \(url) && echo yes") == "yes\n"
    }
}
