/* SPDX-License-Identifier: Apache-2.0 */
/* What a derived value is made of, and how, as a text: plans that have the same text for a value have the same value. */
#include "plan/plan.h"

#define DEEPEST 8

static const oc__task *maker_of(const oc_plan *plan, int32_t root, int *output) {
    const oc__task *found = NULL;
    for (size_t t = 0; t < plan->task_count; t++)
        for (int i = 0; i < plan->tasks[t].problem.out_count; i++)
            if (plan->tasks[t].out[i] == root) {
                if (found)
                    return NULL;
                found = &plan->tasks[t];
                *output = i;
            }
    return found;
}

/* False: it depends on something that other plans do not have, or is put together of parts. */
static bool put_key(const oc_plan *plan, int32_t slot, int depth, oc__string *key) {
    int32_t root = oc__slot_root(plan, slot);
    const oc__slot *s = &plan->slots[root];
    if (s->home == OC_HOME_STATE && s->state >= 0) {
        oc__string_printf(key, "state %s+%llu", plan->states[s->state].value->name, (unsigned long long)oc__slot_offset(plan, slot));
        return true;
    }
    int output = 0;
    const oc__task *task = s->home == OC_HOME_DERIVED && depth < DEEPEST ? maker_of(plan, root, &output) : NULL;
    if (!task)
        return false;
    oc__string_printf(key, "%s%s.%d+%llu by %s", task->problem.op->key ? task->problem.op->key : "", task->text, output, (unsigned long long)oc__slot_offset(plan, slot),
                      task->chosen.solver->name);
    for (int i = 0; i < OC_MAX_TUNING; i++)
        oc__string_printf(key, ",%d", task->chosen.variant.value[i]);
    for (int i = 0; i < task->problem.in_count; i++) {
        oc__string_append(key, " (");
        if (task->in[i] >= 0 && !put_key(plan, task->in[i], depth + 1, key))
            return false;
        oc__string_append(key, ")");
    }
    return true;
}

oc_status oc__plan_make_keys(oc_plan *plan, oc_error *err) {
    plan->derived_keys = oc__arena_alloc(&plan->arena, sizeof(*plan->derived_keys) * (size_t)OC_MAX(plan->derived_slabs, 1));
    if (!plan->derived_keys)
        return oc__fail_memory(plan->context, err, sizeof(*plan->derived_keys));
    for (size_t i = 0; i < plan->slot_count && !plan->params.red_zones; i++) {
        const oc__slot *slot = &plan->slots[i];
        if (slot->home != OC_HOME_DERIVED || slot->alias >= 0 || slot->last != INT32_MAX)
            continue;
        oc__string key;
        oc__string_init(&key, plan->context);
        if (put_key(plan, (int32_t)i, 0, &key) && !key.failed)
            plan->derived_keys[slot->place.slab - plan->arena_slabs] = oc__arena_strdup(&plan->arena, key.text);
        oc__string_finish(&key);
    }
    return OC_OK;
}
