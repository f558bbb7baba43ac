// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Store

/// The events of one run in pages, those that it shares with the run it was made from included.
struct RunLog {
    let reader: RunReader
    let store: any RunStore

    /// - Parameter after: A number within the run.
    func events(ofRun key: Int64, after: Int64, limit: Int) throws(EngineError) -> [JSONValue] {
        var envelopes = EnvelopeReader(reader)
        var events: [JSONValue] = []
        for segment in try reader.segments(ofRun: key) where segment.upTo > after {
            var last = max(after, segment.after)
            while events.count < limit, last < segment.upTo {
                let page = try records(of: segment, after: last)
                guard !page.isEmpty else { break }
                for record in page {
                    for event in try envelopes.envelopes(of: record) {
                        guard let number = event.json["run_seq"]?.intValue, number > last else { continue }
                        guard number <= segment.upTo, events.count < limit else { return events }
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
