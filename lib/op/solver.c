/* SPDX-License-Identifier: Apache-2.0 */
#include "op/solver.h"

#include <string.h>

#include "op/op.h"

bool oc__solver_disabled(const oc_context *context, const oc__solver *solver) {
    size_t length = strlen(solver->name);
    for (const char *at = context->disable; at && *at;) {
        size_t part = strcspn(at, ",");
        if (part == length && !strncmp(at, solver->name, length))
            return true;
        at += part + (at[part] == ',');
    }
    return false;
}

oc__cost oc__problem_cost(const oc__problem *problem) {
    oc__cost cost = {0};
    if (problem->op->cost)
        cost = problem->op->cost(problem);
    if (cost.bytes > 0)
        return cost;
    for (int i = 0; i < problem->in_count; i++)
        if (!oc__is_shape_only(problem->op, problem->op_in, i))
            cost.bytes += (double)oc__desc_bytes(&problem->in[i]);
    for (int i = 0; i < problem->out_count; i++)
        cost.bytes += (double)oc__desc_bytes(&problem->out[i]);
    return cost;
}

double oc__estimate_roofline(const oc__problem *problem, const oc__caps *caps, double flops_share, double bytes_share) {
    oc__cost cost = oc__problem_cost(problem);
    double flops = cost.flops / (caps->peak_flops * flops_share), bytes = cost.bytes / (caps->peak_bytes * bytes_share);
    return caps->launch_seconds + OC_MAX(flops, bytes);
}

/* Other lanes idle, and vectors of an item that has one lane spill: llvmpipe of 32 takes 1200 times what the direct convolution is
 * estimated at. */
#define SPILLS 32

double oc__solver_estimate(const oc__solver *solver, const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    double seconds = solver->estimate(problem, caps, variant);
    return solver->flags & OC_SOLVER_LONE && caps->simt_width > 1 ? seconds * caps->simt_width * SPILLS : seconds;
}

void oc__define_types(const oc__problem *problem, oc__string *defines) {
    for (int i = 0; i < problem->in_count && i < 16; i++)
        if (problem->in[i].dtype)
            oc__string_printf(defines, "#define A%d %s\n", i, oc_dtype_name(problem->in[i].dtype));
    for (int i = 0; i < problem->out_count && i < 16; i++)
        oc__string_printf(defines, "#define Z%d %s\n", i, oc_dtype_name(problem->out[i].dtype));
}
