// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reactor
import Synchronization

/// The connections of one loop.
///
/// Confined to the thread of the loop, except for `count`.
final class ConnectionGroup: @unchecked Sendable {
    // All variables are touched on the thread of `loop` only; `count` is atomic.

    let loop: EventLoop
    let run: HandlerRun
    let limits: ServerLimits
    let timeouts: TimeoutMilliseconds
    /// How many connections there are or are about to be.
    let count = Atomic(0)
    private(set) var isDraining = false
    private var connections: [Connection] = []
    private var date = HTTPDate()
    private var whenEmpty: [CheckedContinuation<Void, Never>] = []

    init(loop: EventLoop, configuration: ServerConfiguration, handler: @escaping HTTPHandler) {
        self.loop = loop
        run = HandlerRun(handler: handler, compresses: configuration.compresses)
        limits = configuration.limits
        timeouts = TimeoutMilliseconds(configuration.timeouts)
    }

    /// Serves a connection that was taken; it counts already.
    func add(_ descriptor: Int32, _ remote: SocketAddress, _ tls: TLSContext?) {
        guard !isDraining else {
            close(descriptor)
            count.subtract(1, ordering: .relaxed)
            return
        }
        let transport = tls.map { Transport.secure(TLSSession($0, descriptor)) } ?? .plain(descriptor)
        let connection = Connection(group: self, descriptor: descriptor, remote: remote, transport: transport)
        connection.groupIndex = connections.count
        connections.append(connection)
        connection.start(ProtocolChoice(connection))
    }

    func remove(_ connection: Connection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.groupIndex] = last
            last.groupIndex = connection.groupIndex
        }
        count.subtract(1, ordering: .relaxed)
        if isDraining { tellWhenEmpty() }
    }

    /// Lets connections end what they do and begins nothing new.
    func drain() {
        isDraining = true
        for connection in connections { connection.drain() }
    }

    /// Ends all connections.
    func closeAll() {
        isDraining = true
        for connection in connections { connection.close(.connectionClosed) }
    }

    /// Returns when the last connection is gone.
    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                whenEmpty.append(continuation)
                tellWhenEmpty()
            }
        }
    }

    /// The value of the Date header for now.
    var dateValue: String { date.value(at: time(nil)) }
    /// The whole Date header with its line end.
    var dateLine: [UInt8] { date.line(at: time(nil)) }

    private func tellWhenEmpty() {
        guard connections.isEmpty else { return }
        for continuation in whenEmpty { continuation.resume() }
        whenEmpty = []
    }
}

/// The Date header, made once a second.
struct HTTPDate {
    private var second = 0
    private var text = ""
    private var bytes: [UInt8] = []

    /// `date: Sun, 06 Nov 1994 08:49:37 GMT` and the line end.
    mutating func line(at now: Int) -> [UInt8] {
        update(now)
        return bytes
    }

    /// The form of RFC 9110 5.6.7.
    mutating func value(at now: Int) -> String {
        update(now)
        return text
    }

    private mutating func update(_ now: Int) {
        guard now != second else { return }
        second = now
        text = Self.text(at: now)
        bytes = Array("date: \(text)\r\n".utf8)
    }

    private static func text(at now: Int) -> String {
        var (now, parts) = (now, tm())
        gmtime_r(&now, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        let date = "\(twoDigits(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(Int(parts.tm_year) + 1900)"
        return "\(days[Int(parts.tm_wday)]), \(date) \(time) GMT"
    }

    private static func twoDigits(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
