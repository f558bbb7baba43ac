// Baton
// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <sqlite3.h>

// What Swift cannot import: variadic functions and macros with casts.

enum {
    baton_sqlite3_flush_failed = SQLITE_IOERR_FSYNC,
    baton_sqlite3_folder_flush_failed = SQLITE_IOERR_DIR_FSYNC
};

static inline int baton_sqlite3_no_checkpoint_on_close(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

static inline int baton_sqlite3_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int baton_sqlite3_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return count == 0 ? sqlite3_bind_zeroblob(statement, index, 0)
                      : sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}
