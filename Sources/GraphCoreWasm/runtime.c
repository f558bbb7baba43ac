// Baton
// SPDX-License-Identifier: Apache-2.0

// What Embedded Swift expects of the C library.

#include <stddef.h>
#include <stdint.h>

// Memory is handed out in blocks of 16, 32, 64 … bytes and kept in one list for each size when given back. That wastes
// up to a half, but nothing ever has to be searched or joined.

enum { first_shift = 4, class_count = 32 };

// In front of every pointer that is handed out; 16 bytes, so that what follows is aligned.
struct header {
    struct header *next; // in the list
    uint32_t class;
    void *block; // where the header of the block itself is; differs for wide alignments
    uint32_t unused;
};

extern unsigned char __heap_base;
static struct header *lists[class_count];
static uintptr_t top; // end of what was ever handed out
static uintptr_t end; // end of the memory

static struct header *take(uint32_t class) {
    size_t size = (size_t)1 << (class + first_shift);
    struct header *block = lists[class];
    if (block) {
        lists[class] = block->next;
        return block;
    }
    if (!top) {
        top = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
        end = __builtin_wasm_memory_size(0) << 16;
    }
    if (size > (size_t)0x7fffffff - top) return 0;
    if (top + size > end) {
        size_t pages = (top + size - end + 0xffff) >> 16;
        // Growing by an eighth at least, because it is slow in some engines.
        size_t more = (end >> 19) > pages ? end >> 19 : pages;
        if (__builtin_wasm_memory_grow(0, more) == (size_t)-1) {
            more = pages;
            if (__builtin_wasm_memory_grow(0, more) == (size_t)-1) return 0;
        }
        end += more << 16;
    }
    block = (struct header *)top;
    top += size;
    block->class = class;
    block->block = block;
    return block;
}

static void *allocate_aligned(size_t alignment, size_t size) {
    size_t extra = sizeof(struct header) + (alignment > 16 ? alignment : 0);
    if (size > 0x40000000 - extra) return 0;
    size_t whole = size + extra;
    uint32_t class = whole <= 16 ? 0 : (uint32_t)(32 - first_shift - __builtin_clz((uint32_t)whole - 1));
    struct header *block = take(class);
    if (!block) return 0;
    uintptr_t start = (uintptr_t)(block + 1);
    if (alignment > 16) start = (start + alignment - 1) & ~(uintptr_t)(alignment - 1);
    struct header *header = (struct header *)start - 1;
    if (header != block) {
        header->class = class;
        header->block = block;
    }
    return (void *)start;
}

void *malloc(size_t size) { return allocate_aligned(16, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    *result = allocate_aligned(alignment, size);
    return *result ? 0 : 12; // ENOMEM
}

void free(void *pointer) {
    if (!pointer) return;
    struct header *header = (struct header *)pointer - 1;
    struct header *block = header->block;
    block->class = header->class;
    block->block = block;
    block->next = lists[block->class];
    lists[block->class] = block;
}

// Single instructions of WebAssembly.

void *memcpy(void *to, const void *from, size_t count) { return __builtin_memcpy(to, from, count); }
void *memmove(void *to, const void *from, size_t count) { return __builtin_memmove(to, from, count); }
void *memset(void *to, int value, size_t count) { return __builtin_memset(to, value, count); }

int memcmp(const void *left, const void *right, size_t count) {
    const unsigned char *a = left, *b = right;
    for (; count; a++, b++, count--)
        if (*a != *b) return *a - *b;
    return 0;
}
