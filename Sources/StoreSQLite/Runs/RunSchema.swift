// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables of `baton.db`. Programs of others use the views; tables may change with any release.
enum RunSchema {
    static let schema = Schema(migrations: [
        log + rows + views, CatalogSchema.tables, SnapshotSchema.step, KeyedSchema.step,
        ScheduleSchema.step, BudgetSchema.step, awaitedSignals, outcomes, RetentionSchema.step,
        HumanTaskSchema.step, PauseSchema.step, SecuritySchema.step,
        OwnershipSchema.step, CatalogSchema.contents, RecordPlaces.step, WebhookSchema.step, QueueSchema.step,
        RegistrationSchema.step, ToolPinSchema.step, KnowledgeSchema.step, FindingRows.step, NoteSchema.step,
        ConversationRows.step, VectorRows.step, PromptRows.step, BudgetSchema.apiKeys,
        PromptVersionRows.step,
    ])

    /// Which tasks wait for which kind of signal.
    private static let awaitedSignals = "ALTER TABLE task ADD COLUMN awaits TEXT;"

    /// Runs that are undone: how they ended before, and that they are open meanwhile.
    private static let outcomes = """
        DROP VIEW baton_runs;
        DROP INDEX run_open;
        ALTER TABLE run ADD COLUMN outcome TEXT;
        CREATE INDEX run_open ON run(key) WHERE \(openCondition);
        CREATE VIEW baton_runs AS SELECT id, workflow, status, reason, outcome, last_seq AS run_seq, ended_tasks,
            all_tasks, error, \(time("created_at")), \(time("started_at")), \(time("ended_at")),
            \(time("deadline")), graph_hash FROM run ORDER BY key DESC;

        """

    /// That of the index of open runs; a question that does not repeat it word for word does not get the index.
    static let openCondition = "status IN ('queued', 'running', 'waiting', 'paused', 'compensating')"

    /// The log is one table by global number, so that every commit fills the same few pages, whatever runs are in it.
    private static let log = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE record(
            gseq INTEGER PRIMARY KEY, run_key INTEGER NOT NULL, seq INTEGER NOT NULL, count INTEGER NOT NULL,
            at INTEGER NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX record_run ON record(run_key, seq);

        """

    /// What can be rebuilt from the log, and what leaves the store.
    private static let rows = """
        CREATE TABLE run(
            key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, graph_hash TEXT NOT NULL,
            status TEXT NOT NULL, reason TEXT, last_seq INTEGER NOT NULL, ended_tasks INTEGER NOT NULL,
            all_tasks INTEGER NOT NULL, error TEXT, created_at INTEGER NOT NULL, started_at INTEGER,
            ended_at INTEGER, deadline INTEGER
        ) STRICT;
        CREATE INDEX run_open ON run(key) WHERE status IN ('queued', 'running', 'waiting', 'paused');

        CREATE TABLE task(
            run_key INTEGER NOT NULL, task INTEGER NOT NULL, status TEXT NOT NULL, priority INTEGER NOT NULL,
            attempt INTEGER NOT NULL, fence INTEGER NOT NULL, worker TEXT, lease_until INTEGER,
            PRIMARY KEY(run_key, task)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE timer(
            fire_at INTEGER NOT NULL, number INTEGER NOT NULL, run_key INTEGER NOT NULL, task INTEGER NOT NULL,
            kind TEXT NOT NULL, PRIMARY KEY(fire_at, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX timer_run ON timer(run_key);

        CREATE TABLE human_task(
            id TEXT NOT NULL UNIQUE, run_key INTEGER NOT NULL, task INTEGER NOT NULL, run_id TEXT NOT NULL,
            node TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, title TEXT NOT NULL, message TEXT NOT NULL,
            assignees TEXT NOT NULL, opened_at INTEGER NOT NULL, expires_at INTEGER, decided_by TEXT,
            decided_at INTEGER, comment TEXT
        ) STRICT;
        CREATE INDEX human_task_status ON human_task(status, opened_at, id);
        CREATE INDEX human_task_run ON human_task(run_key, opened_at, id);

        CREATE TABLE definition(
            hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, source BLOB NOT NULL, graph BLOB NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE outbox(
            number INTEGER PRIMARY KEY, kind TEXT NOT NULL, target TEXT NOT NULL, body BLOB NOT NULL
        ) STRICT;

        CREATE TABLE cursor(consumer TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        """

    /// For people: times as text, one row an event.
    private static let views = """
        CREATE VIEW baton_runs AS SELECT id, workflow, status, reason, last_seq AS run_seq, ended_tasks, all_tasks,
            error, \(time("created_at")), \(time("started_at")), \(time("ended_at")), \(time("deadline")), graph_hash
            FROM run ORDER BY key DESC;

        CREATE VIEW baton_events AS SELECT record.gseq + event.key AS gseq, record.seq + event.key AS run_seq,
            run.id AS run, \(time("record.at", as: "at")), event.value ->> '$.type' AS type,
            event.value ->> '$.node' AS node,
            ifnull(event.value -> '$.data', json_remove(event.value, '$.type', '$.node')) AS data
            FROM record LEFT JOIN run ON run.key = record.run_key, json_each(CAST(record.body AS TEXT)) AS event;

        CREATE VIEW baton_tasks AS SELECT run.id AS run, task, task.status, priority, attempt, fence, worker,
            \(time("lease_until")) FROM task LEFT JOIN run ON run.key = task.run_key;

        """

    static func time(_ column: String, as name: String? = nil) -> String {
        "strftime('%Y-%m-%dT%H:%M:%fZ', \(column) / 1000.0, 'unixepoch') AS \(name ?? column)"
    }
}
