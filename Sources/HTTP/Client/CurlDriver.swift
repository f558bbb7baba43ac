// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CCurl
import Synchronization
import Threads

/// The thread that owns a curl multi handle; everything that touches curl happens on it.
final class CurlDriver: @unchecked Sendable {
    // `multi` is used on the thread only, except for `curl_multi_wakeup`, which may be called from anywhere until the
    // thread has ended: `inbox.isStopped` is set and read under the lock before. `active` belongs to the thread.
    private struct Inbox {
        var arrived: [Transfer] = []
        /// Their readers have caught up.
        var resumed: [Transfer] = []
        var isStopped = false
    }

    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]

    /// `curl_global_init` is not thread-safe in every version; a static is made once.
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init() {
        precondition(Self.isReady, "libcurl cannot start")
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl has no memory") }
        self.multi = multi
        baton_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
        OwnThread(named: "curl") { [self] in work() }.detach()
    }

    /// Hands a transfer over; its `answer` is given exactly once.
    func start(_ transfer: Transfer) {
        inbox.withLock { inbox in
            precondition(!inbox.isStopped, "the driver is in use after its client has gone")
            inbox.arrived.append(transfer)
            curl_multi_wakeup(multi)
        }
    }

    /// Ends a transfer early, wherever it is.
    func cancel(_ transfer: Transfer) {
        transfer.cancel()
        inbox.withLock { inbox in
            if !inbox.isStopped { curl_multi_wakeup(multi) }
        }
    }

    /// Lets a stream go on that was held back because its reader was behind.
    func resume(_ transfer: Transfer) {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return }
            inbox.resumed.append(transfer)
            curl_multi_wakeup(multi)
        }
    }

    /// Lets the thread end; transfers still there are abandoned.
    func stop() {
        inbox.withLock { inbox in
            inbox.isStopped = true
            curl_multi_wakeup(multi)
        }
    }

    private func work() {
        while true {
            let (arrived, resumed, isStopped) = inbox.withLock { inbox in
                defer { (inbox.arrived, inbox.resumed) = ([], []) }
                return (inbox.arrived, inbox.resumed, inbox.isStopped)
            }
            if isStopped { break }
            for transfer in arrived { begin(transfer) }
            for transfer in resumed { transfer.resume() }
            for (easy, transfer) in active where transfer.isCancelled {
                remove(easy)
                transfer.abandon()
            }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect()
            curl_multi_poll(multi, nil, 0, active.isEmpty ? 60_000 : 1000, nil)
        }
        for (easy, transfer) in active {
            remove(easy)
            transfer.abandon()
        }
        curl_multi_cleanup(multi)
    }

    private func begin(_ transfer: Transfer) {
        guard !transfer.isCancelled, let easy = transfer.prepare() else { return transfer.abandon() }
        active[easy] = transfer
        curl_multi_add_handle(multi, easy)
    }

    private func remove(_ easy: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(multi, easy)
        active[easy] = nil
    }

    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            // The message is gone once the handle is removed.
            let result = baton_curl_message_result(message)
            guard let transfer = active[easy] else { continue }
            transfer.takeStatus()
            remove(easy)
            transfer.finish(result)
        }
    }
}
