// Baton
// SPDX-License-Identifier: Apache-2.0

/// How much may be kept; what is beyond is refused with the limit and the actual value.
public enum NoteLimits {
    /// Bytes of a value of a memory, as JSON.
    public static let value = 64 << 10
    /// Bytes of a context, as JSON.
    public static let context = 256 << 10
    /// Entries of a memory.
    public static let entries = 10_000
    /// Bytes of keys and values of a memory.
    public static let memory = 64 << 20
    /// Contexts of a place.
    public static let contexts = 1000
    /// Thoughts of a place.
    public static let thoughts = 1000
    /// Bytes of a thought, its steps included.
    public static let thought = 16 << 10
    /// Operations of one request.
    public static let operations = 100
    /// Words of a search that count.
    public static let searchWords = 16
    /// Different words of an entry that it is found by.
    public static let foundWords = 4000
    /// Characters of keys, names and tags.
    public static let name = 200
    /// Tags of an entry.
    public static let tags = 32
    /// How long something may be kept that says so.
    public static let longest = Duration.seconds(3660 * 24 * 3600)
    /// How long what belongs to a run is kept after it was written.
    public static let ofRun = Duration.seconds(90 * 24 * 3600)
}
