/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizer steps. */
#include "op/update.h"

#include <ocelli/train.h>

#define CHUNK 8192 /* elements a work-item of a CPU takes */

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I32, oc__update_params, count),
                                   OC_FIELD(OC_FIELD_BOOL, oc__update_params, nesterov),
                                   OC_FIELD(OC_FIELD_BOOL, oc__update_params, l1), {NULL}};

const oc__update_rule oc__update_rules[OC_UPDATE_RULES] = {
    [OC_SGD] = {&oc__op_sgd_update, 3, {"momentum"}},
    [OC_ADAM] = {&oc__op_adam_update, 4, {"m", "v"}},
    [OC_ADAMW] = {&oc__op_adamw_update, 4, {"m", "v"}},
    [OC_ADAGRAD] = {&oc__op_adagrad_update, 3, {"sum"}},
    [OC_RMSPROP] = {&oc__op_rmsprop_update, 4, {"momentum", "square"}},
};

int oc__update_kinds(const oc__op *op) {
    int i = 0;
    while (i + 1 < OC_UPDATE_RULES && oc__update_rules[i].op != op)
        i++;
    return oc__update_rules[i].kinds;
}

static int count_of(const oc__problem *problem) {
    return ((const oc__update_params *)problem->params)->count;
}

int oc__update_operand(const oc__problem *problem, int kind, int i) {
    return 1 + kind * count_of(problem) + i;
}

int64_t oc__update_segments(const oc__problem *problem, int64_t *offsets) {
    int64_t end = 0;
    for (int i = 0; i < count_of(problem); i++) {
        end = (end + OC_UPDATE_ALIGN - 1) / OC_UPDATE_ALIGN * OC_UPDATE_ALIGN;
        if (offsets)
            offsets[i] = end;
        end += oc__count(&problem->in[1 + i].shape);
    }
    return end;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc__update_params *params = inference->params;
    const oc__desc *in = inference->in;
    int kinds = oc__update_kinds(inference->op), count = (inference->in_count - 1) / kinds;
    if (count < 1 || inference->in_count != 1 + kinds * count || (params->count && params->count != count))
        return oc__infer_fail(inference, err, "it takes hyper and then %d operands for each parameter", kinds);
    params->count = count;
    if (in[0].dtype != OC_F32 || in[0].shape.rank != 1 || in[0].shape.dims[0] != OC_HYPER_COUNT)
        return oc__infer_fail(inference, err, "hyper must be (%d) of f32", OC_HYPER_COUNT);
    inference->out_count = (kinds - 1) * count;
    for (int i = 1; i < inference->in_count; i++) {
        const oc__desc *parameter = &in[1 + (i - 1) % count];
        if (in[i].dtype != OC_F32 || !oc_shape_equal(&in[i].shape, &parameter->shape))
            return oc__infer_fail(inference, err, "operand %d must be f32 and of its parameter's shape", i);
    }
    for (int i = 0; i < inference->out_count; i++)
        inference->out[i] = in[1 + i % count];
    return OC_OK;
}

static void groups(const oc__problem *problem, int *first, int *size, int *count) {
    *first = 1;
    *size = count_of(problem);
    *count = oc__update_kinds(problem->op);
}

/* New parameters in place of the old ones; moments likewise, behind the gradients. */
static int alias(const oc__problem *problem, int output) {
    int count = count_of(problem);
    return output < count ? 1 + output : 1 + count + output;
}

static oc__cost cost(const oc__problem *problem) {
    return (oc__cost){.flops = 16.0 * (double)oc__update_segments(problem, NULL)};
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, 0.8);
}

/* The output that holds the next value of a kind: there is none for gradients. */
static int output_of(const oc__problem *problem, int kind, int i) {
    return (kind ? kind - 1 : 0) * count_of(problem) + i;
}

/* Whether every value of a kind lies where its segment is. */
static bool in_segments(const oc__recording *recording, const int64_t *offsets) {
    const oc__problem *problem = recording->problem;
    int kinds = oc__update_kinds(problem->op), count = count_of(problem);
    for (int which = 0; which < 2 * kinds; which++) {
        int kind = which / 2;
        bool out = which % 2;
        for (int i = 0; i < count && !(out && kind == 1); i++) {
            oc__place first = out ? recording->out[output_of(problem, kind, 0)].place
                                  : recording->in[oc__update_operand(problem, kind, 0)].place;
            oc__place place = out ? recording->out[output_of(problem, kind, i)].place
                                  : recording->in[oc__update_operand(problem, kind, i)].place;
            if (place.slab != first.slab || place.offset != first.offset + (uint64_t)offsets[i] * sizeof(float))
                return false;
        }
    }
    return true;
}

/* Parameters from number i on, `length` elements in all. */
static void record_range(const oc__recording *recording, const char *defines, int i, int64_t length) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    bool cpu = recording->caps->simt_width <= 1;
    int64_t chunk = cpu ? CHUNK : 4, items = (length + chunk - 1) / chunk;
    if (length == 0)
        return;
    oc__step *step = oc__step_kernel(steps, "update.cl", defines, problem->op->name);
    oc__step_place(steps, step, recording->in[0].place, sizeof(float));
    for (int kind = 0; kind < oc__update_kinds(problem->op); kind++) {
        oc__step_place(steps, step, recording->in[oc__update_operand(problem, kind, i)].place, sizeof(float));
        if (kind != 1)
            oc__step_place(steps, step, recording->out[output_of(problem, kind, i)].place, sizeof(float));
    }
    oc__step_i64(steps, step, length);
    oc__step_i64(steps, step, chunk);
    if (cpu)
        oc__step_range_single(step, (uint64_t)items, 1, 1);
    else
        oc__step_range_items(step, recording->caps, (uint64_t)items);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc__update_params *params = problem->params;
    int64_t *offsets = oc__alloc_array(recording->context, (size_t)params->count, sizeof(*offsets));
    if (!offsets)
        return oc__fail_memory(recording->context, err, (size_t)params->count * sizeof(*offsets));
    int64_t length = oc__update_segments(problem, offsets);
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__string_printf(&defines, "#define VEC %d\n%s%s", recording->caps->simt_width <= 1 ? 16 : 4,
                      params->nesterov ? "#define NESTEROV\n" : "", params->l1 ? "#define L1\n" : "");
    if (in_segments(recording, offsets))
        record_range(recording, defines.text, 0, length);
    else
        for (int i = 0; i < params->count; i++)
            record_range(recording, defines.text, i, oc__count(&problem->in[1 + i].shape));
    oc__free(recording->context, offsets);
    return oc__record_end(recording, &defines, err);
}

static const oc__solver ref = {.name = "update.ref", .applicable = oc__ref_applicable, .estimate = estimate, .record = record};
static const oc__solver *const solvers[] = {&ref, NULL};

#define UPDATE(op_name) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = 4, .in_max = OC_VARIADIC, .out_count = OC_VARIADIC, \
                                     .flags = OC_OP_GATHERED, .params_size = sizeof(oc__update_params), .fields = fields, \
                                     .infer = infer, .cost = cost, .batch = OC_BATCH_NONE("parameters have no batch axis"), \
                                     .host = oc__update_host, .groups = groups, .alias = alias, .solvers = solvers};
UPDATE(sgd_update)
UPDATE(adam_update)
UPDATE(adamw_update)
UPDATE(adagrad_update)
UPDATE(rmsprop_update)
