// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Server
import Store

/// Events of one run as programs see them: `{seq, run_seq, type, at, run, node?, scope?, attempt?, actor?, data?, …}`.
struct EventLog {
    private static let page = 500
    private let log: RunLog
    private let key: Int64
    /// Number of the last event that was read.
    private var last: Int64

    /// - Parameter sequence: Events up to that number are not read.
    init(_ reader: RunReader, _ store: any RunStore, key: Int64, after sequence: Int64 = 0) {
        log = RunLog(reader: reader, store: store)
        self.key = key
        last = sequence
    }

    /// Calls `body` with every event that was not read yet.
    mutating func forEachNew(_ body: (JSONValue) -> Void) throws(CommandFailure) {
        while true {
            let (log, key, last) = (log, key, last)
            let events = try engineCall { () throws(EngineError) in
                try log.events(ofRun: key, after: last, limit: Self.page)
            }
            for event in events {
                self.last = event["run_seq"]?.intValue ?? self.last
                body(event)
            }
            if events.count < Self.page { return }
        }
    }
}
