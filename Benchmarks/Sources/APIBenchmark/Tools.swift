// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Time that never goes back, in seconds.
enum Clock {
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

func timed<Value>(_ body: () -> Value) -> (value: Value, seconds: Double) {
    let start = Clock.now
    let value = body()
    return (value, Clock.now - start)
}

func output(of command: String) -> String {
    guard let pipe = popen("exec 2>&1; \(command)", "r") else { return "" }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
    pclose(pipe)
    return String(decoding: text, as: UTF8.self)
}

func read(_ path: String) -> String { output(of: "cat '\(path)' 2>/dev/null") }

func write(_ text: String, to path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    _ = write(file, text, text.utf8.count)
    close(file)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func show(_ name: String, _ value: Double, _ unit: String, goal: String? = nil, isMet: Bool = true) {
    let number = value >= 100 ? "\(Int(value.rounded()))" : "\((value * 100).rounded() / 100)"
    print("\(name): \(number) \(unit)" + (goal.map { " (goal \($0)\(isMet ? "" : ", missed"))" } ?? ""))
    fflush(nil)
}

/// What wrk measures.
struct Load {
    let rate: Double
    /// Answers that are none of 2xx, in words of wrk.
    let failures: String

    init(_ url: String, seconds: Int, script: String? = nil) {
        let text = output(of: "wrk -t1 -c64 -d\(seconds)s \(script.map { "-s \($0)" } ?? "") \(url)")
        let lines = text.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("Requests/sec:") }
        rate = line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
        failures = lines.filter { $0.contains("Non-2xx") || $0.contains("Socket errors") }.joined(separator: "; ")
    }
}

/// A connection to a port of this machine.
func connected(_ port: UInt16) -> Int32? {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = in_port_t(port).bigEndian
    target.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &target) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard result == 0 else {
        close(client)
        return nil
    }
    return client
}

/// A server of ours in a process of its own.
struct Server {
    struct DoesNotStart: Error {}

    let url, token: String
    let port: UInt16
    let pid: Int32
    /// From the start of the process to its first answer, over databases that are there.
    let startMilliseconds: Double

    init(_ program: String, _ data: String) throws {
        _ = output(of: "mkdir -p \(data)")
        let first = try Self.start(program, data)
        Self.end(first.pid)
        let second = try Self.start(program, data)
        (pid, url, startMilliseconds) = (second.pid, second.url, second.milliseconds)
        port = UInt16(url.split(separator: ":").last ?? "") ?? 0
        token = read("\(data)/token").split(separator: "\n").first.map(String.init) ?? ""
    }

    private static func start(
        _ program: String,
        _ data: String
    ) throws -> (pid: Int32, url: String, milliseconds: Double) {
        let settings = "BATON_LIMITS_RATE_REQUESTS=off BATON_LIMITS_RATE_STARTS=off BATON_HOME=\(data)"
        let start = Clock.now
        let command = "\(settings) \(program) server --port 0 -q >/dev/null 2>\(data)/log & echo $!"
        let pid = output(of: "ulimit -n 65536 2>/dev/null; \(command)").filter(\.isNumber)
        while Clock.now - start < 20 {
            let url = read("\(data)/server.json").split(separator: "\"").first { $0.hasPrefix("http") }
            guard let url, let port = UInt16(url.split(separator: ":").last ?? ""), let socket = connected(port) else {
                usleep(500)
                continue
            }
            _ = Glibc.write(socket, probe, probe.utf8.count)
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(socket, &buffer, buffer.count)
            close(socket)
            guard count > 0, let pid = Int32(pid) else { break }
            return (pid, String(url), (Clock.now - start) * 1000)
        }
        throw DoesNotStart()
    }

    private static let probe = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func end(_ pid: Int32) {
        kill(pid, SIGTERM)
        while kill(pid, 0) == 0, !read("/proc/\(pid)/stat").contains(") Z ") { usleep(10_000) }
    }

    func stop() { Self.end(pid) }

    /// Sends a request and waits for its answer.
    func post(_ path: String, _ body: String) -> Bool {
        guard let socket = connected(port) else { return false }
        defer { close(socket) }
        let request =
            "POST \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        _ = Glibc.write(socket, request, request.utf8.count)
        var buffer = [UInt8](repeating: 0, count: 4096)
        return Glibc.read(socket, &buffer, buffer.count) > 0
    }

    /// Seconds of processor time so far.
    private var used: Double {
        let fields = read("/proc/\(pid)/stat").split(separator: " ")
        return fields.count > 14 ? ((Double(fields[13]) ?? 0) + (Double(fields[14]) ?? 0)) / 100 : 0
    }

    /// Returns when the server has nothing to do, or after two minutes.
    func waitUntilIdle() {
        for _ in 1...120 {
            let before = used
            sleep(1)
            if used - before < 0.03 { return }
        }
    }

    private func memory(_ name: String) -> Double {
        let line = read("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) } ?? 0) / 1024
    }

    var residentMiB: Double { memory("VmRSS:") }
    var peakMiB: Double { memory("VmHWM:") }
    func resetPeak() { _ = output(of: "echo 5 > /proc/\(pid)/clear_refs") }
}

/// Somebody who follows all events.
struct Follower {
    private let socket: Int32

    init?(_ server: Server) {
        guard let socket = connected(server.port) else { return nil }
        let request =
            "GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token)\r\n"
            + "Accept: text/event-stream\r\n\r\n"
        _ = Glibc.write(socket, request, request.utf8.count)
        self.socket = socket
    }

    /// Takes what is there.
    func drain() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0 {}
    }

    func close() { Glibc.close(socket) }

    /// When the first bytes came at each of them, in milliseconds after `start`; within two seconds.
    static func arrivals(_ followers: [Follower], after start: Double) -> [Double] {
        var waiting = followers.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        var delays: [Double] = []
        while !waiting.isEmpty, Clock.now - start < 2 {
            guard poll(&waiting, nfds_t(waiting.count), 100) > 0 else { continue }
            let delay = (Clock.now - start) * 1000
            let count = waiting.count
            waiting.removeAll { $0.revents != 0 }
            delays += [Double](repeating: delay, count: count - waiting.count)
        }
        return delays
    }
}
