// Baton
// SPDX-License-Identifier: Apache-2.0

import CNghttp2

/// What nghttp2 calls; the same for all sessions.
struct HTTP2Callbacks: @unchecked Sendable {
    // Not changed after `init`; nghttp2 copies it into each session.

    static let shared = HTTP2Callbacks()

    let pointer: OpaquePointer?

    private init() {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, context in
            guard let frame, let connection = connection(context) else { return 0 }
            let isRequest = isRequestHead(frame.pointee)
            if isRequest { connection.open(frame.pointee.hd.stream_id) }
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _,
            frame,
            name,
            nameCount,
            value,
            count,
            _,
            context in
            guard let frame, let name, let value, isRequestHead(frame.pointee) else { return 0 }
            connection(context)?.stream(frame.pointee.hd.stream_id)?.addHeader(
                UnsafeBufferPointer(start: name, count: nameCount),
                UnsafeBufferPointer(start: value, count: count)
            )
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, context in
            guard let frame, let stream = connection(context)?.stream(frame.pointee.hd.stream_id) else { return 0 }
            let header = frame.pointee.hd
            let isLast = UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
            switch UInt32(header.type) {
            case NGHTTP2_HEADERS.rawValue:
                if isRequestHead(frame.pointee) { stream.begin(hasBody: !isLast) } else if isLast { stream.endBody() }
            case NGHTTP2_DATA.rawValue: if isLast { stream.endBody() }
            default: break
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, data, count, context in
            guard let data else { return 0 }
            connection(context)?.stream(id)?.receive(UnsafeBufferPointer(start: data, count: count))
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, _, context in
            connection(context)?.closed(id)
            return 0
        }
        pointer = callbacks
    }
}

private func connection(_ context: UnsafeMutableRawPointer?) -> HTTP2Connection? {
    context.map { Unmanaged<HTTP2Connection>.fromOpaque($0).takeUnretainedValue() }
}

private func isRequestHead(_ frame: nghttp2_frame) -> Bool {
    UInt32(frame.hd.type) == NGHTTP2_HEADERS.rawValue && frame.headers.cat == NGHTTP2_HCAT_REQUEST
}

/// How nghttp2 keeps bounds; the same for all sessions.
struct HTTP2Options: @unchecked Sendable {
    // Not changed after `init`; nghttp2 copies it into each session.

    static let shared = HTTP2Options()

    let pointer: OpaquePointer?

    private init() {
        var options: OpaquePointer?
        nghttp2_option_new(&options)
        // Windows open again when the handler has taken the bytes, not when they come.
        nghttp2_option_set_no_auto_window_update(options, 1)
        // Streams that a client may reset: 400 at once, then 40 a second (CVE-2023-44487).
        nghttp2_option_set_stream_reset_rate_limit(options, 400, 40)
        // Answers to pings and settings that the client does not take.
        nghttp2_option_set_max_outbound_ack(options, 200)
        nghttp2_option_set_max_settings(options, 32)
        pointer = options
    }
}
