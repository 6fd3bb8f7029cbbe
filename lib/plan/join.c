/* SPDX-License-Identifier: Apache-2.0 */
/* Joins without copies: a part of a concat lies in the whole from the beginning. Where the parts lie one behind another (nothing
 * before the axis but sizes of 1) nobody needs to know; else its maker writes, and its readers read, with a larger stride.
 *
 * Concats are looked at last first: one whose parts are already side by side in a later one is itself a part of it (DenseNet). */
#include <ocelli/op/shape.h>

#include "plan/plan.h"

typedef struct joiner {
    oc_plan *plan;
    const oc__task *task;
    int32_t whole, root; /* slots: the result, and what its memory is part of */
    int axis;
    int64_t outer;       /* runs of a part */
    int64_t stride0;     /* elements from one run of the whole to the next */
} joiner;

static bool movable(const oc_plan *plan, int32_t slot) {
    const oc__slot *s = &plan->slots[slot];
    return s->home == OC_HOME_ARENA && !s->kept && s->region < 0 && s->alias < 0;
}

static uint64_t bytes_of(const oc_plan *plan, int32_t slot) {
    return oc__desc_bytes(&plan->slots[slot].desc);
}

static bool part_has_layout(const joiner *j, int i) {
    return oc__layout_equal(&j->task->problem.in[i].layout, &j->task->problem.out[0].layout);
}

/* Bytes of a run of part i. */
static uint64_t run_of(const joiner *j, int i) {
    return bytes_of(j->plan, j->task->in[i]) / (uint64_t)j->outer;
}

/* Whether all tasks that make or read a slot take it with gaps between its outermost indices. */
static bool takes_gaps(const oc__task *task, int32_t slot) {
    if (task->problem.op == &oc__op_concat && ((const oc_axis_params *)task->problem.params)->axis == 1)
        return true;
    for (int i = 0; i < task->problem.in_count; i++)
        if (task->in[i] == slot && (i > 0 || !(task->chosen.solver->flags & OC_SOLVER_STRIDED_IN)))
            return false;
    for (int i = 0; i < task->problem.out_count; i++)
        if (task->out[i] == slot && (i > 0 || !(task->chosen.solver->flags & OC_SOLVER_STRIDED_OUT)))
            return false;
    return true;
}

static bool all_take_gaps(const joiner *j, int32_t slot) {
    const oc_plan *plan = j->plan;
    for (size_t i = 0; i < plan->slot_count; i++)
        if (plan->slots[i].alias == slot)
            return false;
    for (size_t i = 0; i < plan->output_count; i++)
        if (plan->outputs[i].slot == slot)
            return false;
    for (size_t i = 0; i < plan->state_count; i++)
        if (plan->states[i].update == slot)
            return false;
    for (size_t i = 0; i < plan->task_count; i++)
        if (!takes_gaps(&plan->tasks[i], slot))
            return false;
    return true;
}

/* Only the batch may lie before the axis, and only as the whole's own outermost index. */
static bool can_have_gaps(const joiner *j, int32_t slot) {
    const oc__desc *whole = &j->task->problem.out[0];
    return j->axis == 1 && j->outer == whole->shape.dims[0] && all_take_gaps(j, slot);
}

/* All parts lie side by side in something larger: so does the whole. */
static void join_whole(joiner *j) {
    oc_plan *plan = j->plan;
    const oc__task *task = j->task;
    int32_t root = oc__slot_root(plan, task->in[0]);
    uint64_t first = oc__slot_offset(plan, task->in[0]), at = first;
    if (!movable(plan, j->whole) || root == j->whole || !movable(plan, root) || root == task->in[0])
        return;
    int64_t stride0 = j->outer > 1 ? plan->slots[task->in[0]].stride0 : 0;
    for (int i = 0; i < task->problem.op_in; i++) {
        const oc__slot *part = &plan->slots[task->in[i]];
        if (oc__slot_root(plan, task->in[i]) != root || oc__slot_offset(plan, task->in[i]) != at || !part_has_layout(j, i) ||
            (j->outer > 1 && (part->stride0 != stride0 || !stride0)))
            return;
        at += run_of(j, i);
    }
    if (at - first != bytes_of(plan, j->whole) / (uint64_t)j->outer || (j->outer > 1 && !can_have_gaps(j, j->whole)))
        return;
    plan->slots[j->whole].alias = root;
    plan->slots[j->whole].alias_offset = first;
    plan->slots[j->whole].stride0 = stride0;
    plan->slots[root].last = OC_MAX(plan->slots[root].last, plan->slots[j->whole].last);
}

/* Part i, at a byte of the whole; false: it stays where it is, and is copied. */
static bool join_part(joiner *j, int i, uint64_t at) {
    oc_plan *plan = j->plan;
    int32_t slot = j->task->in[i], root = oc__slot_root(plan, slot);
    if (root == j->root)
        return oc__slot_offset(plan, slot) == oc__slot_offset(plan, j->whole) + at &&
               (j->outer == 1 || plan->slots[slot].stride0 == j->stride0);
    if (!part_has_layout(j, i) || !movable(plan, root) || at % OC_SEGMENT || oc__slot_offset(plan, slot) ||
        bytes_of(plan, root) != bytes_of(plan, slot))
        return false;
    if (j->outer > 1) {
        if (root != slot || !can_have_gaps(j, root))
            return false;
        plan->slots[root].stride0 = j->stride0;
    }
    plan->slots[root].alias = j->whole;
    plan->slots[root].alias_offset = at;
    plan->slots[j->root].last = OC_MAX(plan->slots[j->root].last, plan->slots[root].last);
    return true;
}

static void join(oc_plan *plan, oc__task *task) {
    const oc_axis_params *params = task->problem.params;
    joiner j = {.plan = plan, .task = task, .whole = task->out[0], .axis = (int)params->axis, .outer = 1};
    for (int i = 0; i < j.axis; i++)
        j.outer *= task->problem.out[0].shape.dims[i];
    if (j.outer < 1 || task->problem.op_in < 2)
        return;
    join_whole(&j);
    j.root = oc__slot_root(plan, j.whole);
    j.stride0 = plan->slots[j.whole].stride0;
    if (!j.stride0)
        j.stride0 = (int64_t)(bytes_of(plan, j.whole) / (uint64_t)j.outer / oc_dtype_size(task->problem.out[0].dtype));
    if (!movable(plan, j.root))
        return;
    uint64_t at = 0, copied = 0;
    for (int i = 0; i < task->problem.op_in; i++) {
        copied += join_part(&j, i, at) ? 0 : bytes_of(plan, task->in[i]);
        at += run_of(&j, i);
    }
    task->seconds *= (double)copied / (double)OC_MAX(bytes_of(plan, j.whole), (uint64_t)1);
}

oc_status oc__plan_join(oc_plan *plan, oc_error *err) {
    (void)err;
    if (plan->params.red_zones || plan->params.reference)
        return OC_OK;
    for (size_t i = plan->task_count; i-- > 0;)
        if (plan->tasks[i].problem.op == &oc__op_concat && !plan->tasks[i].derived)
            join(plan, &plan->tasks[i]);
    return OC_OK;
}
