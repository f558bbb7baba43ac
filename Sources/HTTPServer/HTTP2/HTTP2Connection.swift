// Baton
// SPDX-License-Identifier: Apache-2.0

import CNghttp2
import Reactor

/// A connection that speaks HTTP/2: many requests side by side, framed by nghttp2.
///
/// Confined to the thread of its loop; nghttp2 calls back within `receive` and `pump`, so nothing there calls into it
/// again but what its documentation allows.
final class HTTP2Connection: ConnectionRole, @unchecked Sendable {
    // All variables are touched on the thread of the connection's loop only.

    /// Frames are made only while less than this waits to be sent.
    private static let outputLimit = 262_144
    /// Input looked at before frames are made: a client that is cut off is not heard any more once that is said.
    private static let inputLimit = 8192
    /// How often streams are looked after, in milliseconds.
    private static let tick: Int64 = 1_000

    let connection: Connection
    private(set) var session: OpaquePointer?
    private(set) var streams: [Int32: HTTP2Stream] = [:]
    private var isPumping = false
    private var isReceiving = false
    private var isEnding = false
    private var drainStep = 0

    init(_ connection: Connection) {
        self.connection = connection
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        nghttp2_session_server_new2(&session, HTTP2Callbacks.shared.pointer, pointer, HTTP2Options.shared.pointer)
        let limits = connection.group.limits
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                value: UInt32(clamping: limits.streams)
            ),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(clamping: limits.head.bytes)
            ),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(Connection.highWater)
            ),
        ]
        nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &settings, settings.count)
        nghttp2_session_set_local_window_size(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, 1 << 20)
        updateDeadline()
    }

    deinit {
        nghttp2_session_del(session)
    }

    // MARK: Input

    func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
        var start = 0
        while start < bytes.count, !isEnding {
            let end = min(bytes.count, start + Self.inputLimit)
            isReceiving = true
            let used = nghttp2_session_mem_recv(session, bytes.baseAddress?.advanced(by: start), end - start)
            isReceiving = false
            // nghttp2 has queued a GOAWAY that says why, unless it was no HTTP/2 at all.
            if used < 0 { isEnding = true }
            pump()
            start = end
        }
        if !isEnding { updateDeadline() }
    }

    func inputEnded() {
        // Without input there are no windows, so nothing could be sent for long.
        connection.close(.connectionClosed)
    }

    func stream(_ id: Int32) -> HTTP2Stream? { streams[id] }

    func open(_ id: Int32) {
        streams[id] = HTTP2Stream(self, id)
    }

    func closed(_ id: Int32) {
        streams.removeValue(forKey: id)?.closed(.connectionClosed)
    }

    // MARK: Output

    /// Makes frames in a step of its own, so that what several streams say leaves together.
    func pumpSoon() {
        guard !isPumping, !isReceiving else { return }
        isPumping = true
        connection.loop.executeLater { [self] in
            isPumping = false
            pump()
        }
    }

    func outputHasRoom() { pump() }

    private func pump() {
        guard connection.isOpen else { return }
        var output: [UInt8] = []
        while connection.outputCount + output.count < Self.outputLimit {
            var bytes: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(session, &bytes)
            guard count > 0, let bytes else { break }
            // Valid until the next call only.
            output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
            if output.count >= 65536 {
                connection.send(output)
                output = []
            }
        }
        connection.send(output)
        let isOver = nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
        if isEnding || isOver || drainStep == 2 && streams.isEmpty {
            isEnding = true
            connection.closeAfterOutput()
        }
    }

    // MARK: Time and the end

    func drain() {
        guard drainStep == 0 else { return }
        drainStep = 1
        // Requests that are on their way are still taken until the tick.
        nghttp2_submit_shutdown_notice(session)
        pump()
        connection.setDeadline(connection.loop.now + min(Self.tick, 250))
    }

    func deadlinePassed() {
        if drainStep == 1 {
            drainStep = 2
            let last = nghttp2_session_get_last_proc_stream_id(session)
            nghttp2_submit_goaway(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
        }
        if streams.isEmpty, drainStep == 0 {
            // Idle for long.
            nghttp2_session_terminate_session(session, NGHTTP2_NO_ERROR.rawValue)
            isEnding = true
            return pump()
        }
        for stream in Array(streams.values) { stream.lookAfter(at: connection.loop.now) }
        updateDeadline()
        pump()
    }

    func connectionClosed(_ reason: HTTPStreamError) {
        isEnding = true
        let all = streams.values
        streams = [:]
        for stream in all { stream.closed(reason) }
    }

    /// One coarse tick for all streams; none of them costs a timer.
    private func updateDeadline() {
        let timeouts = connection.group.timeouts
        let delay = streams.isEmpty && drainStep == 0 ? timeouts.idle : min(Self.tick, timeouts.body)
        connection.setDeadline(connection.loop.now + delay)
    }
}
