// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// A file that an older program wrote and nobody has upgraded yet reads as one without schedules.
extension SQLiteRunStore {
    /// The schedule with that id.
    public func schedule(_ id: ScheduleID) throws(StoreError) -> ScheduleRow? {
        try reading { (reader) throws(StoreError) in try reader.schedule(id) } ?? nil
    }

    /// The schedule of that tenant with that name.
    public func schedule(named name: String, in tenant: String) throws(StoreError) -> ScheduleRow? {
        try reading { (reader) throws(StoreError) in try reader.schedule(named: name, in: tenant) } ?? nil
    }

    /// All schedules by name.
    public func schedules() throws(StoreError) -> [ScheduleRow] {
        try reading { (reader) throws(StoreError) in try reader.schedules() } ?? []
    }

    private func reading<Value: Sendable>(
        _ body: @Sendable (ScheduleReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.schedules().map(body) }
    }
}
