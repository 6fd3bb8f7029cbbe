/* SPDX-License-Identifier: Apache-2.0 */
/* The op that graph/chain.c makes of elementwise nodes which follow each other. Operands have the result's shape, or one element. */
#include "op/eltwise/chain.h"

#include <math.h>

#include "op/epilogue.h"

#define CHUNK 8192 /* elements a work-item of a CPU takes */

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I32, oc__chain_params, count),
                                   OC_FIELD_ARRAY(OC_FIELD_I32, oc__chain_params, fn, OC_CHAIN_STEPS),
                                   OC_FIELD_ARRAY(OC_FIELD_I32, oc__chain_params, x, OC_CHAIN_STEPS),
                                   OC_FIELD_ARRAY(OC_FIELD_I32, oc__chain_params, y, OC_CHAIN_STEPS),
                                   OC_FIELD_ARRAY(OC_FIELD_F32, oc__chain_params, alpha, OC_CHAIN_STEPS),
                                   OC_FIELD_ARRAY(OC_FIELD_F32, oc__chain_params, beta, OC_CHAIN_STEPS), {NULL}};

bool oc__chain_takes(const oc__op *op) {
    const oc__eltwise *row = (op->flags & OC_OP_ELTWISE) ? oc__eltwise_find(op) : NULL;
    return row && op->expression && !row->result;
}

int32_t oc__chain_code(const oc__op *op) {
    oc__hash hash = oc__hash_init();
    oc__hash_add_text(&hash, op->name);
    return (int32_t)(hash.a & 0xffffff); /* exact as a float, for problem texts */
}

const oc__op *oc__chain_function(int32_t code) {
    for (const oc__eltwise *row = oc__eltwise_rows; row->op; row++)
        if (oc__chain_takes(row->op) && oc__chain_code(row->op) == code)
            return row->op;
    return NULL;
}

static oc_status check_steps(const oc__inference *inference, oc_error *err) {
    const oc__chain_params *p = inference->params;
    if (p->count < 1 || p->count > OC_CHAIN_STEPS)
        return oc__infer_fail(inference, err, "it has 1 to %d steps, not %d", OC_CHAIN_STEPS, p->count);
    for (int i = 0; i < p->count; i++) {
        if (!oc__chain_function(p->fn[i]))
            return oc__infer_fail(inference, err, "step %d: %d is no function", i, p->fn[i]);
        int most = inference->in_count + i;
        if (p->x[i] < 0 || p->x[i] >= most || p->y[i] < 0 || p->y[i] >= most)
            return oc__infer_fail(inference, err, "step %d uses what is not there yet", i);
    }
    return OC_OK;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc_shape *out = &inference->out[0].shape;
    OC_TRY(check_steps(inference, err));
    inference->out[0] = inference->in[0];
    for (int i = 0; i < inference->in_count; i++) {
        if (inference->in[i].dtype != OC_F32)
            return oc__infer_fail(inference, err, "operands must be f32");
        OC_TRY(oc__infer_broadcast(inference, out, &inference->in[i].shape, out, err));
    }
    for (int i = 0; i < inference->in_count; i++)
        if (!oc_shape_equal(&inference->in[i].shape, out) && oc_shape_count(&inference->in[i].shape) != 1)
            return oc__infer_fail(inference, err, "operand %d has neither the shape of the result nor one element", i);
    return OC_OK;
}

static oc__cost cost(const oc__problem *problem) {
    const oc__chain_params *p = problem->params;
    double flops = 0;
    for (int i = 0; i < p->count; i++)
        flops += oc__eltwise_find(oc__chain_function(p->fn[i]))->flops;
    return oc__cost_of_flops(problem, flops);
}

static bool is_one(const oc__problem *problem, int i) {
    return !oc_shape_equal(&problem->in[i].shape, &problem->out[0].shape);
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out, oc_error *err) {
    const oc__chain_params *p = problem->params;
    const oc__eltwise *rows[OC_CHAIN_STEPS];
    double registers[OC_CHAIN_OPERANDS + OC_CHAIN_STEPS];
    int64_t count = oc__count(&problem->out[0].shape);
    int n = problem->op_in;
    for (int i = 0; i < p->count; i++)
        rows[i] = oc__eltwise_find(oc__chain_function(p->fn[i]));
    for (int64_t k = 0; k < count; k++) {
        for (int i = 0; i < n; i++)
            registers[i] = in[i][is_one(problem, i) ? 0 : k];
        for (int i = 0; i < p->count; i++)
            registers[n + i] = rows[i]->host(registers[p->x[i]], registers[p->y[i]], p->alpha[i], p->beta[i]);
        out[0][k] = registers[n + p->count - 1];
    }
    (void)context, (void)err;
    return OC_OK;
}

/* All operands of the result's shape lie as the first of them does. */
static void layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    const oc__layout *layout = NULL;
    (void)caps;
    for (int i = 0; i < problem->op_in && !layout; i++)
        if (!is_one(problem, i))
            layout = &problem->in[i].layout;
    int block = layout ? oc__channel_block(layout) : 1;
    if (!layout || (oc__has_padding(layout, &problem->out[0].shape) && block != 8 && block != 16))
        return;
    for (int i = 0; i < problem->op_in; i++)
        if (!is_one(problem, i))
            in[i] = *layout;
    out[0] = *layout;
}

static void define_operands(const oc__problem *problem, oc__string *text) {
    oc__string_append(text, "#define PARAMETERS");
    for (int i = 0; i < problem->op_in; i++)
        oc__string_printf(text, " __global const float *p%d, long o%d,", i, i);
    oc__string_append(text, "\n#define ADVANCE(at)");
    for (int i = 0; i < problem->op_in; i++)
        oc__string_printf(text, is_one(problem, i) ? " const float one%d = p%d[o%d];" : " p%d += o%d + (at);", i, i, i);
    oc__string_append(text, "\n#define OPERANDS_OF(T, GET)");
    for (int i = 0; i < problem->op_in; i++)
        oc__string_printf(text, is_one(problem, i) ? " const T r%d = one%d;" : " const T r%d = GET(p%d);", i, i);
}

static void define_steps(const oc__problem *problem, oc__string *text) {
    const oc__chain_params *p = problem->params;
    int n = problem->op_in;
    oc__string_append(text, "\n#define STEPS(T)");
    for (int i = 0; i < p->count; i++) {
        oc__string_printf(text, " T r%d; { const T x = r%d, y = r%d; const float a = ", n + i, p->x[i], p->y[i]);
        oc__epilogue_number(text, p->alpha[i]);
        oc__string_append(text, ", b = ");
        oc__epilogue_number(text, p->beta[i]);
        oc__string_printf(text, "; r%d = %s; }", n + i, oc__chain_function(p->fn[i])->expression);
    }
    oc__string_printf(text, "\n#define RESULT r%d\n", n + p->count - 1);
}

static oc__step *begin(const oc__recording *recording, int vector, const char *kernel) {
    const oc__problem *problem = recording->problem;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define VEC %d\n", vector);
    define_operands(problem, &defines);
    define_steps(problem, &defines);
    oc__step *step = oc__step_kernel(recording->steps, "chain.cl", defines.text, kernel);
    recording->steps->failed = recording->steps->failed || defines.failed;
    oc__string_finish(&defines);
    for (int i = 0; i < problem->op_in; i++)
        oc__step_desc(recording->steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(recording->steps, step, recording->out[0].place, &problem->out[0]);
    return step;
}

/* Memory from end to end. */
static oc_status record_flat(const oc__recording *recording, int vector, int64_t chunk, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    int64_t count = oc__layout_count(&problem->out[0].layout, &problem->out[0].shape), items = (count + chunk - 1) / chunk;
    if (count == 0)
        return OC_OK;
    oc__step *step = begin(recording, vector, "chain_flat");
    oc__step_i64(steps, step, count);
    oc__step_i32(steps, step, chunk);
    if (recording->caps->simt_width <= 1 && vector > 1)
        oc__step_range_single(step, (uint64_t)items, 1, 1);
    else
        oc__step_range_items(step, recording->caps, (uint64_t)items);
    return oc__steps_check(steps, err);
}

/* Blocks of channels, the lanes past the last one set to zero: a block of an image a work-item. */
static oc_status record_blocks(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_shape *shape = &problem->out[0].shape;
    int block = oc__channel_block(&problem->out[0].layout);
    int64_t blocks = (shape->dims[1] + block - 1) / block;
    oc__step *step = begin(recording, block, "chain_blocks");
    oc__step_i64(recording->steps, step, oc__dims_product(shape, 2, shape->rank) * block);
    oc__step_i64(recording->steps, step, blocks);
    oc__step_i64(recording->steps, step, shape->dims[1]);
    oc__step_range_single(step, (uint64_t)(shape->dims[0] * blocks), 1, 1);
    return oc__steps_check(recording->steps, err);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    bool cpu = recording->caps->simt_width <= 1;
    if (oc__count(&problem->out[0].shape) && oc__has_padding(&problem->out[0].layout, &problem->out[0].shape))
        return record_blocks(recording, err);
    return record_flat(recording, cpu ? 16 : 4, cpu ? CHUNK : 4, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record_flat(recording, 1, 1, err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__types_fit(problem, caps, why) && oc__without_posts(problem, why);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, 0.8);
}

static const oc__solver flat = {.name = "chain.flat", .applicable = applicable, .layouts = layouts, .estimate = estimate, .record = record};
static const oc__solver ref = {.name = "chain.ref", .applicable = oc__ref_applicable, .estimate = oc__ref_estimate, .record = record_ref};
static const oc__solver *const solvers[] = {&flat, &ref, NULL};

const oc__op oc__op_chain = {.name = "chain", .in_min = 1, .in_max = OC_CHAIN_OPERANDS, .out_count = 1,
                             .params_size = sizeof(oc__chain_params), .fields = fields, .infer = infer, .cost = cost,
                             .batch = OC_BATCH_AXIS0, .host = host, .solvers = solvers};
