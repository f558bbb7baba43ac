// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whose runs, requests to people and schedules are. What was there before belongs to everybody of the first tenant.
///
/// A run keeps the owner of its first row, so these indexes are touched once in its life. Those of projects and of
/// other tenants leave out the runs of a program on its own machine.
enum OwnershipSchema {
    /// The index that tells whether a file has the columns.
    static let index = "run_owner"

    static let step =
        columns("run") + columns("human_task") + schedules + """
            CREATE INDEX run_owner ON run(tenant, owner);
            CREATE INDEX run_project ON run(tenant, project) WHERE project IS NOT NULL;
            CREATE INDEX run_tenant ON run(tenant) WHERE tenant <> 'default';
            CREATE INDEX human_task_tenant ON human_task(tenant, opened_at, id);
            CREATE INDEX human_task_inbox ON human_task(tenant, opened_at, id) WHERE status IN ('open', 'claimed');

            DROP VIEW baton_runs;
            CREATE VIEW baton_runs AS SELECT id, workflow, status, reason, outcome, last_seq AS run_seq, ended_tasks,
                all_tasks, error, \(RunSchema.time("created_at")), \(RunSchema.time("started_at")),
                \(RunSchema.time("ended_at")), \(RunSchema.time("deadline")), graph_hash, tenant, owner, project
                FROM run ORDER BY key DESC;

            """

    private static func columns(_ table: String) -> String {
        """
        ALTER TABLE \(table) ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
        ALTER TABLE \(table) ADD COLUMN owner TEXT;
        ALTER TABLE \(table) ADD COLUMN project TEXT;

        """
    }

    /// Names of schedules were one tenant's; now each has its own.
    private static let schedules = """
        DROP VIEW baton_schedules;
        CREATE TABLE owned_schedule(
            id TEXT PRIMARY KEY, name TEXT NOT NULL, definition BLOB NOT NULL, state BLOB NOT NULL,
            next_fire_at INTEGER, created_at INTEGER NOT NULL, tenant TEXT NOT NULL, owner TEXT, project TEXT
        ) STRICT;
        INSERT INTO owned_schedule SELECT *, 'default', NULL, NULL FROM schedule;
        DROP TABLE schedule;
        ALTER TABLE owned_schedule RENAME TO schedule;
        CREATE UNIQUE INDEX schedule_name ON schedule(name, tenant);
        CREATE VIEW baton_schedules AS SELECT name, definition ->> '$.workflow' AS workflow,
            definition ->> '$.timing' AS timing, definition ->> '$.zone' AS zone,
            definition ->> '$.overlap' AS overlap, ifnull(state ->> '$.paused', 0) AS paused,
            \(RunSchema.time("next_fire_at")), \(RunSchema.time("created_at")), id, tenant, owner, project
            FROM (SELECT id, name, CAST(definition AS TEXT) AS definition, CAST(state AS TEXT) AS state, next_fire_at,
                created_at, tenant, owner, project FROM schedule) ORDER BY name, tenant;

        """
}
