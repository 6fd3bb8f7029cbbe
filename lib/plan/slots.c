/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: values in layouts, and the reorders between them. */
#include <string.h>

#include "plan/maker.h"

int32_t oc__slot_root(const oc_plan *plan, int32_t slot) {
    while (plan->slots[slot].alias >= 0)
        slot = plan->slots[slot].alias;
    return slot;
}

uint64_t oc__slot_offset(const oc_plan *plan, int32_t slot) {
    uint64_t offset = 0;
    for (; plan->slots[slot].alias >= 0; slot = plan->slots[slot].alias)
        offset += plan->slots[slot].alias_offset;
    return offset;
}

int32_t oc__plan_add_slot(oc_plan *plan, int32_t value, const oc__desc *desc, oc__home home, oc_error *err) {
    oc__slot slot = {.value = value, .desc = *desc, .home = home, .alias = -1, .state = -1, .region = -1, .first = -1, .last = -1,
                     .place = OC_NOWHERE};
    if (!OC_ARRAY_PUSH(plan->context, plan->slots, plan->slot_count, plan->slot_capacity, slot)) {
        (void)oc__fail_memory(plan->context, err, sizeof(slot));
        return -1;
    }
    return (int32_t)plan->slot_count - 1;
}

int32_t oc__maker_add_slot(oc__maker *m, const oc_value *value, const oc__desc *desc, oc__home home, oc_error *err) {
    int32_t slot = oc__plan_add_slot(m->plan, value->id, desc, home, err);
    oc__slot_list *list = &m->of_value[value->id];
    if (slot >= 0 && !OC_ARRAY_PUSH(m->plan->context, list->items, list->count, list->capacity, slot)) {
        (void)oc__fail_memory(m->plan->context, err, sizeof(slot));
        return -1;
    }
    return slot;
}

static int32_t find_slot(const oc__maker *m, const oc_value *value, const oc__layout *layout) {
    const oc__slot_list *list = &m->of_value[value->id];
    for (size_t i = 0; i < list->count; i++)
        if (oc__layout_equal(&m->plan->slots[list->items[i]].desc.layout, layout))
            return list->items[i];
    return -1;
}

/* Whether every element lies at the same offset in both layouts: offsets are sums over axes, so each axis is looked at alone, and only as
 * far as blocks of both end together: from there on all is the same again. */
static bool same_memory(const oc_shape *shape, const oc__layout *a, const oc__layout *b) {
    if (a->winograd != b->winograd || oc__layout_count(a, shape) != oc__layout_count(b, shape))
        return false;
    for (int axis = 0; axis < shape->rank; axis++) {
        int64_t index[OC_MAX_RANK] = {0}, most = oc__layout_block(a, axis) * oc__layout_block(b, axis) + 1;
        for (; index[axis] < OC_MIN(shape->dims[axis], most); index[axis]++)
            if (oc__layout_offset(a, shape, index) != oc__layout_offset(b, shape, index))
                return false;
    }
    return true;
}

bool oc__slot_is_fixed(const oc_plan *plan, int32_t slot) {
    oc__home home = plan->slots[slot].home;
    return home != OC_HOME_ARENA;
}

oc__task *oc__plan_add_task(oc_plan *plan, oc_error *err) {
    oc__task task = {.workspace_place = OC_NOWHERE};
    if (!OC_ARRAY_PUSH(plan->context, plan->tasks, plan->task_count, plan->task_capacity, task)) {
        (void)oc__fail_memory(plan->context, err, sizeof(task));
        return NULL;
    }
    return &plan->tasks[plan->task_count - 1];
}

oc_status oc__plan_finish_task(oc_plan *plan, oc__task *task, oc_error *err) {
    oc__string text;
    oc__string_init(&text, plan->context);
    oc__problem_text(&task->problem, &text);
    task->text = text.failed ? NULL : oc__arena_strdup(&plan->arena, text.text);
    oc__string_finish(&text);
    task->cost = oc__problem_cost(&task->problem);
    task->seconds = task->chosen.seconds;
    const oc__solver *solver = task->chosen.solver;
    if (solver && solver->workspace)
        task->workspace = solver->workspace(&task->problem, oc__device_caps(plan->devices[task->device]), &task->chosen.variant);
    return task->text ? OC_OK : oc__fail_memory(plan->context, err, 64);
}

oc_status oc__plan_add_reorder(oc_plan *plan, int32_t from, int32_t to, oc_error *err) {
    oc__task *task = oc__plan_add_task(plan, err);
    oc__desc *descs = oc__arena_alloc(&plan->arena, 2 * sizeof(*descs));
    int32_t *slots = oc__arena_alloc(&plan->arena, 2 * sizeof(*slots));
    if (!task || !descs || !slots)
        return task ? oc__fail_memory(plan->context, err, 2 * sizeof(*descs)) : OC_ERROR_MEMORY;
    descs[0] = plan->slots[from].desc;
    descs[1] = plan->slots[to].desc;
    slots[0] = from;
    slots[1] = to;
    task->problem = (oc__problem){.op = oc__op_of_reorder(&descs[1].layout), .in_count = 1, .op_in = 1, .out_count = 1, .in = descs, .out = descs + 1};
    task->in = slots;
    task->out = slots + 1;
    task->derived = plan->slots[to].home == OC_HOME_DERIVED;
    OC_TRY(oc__choose(plan->devices[task->device], &task->problem, plan->params.reference, &task->chosen, err));
    return oc__plan_finish_task(plan, task, err);
}

int32_t oc__maker_want_slot(oc__maker *m, const oc_value *value, const oc__layout *layout, oc_error *err) {
    int32_t slot = find_slot(m, value, layout);
    if (slot >= 0)
        return slot;
    int32_t from = m->of_value[value->id].items[0];
    oc__desc desc = m->plan->slots[from].desc;
    bool same = same_memory(&desc.shape, &desc.layout, layout);
    oc__home home = oc__slot_is_fixed(m->plan, from) ? (same ? m->plan->slots[from].home : OC_HOME_DERIVED) : OC_HOME_ARENA;
    desc.layout = *layout;
    slot = oc__maker_add_slot(m, value, &desc, home, err);
    if (slot < 0)
        return -1;
    if (same) {
        m->plan->slots[slot].alias = from;
        return slot;
    }
    return oc__plan_add_reorder(m->plan, from, slot, err) == OC_OK ? slot : -1;
}

double oc__maker_reorder_seconds(const oc__maker *m, const oc_value *value, const oc__layout *layout, const oc__caps *caps) {
    if (find_slot(m, value, layout) >= 0)
        return 0;
    int32_t from = m->of_value[value->id].items[0];
    const oc__desc *desc = &m->plan->slots[from].desc;
    if (same_memory(&desc->shape, &desc->layout, layout))
        return 0;
    if (oc__slot_is_fixed(m->plan, from) && !m->plan->updates && !m->plan->params.state_changes)
        return 0; /* made once */
    oc__desc to = *desc;
    to.layout = *layout;
    double bytes = (double)oc__desc_bytes(desc) + (double)oc__desc_bytes(&to);
    return caps->launch_seconds + bytes / (caps->peak_bytes * (layout->winograd ? 0.65 : 0.9)); /* as measured on PoCL */
}
