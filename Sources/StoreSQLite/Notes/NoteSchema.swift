// Baton
// SPDX-License-Identifier: Apache-2.0

/// What agents keep.
enum NoteSchema {
    /// Tells whether a file has them.
    static let table = "note_place"

    /// Places have numbers, so that the index of words can keep apart what belongs to different ones.
    static let step = """
        CREATE TABLE note_place(
            id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, scope TEXT NOT NULL, holder TEXT NOT NULL, owner TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX note_place_name ON note_place(tenant, scope, holder, owner);

        CREATE TABLE memory(
            id INTEGER PRIMARY KEY, place INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, tags TEXT NOT NULL,
            words TEXT NOT NULL, author TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            expires_at INTEGER, revision INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX memory_key ON memory(place, key);
        CREATE INDEX memory_expiry ON memory(expires_at) WHERE expires_at IS NOT NULL;

        CREATE VIRTUAL TABLE memory_words USING fts5(
            place, words, content='memory', content_rowid='id', tokenize='unicode61 remove_diacritics 0', prefix='2 3'
        );
        CREATE TRIGGER memory_added AFTER INSERT ON memory BEGIN
            INSERT INTO memory_words(rowid, place, words) VALUES (new.id, new.place, new.words);
        END;
        CREATE TRIGGER memory_removed AFTER DELETE ON memory BEGIN
            INSERT INTO memory_words(memory_words, rowid, place, words) VALUES ('delete', old.id, old.place, old.words);
        END;
        CREATE TRIGGER memory_changed AFTER UPDATE OF words ON memory BEGIN
            INSERT INTO memory_words(memory_words, rowid, place, words) VALUES ('delete', old.id, old.place, old.words);
            INSERT INTO memory_words(rowid, place, words) VALUES (new.id, new.place, new.words);
        END;

        CREATE TABLE context(
            place INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, author TEXT NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER, revision INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX context_name ON context(place, name);
        CREATE INDEX context_expiry ON context(expires_at) WHERE expires_at IS NOT NULL;

        CREATE TABLE thought(
            place INTEGER NOT NULL, number INTEGER NOT NULL, branch TEXT NOT NULL, parent INTEGER, about INTEGER,
            kind TEXT NOT NULL, text TEXT NOT NULL, steps TEXT NOT NULL, confidence INTEGER, style TEXT,
            author TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(place, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX thought_branch ON thought(place, branch, number);
        CREATE INDEX thought_at ON thought(at);

        CREATE TABLE note_answer(request TEXT PRIMARY KEY, answer BLOB NOT NULL, at INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        CREATE INDEX note_answer_at ON note_answer(at);

        """
}
