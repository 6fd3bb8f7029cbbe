/* SPDX-License-Identifier: Apache-2.0 */
/* A work-item a channel for the sums, one an element for the rest. */
#include "op/epilogue.h"
#include "op/norm/norm.h"

oc__norm_slot oc__norm_output(const oc__recording *recording, int output, int64_t workspace_floats) {
    oc__norm_slot slot = {recording->workspace, OC_F32};
    slot.place.offset += (uint64_t)workspace_floats * sizeof(float);
    if (output >= 0 && recording->problem->out[output].dtype)
        slot = (oc__norm_slot){recording->out[output].place, recording->problem->out[output].dtype};
    return slot;
}

void oc__norm_add(const oc__recording *recording, oc__step *step, oc__norm_slot slot) {
    oc__step_place(recording->steps, step, slot.place, oc_dtype_size(slot.dtype));
}

static void add_sizes(const oc__recording *recording, oc__step *step, const oc__norm_sizes *sizes) {
    int64_t args[] = {sizes->batch, sizes->channels, sizes->inner};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(recording->steps, step, args[i]);
}

static oc__step *add_step(const oc__recording *recording, const oc__string *defines, const char *kernel) {
    return oc__step_kernel(recording->steps, "norm.cl", defines->text, kernel);
}

static void add_operand(const oc__recording *recording, oc__step *step, int i) {
    oc__step_desc(recording->steps, step, recording->in[i].place, &recording->problem->in[i]);
}

static void define(const oc__problem *problem, oc__string *defines) {
    oc__define_types(problem, defines);
    oc__epilogue_define(problem, defines);
    for (int i = 1; i < problem->out_count; i++)
        if (!problem->out[i].dtype)
            oc__string_printf(defines, "#define Z%d f32\n", i);
}

static void record_inference(const oc__recording *recording, const oc__norm_sizes *sizes, oc__string *defines) {
    const oc_batch_norm_params *params = recording->problem->params;
    oc__string_append(defines, "#define INFERENCE\n");
    oc__step *step = add_step(recording, defines, "batch_norm");
    for (int i = 0; i < 5; i++)
        add_operand(recording, step, i);
    oc__step_desc(recording->steps, step, recording->out[0].place, &recording->problem->out[0]);
    add_sizes(recording, step, sizes);
    oc__step_f32(recording->steps, step, params->epsilon);
    oc__step_range_items(step, recording->caps, (uint64_t)(sizes->count * sizes->channels));
}

/* The workspace: means, then inverse deviations, then what stands in for outputs that are left out. */
static void record_train(const oc__recording *recording, const oc__norm_sizes *sizes, oc__string *defines) {
    const oc_batch_norm_params *params = recording->problem->params;
    oc__steps *steps = recording->steps;
    int64_t channels = sizes->channels;
    oc__norm_slot mean = oc__norm_output(recording, -1, 0), inverse = oc__norm_output(recording, -1, channels);
    oc__string_append(defines, "#define TRAIN\n");
    oc__step *step = add_step(recording, defines, "batch_norm_statistics");
    add_operand(recording, step, 0);
    add_operand(recording, step, 3);
    add_operand(recording, step, 4);
    for (int i = 1; i < 5; i++)
        oc__norm_add(recording, step, oc__norm_output(recording, i, (1 + i) * channels));
    oc__norm_add(recording, step, mean);
    oc__norm_add(recording, step, inverse);
    add_sizes(recording, step, sizes);
    oc__step_f32(steps, step, params->epsilon);
    oc__step_f32(steps, step, params->momentum);
    oc__step_i32(steps, step, params->unbiased);
    oc__step_range_items(step, recording->caps, (uint64_t)channels);
    if (sizes->count == 0)
        return;
    step = add_step(recording, defines, "batch_norm");
    for (int i = 0; i < 3; i++)
        add_operand(recording, step, i);
    oc__norm_add(recording, step, mean);
    oc__norm_add(recording, step, inverse);
    oc__step_desc(steps, step, recording->out[0].place, &recording->problem->out[0]);
    add_sizes(recording, step, sizes);
    oc__step_f32(steps, step, params->epsilon);
    oc__step_range_items(step, recording->caps, (uint64_t)(sizes->count * channels));
}

/* The workspace: the two sums, then what stands in for outputs that are left out. */
static void record_bwd(const oc__recording *recording, const oc__norm_sizes *sizes, oc__string *defines) {
    int64_t channels = sizes->channels;
    oc__norm_slot dscale = oc__norm_output(recording, -1, 0), dbias = oc__norm_output(recording, -1, channels);
    oc__string_append(defines, "#define BACKWARD\n");
    oc__step *step = add_step(recording, defines, "batch_norm_sums");
    for (int i = 0; i < 5; i++)
        if (i != 1)
            add_operand(recording, step, i);
    oc__norm_add(recording, step, oc__norm_output(recording, 1, 2 * channels));
    oc__norm_add(recording, step, oc__norm_output(recording, 2, 3 * channels));
    oc__norm_add(recording, step, dscale);
    oc__norm_add(recording, step, dbias);
    add_sizes(recording, step, sizes);
    oc__step_range_items(step, recording->caps, (uint64_t)channels);
    if (sizes->count == 0)
        return;
    step = add_step(recording, defines, "batch_norm_data");
    for (int i = 0; i < 5; i++)
        add_operand(recording, step, i);
    oc__norm_add(recording, step, dscale);
    oc__norm_add(recording, step, dbias);
    oc__step_desc(recording->steps, step, recording->out[0].place, &recording->problem->out[0]);
    add_sizes(recording, step, sizes);
    oc__step_range_items(step, recording->caps, (uint64_t)(sizes->count * channels));
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__norm_sizes sizes = oc__norm_sizes_of(problem);
    if (sizes.channels == 0 || (sizes.count == 0 && problem->op == &oc__op_batch_norm))
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    define(problem, &defines);
    if (problem->op == &oc__op_batch_norm)
        record_inference(recording, &sizes, &defines);
    else if (problem->op == &oc__op_batch_norm_train)
        record_train(recording, &sizes, &defines);
    else
        record_bwd(recording, &sizes, &defines);
    return oc__record_end(recording, &defines, err);
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    return problem->op == &oc__op_batch_norm ? 0 : (uint64_t)(6 * problem->in[0].shape.dims[1]) * sizeof(float);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    int64_t rounds = problem->op == &oc__op_batch_norm ? 0 : 3 * oc__norm_sizes_of(problem).count;
    return oc__rounds_fit(caps, rounds, why) && oc__norm_posts(problem, why);
}

const oc__solver oc__norm_ref = {.name = "batch_norm.ref", .applicable = applicable, .workspace = workspace,
                                 .estimate = oc__ref_estimate, .record = record};
