/* SPDX-License-Identifier: Apache-2.0 */
/* A step: one launch (or copy, fill, call) recorded once, with places instead of memory objects, so that trace, profile, simulator
 * and executor read the same list. */
#ifndef OC_STEP_H
#define OC_STEP_H

#include "device/device.h"

/* A place in one of the slabs that are given when steps are bound. Slab numbers are the recorder's business. */
typedef struct oc__place {
    int32_t slab; /* -1: nowhere */
    uint64_t offset;
} oc__place;
#define OC_NOWHERE ((oc__place){-1, 0})

typedef enum oc__arg_kind { OC_ARG_PLACE = 1, OC_ARG_VALUE, OC_ARG_LOCAL } oc__arg_kind;
typedef struct oc__arg {
    oc__arg_kind kind;
    oc__place place;
    uint8_t value[16];
    size_t size; /* of a value, of local memory, or of a place's element */
} oc__arg;   /* a place is two arguments of the kernel: the buffer, and a `long`: elements from its start */

typedef enum oc__step_kind { OC_STEP_KERNEL = 1, OC_STEP_COPY, OC_STEP_FILL, OC_STEP_GEMM, OC_STEP_MEET } oc__step_kind;

typedef struct oc__step {
    oc__step_kind kind;
    int32_t device; /* index into the plan's devices */
    int32_t node;   /* index into the plan's nodes, -1 for none */
    /* kernel */
    const char *file, *defines, *kernel;
    const char *source; /* NULL: what `file` names is one of the library's; else its text, which outlives the step */
    oc__range range;
    oc__arg *args;
    size_t arg_count, arg_capacity;
    /* copy: src to dst; fill: dst with pattern */
    oc__place src, dst;
    uint64_t size;
    uint8_t pattern[16];
    size_t pattern_size;
    /* a matrix product by CLBlast: a, b, c of it are NULL here and these places instead */
    oc__gemm gemm;
    oc__place a, b, c;
    /* meeting of replicas (replica.h), from src to dst: a copy where there are none */
    int32_t meeting;
    bool mean;
} oc__step;

/* A list of steps; texts and args are kept in its arena. */
typedef struct oc__steps {
    oc_context *context;
    oc__arena arena;
    oc__step *items;
    size_t count, capacity;
    bool failed, too_large; /* out of memory while recording; a number for an `int` that does not fit: oc__steps_check() says so */
    oc__step nowhere;       /* written to after a failure, never read */
} oc__steps;
void oc__steps_init(oc__steps *steps, oc_context *context);
void oc__steps_finish(oc__steps *steps);
oc_status oc__steps_check(const oc__steps *steps, oc_error *err);

/* Recording a kernel: add, then its arguments in order, then its range. `step` is valid until the next add. */
oc__step *oc__step_kernel(oc__steps *steps, const char *file, const char *defines, const char *kernel);
void oc__step_place(oc__steps *steps, oc__step *step, oc__place place, size_t element_size);
void oc__step_i32(oc__steps *steps, oc__step *step, int64_t value);                          /* an `int`; failed if it does not fit */
void oc__step_i64(oc__steps *steps, oc__step *step, int64_t value);
void oc__step_f32(oc__steps *steps, oc__step *step, float value);
void oc__step_value(oc__steps *steps, oc__step *step, const void *value, size_t size);
void oc__step_local(oc__steps *steps, oc__step *step, size_t size);
/* `count` work-items in groups of at most 64, rounded up: the kernel checks get_global_id(0) against count itself. */
void oc__step_range_items(oc__step *step, const oc__caps *caps, uint64_t count);
/* Groups of exactly one work-item: the shape of CPU kernels. */
void oc__step_range_single(oc__step *step, uint64_t g0, uint64_t g1, uint64_t g2);
void oc__step_range_local(oc__step *step, int dims, const uint64_t *global, const uint64_t *local);
void oc__step_copy(oc__steps *steps, oc__place src, oc__place dst, uint64_t size);
void oc__step_meet(oc__steps *steps, oc__place src, oc__place dst, uint64_t size, int32_t meeting, bool mean);
void oc__step_fill(oc__steps *steps, oc__place dst, uint64_t size, const void *pattern, size_t pattern_size);

/* What a slab number stands for: a buffer, from a byte on. */
typedef struct oc__slab {
    oc__buffer *buffer;
    uint64_t base;
} oc__slab;

/* Steps bound to memory: kernels made, arguments set, once. Programs are got (built) here. */
typedef struct oc__launch {
    oc__kernel *kernel;
    oc__buffer *src, *dst; /* copy, fill */
    uint64_t src_offset, dst_offset;
    oc__gemm gemm;
} oc__launch;
typedef struct oc__launches {
    oc_device *device;
    const oc__steps *steps;
    oc__launch *items;
    size_t count;
} oc__launches;
oc_status oc__launches_init(oc__launches *launches, oc_device *device, const oc__steps *steps, const oc__slab *slabs, size_t slab_count,
                            oc_error *err);
void oc__launches_finish(oc__launches *launches);
/* Submits steps first … first + count - 1. `events` (NULL, or an entry a step) receives an event for each kernel. */
oc_status oc__launches_run(oc__launches *launches, oc__queue *queue, size_t first, size_t count, oc__event **events,
                           oc_error *err);

#endif
