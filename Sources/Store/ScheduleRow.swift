// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A schedule: what it starts and when, and how far it got. The store knows nothing of the content of both.
public struct ScheduleRow: Sendable, Equatable {
    /// The id.
    public var id: ScheduleID
    /// The name; no two schedules of a tenant have the same.
    public var name: String
    /// What it starts, when and how: a JSON object.
    public var definition: [UInt8]
    /// How far it got: a JSON object.
    public var state: [UInt8]
    /// When it wants to be looked at again; `nil` when only a request can move it.
    public var nextFireAt: Timestamp?
    /// When it was made.
    public var createdAt: Timestamp
    /// Whose it is, and so are the runs that it starts.
    public var ownership: Ownership

    /// Puts a row together.
    public init(
        id: ScheduleID,
        name: String,
        definition: [UInt8],
        state: [UInt8],
        nextFireAt: Timestamp?,
        createdAt: Timestamp,
        ownership: Ownership = .common
    ) {
        self.id = id
        self.name = name
        self.definition = definition
        self.state = state
        self.nextFireAt = nextFireAt
        self.createdAt = createdAt
        self.ownership = ownership
    }
}

extension RunStore {
    /// The schedule of the first tenant with that name.
    public func schedule(named name: String) throws(StoreError) -> ScheduleRow? {
        try schedule(named: name, in: Ownership.defaultTenant)
    }

    /// Schedules that somebody sees, by the bytes of their names. Reads them all: there are few.
    public func schedules(seenBy visibility: Visibility) throws(StoreError) -> [ScheduleRow] {
        try schedules().filter { visibility.shows($0.ownership) }
    }
}
