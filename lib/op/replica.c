/* SPDX-License-Identifier: Apache-2.0 */
/* The op whose steps are meetings of replicas. The copies that they are for one device alone are done by oc__launches_run(). */
#include "op/replica.h"

#include <string.h>

#include "op/room.h"

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I32, oc__replica_params, meeting), OC_FIELD(OC_FIELD_BOOL, oc__replica_params, mean), {NULL}};

static oc_status infer(oc__inference *x, oc_error *err) {
    x->out_count = x->in_count;
    for (int i = 0; i < x->in_count; i++) {
        if (x->in[i].dtype != OC_F32)
            return oc__infer_fail(x, err, "operand %d must be f32", i);
        x->out[i] = x->in[i];
    }
    return OC_OK;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out, oc_error *err) {
    (void)context, (void)err;
    for (int i = 0; i < problem->in_count; i++)
        memcpy(out[i], in[i], (size_t)oc__count(&problem->in[i].shape) * sizeof(double));
    return OC_OK;
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__replica_params *params = r->problem->params;
    for (int i = 0; i < r->problem->in_count; i++)
        oc__step_meet(r->steps, r->in[i].place, r->out[i].place, oc__desc_bytes(&r->problem->in[i]), params->meeting, params->mean);
    return oc__steps_check(r->steps, err);
}

static const oc__solver ref = {.name = "replica_sum.ref", .applicable = oc__ref_applicable, .estimate = oc__ref_estimate, .record = record};
static const oc__solver *const solvers[] = {&ref, NULL};

const oc__op oc__op_replica_sum = {.name = "replica_sum", .in_min = 1, .in_max = OC_VARIADIC, .out_count = OC_VARIADIC, .flags = OC_OP_EXACT,
                                   .params_size = sizeof(oc__replica_params), .fields = fields, .infer = infer, .host = host,
                                   .batch = OC_BATCH_NONE("its numbers are those of the whole batch"), .solvers = solvers};
