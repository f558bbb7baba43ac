// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables of the catalogue; they are the second format of `baton.db`.
enum CatalogSchema {
    /// The one of them that tells whether a file has them.
    static let table = "artifact"

    /// Who has contents of a hash.
    static let contents = "CREATE INDEX artifact_hash ON artifact(owner, hash, id);"

    static let tables = """
        CREATE TABLE definition_name(
            owner TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY(owner, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE artifact(
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, number INTEGER,
            hash TEXT NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL, media_type TEXT NOT NULL,
            source_blob TEXT, source_size INTEGER, graph_blob TEXT, graph_size INTEGER,
            base TEXT, previous TEXT, depth INTEGER NOT NULL, compacted_from TEXT,
            creator TEXT NOT NULL, created_at INTEGER NOT NULL, note TEXT
        ) STRICT;
        CREATE UNIQUE INDEX artifact_number ON artifact(owner, name, number) WHERE compacted_from IS NULL;
        CREATE INDEX artifact_name ON artifact(owner, name, id);

        CREATE TABLE tag(
            owner TEXT NOT NULL, name TEXT NOT NULL, artifact TEXT NOT NULL, hash TEXT NOT NULL,
            revision INTEGER NOT NULL, moved_at INTEGER NOT NULL, PRIMARY KEY(owner, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE tag_move(
            owner TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL,
            from_artifact TEXT, from_hash TEXT, to_artifact TEXT NOT NULL, to_hash TEXT NOT NULL,
            actor TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT, PRIMARY KEY(owner, name, number)
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW baton_versions AS SELECT owner, name, number, kind, hash, depth, creator,
            strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000.0, 'unixepoch') AS created_at, note, id
            FROM artifact WHERE number IS NOT NULL ORDER BY owner, name, number DESC;

        CREATE VIEW baton_tags AS SELECT tag.owner, tag.name, artifact.number AS version, tag.hash, revision,
            strftime('%Y-%m-%dT%H:%M:%fZ', moved_at / 1000.0, 'unixepoch') AS moved_at
            FROM tag LEFT JOIN artifact ON artifact.id = tag.artifact ORDER BY tag.owner, tag.name;

        """
}
