/* SPDX-License-Identifier: Apache-2.0 */
/* Host memory through the caller's allocator and under the context's limit. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* In front of every block, so that releasing needs no size. */
typedef struct header {
    uint64_t size;
} header;

enum { SMALL_ALIGN = 16, LARGE_ALIGN = 64, LARGE_SIZE = 1024 };

static size_t align_of(size_t size) {
    return size < LARGE_SIZE ? SMALL_ALIGN : LARGE_ALIGN;
}

#if defined(__SANITIZE_ADDRESS__)
#define CHECKED 1
#elif defined(__has_feature)
#define CHECKED __has_feature(address_sanitizer)
#else
#define CHECKED 0
#endif

/* Whether it is the system's, which gets it back at once; malloc would keep weights that were packed since. Nothing is of what
 * AddressSanitizer checks. */
static bool is_mapped(size_t size) {
    return !CHECKED && size >= (size_t)1 << 20;
}

static void *default_allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    void *memory = NULL;
    if (!is_mapped(size))
        return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void default_release(void *user, void *memory, size_t size) {
    (void)user;
    if (is_mapped(size))
        munmap(memory, size);
    else
        free(memory);
}

const oc_allocator oc__default_allocator = {default_allocate, default_release, NULL};

/* Counted without a lock: the sums alone matter, no other memory goes by them. */
static bool reserve(oc_context *context, size_t total) {
    if (!context)
        return true;
    size_t used = atomic_load_explicit(&context->host_used, memory_order_relaxed), peak;
    do {
        if (total > SIZE_MAX - used || (context->host_limit && used + total > context->host_limit))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&context->host_used, &used, used + total, memory_order_relaxed, memory_order_relaxed));
    peak = atomic_load_explicit(&context->host_peak, memory_order_relaxed);
    while (peak < used + total &&
           !atomic_compare_exchange_weak_explicit(&context->host_peak, &peak, used + total, memory_order_relaxed, memory_order_relaxed))
        ;
    return true;
}

static void unreserve(oc_context *context, size_t total) {
    if (context)
        atomic_fetch_sub_explicit(&context->host_used, total, memory_order_relaxed);
}

static void *allocate(oc_context *context, size_t size, size_t zeroed_from) {
    size = size ? size : 1;
    size_t align = align_of(size);
    if (size > SIZE_MAX / 2 || !reserve(context, size + align))
        return NULL;
    const oc_allocator *allocator = context ? &context->allocator : &oc__default_allocator;
    uint8_t *block = allocator->allocate(allocator->user, size + align, align);
    if (!block) {
        unreserve(context, size + align);
        return NULL;
    }
    uint8_t *memory = block + align;
    header head = {size};
    memcpy(memory - sizeof head, &head, sizeof head);
    if (zeroed_from < size)
        memset(memory + zeroed_from, 0, size - zeroed_from);
    return memory;
}

static size_t size_of(const void *memory) {
    header head;
    memcpy(&head, (const uint8_t *)memory - sizeof head, sizeof head);
    return (size_t)head.size;
}

void *oc__alloc(oc_context *context, size_t size) {
    return allocate(context, size, 0);
}

void *oc__alloc_array(oc_context *context, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size)
        return NULL;
    return allocate(context, count * size, 0);
}

void *oc__realloc(oc_context *context, void *memory, size_t size) {
    if (!memory)
        return oc__alloc(context, size);
    size_t keep = OC_MIN(size_of(memory), size);
    void *moved = allocate(context, size, keep);
    if (!moved)
        return NULL;
    memcpy(moved, memory, keep);
    oc__free(context, memory);
    return moved;
}

void oc__free(oc_context *context, void *memory) {
    if (!memory)
        return;
    size_t size = size_of(memory), align = align_of(size);
    const oc_allocator *allocator = context ? &context->allocator : &oc__default_allocator;
    allocator->release(allocator->user, (uint8_t *)memory - align, size + align);
    unreserve(context, size + align);
}

char *oc__strdup(oc_context *context, const char *text) {
    return oc__strndup(context, text, strlen(text));
}

char *oc__strndup(oc_context *context, const char *text, size_t size) {
    char *copy = allocate(context, size + 1, size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

oc_status oc__fail_memory_(oc_context *context, oc_error *err, size_t size) {
    size_t used = context ? atomic_load_explicit(&context->host_used, memory_order_relaxed) : 0;
    size_t limit = context ? context->host_limit : 0;
    if (limit)
        return oc__fail(context, err, OC_ERROR_MEMORY,
                        "out of host memory: %zu bytes were asked for with %zu in use and a limit of %zu", size, used, limit);
    return oc__fail(context, err, OC_ERROR_MEMORY, "out of host memory: %zu bytes were asked for with %zu in use", size, used);
}
