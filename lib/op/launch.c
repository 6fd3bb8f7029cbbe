/* SPDX-License-Identifier: Apache-2.0 */
/* Steps bound to memory: kernels made and arguments set once, then submitted as often as wanted. */
#include "op/step.h"

static oc_status find_slab(oc__launches *launches, oc__place place, const oc__slab *slabs, size_t slab_count,
                           oc__buffer **buffer, uint64_t *offset, oc_error *err) {
    if (place.slab < 0 || (size_t)place.slab >= slab_count || !slabs[place.slab].buffer)
        return oc__fail(launches->steps->context, err, OC_ERROR_INTERNAL, "a step refers to slab %d, which is not there",
                        place.slab);
    *buffer = slabs[place.slab].buffer;
    *offset = slabs[place.slab].base + place.offset;
    return OC_OK;
}

static uint32_t count_args(const oc__step *step) {
    uint32_t count = 0;
    for (size_t i = 0; i < step->arg_count; i++)
        count += step->args[i].kind == OC_ARG_PLACE ? 2 : 1;
    return count;
}

static oc_status bind_kernel(oc__launches *launches, const oc__step *step, oc__launch *launch, const oc__slab *slabs,
                             size_t slab_count, oc_error *err) {
    oc__program *program;
    OC_TRY(oc__program_get_text(&program, launches->device, step->file, step->defines, step->source, err));
    OC_TRY(oc__kernel_create(&launch->kernel, program, step->kernel, err));
    if (step->source)
        OC_TRY(oc__kernel_check_args(launch->kernel, step->file, count_args(step), err));
    uint32_t index = 0;
    for (size_t i = 0; i < step->arg_count; i++) {
        const oc__arg *arg = &step->args[i];
        if (arg->kind == OC_ARG_PLACE) {
            oc__buffer *buffer;
            uint64_t offset;
            OC_TRY(find_slab(launches, arg->place, slabs, slab_count, &buffer, &offset, err));
            int64_t elements = (int64_t)(offset / arg->size);
            OC_TRY(oc__kernel_set_buffer(launch->kernel, index++, buffer, err));
            OC_TRY(oc__kernel_set_value(launch->kernel, index++, &elements, sizeof(elements), err));
        } else if (arg->kind == OC_ARG_VALUE) {
            OC_TRY(oc__kernel_set_value(launch->kernel, index++, arg->value, arg->size, err));
        } else {
            OC_TRY(oc__kernel_set_local(launch->kernel, index++, arg->size, err));
        }
    }
    return OC_OK;
}

static oc_status bind_gemm(oc__launches *launches, const oc__step *step, oc__launch *launch, const oc__slab *slabs,
                           size_t slab_count, oc_error *err) {
    oc__gemm *gemm = &launch->gemm;
    *gemm = step->gemm;
    OC_TRY(find_slab(launches, step->a, slabs, slab_count, &gemm->a, &gemm->a_offset, err));
    OC_TRY(find_slab(launches, step->b, slabs, slab_count, &gemm->b, &gemm->b_offset, err));
    OC_TRY(find_slab(launches, step->c, slabs, slab_count, &gemm->c, &gemm->c_offset, err));
    gemm->a_offset /= 4;
    gemm->b_offset /= 4;
    gemm->c_offset /= 4;
    return OC_OK;
}

static oc_status bind(oc__launches *launches, const oc__step *step, oc__launch *launch, const oc__slab *slabs,
                      size_t slab_count, oc_error *err) {
    switch (step->kind) {
    case OC_STEP_KERNEL:
        return bind_kernel(launches, step, launch, slabs, slab_count, err);
    case OC_STEP_COPY:
    case OC_STEP_MEET:
        OC_TRY(find_slab(launches, step->src, slabs, slab_count, &launch->src, &launch->src_offset, err));
        return find_slab(launches, step->dst, slabs, slab_count, &launch->dst, &launch->dst_offset, err);
    case OC_STEP_FILL:
        return find_slab(launches, step->dst, slabs, slab_count, &launch->dst, &launch->dst_offset, err);
    case OC_STEP_GEMM:
        return bind_gemm(launches, step, launch, slabs, slab_count, err);
    }
    return OC_OK;
}

oc_status oc__launches_init(oc__launches *launches, oc_device *device, const oc__steps *steps, const oc__slab *slabs,
                            size_t slab_count, oc_error *err) {
    *launches = (oc__launches){.device = device, .steps = steps, .count = steps->count};
    launches->items = oc__alloc_array(steps->context, OC_MAX(steps->count, (size_t)1), sizeof(*launches->items));
    if (!launches->items) {
        launches->count = 0;
        return oc__fail_memory(steps->context, err, steps->count * sizeof(*launches->items));
    }
    for (size_t i = 0; i < steps->count; i++) {
        oc_status status = bind(launches, &steps->items[i], &launches->items[i], slabs, slab_count, err);
        if (status != OC_OK) {
            oc__launches_finish(launches);
            return status;
        }
    }
    return OC_OK;
}

void oc__launches_finish(oc__launches *launches) {
    if (!launches->steps)
        return;
    for (size_t i = 0; i < launches->count; i++)
        oc__kernel_destroy(&launches->items[i].kernel);
    oc__free(launches->steps->context, launches->items);
    *launches = (oc__launches){0};
}

static oc_status submit(oc__queue *queue, const oc__step *step, oc__launch *launch, oc__event **event, oc_error *err) {
    switch (step->kind) {
    case OC_STEP_KERNEL:
        return oc__queue_launch(queue, launch->kernel, &step->range, event, err);
    case OC_STEP_COPY:
    case OC_STEP_MEET:
        return !step->size ? OC_OK : oc__queue_copy(queue, launch->src, launch->src_offset, launch->dst, launch->dst_offset, step->size, err);
    case OC_STEP_FILL:
        return oc__queue_fill(queue, launch->dst, launch->dst_offset, step->size, step->pattern, step->pattern_size, err);
    case OC_STEP_GEMM:
        return oc__clblast_sgemm(queue, &launch->gemm, err);
    }
    return OC_OK;
}

oc_status oc__launches_run(oc__launches *launches, oc__queue *queue, size_t first, size_t count, oc__event **events,
                           oc_error *err) {
    for (size_t i = first; i < first + count; i++)
        OC_TRY(submit(queue, &launches->steps->items[i], &launches->items[i], events ? &events[i] : NULL, err));
    return OC_OK;
}
