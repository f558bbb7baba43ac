// Baton
// SPDX-License-Identifier: Apache-2.0

/// The table of schedules.
enum ScheduleSchema {
    static let table = "schedule"

    static let step = """
        CREATE TABLE schedule(
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition BLOB NOT NULL, state BLOB NOT NULL,
            next_fire_at INTEGER, created_at INTEGER NOT NULL
        ) STRICT;

        CREATE VIEW baton_schedules AS SELECT name, definition ->> '$.workflow' AS workflow,
            definition ->> '$.timing' AS timing, definition ->> '$.zone' AS zone,
            definition ->> '$.overlap' AS overlap, ifnull(state ->> '$.paused', 0) AS paused,
            strftime('%Y-%m-%dT%H:%M:%fZ', next_fire_at / 1000.0, 'unixepoch') AS next_fire_at,
            strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch') AS created_at, id
            FROM (SELECT id, name, CAST(definition AS TEXT) AS definition, CAST(state AS TEXT) AS state, next_fire_at,
                created_at FROM schedule) ORDER BY name;

        """
}
