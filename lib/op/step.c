/* SPDX-License-Identifier: Apache-2.0 */
/* Recording steps. */
#include "op/step.h"

#include <string.h>

void oc__steps_init(oc__steps *steps, oc_context *context) {
    *steps = (oc__steps){.context = context};
    oc__arena_init(&steps->arena, context);
}

void oc__steps_finish(oc__steps *steps) {
    for (size_t i = 0; i < steps->count; i++)
        oc__free(steps->context, steps->items[i].args);
    oc__free(steps->context, steps->items);
    oc__arena_finish(&steps->arena);
    *steps = (oc__steps){.context = steps->context};
}

oc_status oc__steps_check(const oc__steps *steps, oc_error *err) {
    if (steps->failed)
        return oc__fail_memory(steps->context, err, sizeof(oc__step));
    return steps->too_large ? oc__fail(steps->context, err, OC_ERROR_LIMIT,
                                       "a step could not be recorded: a size beyond 2^31 where 32 bits are all a kernel takes")
                            : OC_OK;
}

static oc__step *add(oc__steps *steps, oc__step_kind kind) {
    oc__step step = {.kind = kind, .node = -1, .src = OC_NOWHERE, .dst = OC_NOWHERE};
    if (!OC_ARRAY_PUSH(steps->context, steps->items, steps->count, steps->capacity, step)) {
        steps->failed = true;
        steps->nowhere = step;
        return &steps->nowhere;
    }
    return &steps->items[steps->count - 1];
}

oc__step *oc__step_kernel(oc__steps *steps, const char *file, const char *defines, const char *kernel) {
    oc__step *step = add(steps, OC_STEP_KERNEL);
    step->file = file;
    step->kernel = oc__arena_strdup(&steps->arena, kernel);
    step->defines = oc__arena_strdup(&steps->arena, defines);
    steps->failed = steps->failed || !step->kernel || !step->defines;
    return step;
}

static void add_arg(oc__steps *steps, oc__step *step, const oc__arg *arg) {
    if (steps->failed || !OC_ARRAY_PUSH(steps->context, step->args, step->arg_count, step->arg_capacity, *arg))
        steps->failed = true;
}

void oc__step_place(oc__steps *steps, oc__step *step, oc__place place, size_t element_size) {
    oc__arg arg = {.kind = OC_ARG_PLACE, .place = place, .size = element_size};
    add_arg(steps, step, &arg);
}

void oc__step_value(oc__steps *steps, oc__step *step, const void *value, size_t size) {
    oc__arg arg = {.kind = OC_ARG_VALUE, .size = size};
    memcpy(arg.value, value, OC_MIN(size, sizeof(arg.value)));
    add_arg(steps, step, &arg);
}

void oc__step_i32(oc__steps *steps, oc__step *step, int64_t value) {
    int32_t narrow = (int32_t)value;
    steps->too_large = steps->too_large || narrow != value;
    oc__step_value(steps, step, &narrow, sizeof(narrow));
}

void oc__step_i64(oc__steps *steps, oc__step *step, int64_t value) {
    oc__step_value(steps, step, &value, sizeof(value));
}

void oc__step_f32(oc__steps *steps, oc__step *step, float value) {
    oc__step_value(steps, step, &value, sizeof(value));
}

void oc__step_local(oc__steps *steps, oc__step *step, size_t size) {
    oc__arg arg = {.kind = OC_ARG_LOCAL, .size = size};
    add_arg(steps, step, &arg);
}

void oc__step_range_items(oc__step *step, const oc__caps *caps, uint64_t count) {
    uint64_t local = 64;
    while (local > caps->max_work_group)
        local /= 2;
    step->range = (oc__range){.dims = 1, .global = {(count + local - 1) / local * local, 1, 1}, .local = {local, 1, 1}};
}

void oc__step_range_single(oc__step *step, uint64_t g0, uint64_t g1, uint64_t g2) {
    step->range = (oc__range){.dims = g2 > 1 ? 3 : g1 > 1 ? 2 : 1, .global = {g0, g1, g2}, .local = {1, 1, 1}};
}

void oc__step_range_local(oc__step *step, int dims, const uint64_t *global, const uint64_t *local) {
    step->range = (oc__range){.dims = (uint32_t)dims, .global = {1, 1, 1}, .local = {1, 1, 1}};
    for (int i = 0; i < dims; i++) {
        step->range.global[i] = global[i];
        step->range.local[i] = local[i];
    }
}

static oc__step *add_copy(oc__steps *steps, oc__step_kind kind, oc__place src, oc__place dst, uint64_t size) {
    oc__step *step = add(steps, kind);
    step->src = src;
    step->dst = dst;
    step->size = size;
    return step;
}

void oc__step_copy(oc__steps *steps, oc__place src, oc__place dst, uint64_t size) {
    (void)add_copy(steps, OC_STEP_COPY, src, dst, size);
}

void oc__step_meet(oc__steps *steps, oc__place src, oc__place dst, uint64_t size, int32_t meeting, bool mean) {
    oc__step *step = add_copy(steps, OC_STEP_MEET, src, dst, size);
    step->meeting = meeting;
    step->mean = mean;
}

void oc__step_fill(oc__steps *steps, oc__place dst, uint64_t size, const void *pattern, size_t pattern_size) {
    oc__step *step = add(steps, OC_STEP_FILL);
    step->dst = dst;
    step->size = size;
    step->pattern_size = OC_MIN(pattern_size, sizeof(step->pattern));
    memcpy(step->pattern, pattern, step->pattern_size);
}
