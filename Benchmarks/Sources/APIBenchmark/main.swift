// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

// The API as clients see it: starts `baton server` on a free port and measures it from outside. Needs a release build, wrk,
// and for the comparisons nginx, and python3 with PyPI; what is not there is skipped.
//
//     swift run -c release APIBenchmark ../.build/release/baton [SECONDS] [starts|plain|feed|idle|blob ...]

let arguments = CommandLine.arguments
let program = arguments.count > 1 ? arguments[1] : "../.build/release/baton"
let seconds = arguments.count > 2 ? Int(arguments[2]) ?? 5 : 5
let place = "/tmp/baton-api-benchmark-\(getpid())"
_ = output(of: "mkdir -p \(place)")
defer { _ = output(of: "rm -rf \(place)") }

let server = try Server(program, "\(place)/data")
defer { server.stop() }
show("cold start", server.startMilliseconds, "ms", goal: "≤ 200", isMet: server.startMilliseconds <= 200)
sleep(1)
let idle = server.residentMiB
show("idle RSS", idle, "MiB", goal: "≤ 40", isMet: idle <= 40)

publish(server)
let loads: [(name: String, measure: (Server) -> Void)] = [
    ("starts", measureStarts), ("plain", measurePlainRoute), ("feed", measureFeed), ("idle", measureIdleFollowers),
    ("blob", measureBlob),
]
let wanted = arguments.dropFirst(3)
for load in loads where wanted.isEmpty || wanted.contains(load.name) { load.measure(server) }

/// The workflow whose runs are started.
func publish(_ server: Server) {
    let workflow = "workflow: plain\\nnodes:\\n  - {id: a, type: transform, config: {expr: \\\"1\\\"}}\\n"
    _ = output(
        of: "printf '%b' \"\(workflow)\" | curl -sf -X POST -H 'Authorization: Bearer \(server.token)' "
            + "-H 'Content-Type: application/yaml' --data-binary @- \(server.url)/v1/workflows"
    )
}

/// Runs started over 64 connections; each answer comes when the run is durable.
func measureStarts(_ server: Server) {
    let script = """
        wrk.method = "POST"
        wrk.body = "{}"
        wrk.headers["Content-Type"] = "application/json"
        wrk.headers["Authorization"] = "Bearer \(server.token)"
        """
    write(script, to: "\(place)/start.lua")
    let path = "\(server.url)/v1/workflows/plain/runs"
    let loads = (1...3).map { _ in Load(path, seconds: seconds, script: "\(place)/start.lua") }
    let rate = median(loads.map(\.rate))
    show("run starts, 64 connections, durable", rate, "/s", goal: "≥ 3000", isMet: rate >= 3000)
    for load in loads where !load.failures.isEmpty { print("  \(load.failures)") }
}

/// A route that answers a small JSON, beside other servers, in turns.
func measurePlainRoute(_ server: Server) {
    let nginx = Peer.nginx()
    let fastAPI = Peer.fastAPI()
    defer {
        nginx?.stop()
        fastAPI?.stop()
    }
    var (own, first, second) = ([Double](), [Double](), [Double]())
    for _ in 1...3 {
        own.append(Load("\(server.url)/v1/version", seconds: seconds).rate)
        if let nginx { first.append(Load(nginx.url, seconds: seconds).rate) }
        if let fastAPI { second.append(Load(fastAPI.url, seconds: seconds).rate) }
    }
    show("plain JSON route", median(own), "/s")
    compare("nginx, the same bytes from a file", own, first, goal: 1)
    compare("FastAPI, 2 workers", own, second, goal: 4)
}

func compare(_ name: String, _ own: [Double], _ other: [Double], goal: Double) {
    guard !other.isEmpty else { return print("\(name): skipped, not installed") }
    let ratio = median(zip(own, other).map { $0 / max($1, 1) })
    show(name, median(other), "/s")
    show("  ratio", ratio, "×", goal: "≥ \(goal)", isMet: ratio >= goal)
}

/// From the request that makes an event to its arrival at 1,000 followers.
func measureFeed(_ server: Server) {
    server.waitUntilIdle()
    let followers = (0..<1000).compactMap { _ in Follower(server) }
    usleep(500_000)
    for follower in followers { follower.drain() }
    var delays: [Double] = []
    for round in 0..<50 {
        let start = Clock.now
        // The commit lies between the request and its answer, so this is more than from the commit on.
        guard server.post("/v1/workflows/plain/runs", "{}") else { continue }
        delays += Follower.arrivals(followers, after: start)
        if round == 0 { delays = [] }
        usleep(50_000)
        for follower in followers { follower.drain() }
    }
    for follower in followers { follower.close() }
    delays.sort()
    guard !delays.isEmpty else { return print("event to 1,000 followers: nothing arrived") }
    let (p50, p99) = (delays[delays.count / 2], delays[delays.count * 99 / 100])
    show("request of an event to 1,000 followers, p50", p50, "ms", goal: "≤ 5", isMet: p50 <= 5)
    show("  p99", p99, "ms", goal: "≤ 30", isMet: p99 <= 30)
}

/// What followers cost to whom nothing is sent.
func measureIdleFollowers(_ server: Server) {
    var limit = rlimit(rlim_cur: 65536, rlim_max: 65536)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    server.waitUntilIdle()
    let before = server.residentMiB
    let followers = (0..<10_000).compactMap { _ in Follower(server) }
    server.waitUntilIdle()
    let more = server.residentMiB - before
    show("\(followers.count) idle followers", more, "MiB more", goal: "≤ 80", isMet: more <= 80)
    for follower in followers { follower.close() }
    sleep(1)
}

/// A blob of 1 GiB, up and down.
func measureBlob(_ server: Server) {
    let file = "\(place)/blob"
    _ = output(of: "head -c 1073741824 /dev/zero | openssl enc -aes-128-ctr -pass pass:x -nosalt > \(file) 2>/dev/null")
    let hash = output(of: "sha256sum \(file)").prefix(64)
    let authorization = "-H 'Authorization: Bearer \(server.token)'"
    let before = server.residentMiB
    server.resetPeak()
    let up = timed {
        output(of: "curl -sf -o /dev/null -w '%{http_code}' \(authorization) -T \(file) \(server.url)/v1/blobs/\(hash)")
    }
    let down = timed { output(of: "curl -sf \(authorization) \(server.url)/v1/blobs/\(hash) | sha256sum").prefix(64) }
    let more = server.peakMiB - before
    guard up.value == "201", down.value == hash else { return print("blob of 1 GiB: failed with \(up.value)") }
    show("1 GiB up", 1024 / up.seconds, "MiB/s")
    show("1 GiB down", 1024 / down.seconds, "MiB/s")
    show("  memory meanwhile", more, "MiB more", goal: "flat", isMet: more <= 32)
}
