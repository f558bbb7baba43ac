// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import JSON
public import Model
internal import Synchronization
internal import Threads

/// Writes what happens, one line a record, from any thread.
///
/// Nobody waits for the descriptor: records go through a bounded queue to a thread of the log's own. When it is full they
/// are dropped and counted, and a line says how many as soon as there is room.
public final class Log: Sendable {
    private enum Entry: Sendable {
        case record(LogRecord)
        case end
    }
    private let mailbox = Mailbox<Entry>()
    private let threshold: Atomic<Int>
    private let taken = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    private let lost = Atomic<Int>(0)
    private let capacity: Int
    private let now: @Sendable () -> Timestamp

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - descriptor: Where lines go; stays open.
    ///   - capacity: Records that may wait.
    ///   - mask: Applied to the message and to every text in a field, on the log's thread; takes secrets out.
    ///   - now: The time of day.
    public init(
        level: LogLevel = .info,
        format: LogFormat = .text,
        descriptor: Int32 = 2,
        capacity: Int = 4096,
        mask: @escaping @Sendable (String) -> String = { $0 },
        now: @escaping @Sendable () -> Timestamp = wallTime
    ) {
        threshold = Atomic(level.rank)
        self.capacity = capacity
        self.now = now
        OwnThread(named: "baton-log") { [mailbox, weak self] in
            var writer = LogWriter(format: format, descriptor: descriptor, mask: mask, now: now)
            while true {
                let entries = mailbox.receive(limit: .max, timeout: 3_600_000)
                let isEnd = entries.contains { if case .end = $0 { true } else { false } }
                let records = entries.compactMap { if case .record(let record) = $0 { record } else { nil } }
                let lost = self?.lost.exchange(0, ordering: .relaxed) ?? 0
                writer.write(records, lost: lost)
                self?.done.add(records.count, ordering: .releasing)
                if isEnd { return }
            }
        }.detach()
    }

    deinit {
        mailbox.send(.end)
    }

    /// What matters less is left out; may change at any time.
    public var level: LogLevel {
        get { LogLevel.allCases[threshold.load(ordering: .relaxed)] }
        set { threshold.store(newValue.rank, ordering: .relaxed) }
    }

    /// Whether a record of that level would be written.
    public func isOn(_ level: LogLevel) -> Bool { level.rank >= threshold.load(ordering: .relaxed) }

    /// Writes a record. Fields keep their order; by convention `trace`, `run` and `task` name what it is about. A field of
    /// the name of a part of the record (`at`, `level`, `message`) gets an underscore in JSON.
    public func record(
        _ level: LogLevel,
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> KeyValuePairs<String, JSONValue> = [:]
    ) {
        guard isOn(level) else { return }
        let record = LogRecord(at: now(), level: level, message: message(), fields: fields())
        if mailbox.send(.record(record), limit: capacity) {
            taken.add(1, ordering: .relaxed)
        } else {
            lost.add(1, ordering: .relaxed)
        }
    }

    /// Suspends until everything recorded before is written, at most that long.
    public func flush(within limit: Duration = .seconds(2)) async {
        let (goal, end) = (taken.load(ordering: .relaxed), ContinuousClock.now + limit)
        while done.load(ordering: .acquiring) < goal, ContinuousClock.now < end {
            guard (try? await Task.sleep(for: .milliseconds(1))) != nil else { return }
        }
    }
}

/// The thread's part of a log.
private struct LogWriter {
    let format: LogFormat
    let descriptor: Int32
    let mask: @Sendable (String) -> String
    let now: @Sendable () -> Timestamp
    private var bytes: [UInt8] = []

    init(
        format: LogFormat,
        descriptor: Int32,
        mask: @escaping @Sendable (String) -> String,
        now: @escaping @Sendable () -> Timestamp
    ) {
        (self.format, self.descriptor, self.mask, self.now) = (format, descriptor, mask, now)
    }

    mutating func write(_ records: [LogRecord], lost: Int) {
        for record in records {
            record.write(format, mask, into: &bytes)
            if bytes.count >= 65536 { flush() }
        }
        if lost > 0 {
            let message = "\(lost) records of the log were dropped, because they came faster than they can be written"
            LogRecord(at: now(), level: .warn, message: message, fields: ["dropped": .int(Int64(lost))])
                .write(format, mask, into: &bytes)
        }
        flush()
    }

    private mutating func flush() {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count > 0 {
                done += count
            } else if errno == EAGAIN {
                // Somebody else made the descriptor so; this thread may wait.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, 1000)
            } else if errno != EINTR {
                // Nobody reads any more, and there is no other place to say so.
                break
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}

/// The time of the system's clock.
@Sendable public func wallTime() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
}
