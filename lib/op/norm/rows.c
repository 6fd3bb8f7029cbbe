/* SPDX-License-Identifier: Apache-2.0 */
/* By rows: the elements of one channel (or of one block of channels) of one image. Sums are made for pieces of rows first, then
 * joined channel by channel in a fixed order; variances from the pieces' own means (Chan, Golub and LeVeque 1979). */
#include "op/epilogue.h"
#include "op/norm/norm.h"

#define PIECE 8192 /* elements of a row that a work-item takes */
#define FIXED 6    /* numbers by channel in the workspace, in front of those of the pieces */

typedef struct rows {
    oc__norm_sizes sizes;
    int block;                    /* 1: plain */
    int64_t blocks, piece, pieces; /* rows an image; elements a piece; pieces a row */
} rows;

static rows rows_of(const oc__problem *problem) {
    rows r = {.sizes = oc__norm_sizes_of(problem), .block = oc__channel_block(&problem->in[0].layout)};
    r.blocks = (r.sizes.channels + r.block - 1) / r.block;
    r.piece = PIECE / r.block;
    r.pieces = (r.sizes.inner + r.piece - 1) / r.piece;
    return r;
}

static bool follows(const oc__problem *problem) {
    int block = oc__channel_block(&problem->in[0].layout);
    return block == 8 || block == 16;
}

static void layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    if (!follows(problem))
        return;
    in[0] = out[0] = problem->in[0].layout;
    if (problem->op == &oc__op_batch_norm_bwd)
        in[4] = in[0];
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    oc__norm_sizes sizes = oc__norm_sizes_of(problem);
    if (sizes.count == 0)
        return oc__refuse(why, "there is nothing to normalize");
    if (sizes.inner < 4 && !follows(problem))
        return oc__refuse(why, "rows of %lld elements are too short", (long long)sizes.inner);
    if (problem->op == &oc__op_batch_norm && !oc__lone_fits(problem, caps, why))
        return false;
    return oc__norm_posts(problem, why); /* sums by pieces of rows are better than by channel everywhere */
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    if (problem->op == &oc__op_batch_norm)
        return 0;
    rows r = rows_of(problem);
    return (uint64_t)((FIXED + 2 * r.sizes.batch * r.pieces) * r.sizes.channels) * sizeof(float);
}

/* How often the data is read and written, against the cost's once. */
static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, problem->op == &oc__op_batch_norm ? 0.7 : 0.45);
}

typedef struct recorder {
    const oc__recording *recording;
    rows rows;
    oc__string *defines;
    oc__norm_slot first, second;   /* numbers by channel, f32 */
    oc__norm_slot part1, part2;    /* of the pieces */
} recorder;

static oc__step *add_step(recorder *r, const char *kernel) {
    return oc__step_kernel(r->recording->steps, "norm_rows.cl", r->defines->text, kernel);
}

static void add_operand(recorder *r, oc__step *step, int i) {
    oc__step_desc(r->recording->steps, step, r->recording->in[i].place, &r->recording->problem->in[i]);
}

static void add_result(recorder *r, oc__step *step) {
    oc__step_desc(r->recording->steps, step, r->recording->out[0].place, &r->recording->problem->out[0]);
}

static void add_sizes(recorder *r, oc__step *step) {
    const rows *w = &r->rows;
    int64_t args[] = {w->sizes.batch, w->sizes.channels, w->sizes.inner, w->blocks, w->piece, w->pieces};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(r->recording->steps, step, args[i]);
}

static void range_rows(recorder *r, oc__step *step) {
    oc__step_range_single(step, (uint64_t)r->rows.pieces, (uint64_t)(r->rows.sizes.batch * r->rows.blocks), 1);
}

static void range_channels(recorder *r, oc__step *step) {
    oc__step_range_single(step, (uint64_t)((r->rows.sizes.channels + 15) / 16), 1, 1);
}

static void add_normalize(recorder *r, bool inference) {
    const oc_batch_norm_params *params = r->recording->problem->params;
    oc__step *step = add_step(r, "rows_normalize");
    for (int i = 0; i < (inference ? 5 : 3); i++)
        add_operand(r, step, i);
    if (!inference) {
        oc__norm_add(r->recording, step, r->first);
        oc__norm_add(r->recording, step, r->second);
    }
    add_result(r, step);
    add_sizes(r, step);
    oc__step_f32(r->recording->steps, step, params->epsilon);
    oc__step_i64(r->recording->steps, step, inference ? r->recording->in[0].stride0 - r->rows.blocks * r->rows.block * r->rows.sizes.inner : 0);
    range_rows(r, step);
}

static void record_train(recorder *r) {
    const oc_batch_norm_params *params = r->recording->problem->params;
    oc__steps *steps = r->recording->steps;
    oc__step *step = add_step(r, "rows_moments");
    add_operand(r, step, 0);
    oc__norm_add(r->recording, step, r->part1);
    oc__norm_add(r->recording, step, r->part2);
    add_sizes(r, step);
    range_rows(r, step);
    step = add_step(r, "rows_statistics");
    oc__norm_add(r->recording, step, r->part1);
    oc__norm_add(r->recording, step, r->part2);
    add_operand(r, step, 3);
    add_operand(r, step, 4);
    for (int i = 1; i < 5; i++)
        oc__norm_add(r->recording, step, oc__norm_output(r->recording, i, (1 + i) * r->rows.sizes.channels));
    oc__norm_add(r->recording, step, r->first);
    oc__norm_add(r->recording, step, r->second);
    add_sizes(r, step);
    oc__step_f32(steps, step, params->epsilon);
    oc__step_f32(steps, step, params->momentum);
    oc__step_i32(steps, step, params->unbiased);
    range_channels(r, step);
    add_normalize(r, false);
}

static void record_bwd(recorder *r) {
    oc__step *step = add_step(r, "rows_products");
    add_operand(r, step, 0);
    add_operand(r, step, 2);
    add_operand(r, step, 4);
    oc__norm_add(r->recording, step, r->part1);
    oc__norm_add(r->recording, step, r->part2);
    add_sizes(r, step);
    range_rows(r, step);
    step = add_step(r, "rows_sums");
    oc__norm_add(r->recording, step, r->part1);
    oc__norm_add(r->recording, step, r->part2);
    add_operand(r, step, 3);
    for (int i = 1; i < 3; i++)
        oc__norm_add(r->recording, step, oc__norm_output(r->recording, i, (1 + i) * r->rows.sizes.channels));
    oc__norm_add(r->recording, step, r->first);
    oc__norm_add(r->recording, step, r->second);
    add_sizes(r, step);
    range_channels(r, step);
    step = add_step(r, "rows_data");
    for (int i = 0; i < 5; i++)
        add_operand(r, step, i);
    oc__norm_add(r->recording, step, r->first);
    oc__norm_add(r->recording, step, r->second);
    add_result(r, step);
    add_sizes(r, step);
    range_rows(r, step);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__string defines;
    recorder r = {.recording = recording, .rows = rows_of(problem), .defines = &defines};
    int64_t channels = r.rows.sizes.channels, parts = r.rows.sizes.batch * r.rows.pieces;
    bool inference = problem->op == &oc__op_batch_norm;
    if (channels == 0)
        return OC_OK;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__epilogue_define(problem, &defines);
    for (int i = 1; i < problem->out_count; i++)
        if (!problem->out[i].dtype)
            oc__string_printf(&defines, "#define Z%d f32\n", i);
    oc__string_printf(&defines, "#define %s\n#define VEC %d\n%s",
                      inference ? "INFERENCE" : problem->op == &oc__op_batch_norm_train ? "TRAIN" : "BACKWARD",
                      r.rows.block > 1 ? r.rows.block : 16, r.rows.block > 1 ? "#define BLOCKED\n" : "");
    if (!inference) {
        r.first = oc__norm_output(recording, -1, 0);
        r.second = oc__norm_output(recording, -1, channels);
        r.part1 = oc__norm_output(recording, -1, FIXED * channels);
        r.part2 = oc__norm_output(recording, -1, (FIXED + parts) * channels);
    }
    if (inference)
        add_normalize(&r, true);
    else if (problem->op == &oc__op_batch_norm_train)
        record_train(&r);
    else
        record_bwd(&r);
    return oc__record_end(recording, &defines, err);
}

const oc__solver oc__norm_rows_inference = {.name = "batch_norm.rows", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_LONE, .applicable = applicable,
                                            .layouts = layouts, .estimate = estimate, .record = record};
const oc__solver oc__norm_rows = {.name = "batch_norm.rows", .applicable = applicable, .layouts = layouts,
                                  .workspace = workspace, .estimate = estimate, .record = record};
