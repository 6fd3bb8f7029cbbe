/* SPDX-License-Identifier: Apache-2.0 */
/* The first ones of lines for CPUs, a line a work-item: a few by keeping the best so far, more by a merge sort. */
#include "op/select/select.h"

#define FEW 32 /* kept in order while a line is read */

static bool few(const oc__problem *problem) {
    return ((const oc_top_k_params *)problem->params)->k <= FEW;
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    oc__lines lines = oc__lines_of(problem);
    return few(problem) ? 0 : (uint64_t)(lines.outer * lines.inner * lines.size) * 2 * sizeof(int32_t);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    if (oc__lines_of(problem).size > INT32_MAX || workspace(problem, caps, NULL) > caps->max_alloc)
        return oc__refuse(why, "the lines are too long to be sorted in one buffer");
    return oc__types_fit(problem, caps, why) && oc__for_cpu(problem, caps, why);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 1, few(problem) ? 0.1 : 0.04);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_top_k_params *params = problem->params;
    oc__lines lines = oc__lines_of(problem);
    oc__steps *steps = recording->steps;
    int64_t items = lines.outer * lines.inner;
    if (items == 0 || lines.size == 0 || params->k == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, params->smallest ? "#define MIN\n" : "");
    if (few(problem))
        oc__string_printf(&defines, "#define FEW %d\n", FEW);
    oc__step *step = oc__step_kernel(steps, "select_lines.cl", defines.text, "top_k_lines");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    for (int i = 0; i < 2; i++)
        oc__step_desc(steps, step, recording->out[i].place, &problem->out[i]);
    oc__step_place(steps, step, few(problem) ? recording->out[1].place : recording->workspace, sizeof(int32_t));
    const int64_t numbers[] = {items, lines.size, lines.inner, params->k};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)items, 1, 1);
    return oc__record_end(recording, &defines, err);
}

const oc__solver oc__top_k_lines = {.name = "top_k.lines", .flags = OC_SOLVER_LONE, .applicable = applicable, .workspace = workspace, .estimate = estimate,
                                    .record = record};
