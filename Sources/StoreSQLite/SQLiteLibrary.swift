// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// The library of the system that keeps everything.
public enum SQLiteLibrary {
    /// Its version, such as `3.40.1`.
    public static var version: String { String(cString: sqlite3_libversion()) }

    /// It can look for words in texts (FTS5), which databases of this program need.
    public static var findsWords: Bool { sqlite3_compileoption_used("ENABLE_FTS5") == 1 }
}
