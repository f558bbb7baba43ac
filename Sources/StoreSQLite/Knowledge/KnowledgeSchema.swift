// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tables of sources, documents and passages, and the index over the words of passages.
enum KnowledgeSchema {
    /// Tells whether a file has them.
    static let table = "knowledge_source"

    /// `scope` is a word for the source, so that a search never touches what is elsewhere. Triggers keep the index as the
    /// passages are; it holds no text of its own.
    static let step = """
        CREATE TABLE knowledge_source(
            key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, tenant TEXT NOT NULL, owner TEXT,
            project TEXT, created_at INTEGER NOT NULL, UNIQUE(tenant, name)
        ) STRICT;

        CREATE TABLE knowledge_document(
            key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source INTEGER NOT NULL, path TEXT NOT NULL,
            title TEXT NOT NULL, hash TEXT NOT NULL, bytes INTEGER NOT NULL, passages INTEGER NOT NULL,
            added_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, author TEXT NOT NULL, UNIQUE(source, path)
        ) STRICT;

        CREATE TABLE knowledge_passage(
            key INTEGER PRIMARY KEY, document INTEGER NOT NULL, number INTEGER NOT NULL, scope TEXT NOT NULL,
            heading TEXT NOT NULL, first_line INTEGER NOT NULL, last_line INTEGER NOT NULL, text TEXT NOT NULL,
            UNIQUE(document, number)
        ) STRICT;

        CREATE VIRTUAL TABLE knowledge_word USING fts5(
            heading, text, scope, content='knowledge_passage', content_rowid='key',
            tokenize='porter unicode61 remove_diacritics 2'
        );
        CREATE TRIGGER knowledge_passage_added AFTER INSERT ON knowledge_passage BEGIN
            INSERT INTO knowledge_word(rowid, heading, text, scope) VALUES (new.key, new.heading, new.text, new.scope);
        END;
        CREATE TRIGGER knowledge_passage_removed AFTER DELETE ON knowledge_passage BEGIN
            INSERT INTO knowledge_word(knowledge_word, rowid, heading, text, scope)
                VALUES ('delete', old.key, old.heading, old.text, old.scope);
        END;

        CREATE VIEW baton_documents AS SELECT source.tenant, source.name AS source, path, title, passages, bytes,
            \(RunSchema.time("added_at")), \(RunSchema.time("updated_at")), author, document.id
            FROM knowledge_document AS document JOIN knowledge_source AS source ON source.key = document.source
            ORDER BY source.tenant, source.name, path;

        """
}
