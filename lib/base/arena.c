/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once. */
#include "base/base.h"

#include <string.h>

enum { BLOCK_SIZE = 16 * 1024, ALIGN = 16 };

typedef struct oc__arena_block {
    struct oc__arena_block *next;
    size_t used, size; /* of what follows the block's head */
} oc__arena_block;

static const size_t HEAD = (sizeof(oc__arena_block) + ALIGN - 1) / ALIGN * ALIGN;

void oc__arena_init(oc__arena *arena, oc_context *context) {
    arena->context = context;
    arena->blocks = NULL;
}

void oc__arena_finish(oc__arena *arena) {
    while (arena->blocks) {
        oc__arena_block *next = arena->blocks->next;
        oc__free(arena->context, arena->blocks);
        arena->blocks = next;
    }
}

static oc__arena_block *add_block(oc__arena *arena, size_t size) {
    size_t room = OC_MAX(size, (size_t)BLOCK_SIZE - HEAD);
    oc__arena_block *block = oc__alloc(arena->context, HEAD + room);
    if (!block)
        return NULL;
    block->size = room;
    /* A block for one large piece goes behind the first, which may have room left. */
    if (size > BLOCK_SIZE / 4 && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *oc__arena_alloc(oc__arena *arena, size_t size) {
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (OC_MAX(size, (size_t)1) + ALIGN - 1) / ALIGN * ALIGN;
    oc__arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    void *piece = (uint8_t *)block + HEAD + block->used;
    block->used += size;
    return piece;
}

char *oc__arena_strdup(oc__arena *arena, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = oc__arena_alloc(arena, size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

char *oc__arena_printf(oc__arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int size = oc__vformat(NULL, 0, format, args);
    va_end(args);
    char *text = size < 0 ? NULL : oc__arena_alloc(arena, (size_t)size + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    oc__vformat(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}
