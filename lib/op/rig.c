/* SPDX-License-Identifier: Apache-2.0 */
#include "op/rig.h"

#include <string.h>

static const oc__desc *desc_of(const oc__rig *rig, int slab) {
    const oc__problem *p = &rig->problem;
    return slab < p->in_count ? &p->in[slab] : &p->out[slab - p->in_count];
}

static oc_status make_slabs(oc__rig *rig, uint64_t workspace, oc_error *err) {
    const oc__problem *p = &rig->problem;
    rig->slab_count = (size_t)(p->in_count + p->out_count + 1);
    rig->slabs = oc__arena_alloc(&rig->arena, rig->slab_count * sizeof(*rig->slabs));
    if (!rig->slabs)
        return oc__fail_memory(rig->arena.context, err, rig->slab_count * sizeof(*rig->slabs));
    for (size_t i = 0; i + 1 < rig->slab_count; i++) {
        uint64_t bytes = oc__desc_bytes(desc_of(rig, (int)i));
        OC_TRY(oc__buffer_create(&rig->slabs[i].buffer, rig->device, OC_MAX(bytes, (uint64_t)1), err));
    }
    return workspace ? oc__buffer_create(&rig->slabs[rig->slab_count - 1].buffer, rig->device, workspace, err) : OC_OK;
}

/* Updates write in place: an output shares the slab of the operand it replaces, given by the gathered ops' order. */
static oc_status record(oc__rig *rig, const oc__solver *solver, const oc__variant *variant, oc_error *err) {
    const oc__problem *p = &rig->problem;
    oc__operand *operands = oc__arena_alloc(&rig->arena, rig->slab_count * sizeof(*operands));
    if (!operands)
        return oc__fail_memory(rig->arena.context, err, rig->slab_count * sizeof(*operands));
    for (size_t i = 0; i < rig->slab_count; i++)
        operands[i].place = (oc__place){(int32_t)i, 0};
    for (int i = 0; i < p->in_count + p->out_count; i++) {
        const oc__desc *desc = desc_of(rig, i);
        int64_t outer[OC_MAX_RANK] = {0}, inner[OC_MAX_BLOCKS];
        oc__layout_strides(&desc->layout, &desc->shape, outer, inner);
        operands[i].stride0 = outer[0];
    }
    oc__recording recording = {.context = rig->arena.context, .caps = oc__device_caps(rig->device), .problem = p,
                               .in = operands, .out = operands + p->in_count,
                               .workspace = {(int32_t)rig->slab_count - 1, 0}, .variant = *variant, .steps = &rig->steps};
    OC_TRY(solver->record(&recording, err));
    OC_TRY(oc__steps_check(&rig->steps, err));
    return oc__launches_init(&rig->launches, rig->device, &rig->steps, rig->slabs, rig->slab_count, err);
}

oc_status oc__rig_init(oc__rig *rig, oc_device *device, const oc__problem *problem, const oc__solver *solver,
                       const oc__variant *variant, oc_error *err) {
    oc_context *context = oc__device_context(device);
    const oc__caps *caps = oc__device_caps(device);
    *rig = (oc__rig){.device = device};
    oc__arena_init(&rig->arena, context);
    oc__steps_init(&rig->steps, context);
    oc_status status = oc__problem_copy(&rig->arena, problem, &rig->problem, err);
    if (status == OC_OK) {
        oc__problem_adopt_layouts(&rig->problem, solver, caps);
        uint64_t workspace = solver->workspace ? solver->workspace(&rig->problem, caps, variant) : 0;
        status = make_slabs(rig, workspace, err);
    }
    if (status == OC_OK)
        status = record(rig, solver, variant, err);
    if (status != OC_OK)
        oc__rig_finish(rig);
    return status;
}

void oc__rig_finish(oc__rig *rig) {
    oc__launches_finish(&rig->launches);
    oc__steps_finish(&rig->steps);
    for (size_t i = 0; rig->slabs && i < rig->slab_count; i++)
        oc__buffer_release(&rig->slabs[i].buffer);
    oc__arena_finish(&rig->arena);
    *rig = (oc__rig){0};
}

oc_status oc__rig_write(oc__rig *rig, int operand, const double *plain, oc_error *err) {
    const oc__desc *desc = desc_of(rig, operand);
    uint64_t bytes = oc__desc_bytes(desc);
    if (bytes == 0)
        return OC_OK;
    void *elements = oc__alloc(rig->arena.context, (size_t)bytes);
    if (!elements)
        return oc__fail_memory(rig->arena.context, err, (size_t)bytes);
    oc__pack_doubles(desc, plain, elements);
    oc_status status = oc__queue_write(oc__device_queue(rig->device), rig->slabs[operand].buffer, 0, elements, bytes, true, err);
    oc__free(rig->arena.context, elements);
    return status;
}

static oc_status read_elements(oc__rig *rig, int output, void **elements, oc_error *err) {
    int slab = rig->problem.in_count + output;
    uint64_t bytes = oc__desc_bytes(desc_of(rig, slab));
    *elements = oc__alloc(rig->arena.context, (size_t)OC_MAX(bytes, (uint64_t)1));
    if (!*elements)
        return oc__fail_memory(rig->arena.context, err, (size_t)bytes);
    if (bytes == 0)
        return OC_OK;
    oc_status status = oc__queue_read(oc__device_queue(rig->device), rig->slabs[slab].buffer, 0, *elements, bytes, true, err);
    if (status != OC_OK)
        oc__free(rig->arena.context, *elements);
    return status;
}

oc_status oc__rig_read(oc__rig *rig, int output, double *plain, oc_error *err) {
    void *elements;
    OC_TRY(read_elements(rig, output, &elements, err));
    oc__unpack_doubles(&rig->problem.out[output], elements, plain);
    oc__free(rig->arena.context, elements);
    return OC_OK;
}

oc_status oc__rig_padding_is_zero(oc__rig *rig, int output, bool *ok, oc_error *err) {
    const oc__desc *desc = &rig->problem.out[output];
    void *elements;
    *ok = true;
    if (desc->layout.winograd) /* as many elements that are not zero as there were taps is not to be expected */
        return OC_OK;
    OC_TRY(read_elements(rig, output, &elements, err));
    int64_t memory = oc__layout_count(&desc->layout, &desc->shape), inside = oc_shape_count(&desc->shape), nonzero = 0;
    double *plain = oc__alloc_array(rig->arena.context, (size_t)OC_MAX(inside, 1), sizeof(*plain));
    if (!plain) {
        oc__free(rig->arena.context, elements);
        return oc__fail_memory(rig->arena.context, err, (size_t)inside * sizeof(*plain));
    }
    for (int64_t i = 0; i < memory; i++)
        nonzero += oc__element_get(desc->dtype, elements, i) != 0;
    oc__unpack_doubles(desc, elements, plain);
    for (int64_t i = 0; i < inside; i++)
        nonzero -= plain[i] != 0;
    *ok = nonzero == 0;
    oc__free(rig->arena.context, plain);
    oc__free(rig->arena.context, elements);
    return OC_OK;
}

oc_status oc__rig_run(oc__rig *rig, oc_error *err) {
    oc__queue *queue = oc__device_queue(rig->device);
    OC_TRY(oc__launches_run(&rig->launches, queue, 0, rig->launches.count, NULL, err));
    return oc__queue_finish(queue, err);
}

oc_status oc__rig_fill(oc__rig *rig, int operand, oc_error *err) {
    const oc__desc *desc = &rig->problem.in[operand];
    int64_t count = desc->dtype ? oc_shape_count(&desc->shape) : 0;
    uint32_t state = 12345 + (uint32_t)operand;
    if (count == 0)
        return OC_OK;
    oc_context *context = oc__device_context(rig->device);
    double *values = oc__alloc_array(context, (size_t)count, sizeof(*values));
    if (!values)
        return oc__fail_memory(context, err, (size_t)count * sizeof(*values));
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = oc__is_float(desc->dtype) ? (double)(state >> 8) / (1 << 23) - 0.9999 : (double)(state >> 31);
    }
    oc_status status = oc__rig_write(rig, operand, values, err);
    oc__free(context, values);
    return status;
}
