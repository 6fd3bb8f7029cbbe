/* SPDX-License-Identifier: Apache-2.0 */
/* One operator without a graph: a solver recorded once, its kernels bound to whatever tensors come. */
#include <ocelli/op.h>
#include <string.h>

#include "op/rig.h"
#include "tensor/tensor.h"

struct oc_op {
    oc_context *context;
    oc_device *device;
    oc__arena arena;
    oc__problem problem; /* layouts as the solver wants them */
    oc__problem plain;
    oc__candidate chosen;
    oc__candidate *reorders; /* by operand: in[], then out[]; solver NULL: none needed */
    uint64_t *reorder_offsets; /* of the reordered operand in the workspace */
    uint64_t workspace, solver_workspace;
    oc_tensor *own_workspace;
    oc_operand_desc *outputs;
    void *custom; /* the caller's op, kept; NULL: it is one of the library's */
};

static const oc__desc *desc_of(const oc__problem *p, int i) {
    return i < p->in_count ? &p->in[i] : &p->out[i - p->in_count];
}

static oc__problem reorder_problem(oc__desc *from_to) {
    return (oc__problem){.op = oc__op_of_reorder(&from_to[1].layout), .in_count = 1, .op_in = 1, .out_count = 1, .in = from_to, .out = from_to + 1};
}

/* Operands in other layouts than plain are reordered in the workspace. */
static oc_status plan_reorders(oc_op *op, oc_error *err) {
    int count = op->problem.in_count + op->problem.out_count;
    op->reorders = oc__arena_alloc(&op->arena, sizeof(*op->reorders) * (size_t)count);
    op->reorder_offsets = oc__arena_alloc(&op->arena, sizeof(*op->reorder_offsets) * (size_t)count);
    if (!op->reorders || !op->reorder_offsets)
        return oc__fail_memory(op->context, err, sizeof(*op->reorders) * (size_t)count);
    op->workspace = (op->solver_workspace + 63) / 64 * 64;
    for (int i = 0; i < count; i++) {
        const oc__desc *wanted = desc_of(&op->problem, i), *plain = desc_of(&op->plain, i);
        if (!wanted->dtype || oc__layout_is_plain(&wanted->layout))
            continue;
        bool in = i < op->problem.in_count;
        oc__desc pair[2] = {in ? *plain : *wanted, in ? *wanted : *plain};
        oc__problem reorder = reorder_problem(pair);
        OC_TRY(oc__choose(op->device, &reorder, false, &op->reorders[i], err));
        op->reorder_offsets[i] = op->workspace;
        op->workspace += (oc__desc_bytes(wanted) + 63) / 64 * 64;
    }
    return OC_OK;
}

static oc_status describe(oc_op *op, const oc__op *kind, const void *params, const oc_operand_desc *inputs, size_t count,
                          oc_error *err) {
    int out_count = kind->out_count == OC_VARIADIC ? (int)count + 1 : kind->out_count;
    void *copy = oc__arena_alloc(&op->arena, OC_MAX(kind->params_size, (size_t)1));
    oc__desc *descs = oc__arena_alloc(&op->arena, sizeof(*descs) * (count + (size_t)out_count));
    op->outputs = oc__arena_alloc(&op->arena, sizeof(*op->outputs) * (size_t)out_count);
    if (!copy || !descs || !op->outputs)
        return oc__fail_memory(op->context, err, sizeof(*descs) * count);
    if (params)
        memcpy(copy, params, kind->params_size);
    for (size_t i = 0; i < count; i++) {
        if (!inputs[i].dtype)
            continue;
        for (int k = 0; k < inputs[i].shape.rank; k++)
            if (inputs[i].shape.dims[k] < 0)
                return oc__fail(op->context, err, OC_ERROR_SHAPE, "operand %zu: sizes must be numbers here", i);
        descs[i] = oc__desc_plain(inputs[i].dtype, &inputs[i].shape);
    }
    oc__symbols none = {.context = op->context};
    oc_status status = oc__infer(op->context, kind, copy, descs, (int)count, descs + count, &out_count, &none, err);
    oc__symbols_finish(&none);
    OC_TRY(status);
    for (int i = 0; i < out_count; i++)
        op->outputs[i] = (oc_operand_desc){descs[count + (size_t)i].dtype, descs[count + (size_t)i].shape};
    op->plain = (oc__problem){.op = kind, .params = copy, .in_count = (int)count, .op_in = (int)count, .out_count = out_count,
                              .in = descs, .out = descs + count};
    return OC_OK;
}

static oc_status build(oc_op *op, const oc__op *kind, const void *params, const oc_operand_desc *inputs, size_t count, oc_error *err) {
    OC_TRY(describe(op, kind, params, inputs, count, err));
    OC_TRY(oc__problem_copy(&op->arena, &op->plain, &op->problem, err));
    if (kind->flags & OC_OP_VIEW) {
        oc__desc pair[2] = {op->plain.in[0], op->plain.out[0]};
        pair[1].shape = pair[0].shape; /* the same elements in the same order */
        pair[1].layout = pair[0].layout;
        oc__problem copy = reorder_problem(pair);
        OC_TRY(oc__choose(op->device, &copy, false, &op->chosen, err));
        return plan_reorders(op, err);
    }
    OC_TRY(oc__choose(op->device, &op->plain, false, &op->chosen, err));
    oc__problem_adopt_layouts(&op->problem, op->chosen.solver, oc__device_caps(op->device));
    if (op->chosen.solver->workspace)
        op->solver_workspace = op->chosen.solver->workspace(&op->problem, oc__device_caps(op->device), &op->chosen.variant);
    return plan_reorders(op, err);
}

oc_status oc_op_create(oc_op **out, oc_device *device, const char *name, const void *params, size_t params_size,
                       const oc_operand_desc *inputs, size_t input_count, oc_error *err) {
    oc_context *context = oc__device_context(device);
    const oc__op *kind = oc__op_named(context, name);
    OC_TRY(oc__device_check(device, err));
    if (!kind)
        return oc__fail(context, err, OC_ERROR_NOT_FOUND, "there is no op named %s", name);
    if (params && params_size != kind->params_size)
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: params of %zu bytes; its params struct has %zu", name, params_size,
                        kind->params_size);
    oc_op *op = oc__alloc(context, sizeof(*op));
    if (!op)
        return oc__fail_memory(context, err, sizeof(*op));
    op->context = context;
    op->device = device;
    op->custom = (void *)kind->custom;
    oc__custom_retain(op->custom);
    oc__arena_init(&op->arena, context);
    oc_status status = build(op, kind, params, inputs, input_count, err);
    if (status == OC_OK)
        *out = op;
    else
        oc_op_destroy(&op);
    return status;
}

void oc_op_destroy(oc_op **handle) {
    if (!handle || !*handle)
        return;
    oc_op *op = *handle;
    *handle = NULL;
    oc_tensor_destroy(&op->own_workspace);
    oc__custom_release(op->custom);
    oc__arena_finish(&op->arena);
    oc__free(op->context, op);
}

size_t oc_op_output_count(const oc_op *op) {
    return (size_t)op->plain.out_count;
}

oc_operand_desc oc_op_get_output(const oc_op *op, size_t index) {
    return index < (size_t)op->plain.out_count ? op->outputs[index] : (oc_operand_desc){OC_DTYPE_NONE, {0, {0}}};
}

uint64_t oc_op_get_workspace(const oc_op *op) {
    return op->workspace;
}

const char *oc_op_get_solver(const oc_op *op) {
    return op->chosen.solver->name;
}

/* Slabs: in[], out[], workspace. */
static oc_status bind_tensor(const oc_op *op, int i, oc_tensor *tensor, oc__slab *slab, oc_error *err) {
    const oc__desc *desc = desc_of(&op->plain, i);
    if (!desc->dtype)
        return OC_OK;
    bool in = i < op->plain.in_count;
    int number = in ? i : i - op->plain.in_count;
    if (!tensor || oc_tensor_get_device(tensor) != op->device)
        return oc__fail(op->context, err, OC_ERROR_INVALID, "%s %d: a tensor on the op's device is needed", in ? "input" : "output", number);
    if (oc_tensor_get_dtype(tensor) != desc->dtype || !oc_shape_equal(oc_tensor_get_shape(tensor), &desc->shape))
        return oc__fail(op->context, err, OC_ERROR_SHAPE, "%s %d: the tensor has another type or shape than the op was made for",
                        in ? "input" : "output", number);
    if (!oc__tensor_is_dense(tensor))
        return oc__fail(op->context, err, OC_ERROR_UNSUPPORTED, "%s %d: only dense tensors are taken", in ? "input" : "output", number);
    *slab = (oc__slab){oc__tensor_get_buffer(tensor), oc__tensor_get_offset(tensor)};
    return OC_OK;
}

static oc__operand operand_at(oc__place place, const oc__desc *desc) {
    int64_t outer[OC_MAX_RANK] = {0}, inner[OC_MAX_BLOCKS];
    if (desc->dtype)
        oc__layout_strides(&desc->layout, &desc->shape, outer, inner);
    return (oc__operand){place, outer[0]};
}

static oc_status record_one(const oc_op *op, oc__steps *steps, const oc__problem *p, const oc__candidate *c, const oc__operand *in,
                            const oc__operand *out, int workspace_slab, oc_error *err) {
    oc__recording recording = {.context = op->context, .caps = oc__device_caps(op->device), .problem = p, .in = in, .out = out,
                               .workspace = {workspace_slab, 0}, .variant = c->variant, .steps = steps};
    return c->solver->record(&recording, err);
}

static oc_status record_reorder(const oc_op *op, oc__steps *steps, int i, int workspace_slab, oc_error *err) {
    if (!op->reorders[i].solver)
        return OC_OK;
    bool in = i < op->plain.in_count;
    oc__desc pair[2] = {*desc_of(in ? &op->plain : &op->problem, i), *desc_of(in ? &op->problem : &op->plain, i)};
    oc__place outside = {i, 0}, inside = {workspace_slab, op->reorder_offsets[i]};
    oc__operand from = operand_at(in ? outside : inside, &pair[0]), to = operand_at(in ? inside : outside, &pair[1]);
    oc__problem reorder = reorder_problem(pair);
    return record_one(op, steps, &reorder, &op->reorders[i], &from, &to, workspace_slab, err);
}

static oc_status record_all(const oc_op *op, oc__steps *steps, oc_error *err) {
    int in_count = op->plain.in_count, count = in_count + op->plain.out_count;
    oc__operand *operands = oc__alloc_array(op->context, (size_t)count, sizeof(*operands));
    if (!operands)
        return oc__fail_memory(op->context, err, sizeof(*operands) * (size_t)count);
    oc_status status = OC_OK;
    for (int i = 0; i < count; i++) {
        oc__place place = op->reorders[i].solver ? (oc__place){count, op->reorder_offsets[i]} : (oc__place){i, 0};
        operands[i] = operand_at(place, desc_of(&op->problem, i));
        if (i < in_count && status == OC_OK)
            status = record_reorder(op, steps, i, count, err);
    }
    oc__problem p = op->problem;
    oc__desc pair[2];
    if (p.op->flags & OC_OP_VIEW) {
        pair[0] = pair[1] = op->plain.in[0];
        p = reorder_problem(pair);
    }
    if (status == OC_OK)
        status = record_one(op, steps, &p, &op->chosen, operands, operands + in_count, count, err);
    for (int i = in_count; status == OC_OK && i < count; i++)
        status = record_reorder(op, steps, i, count, err);
    oc__free(op->context, operands);
    return status == OC_OK ? oc__steps_check(steps, err) : status;
}

static oc_status workspace_slab(oc_op *op, oc_tensor *workspace, oc__slab *slab, oc_error *err) {
    if (!op->workspace)
        return OC_OK;
    if (!workspace && !op->own_workspace)
        OC_TRY(oc_tensor_create(&op->own_workspace, op->context, op->device, OC_U8, &OC_SHAPE((int64_t)op->workspace), err));
    workspace = workspace ? workspace : op->own_workspace;
    if (oc_tensor_get_device(workspace) != op->device || oc_tensor_get_bytes(workspace) < op->workspace)
        return oc__fail(op->context, err, OC_ERROR_INVALID, "the workspace must lie on the op's device and have %llu bytes",
                        (unsigned long long)op->workspace);
    *slab = (oc__slab){oc__tensor_get_buffer(workspace), oc__tensor_get_offset(workspace)};
    return OC_OK;
}

static oc_status submit(oc_op *op, const oc__slab *slabs, size_t count, oc_event **done, oc_error *err) {
    oc__steps steps;
    oc__launches launches = {0};
    oc__queue *queue = oc__device_queue(op->device);
    oc__steps_init(&steps, op->context);
    oc_status status = record_all(op, &steps, err);
    if (status == OC_OK)
        status = oc__launches_init(&launches, op->device, &steps, slabs, count, err);
    if (status == OC_OK)
        status = oc__launches_run(&launches, queue, 0, launches.count, NULL, err);
    if (status == OC_OK)
        status = done ? oc__queue_mark(queue, done, err) : oc__queue_finish(queue, err);
    oc__launches_finish(&launches); /* OpenCL keeps kernels and buffers until the work is done */
    oc__steps_finish(&steps);
    return status;
}

oc_status oc_op_enqueue(oc_op *op, oc_tensor *const *inputs, oc_tensor *const *outputs, oc_tensor *workspace, oc_event **done,
                        oc_error *err) {
    int in_count = op->plain.in_count, count = in_count + op->plain.out_count;
    OC_TRY(oc__device_check(op->device, err));
    oc__slab *slabs = oc__alloc_array(op->context, (size_t)count + 1, sizeof(*slabs));
    if (!slabs)
        return oc__fail_memory(op->context, err, sizeof(*slabs) * (size_t)count);
    oc_status status = OC_OK;
    for (int i = 0; status == OC_OK && i < count; i++)
        status = bind_tensor(op, i, i < in_count ? inputs[i] : outputs[i - in_count], &slabs[i], err);
    if (status == OC_OK)
        status = workspace_slab(op, workspace, &slabs[count], err);
    if (status == OC_OK)
        status = submit(op, slabs, (size_t)count + 1, done, err);
    oc__free(op->context, slabs);
    return status;
}
