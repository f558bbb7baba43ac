// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names one reservation; prefix `rsv`.
public typealias ReservationID = Identifier<ReservationKind>
/// Names one usage record; prefix `use`.
public typealias UsageID = Identifier<UsageKind>

/// The kind of a ``ReservationID``.
public enum ReservationKind: IdentifierKind {
    /// `rsv`.
    public static let prefix = "rsv"
}

/// The kind of a ``UsageID``.
public enum UsageKind: IdentifierKind {
    /// `use`.
    public static let prefix = "use"
}
