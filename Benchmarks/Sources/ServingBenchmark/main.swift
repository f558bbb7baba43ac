// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer

// A route that answers JSON, over 64 connections, beside nginx with a file of the same bytes, in turns; how long it takes
// from a piece of a broadcast to 1,000 followers; then what idle connections cost. Needs the programs wrk and, for the
// comparison, nginx.

struct Piece: BroadcastItem {
    let number: Int64
    let bytes: [UInt8]
}

struct Everything: BroadcastFilter {
    func wants(_ item: Piece) -> Bool { true }
}

let body = Array(#"{"status":"ok","version":"1.0","items":[1,2,3]}"#.utf8)
let seconds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 3 : 3

func output(of command: String) -> String {
    guard let pipe = popen("exec 2>&1; \(command)", "r") else { return "" }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
    pclose(pipe)
    return String(decoding: text, as: UTF8.self)
}

func load(_ port: Int) -> Double {
    let text = output(of: "wrk -t1 -c64 -d\(seconds)s http://127.0.0.1:\(port)/status.json")
    let line = text.split(separator: "\n").first { $0.hasPrefix("Requests/sec:") }
    return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func residentBytes() -> Int {
    let fields = output(of: "cat /proc/\(getpid())/statm").split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
}

func startNginx(_ port: Int) -> String {
    let folder = "/tmp/baton-nginx-\(getpid())"
    let configuration = """
        worker_processes 2; pid \(folder)/pid; error_log /dev/null;
        events { worker_connections 4096; }
        http { access_log off; default_type application/json; keepalive_requests 100000000;
          server { listen 127.0.0.1:\(port); root \(folder); } }
        """
    _ = output(of: "mkdir -p \(folder); chmod 755 \(folder)")
    for (name, text) in [("nginx.conf", configuration), ("status.json", String(decoding: body, as: UTF8.self))] {
        let file = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        write(file, text, text.utf8.count)
        close(file)
    }
    _ = output(of: "nginx -c \(folder)/nginx.conf >/dev/null 2>&1")
    return folder
}

/// Seconds of a clock that never goes back, and of processor time of the process.
func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// When the first bytes came at each client after something was done, in milliseconds.
func arrivals(_ clients: [Int32], after act: () -> Void) -> [Double] {
    var waiting = clients.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var delays: [Double] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    let start = seconds(of: CLOCK_MONOTONIC)
    act()
    while !waiting.isEmpty {
        guard poll(&waiting, nfds_t(waiting.count), 2_000) > 0 else { break }
        let delay = (seconds(of: CLOCK_MONOTONIC) - start) * 1000
        for client in waiting where client.revents != 0 {
            _ = recv(client.fd, &buffer, buffer.count, 0)
            delays.append(delay)
        }
        waiting.removeAll { $0.revents != 0 }
    }
    return delays
}

func connectAll(_ port: Int, _ count: Int, _ request: String) -> [Int32] {
    (0..<count).compactMap { _ in
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(port).bigEndian
        target.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, 16) }
        }
        guard result == 0 else { return nil }
        send(client, request, request.utf8.count, 0)
        var buffer = [UInt8](repeating: 0, count: 4096)
        recv(client, &buffer, buffer.count, 0)
        return client
    }
}

var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
// Both ends are in this process.
let idleCount = min(10_000, Int(limit.rlim_cur) / 2 - 100)

var configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
configuration.loops = 2
configuration.timeouts.idle = .seconds(600)
let broadcast = Broadcast<Everything>(last: 0)
let server = try await WebServer.start(configuration) { request in
    if request.path == ["events"] {
        return .events { events in
            try await events.send("hello")
            try await Task.sleep(for: .seconds(600))
        }
    }
    if request.path == ["broadcast"] {
        return .events(following: broadcast, from: broadcast.last, filter: Everything()) { _, number in number }
    }
    return .json(body)
}
let port = server.addresses[0].port ?? 0

if output(of: "command -v wrk").isEmpty {
    print("wrk is not installed (apt-get install wrk); nothing is loaded")
} else {
    let hasNginx = !output(of: "command -v nginx").isEmpty
    let folder = hasNginx ? startNginx(port + 1) : ""
    var (own, peer): ([Double], [Double]) = ([], [])
    for _ in 0..<3 {
        own.append(load(port))
        if hasNginx { peer.append(load(port + 1)) }
    }
    print(
        "64 connections, JSON of \(body.count) bytes, 2 threads: \(Int(median(own))) requests/s of \(own.map { Int($0) })"
    )
    if hasNginx {
        print("nginx, 2 workers, the same as a file: \(Int(median(peer))) requests/s of \(peer.map { Int($0) })")
        let ratios = zip(own, peer).map { $0 / max($1, 1) }
        print("ratio: \(Double(Int(median(ratios) * 100)) / 100) of \(ratios.map { Double(Int($0 * 100)) / 100 })")
        _ = output(of: "kill $(cat \(folder)/pid); rm -r \(folder)")
    } else {
        print("nginx is not installed (apt-get install nginx-light); no comparison")
    }
}

func measureBroadcast() {
    let followers = connectAll(port, 1000, "GET /broadcast HTTP/1.1\r\nHost: a\r\n\r\n")
    let bytes = EncodedEvent(String(repeating: "x", count: 400), event: "count", id: "1").bytes
    var delays: [Double] = []
    let used = seconds(of: CLOCK_PROCESS_CPUTIME_ID)
    for number in 1...200 {
        delays += arrivals(followers) { broadcast.publish([Piece(number: Int64(number), bytes: bytes)]) }
        usleep(5_000)
    }
    let cost = (seconds(of: CLOCK_PROCESS_CPUTIME_ID) - used) * 1e6 / Double(max(1, delays.count))
    delays.sort()
    let shown = [delays.count / 2, delays.count * 99 / 100].map { Double(Int(delays[$0] * 100)) / 100 }
    print(
        "a piece to \(followers.count) followers: p50 \(shown[0]) ms, p99 \(shown[1]) ms, \(Int(cost * 10) / 10) µs of both ends each"
    )
    for follower in followers { close(follower) }
}

measureBroadcast()
while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(10)) }
let idle = [
    ("idle followers", "/broadcast"), ("idle event streams", "/events"), ("idle connections", "/status.json"),
]
for (name, path) in idle {
    let before = residentBytes()
    let clients = connectAll(port, idleCount, "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    let growth = residentBytes() - before
    print("\(clients.count) \(name): \(growth / max(1, clients.count)) bytes each")
    for client in clients { close(client) }
    while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(10)) }
}
await server.stop(within: .seconds(1))
