/* SPDX-License-Identifier: Apache-2.0 */
/* Every task's solver records its steps, once. */
#include <string.h>

#include "plan/plan.h"

static oc__operand operand_of(const oc_plan *plan, int32_t slot) {
    if (slot < 0)
        return (oc__operand){OC_NOWHERE, 0};
    const oc__slot *s = &plan->slots[slot];
    int64_t outer[OC_MAX_RANK] = {0}, inner[OC_MAX_BLOCKS];
    oc__layout_strides(&s->desc.layout, &s->desc.shape, outer, inner);
    return (oc__operand){s->place, s->stride0 ? s->stride0 : outer[0]};
}

static oc_status record_task(oc_plan *plan, oc__task *task, int32_t index, oc_error *err) {
    int in_count = task->problem.in_count, count = in_count + task->problem.out_count;
    oc__operand *operands = oc__arena_alloc(&plan->arena, sizeof(*operands) * (size_t)count);
    if (!operands)
        return oc__fail_memory(plan->context, err, sizeof(*operands) * (size_t)count);
    for (int i = 0; i < count; i++)
        operands[i] = operand_of(plan, i < in_count ? task->in[i] : task->out[i - in_count]);
    oc__steps *steps = task->derived ? &plan->derive_steps : &plan->steps;
    oc__recording recording = {.context = plan->context, .caps = oc__device_caps(plan->devices[task->device]),
                               .problem = &task->problem, .in = operands, .out = operands + in_count,
                               .workspace = task->workspace_place, .variant = task->chosen.variant, .steps = steps};
    task->first_step = steps->count;
    OC_TRY(task->chosen.solver->record(&recording, err));
    OC_TRY(oc__steps_check(steps, err));
    task->step_count = steps->count - task->first_step;
    for (size_t i = task->first_step; i < steps->count; i++) {
        steps->items[i].node = index;
        steps->items[i].device = task->device;
    }
    return OC_OK;
}

/* Whether a task writes to the memory of a slot; root -1: to any state. */
static bool writes(const oc_plan *plan, const oc__task *task, int32_t root) {
    bool does = false;
    for (int i = 0; i < task->problem.out_count; i++) {
        int32_t to = task->out[i] < 0 ? -1 : oc__slot_root(plan, task->out[i]);
        does = does || (to >= 0 && (root < 0 ? plan->slots[to].home == OC_HOME_STATE : to == root));
    }
    return does;
}

/* Where steps begin to change states, and which outputs can be read before that. */
static void find_first_update(oc_plan *plan) {
    size_t first = plan->steps.count;
    for (size_t t = 0; t < plan->task_count; t++)
        if (!plan->tasks[t].derived && plan->tasks[t].step_count && writes(plan, &plan->tasks[t], -1))
            first = OC_MIN(first, plan->tasks[t].first_step);
    plan->first_update = first;
    for (size_t i = 0; i < plan->output_count; i++) {
        int32_t root = oc__slot_root(plan, plan->outputs[i].slot);
        plan->outputs[i].early = plan->slots[root].home != OC_HOME_STATE;
        for (size_t t = 0; t < plan->task_count; t++)
            if (!plan->tasks[t].derived && plan->tasks[t].first_step + plan->tasks[t].step_count > first &&
                writes(plan, &plan->tasks[t], root))
                plan->outputs[i].early = false;
    }
}

/* New values of states that are not updated in place are copied there when everything else is done. */
static void record_updates(oc_plan *plan) {
    for (size_t i = 0; i < plan->state_count; i++) {
        const oc__plan_state *state = &plan->states[i];
        uint64_t bytes = oc__desc_bytes(&plan->slots[state->slot].desc);
        if (state->update >= 0 && bytes)
            oc__step_copy(&plan->steps, plan->slots[state->update].place, plan->slots[state->slot].place, bytes);
    }
}

static oc_status upload_constants(oc_plan *plan, oc_error *err) {
    if (!plan->constant_bytes)
        return OC_OK;
    oc__queue *queue = oc__device_queue(plan->devices[0]);
    OC_TRY(oc__buffer_create(&plan->constants, plan->devices[0], plan->constant_bytes, err));
    for (size_t i = 0; i < plan->slot_count; i++) {
        const oc__slot *slot = &plan->slots[i];
        uint64_t bytes = oc__desc_bytes(&slot->desc);
        if (slot->home != OC_HOME_CONSTANT || slot->alias >= 0 || !bytes)
            continue;
        OC_TRY(oc__queue_write(queue, plan->constants, slot->place.offset, oc_tensor_get_data(plan->graph->values[slot->value]->data),
                               bytes, true, err));
    }
    return oc__queue_finish(queue, err); /* execs have queues of their own */
}

static size_t count_programs(const oc__steps *steps, const oc__steps *others, size_t *different) {
    for (size_t i = 0; i < steps->count; i++) {
        const oc__step *a = &steps->items[i];
        bool seen = a->kind != OC_STEP_KERNEL;
        for (size_t k = 0; !seen && k < i; k++)
            seen = steps->items[k].kind == OC_STEP_KERNEL && !strcmp(a->file, steps->items[k].file) &&
                   !strcmp(a->defines, steps->items[k].defines);
        for (size_t k = 0; others && !seen && k < others->count; k++)
            seen = others->items[k].kind == OC_STEP_KERNEL && !strcmp(a->file, others->items[k].file) &&
                   !strcmp(a->defines, others->items[k].defines);
        *different += !seen;
    }
    return *different;
}

oc_status oc__plan_record(oc_plan *plan, oc_error *err) {
    for (size_t i = 0; i < plan->task_count; i++)
        OC_TRY(record_task(plan, &plan->tasks[i], (int32_t)i, err));
    find_first_update(plan);
    record_updates(plan);
    OC_TRY(oc__steps_check(&plan->steps, err));
    OC_TRY(upload_constants(plan, err));
    plan->info.step_count = plan->steps.count;
    plan->info.derived_count = plan->derive_steps.count;
    count_programs(&plan->steps, NULL, &plan->info.program_count);
    count_programs(&plan->derive_steps, &plan->steps, &plan->info.program_count);
    for (size_t i = 0; i < plan->task_count; i++)
        plan->info.estimated_ms += plan->tasks[i].derived ? 0 : plan->tasks[i].seconds * 1e3;
    for (size_t i = 0; i < plan->state_count; i++)
        plan->info.state_bytes += oc__desc_bytes(&plan->slots[plan->states[i].slot].desc);
    return OC_OK;
}
