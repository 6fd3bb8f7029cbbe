/* SPDX-License-Identifier: Apache-2.0 */
/* The lowest floor: error, log, allocator, array, string, hash, random, thread, file, numbers as text. */
#ifndef OC_BASE_H
#define OC_BASE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ocelli/context.h>

#if defined(__GNUC__)
#define OC_FORMAT(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define OC_FORMAT(fmt, args)
#endif

#define OC_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OC_MIN(a, b) ((a) < (b) ? (a) : (b))
#define OC_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Returns from the calling function if the expression fails; for functions with nothing to undo. */
#define OC_TRY(expression) \
    do { \
        oc_status oc_try_status = (expression); \
        if (oc_try_status != OC_OK) \
            return oc_try_status; \
    } while (0)

struct oc_context {
    oc_allocator allocator;
    oc_log log;
    char *cache_folder; /* "" for none */
    uint64_t cache_limit;
    size_t host_limit;
    uint64_t device_limit;
    char *mask;
    char *kernels; /* "" for the built-in ones */
    char *disable;
    char *opencl;         /* the loader's file, "" for the default */
    pthread_mutex_t lock; /* recursive; guards drivers and lost */
    _Atomic size_t host_used, host_peak;
    struct oc__drivers *drivers; /* of lib/device, made when devices are first asked for */
    void (*drivers_destroy)(oc_context *context);
    void *lost;         /* execs that a device did not come back to: never freed, a list through their first member */
    void *customs;      /* ops of the caller's by name: of lib/op, guarded by lock */
    uint64_t custom_count; /* that were ever made */
    long owner_process; /* getpid() of the creator: a forked child is refused */
};

/* error.c: fills err (may be NULL), logs (context may be NULL), and returns status. */
oc_status oc__fail_(oc_context *context, oc_error *err, oc_status status, const char *format, ...) OC_FORMAT(4, 5);
oc_status oc__fail_native_(oc_context *context, oc_error *err, oc_status status, int native, const char *format, ...)
    OC_FORMAT(5, 6);
/* Tells the compiler too that it is no success, so that it knows which variables are set. */
static inline oc_status oc__failed(oc_status status) {
    return status == OC_OK ? OC_ERROR_INTERNAL : status;
}
#define oc__fail(...) oc__failed(oc__fail_(__VA_ARGS__))
#define oc__fail_native(...) oc__failed(oc__fail_native_(__VA_ARGS__))

/* log.c */
void oc__log(const oc_context *context, oc_log_level level, const char *format, ...) OC_FORMAT(3, 4);

/* allocator.c: zeroed memory through the context's allocator and under its limit; NULL when there is none.
 * Sizes are remembered, so free and realloc need none. A NULL context uses malloc. */
void *oc__alloc(oc_context *context, size_t size);
void *oc__alloc_array(oc_context *context, size_t count, size_t size); /* checks the product */
void *oc__realloc(oc_context *context, void *memory, size_t size);     /* new bytes are zeroed */
void oc__free(oc_context *context, void *memory);
char *oc__strdup(oc_context *context, const char *text);
char *oc__strndup(oc_context *context, const char *text, size_t size);
oc_status oc__fail_memory_(oc_context *context, oc_error *err, size_t size);
#define oc__fail_memory(...) oc__failed(oc__fail_memory_(__VA_ARGS__))
extern const oc_allocator oc__default_allocator;

/* A growing array: `type *items; size_t count, capacity;`. False when out of memory; the array is unchanged then. */
#define OC_ARRAY_PUSH(context, items, count, capacity, item) \
    (oc__array_grow((context), (void **)&(items), (count), &(capacity), sizeof(*(items))) \
         ? ((items)[(count)++] = (item), true) \
         : false)
bool oc__array_grow(oc_context *context, void **items, size_t count, size_t *capacity, size_t size);

/* arena.c: memory freed all at once; pieces are zeroed and aligned to 16. */
typedef struct oc__arena {
    oc_context *context;
    struct oc__arena_block *blocks;
} oc__arena;
void oc__arena_init(oc__arena *arena, oc_context *context);
void oc__arena_finish(oc__arena *arena);
void *oc__arena_alloc(oc__arena *arena, size_t size);
char *oc__arena_strdup(oc__arena *arena, const char *text);
char *oc__arena_printf(oc__arena *arena, const char *format, ...) OC_FORMAT(2, 3);

/* string.c: text that grows. After a failed append `failed` stays set and text is what there was. */
typedef struct oc__string {
    oc_context *context;
    char *text; /* never NULL after init: "" */
    size_t size, capacity;
    bool failed;
} oc__string;
void oc__string_init(oc__string *string, oc_context *context);
void oc__string_finish(oc__string *string);
void oc__string_append(oc__string *string, const char *text);
void oc__string_append_n(oc__string *string, const char *text, size_t size);
void oc__string_printf(oc__string *string, const char *format, ...) OC_FORMAT(2, 3);
/* Locale-free: "%.9g" and always with '.', so that it reads back to the same float. */
void oc__string_append_double(oc__string *string, double value);

/* Whether a text is of a pattern, in which * stands for any text and ? for one letter. */
bool oc__matches(const char *pattern, const char *text);

/* number.c: text to number, without locale. End is set behind what was read; false if nothing was. */
bool oc__parse_int64(const char *text, const char **end, int64_t *value);
bool oc__parse_double(const char *text, const char **end, double *value);
void oc__format_double(char *buffer, size_t size, double value); /* as oc__string_append_double */
bool oc__parse_size(const char *text, const char **end, uint64_t *value); /* 16k, 64M, 2G */

/* snprintf with '.' as the decimal point in any locale; every text this library makes goes through it. */
int oc__vformat(char *buffer, size_t size, const char *format, va_list args) OC_FORMAT(3, 0);
int oc__format(char *buffer, size_t size, const char *format, ...) OC_FORMAT(3, 4);

/* math.c: checked 64-bit arithmetic; false on overflow. */
bool oc__mul_u64(uint64_t a, uint64_t b, uint64_t *product);
bool oc__mul_i64(int64_t a, int64_t b, int64_t *product);
bool oc__add_u64(uint64_t a, uint64_t b, uint64_t *sum);
uint16_t oc__half_from_float(float value); /* round to nearest even */
float oc__float_from_half(uint16_t value);
uint16_t oc__bf16_from_float(float value); /* round to nearest even */
float oc__float_from_bf16(uint16_t value);

/* Files hold elements with the lowest byte first: turns those of this host into that, and back; elements of `size` bytes. */
bool oc__is_little_endian(void);
void oc__swap_to_little(void *elements, uint64_t bytes, size_t size);

/* hash.c: 128 bits, not cryptographic (FNV-1a based, two lanes); stable across machines. */
typedef struct oc__hash {
    uint64_t a, b;
} oc__hash;
oc__hash oc__hash_init(void);
void oc__hash_add(oc__hash *hash, const void *data, size_t size);
void oc__hash_add_text(oc__hash *hash, const char *text); /* with its terminator */
void oc__hash_text(oc__hash hash, char text[33]);          /* 32 hex digits */

/* random.c: Philox 4x32-10 (Salmon et al., SC 2011), counter-based: the same numbers as cl/random.clh. */
void oc__philox(uint32_t out[4], uint64_t key, uint64_t counter_high, uint64_t counter_low);
float oc__random_uniform(uint64_t seed, uint64_t stream, uint64_t index); /* [0, 1), 24 bits */
float oc__random_normal(uint64_t seed, uint64_t stream, uint64_t index);  /* Box-Muller */

/* file.c */
typedef struct oc__mapping {
    const uint8_t *data;
    uint64_t size;
    bool mapped; /* mmap: munmap at unmap; else allocated */
} oc__mapping;
oc_status oc__file_map(oc_context *context, const char *path, oc__mapping *out, oc_error *err); /* read-only */
void oc__file_unmap(oc_context *context, oc__mapping *mapping);
/* Atomic: a temp file beside path, synced, renamed. On failure nothing is left and path is as it was. */
oc_status oc__file_write(oc_context *context, const char *path, const void *data, uint64_t size, oc_error *err);
/* The same in pieces. */
typedef struct oc__file_writer {
    oc_context *context;
    char *path, *temp;
    int fd;
    uint64_t written;
} oc__file_writer;
oc_status oc__file_writer_init(oc__file_writer *writer, oc_context *context, const char *path, oc_error *err);
oc_status oc__file_writer_put(oc__file_writer *writer, const void *data, uint64_t size, oc_error *err);
oc_status oc__file_writer_commit(oc__file_writer *writer, oc_error *err); /* ends the writer, also when it fails */
void oc__file_writer_cancel(oc__file_writer *writer);                    /* after a failed put, or instead of commit */
/* Without an error text or a log line, for files that may be missing: 0 or errno. */
int oc__file_try_map(oc_context *context, const char *path, oc__mapping *out);
int oc__file_try_write(oc_context *context, const char *path, const void *data, uint64_t size);

/* clock.c */
double oc__clock_seconds(void); /* monotonic */

/* writer: printf into an oc_writer. */
void oc__print(const oc_writer *writer, const char *format, ...) OC_FORMAT(2, 3);

#endif
