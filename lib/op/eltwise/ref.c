/* SPDX-License-Identifier: Apache-2.0 */
/* Any broadcasting, plain layouts. */
#include "op/eltwise/eltwise.h"

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_shape *shape = &problem->out[0].shape;
    oc__steps *steps = recording->steps;
    int64_t count = oc__count(shape), strides[2][OC_MAX_RANK] = {{0}};
    if (count == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__eltwise_define(problem, &defines);
    oc__step *step = oc__step_kernel(steps, "eltwise.cl", defines.text, "eltwise_ref");
    for (int i = 0; i < problem->op_in; i++) {
        oc__broadcast_strides(&problem->in[i].shape, shape, strides[i]);
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    }
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, count);
    oc__eltwise_params(recording, step);
    oc__step_sizes(steps, step, shape);
    oc__step_strides(steps, step, strides[0], shape->rank);
    oc__step_strides(steps, step, strides[1], shape->rank);
    oc__step_range_items(step, recording->caps, (uint64_t)count);
    return oc__record_end(recording, &defines, err);
}

const oc__solver oc__eltwise_ref = {.name = "eltwise.ref", .applicable = oc__ref_applicable, .estimate = oc__ref_estimate,
                                    .record = record};
