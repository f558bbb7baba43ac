// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reactor

/// A socket with what is to be sent on it; what the bytes mean is a matter of its role.
///
/// Confined to the thread of its loop.
final class Connection: EventHandler, Flushable, Deadlined, @unchecked Sendable {
    // All variables are touched on the thread of `loop` only.

    private enum Phase {
        case open
        /// Closed once everything is sent.
        case ending
        /// Everything is sent; what still comes is thrown away, so that the other side gets to read the end.
        case lingering
        case closed
    }

    /// Roles stop adding to the output above this many bytes, and are told below half of it.
    static let highWater = 65536
    /// Bytes written or read at most before others have their turn.
    private static let turnLimit = 1 << 20
    private static let lingerTime: Int64 = 2_000

    let group: ConnectionGroup
    let remote: SocketAddress
    private let descriptor: Int32
    private let transport: Transport
    private var role: (any ConnectionRole)?
    private var output = OutputQueue()
    private var phase = Phase.open
    private var interest: Readiness = []
    private var isDirty = false
    private var isBlocked = false
    private var isReading = true
    private(set) var inputHasEnded = false
    private var sawPeerClose = false
    private var lastProgress: Int64 = 0
    /// When the role is told; in milliseconds of the loop.
    private var roleDeadline = Int64.max
    var timerPlace = TimerPlace()
    /// Where the group keeps it.
    var groupIndex = 0

    init(group: ConnectionGroup, descriptor: Int32, remote: SocketAddress, transport: Transport) {
        self.group = group
        self.descriptor = descriptor
        self.remote = remote
        self.transport = transport
    }

    var loop: EventLoop { group.loop }
    var isSecure: Bool { transport.buffersInput }
    /// Bytes that wait to be sent.
    var outputCount: Int { output.count }
    var isOpen: Bool { phase == .open }

    /// The protocol that TLS agreed on.
    var applicationProtocol: String? {
        if case .secure(let session) = transport { session.applicationProtocol } else { nil }
    }

    /// Begins to read.
    func start(_ role: any ConnectionRole) {
        self.role = role
        interest = [.readable]
        do {
            try loop.add(descriptor, for: interest, self)
        } catch {
            // The kernel has no room to watch it; the client sees that it is closed.
            close(.connectionClosed)
        }
    }

    /// The same bytes mean something else from now on.
    func become(_ role: any ConnectionRole) {
        self.role = role
    }

    // MARK: What roles ask for

    /// Adds to what is sent at the end of this turn.
    func send(_ bytes: [UInt8]) {
        guard phase == .open else { return }
        noteOutput()
        output.append(bytes)
        flushSoon()
    }

    /// Sends now, without a queue, as far as that is possible: for bytes to which nothing is added in this turn.
    func sendAtOnce(_ bytes: [UInt8]) {
        guard phase == .open, output.isEmpty, !isBlocked, !isDirty else { return send(bytes) }
        switch bytes.withUnsafeBytes({ transport.write($0, hasMore: false) }) {
        case .bytes(bytes.count): lastProgress = loop.now
        case .bytes(let count): send(Array(bytes[count...]))
        // Flushing tries again and finds out what is the matter.
        case .wouldBlock, .ended, .failed: send(bytes)
        }
    }

    /// Adds a part of a file to what is sent.
    func send(_ file: FileRange) {
        guard phase == .open else { return }
        noteOutput()
        output.append(file)
        flushSoon()
    }

    /// Stops or goes on taking bytes from the socket.
    func setReading(_ isReading: Bool) {
        guard self.isReading != isReading else { return }
        self.isReading = isReading
        // What TLS has taken from the socket already makes nothing ready.
        if isReading, transport.buffersInput {
            loop.executeLater { [self] in
                if phase == .open, self.isReading { readAll() }
                settle()
            }
        }
        flushSoon()
    }

    /// When `deadlinePassed` is called, in milliseconds of the loop; `Int64.max` for never.
    func setDeadline(_ deadline: Int64) {
        guard deadline != roleDeadline else { return }
        roleDeadline = deadline
        updateDeadline()
    }

    /// Closes once everything is sent; nothing more can be added.
    func closeAfterOutput() {
        guard phase == .open else { return }
        phase = .ending
        flushSoon()
    }

    /// Closes now; what was not sent is dropped.
    func close(_ reason: HTTPStreamError) {
        guard phase != .closed else { return }
        phase = .closed
        loop.removeDeadline(of: self)
        loop.remove(descriptor)
        Glibc.close(descriptor)
        output = OutputQueue()
        let role = role
        self.role = nil
        group.remove(self)
        role?.connectionClosed(reason)
    }

    /// Closes now, so that the other side sees a failure and no end.
    func reset(_ reason: HTTPStreamError) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close(reason)
    }

    /// The server stops.
    func drain() {
        role?.drain()
    }

    // MARK: What the loop tells

    func ready(for events: Readiness) {
        if events.contains(.readable) || transport.buffersInput && events.contains(.writable) { readAll() }
        if events.contains(.writable) {
            isBlocked = false
            flushSoon()
        }
        if events.contains(.peerClosed), !inputHasEnded {
            sawPeerClose = true
            lastProgress = loop.now
        }
        if !events.isDisjoint(with: [.hungUp, .failed]) { close(.connectionClosed) }
        settle()
    }

    func flush() {
        var written = 0
        while phase != .closed, !isBlocked {
            while let head = output.head, written < Self.turnLimit {
                guard let count = write(head) else { break }
                written += count
                output.advance(count)
                lastProgress = loop.now
            }
            guard phase == .open, !isBlocked, output.count <= Self.highWater / 2, written < Self.turnLimit else {
                break
            }
            let before = output.count
            role?.outputHasRoom()
            if output.count <= before { break }
        }
        isDirty = false
        if !output.isEmpty, !isBlocked, phase != .closed { flushSoon() }
        if output.isEmpty, phase == .ending { finishOutput() }
        settle()
    }

    func deadlinePassed() {
        let now = loop.now
        // Who has nothing to take has only gone away.
        if now >= ioDeadline { return close(output.isEmpty ? .connectionClosed : .timeout) }
        if now >= roleDeadline, phase == .open {
            roleDeadline = .max
            role?.deadlinePassed()
        }
        settle()
    }

    // MARK: Reading and writing

    private func readAll() {
        var count = 0
        while phase == .lingering || phase == .open && isReading && !inputHasEnded, count < Self.turnLimit {
            let buffer = loop.readBuffer
            switch transport.read(into: buffer) {
            case .bytes(let size):
                count += size
                if phase == .lingering { continue }
                sawPeerClose = false
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<size]).bindMemory(to: UInt8.self)
                role?.receive(bytes)
                if size < buffer.count, !transport.buffersInput { return }
            case .wouldBlock: return
            case .ended: return endInput()
            case .failed: return close(.connectionClosed)
            }
        }
        // What TLS holds makes nothing ready, so it is asked again.
        if transport.buffersInput, count >= Self.turnLimit {
            loop.executeLater { [self] in
                if phase == .open { readAll() }
                settle()
            }
        }
    }

    private func endInput() {
        inputHasEnded = true
        lastProgress = loop.now
        if phase == .lingering { close(.connectionClosed) } else { role?.inputEnded() }
    }

    /// How much was written; `nil` when no more can be now.
    private func write(_ segment: OutputQueue.Segment) -> Int? {
        let result =
            switch segment {
            case .bytes(let bytes):
                bytes.withUnsafeBytes { all in
                    transport.write(UnsafeRawBufferPointer(rebasing: all[output.offset...]), hasMore: output.hasMore)
                }
            case .file(let file): transport.send(file, from: output.offset, through: loop.readBuffer)
            }
        switch result {
        case .bytes(let count): return count
        case .wouldBlock: isBlocked = true
        case .ended, .failed: close(.connectionClosed)
        }
        return nil
    }

    private func finishOutput() {
        guard !inputHasEnded else { return close(.connectionClosed) }
        transport.endOutput(descriptor)
        phase = .lingering
        lastProgress = loop.now
        let role = role
        self.role = nil
        role?.connectionClosed(.connectionClosed)
    }

    private func flushSoon() {
        guard !isDirty, phase != .closed else { return }
        isDirty = true
        loop.flushLater(self)
    }

    private func noteOutput() {
        if output.isEmpty { lastProgress = loop.now }
    }

    // MARK: Interest and deadlines

    /// Brings what the loop watches in line with what is needed.
    private func settle() {
        guard phase != .closed else { return }
        var wanted: Readiness = []
        if !inputHasEnded {
            if isReading || phase == .lingering {
                wanted.insert(.readable)
            } else if !sawPeerClose {
                wanted.insert(.peerClosed)
            }
        }
        if isBlocked || transport.waitsToWrite { wanted.insert(.writable) }
        if wanted != interest {
            interest = wanted
            loop.change(descriptor, to: wanted)
        }
        updateDeadline()
    }

    private func updateDeadline() {
        guard phase != .closed else { return }
        loop.setDeadline(min(roleDeadline, ioDeadline), of: self)
    }

    /// When the other side has taken nothing for too long.
    private var ioDeadline: Int64 {
        let timeouts = group.timeouts
        if phase == .lingering { return lastProgress + Self.lingerTime }
        if inputHasEnded || sawPeerClose { return lastProgress + timeouts.halfClosed }
        return output.isEmpty ? .max : lastProgress + timeouts.write
    }
}
