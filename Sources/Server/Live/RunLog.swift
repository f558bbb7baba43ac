// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import JSON
public import Store

/// The events of one run in pages, those that it shares with the run it was made from included.
public struct RunLog: Sendable {
    private let reader: RunReader
    private let store: any RunStore

    /// - Parameter store: The same that the reader has.
    public init(reader: RunReader, store: any RunStore) {
        (self.reader, self.store) = (reader, store)
    }

    /// Events of the run with that key: `{seq, run_seq, type, at, run, node?, scope?, attempt?, actor?, data?, …}`.
    ///
    /// - Parameter after: A number within the run.
    /// - Throws: `corrupted`, `unavailable`.
    public func events(ofRun key: Int64, after: Int64, limit: Int) throws(EngineError) -> [JSONValue] {
        var envelopes = EnvelopeReader(reader)
        var events: [JSONValue] = []
        for segment in try reader.segments(ofRun: key) where segment.upTo > after {
            var last = max(after, segment.after)
            reading: while events.count < limit, last < segment.upTo {
                let page = try records(of: segment, after: last)
                guard !page.isEmpty else { break }
                for record in page {
                    for event in try envelopes.envelopes(of: record) {
                        guard let number = event.json["run_seq"]?.intValue, number > last else { continue }
                        // What the other run did later is not of this one.
                        guard number <= segment.upTo else { break reading }
                        guard events.count < limit else { return events }
                        last = number
                        events.append(event.json)
                    }
                }
            }
        }
        return events
    }

    private func records(of segment: LogSegment, after last: Int64) throws(EngineError) -> [StoredRecord] {
        do throws(StoreError) {
            return try store.records(ofRun: segment.key, after: last - segment.after, limit: 64)
        } catch {
            throw EngineError(.unavailable, error.message)
        }
    }
}
