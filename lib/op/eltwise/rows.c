/* SPDX-License-Identifier: Apache-2.0 */
/* One small operand that is repeated over the axes before and behind its own (a bias, a scale by channel), on plain values and
 * on channels in blocks; and functions of 0 that are not 0, on blocks with padding. */
#include "op/eltwise/eltwise.h"

#define PIECE 16384 /* elements of a row that one work-item takes at most */
#define CHUNK 8192  /* elements of several rows, about */

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    oc__eltwise_form form;
    if (!oc__eltwise_in_floats(problem))
        return oc__refuse(why, "it is for floating-point values");
    if (!oc__eltwise_form_of(problem, &form))
        return oc__refuse(why, "an operand is repeated along axes that are no neighbours");
    return oc__for_cpu(problem, caps, why);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.2, 0.7);
}

typedef struct rows {
    int64_t rows, run, period, blocks, channels;
    const char *by;
    bool blocked, mask;
} rows;

static void rows_of(const oc__problem *problem, const oc__eltwise_form *form, rows *out) {
    const oc_shape *shape = &problem->out[0].shape;
    const oc__layout *layout = &problem->out[0].layout;
    int block = oc__channel_block(layout);
    int64_t count = oc__layout_count(layout, shape);
    *out = (rows){.rows = 1, .run = count, .period = 1, .blocks = 1, .by = form->small < 0 ? "PLACE" : "ROW"};
    if (block > 1) {
        out->blocked = true;
        out->channels = shape->dims[1];
        out->blocks = (shape->dims[1] + block - 1) / block;
        out->rows = shape->dims[0] * out->blocks;
        out->run = oc__dims_product(shape, 2, shape->rank) * block;
        out->by = form->small < 0 ? "PLACE" : form->scalar ? "ROW" : "LANE";
        out->mask = oc__has_padding(layout, shape) && (form->scalar || !problem->op->keeps_zero);
    } else if (form->small >= 0 && !form->scalar) {
        bool columns = form->inner == 1;
        out->by = columns ? "COLUMN" : "ROW";
        out->rows = columns ? form->outer : form->outer * form->middle;
        out->run = columns ? form->middle : form->inner;
        out->period = form->middle;
    }
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    oc__eltwise_form form;
    rows rows;
    if (oc__count(&problem->out[0].shape) == 0)
        return OC_OK;
    oc__eltwise_form_of(problem, &form);
    rows_of(problem, &form, &rows);
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__eltwise_define(problem, &defines);
    oc__string_printf(&defines, "#define VEC %d\n#define BY_%s\n%s%s%s",
                      rows.blocked ? oc__channel_block(&problem->out[0].layout) : 16, rows.by,
                      form.small == 0 ? "#define SMALL_X\n" : "", rows.blocked ? "#define BLOCKED\n" : "",
                      rows.mask ? "#define MASK\n" : "");
    oc__step *step = oc__step_kernel(steps, "eltwise_rows.cl", defines.text, "eltwise_rows");
    for (int i = 0; i < problem->op_in; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    int64_t together = OC_MAX(CHUNK / rows.run, 1);
    int64_t args[] = {rows.rows, rows.run, rows.period, rows.blocks, rows.channels, together, PIECE};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(steps, step, args[i]);
    oc__eltwise_params(recording, step);
    oc__step_range_single(step, (uint64_t)((rows.run + PIECE - 1) / PIECE),
                          (uint64_t)((rows.rows + together - 1) / together), 1);
    return oc__record_end(recording, &defines, err);
}

const oc__solver oc__eltwise_by_rows = {.name = "eltwise.rows", .flags = OC_SOLVER_LONE, .applicable = applicable, .layouts = oc__eltwise_layouts,
                                        .estimate = estimate, .record = record};
