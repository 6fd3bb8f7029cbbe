/* SPDX-License-Identifier: Apache-2.0 */
/* A run's step times into the history that placements are made from. */
#include <math.h>

#include "op/tune.h"
#include "plan/team.h"

static oc_status remember_task(const oc_plan *plan, const oc__task *task, double seconds, oc_error *err) {
    oc_device *device = plan->devices[0];
    oc__desc *descs = oc__alloc_array(plan->context, (size_t)(task->node->in_count + task->node->out_count), sizeof(*descs));
    oc__problem problem;
    oc__string key;
    const oc__solver *solver;
    bool measured;
    if (!descs)
        return oc__fail_memory(plan->context, err, sizeof(*descs));
    oc__string_init(&key, plan->context);
    oc__node_problem(task->node, descs, &problem);
    for (int i = 1; i < problem.out_count; i++)
        problem.out[i].dtype = task->problem.out[i].dtype;
    double estimate = oc__least_estimate(device, &problem, &solver, &measured);
    oc__cost cost = oc__problem_cost(&problem);
    oc__find_key(&problem, &key);
    if (isfinite(estimate) && !key.failed)
        oc__history_add(device, key.text, seconds, estimate, &cost, solver->name);
    oc__string_finish(&key);
    oc__free(plan->context, descs);
    return OC_OK;
}

/* What a reorder took belongs to the node that wanted it. */
static oc_status remember(const oc_exec *exec, oc_error *err) {
    const oc_plan *plan = exec->plan;
    double before = 0;
    for (size_t t = 0; t < plan->task_count; t++) {
        const oc__task *task = &plan->tasks[t];
        if (task->derived || !task->step_count)
            continue;
        for (size_t i = task->first_step; i < task->first_step + task->step_count; i++)
            before += exec->seconds[i];
        if (!task->node)
            continue;
        OC_TRY(remember_task(plan, task, before, err));
        before = 0;
    }
    oc__history_save(plan->devices[0]);
    return OC_OK;
}

oc_status oc_exec_remember(oc_exec *exec, oc_error *err) {
    if (!exec->profiling)
        return oc__fail(exec->context, err, OC_ERROR_INVALID, "there are no times to remember: profiling is off");
    if (!exec->team)
        return remember(exec, err);
    if (exec->team->spare)
        return oc_exec_remember(exec->team->spare, err);
    for (size_t i = 0; i < exec->plan->parts->part_count; i++)
        OC_TRY(remember(exec->team->members[i].exec, err));
    return OC_OK;
}
