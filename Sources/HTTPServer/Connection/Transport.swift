// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What became of a read or a write.
enum TransferResult {
    case bytes(Int)
    case wouldBlock
    case ended
    case failed
}

/// How bytes get onto a socket and from it.
enum Transport {
    case plain(Int32)
    case secure(TLSSession)

    /// What was read may be followed by bytes that the socket does not show any more.
    var buffersInput: Bool { if case .secure = self { true } else { false } }

    /// Reading goes on only when something can be written.
    var waitsToWrite: Bool { if case .secure(let session) = self { session.waitsToWrite } else { false } }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        switch self {
        case .plain(let descriptor):
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            return count == 0 ? .ended : Self.failure
        case .secure(let session): return session.read(into: buffer)
        }
    }

    /// - Parameter hasMore: More follows at once, so a packet that is not full may wait for it.
    func write(_ bytes: UnsafeRawBufferPointer, hasMore: Bool) -> TransferResult {
        switch self {
        case .plain(let descriptor):
            let flags = Int32(MSG_NOSIGNAL) | (hasMore ? Int32(MSG_MORE) : 0)
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            return count >= 0 ? .bytes(count) : Self.failure
        case .secure(let session): return session.write(bytes)
        }
    }

    /// Sends a part of a file.
    ///
    /// - Parameter buffer: To read into when the bytes have to pass through here.
    func send(_ file: FileRange, from position: Int, through buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        let count = min(file.count - position, 1 << 20)
        switch self {
        case .plain(let descriptor):
            var offset = file.offset + Int64(position)
            let sent = baton_sendfile(descriptor, file.descriptor, &offset, count)
            // A file that is shorter than its range cannot be sent as announced.
            return sent > 0 ? .bytes(sent) : sent == 0 ? .failed : Self.failure
        case .secure(let session):
            guard let read = file.read(at: position, into: buffer) else { return .failed }
            return session.write(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
        }
    }

    /// Says that no more is sent.
    func endOutput(_ descriptor: Int32) {
        if case .secure(let session) = self { session.endOutput() }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private static var failure: TransferResult {
        errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed
    }
}
