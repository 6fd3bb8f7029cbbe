/* SPDX-License-Identifier: Apache-2.0 */
/* Any axes, plain layouts. */
#include "op/reduce/reduce.h"

#define PIECE 8192 /* elements that a work-item takes; the results of more are joined by a second stage */

static const char *const kind_names[] = {"SUM", "MEAN", "MAX", "MIN", "PROD"};

/* One stage: `results` times `pieces` partial results, each of at most `piece` of `count` elements. */
typedef struct stage {
    oc__place src, dst;
    oc_dtype src_type, dst_type;
    int64_t results, count, piece, pieces, divisor;
    oc_shape kept, gone;
    int64_t strides[OC_MAX_RANK];
    const char *kind;
} stage;

static oc_status record_stage(const oc__recording *recording, const stage *s, oc_error *err) {
    oc__steps *steps = recording->steps;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define A0 %s\n#define Z0 %s\n#define %s\n", oc_dtype_name(s->src_type),
                      oc_dtype_name(s->dst_type), s->kind);
    oc__step *step = oc__step_kernel(steps, "reduce.cl", defines.text, "reduce_ref");
    oc__step_place(steps, step, s->src, oc_dtype_size(s->src_type));
    oc__step_place(steps, step, s->dst, oc_dtype_size(s->dst_type));
    int64_t args[] = {s->results, s->count, s->piece, s->pieces};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(steps, step, args[i]);
    oc__step_f32(steps, step, (float)s->divisor);
    oc__step_sizes(steps, step, &s->kept);
    oc__step_sizes(steps, step, &s->gone);
    oc__step_strides(steps, step, s->strides, s->kept.rank);
    oc__step_range_items(step, recording->caps, (uint64_t)(s->results * s->pieces));
    return oc__record_end(recording, &defines, err);
}

static int64_t pieces_of(int64_t count) {
    return OC_MAX((count + PIECE - 1) / PIECE, 1);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_shape *x = &problem->in[0].shape;
    oc_dtype type = problem->in[0].dtype, partial = type == OC_F64 ? OC_F64 : oc__is_real(type) ? OC_F32 : type == OC_U64 ? OC_U64 : OC_I64;
    oc__reduction reduction;
    oc__reduction_of(problem, &reduction);
    stage s = {.src = recording->in[0].place, .dst = recording->out[0].place, .src_type = type, .dst_type = type,
               .results = oc__count(&problem->out[0].shape), .count = reduction.count, .kept = *x, .gone = *x,
               .piece = PIECE, .pieces = pieces_of(reduction.count), .divisor = reduction.count,
               .kind = kind_names[reduction.kind]};
    for (int i = 0; i < x->rank; i++)
        (reduction.gone[i] ? &s.kept : &s.gone)->dims[i] = 1;
    oc__row_strides(x, s.strides);
    if (s.results == 0)
        return OC_OK;
    if (s.pieces > 1) {
        stage first = s;
        first.dst = recording->workspace;
        first.dst_type = partial;
        first.kind = reduction.kind == OC_REDUCE_MEAN ? "SUM" : kind_names[reduction.kind];
        OC_TRY(record_stage(recording, &first, err));
        s.src = recording->workspace;
        s.src_type = partial;
        s.count = s.piece = s.pieces;
        s.kept = (oc_shape){2, {s.results, 1}};
        s.gone = (oc_shape){2, {1, s.pieces}};
        s.strides[0] = s.pieces;
        s.strides[1] = 1;
        s.pieces = 1;
    }
    return record_stage(recording, &s, err);
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    oc__reduction reduction;
    oc__reduction_of(problem, &reduction);
    int64_t pieces = pieces_of(reduction.count), results = oc__count(&problem->out[0].shape);
    return pieces > 1 ? (uint64_t)(results * pieces) * sizeof(int64_t) : 0;
}

static oc_status record_broadcast(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc__broadcast_params *params = problem->params;
    oc__steps *steps = recording->steps;
    const oc_shape *x = &problem->in[0].shape, *shape = &problem->out[0].shape;
    int64_t strides[OC_MAX_RANK], count = oc__count(shape);
    if (count == 0)
        return OC_OK;
    oc__broadcast_like_strides(params, x, shape, strides);
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, params->mean ? "#define MEAN\n" : "");
    oc__step *step = oc__step_kernel(steps, "broadcast.cl", defines.text, "broadcast_ref");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, count);
    oc__step_f32(steps, step, (float)((double)count / (double)oc__count(x)));
    oc__step_sizes(steps, step, shape);
    oc__step_strides(steps, step, strides, shape->rank);
    oc__step_range_items(step, recording->caps, (uint64_t)count);
    return oc__record_end(recording, &defines, err);
}

const oc__solver oc__reduce_ref = {.name = "reduce.ref", .applicable = oc__ref_applicable, .workspace = workspace,
                                   .estimate = oc__ref_estimate, .record = record};
const oc__solver oc__broadcast_like_ref = {.name = "broadcast_like.ref", .applicable = oc__ref_applicable,
                                           .estimate = oc__ref_estimate, .record = record_broadcast};
