/* SPDX-License-Identifier: Apache-2.0 */
/* Steps bound to memory: kernels made and arguments set once, then submitted as often as wanted. */
#include "op/step.h"

static oc_status find_slab(oc__launches *launches, oc__place place, oc__buffer *const *slabs, size_t slab_count,
                           oc__buffer **out, oc_error *err) {
    if (place.slab < 0 || (size_t)place.slab >= slab_count || !slabs[place.slab])
        return oc__fail(launches->steps->context, err, OC_ERROR_INTERNAL, "a step refers to slab %d, which is not there",
                        place.slab);
    *out = slabs[place.slab];
    return OC_OK;
}

static oc_status bind_kernel(oc__launches *launches, const oc__step *step, oc__launch *launch, oc__buffer *const *slabs,
                             size_t slab_count, oc_error *err) {
    oc__program *program;
    OC_TRY(oc__program_get(&program, launches->device, step->file, step->defines, err));
    OC_TRY(oc__kernel_create(&launch->kernel, program, step->kernel, err));
    for (size_t i = 0; i < step->arg_count; i++) {
        const oc__arg *arg = &step->args[i];
        oc__buffer *buffer;
        if (arg->kind == OC_ARG_PLACE) {
            OC_TRY(find_slab(launches, arg->place, slabs, slab_count, &buffer, err));
            OC_TRY(oc__kernel_set_buffer(launch->kernel, (uint32_t)i, buffer, err));
        } else if (arg->kind == OC_ARG_VALUE) {
            OC_TRY(oc__kernel_set_value(launch->kernel, (uint32_t)i, arg->value, arg->size, err));
        } else {
            OC_TRY(oc__kernel_set_local(launch->kernel, (uint32_t)i, arg->size, err));
        }
    }
    return OC_OK;
}

static oc_status bind(oc__launches *launches, const oc__step *step, oc__launch *launch, oc__buffer *const *slabs,
                      size_t slab_count, oc_error *err) {
    switch (step->kind) {
    case OC_STEP_KERNEL:
        return bind_kernel(launches, step, launch, slabs, slab_count, err);
    case OC_STEP_COPY:
        OC_TRY(find_slab(launches, step->src, slabs, slab_count, &launch->src, err));
        return find_slab(launches, step->dst, slabs, slab_count, &launch->dst, err);
    case OC_STEP_FILL:
        return find_slab(launches, step->dst, slabs, slab_count, &launch->dst, err);
    case OC_STEP_GEMM:
        launch->gemm = step->gemm;
        OC_TRY(find_slab(launches, step->a, slabs, slab_count, &launch->gemm.a, err));
        OC_TRY(find_slab(launches, step->b, slabs, slab_count, &launch->gemm.b, err));
        return find_slab(launches, step->c, slabs, slab_count, &launch->gemm.c, err);
    }
    return OC_OK;
}

oc_status oc__launches_init(oc__launches *launches, oc_device *device, const oc__steps *steps, oc__buffer *const *slabs,
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
        return oc__queue_copy(queue, launch->src, step->src.offset, launch->dst, step->dst.offset, step->size, err);
    case OC_STEP_FILL:
        return oc__queue_fill(queue, launch->dst, step->dst.offset, step->size, step->pattern, step->pattern_size, err);
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
