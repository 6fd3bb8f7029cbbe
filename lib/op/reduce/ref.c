/* SPDX-License-Identifier: Apache-2.0 */
/* Any axes, plain layouts. */
#include "op/reduce/reduce.h"

static const char *const kind_names[] = {"SUM", "MEAN", "MAX"};

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    const oc_shape *x = &problem->in[0].shape;
    int64_t results = oc__count(&problem->out[0].shape), strides[OC_MAX_RANK];
    if (results == 0)
        return OC_OK;
    oc__reduction reduction;
    oc__reduction_of(problem, &reduction);
    oc_shape kept = *x, gone = *x;
    for (int i = 0; i < x->rank; i++) {
        kept.dims[i] = reduction.gone[i] ? 1 : x->dims[i];
        gone.dims[i] = reduction.gone[i] ? x->dims[i] : 1;
    }
    oc__row_strides(x, strides);
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_printf(&defines, "#define %s\n", kind_names[reduction.kind]);
    oc__step *step = oc__step_kernel(steps, "reduce.cl", defines.text, "reduce_ref");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, results);
    oc__step_i64(steps, step, reduction.count);
    oc__step_sizes(steps, step, &kept);
    oc__step_sizes(steps, step, &gone);
    oc__step_strides(steps, step, strides, x->rank);
    oc__step_range_items(step, recording->caps, (uint64_t)results);
    return oc__record_end(recording, &defines, err);
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

const oc__solver oc__reduce_ref = {.name = "reduce.ref", .applicable = oc__ref_applicable, .estimate = oc__ref_estimate,
                                   .record = record};
const oc__solver oc__broadcast_like_ref = {.name = "broadcast_like.ref", .applicable = oc__ref_applicable,
                                           .estimate = oc__ref_estimate, .record = record_broadcast};
