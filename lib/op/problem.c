/* SPDX-License-Identifier: Apache-2.0 */
/* Problems as data: copies, layouts, smaller ones. */
#include "op/problem.h"

#include <string.h>

#include "op/rig.h"

oc_status oc__problem_copy(oc__arena *arena, const oc__problem *from, oc__problem *out, oc_error *err) {
    *out = *from;
    out->in = oc__arena_alloc(arena, sizeof(*out->in) * (size_t)OC_MAX(from->in_count, 1));
    out->out = oc__arena_alloc(arena, sizeof(*out->out) * (size_t)OC_MAX(from->out_count, 1));
    if (!out->in || !out->out)
        return oc__fail_memory(arena->context, err, sizeof(*out->in) * (size_t)from->in_count);
    if (from->in_count)
        memcpy(out->in, from->in, sizeof(*out->in) * (size_t)from->in_count);
    memcpy(out->out, from->out, sizeof(*out->out) * (size_t)from->out_count);
    return OC_OK;
}

void oc__problem_adopt_layouts(oc__problem *problem, const oc__solver *solver, const oc__caps *caps) {
    oc__layout in[64], out[16], *ins = in;
    if (problem->in_count > 64 || problem->out_count > 16 || !solver->layouts) {
        for (int i = 0; i < problem->in_count; i++)
            problem->in[i].layout = oc__layout_plain(problem->in[i].shape.rank);
        for (int i = 0; i < problem->out_count; i++)
            problem->out[i].layout = oc__layout_plain(problem->out[i].shape.rank);
        return;
    }
    for (int i = 0; i < problem->in_count; i++)
        ins[i] = oc__layout_plain(problem->in[i].shape.rank);
    for (int i = 0; i < problem->out_count; i++)
        out[i] = oc__layout_plain(problem->out[i].shape.rank);
    solver->layouts(problem, caps, ins, out);
    for (int i = 0; i < problem->in_count; i++)
        problem->in[i].layout = ins[i];
    for (int i = 0; i < problem->out_count; i++)
        problem->out[i].layout = out[i];
}

#define MOST_ELEMENTS 16384 /* the definition in double precision takes a millisecond for them */

/* Equal sizes become equal smaller sizes with the same remainder for blocks of up to 32. */
static int64_t smaller(int64_t size) {
    return size <= 64 ? size : 32 + size % 32;
}

static oc_status infer_smaller(oc_context *context, oc__problem *small, oc_error *err) {
    int out_count = small->out_count;
    uint64_t params[64];
    if (small->op->params_size > sizeof(params))
        return oc__fail(NULL, err, OC_ERROR_INTERNAL, "%s: params are too large to copy", small->op->name);
    if (small->op->params_size)
        memcpy(params, small->params, small->op->params_size);
    oc__desc before[16];
    for (int i = 0; i < out_count && i < 16; i++)
        before[i] = small->out[i];
    (void)context;
    OC_TRY(oc__infer(NULL, small->op, params, small->in, small->op_in, small->out, &out_count, NULL, err));
    for (int i = 0; i < out_count && i < 16; i++) {
        small->out[i].layout = before[i].layout;
        small->out[i].dtype = before[i].dtype; /* an output nobody uses stays left out */
    }
    return OC_OK;
}

/* Operands of the epilogue follow the output's new sizes. */
static void follow_output(oc__problem *p) {
    for (int i = 0; i < p->post.count; i++) {
        const oc__post *post = &p->post.items[i];
        const oc_shape *shape = &p->out[0].shape;
        int axis = p->op->bias_last ? shape->rank - 1 : 1;
        if (post->kind == OC_POST_RESIDUAL)
            p->in[post->operand].shape = *shape;
        else if (post->kind == OC_POST_BIAS || post->kind == OC_POST_SCALE)
            p->in[post->operand].shape = (oc_shape){1, {shape->dims[axis]}};
        if (post->kind == OC_POST_SCALE)
            p->in[post->operand2].shape = p->in[post->operand].shape;
    }
}

static int64_t largest(const oc__problem *p) {
    int64_t most = 0;
    for (int i = 0; i < p->in_count + p->out_count; i++) {
        const oc__desc *desc = i < p->in_count ? &p->in[i] : &p->out[i - p->in_count];
        int64_t count = desc->dtype ? oc_shape_count(&desc->shape) : 0;
        most = OC_MAX(most, count);
    }
    return most;
}

/* A batch that no other axis is as long as becomes 2 or 3, where that leaves an op's result a part of what it was. */
static void cut_batch(oc__problem *p) {
    int64_t count = p->in_count > 0 && p->in[0].shape.rank > 1 ? p->in[0].shape.dims[0] : 0;
    if (p->op->batch.axis != 0 || count < 4 || largest(p) <= MOST_ELEMENTS)
        return;
    for (int i = 0; i < p->in_count; i++)
        for (int k = 0; k < p->in[i].shape.rank; k++)
            if (p->in[i].shape.dims[k] == count && (k > 0 || p->in[i].shape.rank == 1))
                return;
    for (int i = 0; i < p->in_count; i++)
        if (p->in[i].shape.rank > 0 && p->in[i].shape.dims[0] == count)
            p->in[i].shape.dims[0] = 2 + count % 2;
}

oc_status oc__problem_shrink(oc_context *context, oc__arena *arena, const oc__problem *from, oc__problem *out, oc_error *err) {
    OC_TRY(oc__problem_copy(arena, from, out, err));
    if (largest(from) <= 4096)
        return OC_OK;
    if (from->op->shrink) {
        from->op->shrink(from, out->in);
    } else {
        for (int i = 0; i < out->in_count; i++)
            for (int k = 0; k < out->in[i].shape.rank; k++)
                out->in[i].shape.dims[k] = smaller(out->in[i].shape.dims[k]);
        cut_batch(out);
    }
    oc_error ignored;
    if (infer_smaller(context, out, &ignored) == OC_OK) {
        follow_output(out);
        return OC_OK;
    }
    return oc__problem_copy(arena, from, out, err);
}
