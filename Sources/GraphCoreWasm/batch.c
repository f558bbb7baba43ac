// Baton
// SPDX-License-Identifier: Apache-2.0

// Makes a program for WASI of the same object files, for tests: it reads all questions from standard input and writes
// the answers to standard output. A question is the number of its function in one byte, the length in four and the
// text; an answer its length in four and the text.

#include <stddef.h>
#include <stdint.h>

struct slice {
    void *start;
    uint32_t count;
};

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_read")))
int fd_read(int file, struct slice *slices, uint32_t count, uint32_t *done);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write")))
int fd_write(int file, struct slice *slices, uint32_t count, uint32_t *done);

void *allocate(uint32_t count);
void release(void *pointer);
void *validate(const void *start, uint32_t count);
void *waves(const void *start, uint32_t count);
void *cycle(const void *start, uint32_t count);
void *redundant(const void *start, uint32_t count);
void *layout(const void *start, uint32_t count);
void *hints(const void *start, uint32_t count);

static int read_all(void *start, uint32_t count) {
    struct slice rest = {start, count};
    while (rest.count) {
        uint32_t done = 0;
        if (fd_read(0, &rest, 1, &done) || !done) return 0;
        rest.start = (char *)rest.start + done;
        rest.count -= done;
    }
    return 1;
}

static void write_all(void *start, uint32_t count) {
    struct slice rest = {start, count};
    while (rest.count) {
        uint32_t done = 0;
        if (fd_write(1, &rest, 1, &done)) __builtin_trap();
        rest.start = (char *)rest.start + done;
        rest.count -= done;
    }
}

void _start(void) {
    void *(*const functions[])(const void *, uint32_t) = {validate, waves, cycle, redundant, layout, hints};
    unsigned char head[5];
    while (read_all(head, sizeof head)) {
        uint32_t count = head[1] | head[2] << 8 | head[3] << 16 | (uint32_t)head[4] << 24;
        void *input = allocate(count);
        if (head[0] >= sizeof functions / sizeof *functions || !read_all(input, count)) __builtin_trap();
        void *answer = functions[head[0]](input, count);
        write_all(answer, *(uint32_t *)answer + 4);
        release(answer);
        release(input);
    }
}
