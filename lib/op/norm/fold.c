/* SPDX-License-Identifier: Apache-2.0 */
/* A normalization with known statistics is a factor and a number to add for each channel: here they go into the weights and the bias
 * of what comes before. Made when weights change, not in each run. */
#include <math.h>

#include "op/norm/norm.h"

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I64, oc__norm_fold_params, axis),
                                   OC_FIELD(OC_FIELD_F32, oc__norm_fold_params, epsilon), {NULL}};

/* Rows of `inner` elements, one behind another; row r belongs to channel r % channels. */
typedef struct rows {
    int64_t count, channels, inner;
} rows;

static rows rows_of(const oc__problem *problem) {
    const oc__norm_fold_params *params = problem->params;
    const oc_shape *shape = &problem->in[0].shape;
    int axis = (int)params->axis;
    return (rows){oc__dims_product(shape, 0, axis + 1), shape->dims[axis], oc__dims_product(shape, axis + 1, shape->rank)};
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc__norm_fold_params *params = inference->params;
    const oc__desc *in = inference->in;
    OC_TRY(oc__infer_axis(inference, &params->axis, in[0].shape.rank, err));
    oc_shape channels = {1, {in[0].shape.dims[params->axis]}};
    for (int i = 0; i < inference->in_count; i++)
        if (in[i].dtype && (!oc__is_float(in[i].dtype) || (i > 0 && !oc_shape_equal(&in[i].shape, &channels))))
            return oc__infer_fail(inference, err, "operand %d must have one number for each output", i);
    inference->out[0] = inference->out[1] = in[0];
    inference->out[1].shape = channels;
    return OC_OK;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    const oc__norm_fold_params *params = problem->params;
    const double *bias = problem->op_in > 5 ? in[5] : NULL;
    rows rows = rows_of(problem);
    for (int64_t r = 0; r < rows.count; r++) {
        int64_t c = r % rows.channels;
        double factor = in[1][c] / sqrt(in[4][c] + params->epsilon);
        for (int64_t i = r * rows.inner; i < (r + 1) * rows.inner; i++)
            out[0][i] = in[0][i] * factor;
        out[1][c] = ((bias ? bias[c] : 0) - in[3][c]) * factor + in[2][c];
    }
    return OC_OK;
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc__norm_fold_params *params = problem->params;
    bool bias = problem->op_in > 5 && problem->in[5].dtype;
    rows rows = rows_of(problem);
    oc__string defines;
    if (rows.count == 0)
        return OC_OK;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, bias ? "#define HAS_BIAS\n" : "");
    oc__step *step = oc__step_kernel(recording->steps, "norm_fold.cl", defines.text, "norm_fold");
    for (int i = 0; i < (bias ? 6 : 5); i++)
        oc__step_desc(recording->steps, step, recording->in[i].place, &problem->in[i]);
    for (int i = 0; i < 2; i++)
        oc__step_desc(recording->steps, step, recording->out[i].place, &problem->out[i]);
    oc__step_i64(recording->steps, step, rows.count);
    oc__step_i64(recording->steps, step, rows.channels);
    oc__step_i64(recording->steps, step, rows.inner);
    oc__step_f32(recording->steps, step, params->epsilon);
    oc__step_range_items(step, recording->caps, (uint64_t)rows.count);
    return oc__record_end(recording, &defines, err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__rounds_fit(caps, rows_of(problem).inner, why) && oc__without_posts(problem, why);
}

/* Rows are all alike: few of them, of few elements. */
static void shrink(const oc__problem *from, oc__desc *in) {
    const oc__norm_fold_params *params = from->params;
    oc_shape *shape = &in[0].shape;
    for (int i = 0; i < shape->rank; i++)
        shape->dims[i] = i == params->axis ? OC_MIN(shape->dims[i], 5) : OC_MIN(shape->dims[i], 3);
    for (int i = 1; i < from->op_in; i++)
        if (in[i].dtype)
            in[i].shape = (oc_shape){1, {shape->dims[params->axis]}};
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, 1);
}

static const oc__solver ref = {.name = "norm_fold.ref", .applicable = applicable, .estimate = oc__ref_estimate, .record = record};
static const oc__solver *const solvers[] = {&ref, NULL};

const oc__op oc__op_norm_fold = {
    .name = "norm_fold", .in_min = 5, .in_max = 6, .out_count = 2, .params_size = sizeof(oc__norm_fold_params), .fields = fields,
    .infer = infer, .cost = cost, .batch = OC_BATCH_NONE("weights have no batch"), .host = host, .shrink = shrink,
    .solvers = solvers};
