/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes become tasks: for each the solver that is cheapest with the layouts its operands have now, reorders counted; reorders are
 * inserted where its wishes and the present layouts differ. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

/* The slots of a value, one a layout; the first is the one it was made in. */
typedef struct slot_list {
    int32_t *items;
    size_t count, capacity;
} slot_list;

typedef struct maker {
    oc_plan *plan;
    slot_list *of_value; /* by value id */
    int *uses;           /* by value id */
} maker;

int32_t oc__slot_root(const oc_plan *plan, int32_t slot) {
    while (plan->slots[slot].alias >= 0)
        slot = plan->slots[slot].alias;
    return slot;
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

/* A further slot of a value; -1: failed. */
static int32_t add_slot(maker *m, const oc_value *value, const oc__desc *desc, oc__home home, oc_error *err) {
    int32_t slot = oc__plan_add_slot(m->plan, value->id, desc, home, err);
    slot_list *list = &m->of_value[value->id];
    if (slot >= 0 && !OC_ARRAY_PUSH(m->plan->context, list->items, list->count, list->capacity, slot)) {
        (void)oc__fail_memory(m->plan->context, err, sizeof(slot));
        return -1;
    }
    return slot;
}

static int32_t find_slot(const maker *m, const oc_value *value, const oc__layout *layout) {
    const slot_list *list = &m->of_value[value->id];
    for (size_t i = 0; i < list->count; i++)
        if (oc__layout_equal(&m->plan->slots[list->items[i]].desc.layout, layout))
            return list->items[i];
    return -1;
}

/* Whether every element lies at the same offset in both layouts: offsets are sums over axes, so each axis is looked at alone. */
static bool same_memory(const oc_shape *shape, const oc__layout *a, const oc__layout *b) {
    if (oc__layout_count(a, shape) != oc__layout_count(b, shape))
        return false;
    for (int axis = 0; axis < shape->rank; axis++) {
        int64_t index[OC_MAX_RANK] = {0};
        for (index[axis] = 0; index[axis] < shape->dims[axis]; index[axis]++)
            if (oc__layout_offset(a, shape, index) != oc__layout_offset(b, shape, index))
                return false;
    }
    return true;
}

static bool is_fixed(const oc_plan *plan, int32_t slot) {
    oc__home home = plan->slots[slot].home;
    return home != OC_HOME_ARENA;
}

static oc__task *add_task(oc_plan *plan, oc_error *err) {
    oc__task task = {.workspace_place = OC_NOWHERE};
    if (!OC_ARRAY_PUSH(plan->context, plan->tasks, plan->task_count, plan->task_capacity, task)) {
        (void)oc__fail_memory(plan->context, err, sizeof(task));
        return NULL;
    }
    return &plan->tasks[plan->task_count - 1];
}

/* What a finished task knows of itself. */
static oc_status finish_task(oc_plan *plan, oc__task *task, oc_error *err) {
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
    oc__task *task = add_task(plan, err);
    oc__desc *descs = oc__arena_alloc(&plan->arena, 2 * sizeof(*descs));
    int32_t *slots = oc__arena_alloc(&plan->arena, 2 * sizeof(*slots));
    if (!task || !descs || !slots)
        return task ? oc__fail_memory(plan->context, err, 2 * sizeof(*descs)) : OC_ERROR_MEMORY;
    descs[0] = plan->slots[from].desc;
    descs[1] = plan->slots[to].desc;
    slots[0] = from;
    slots[1] = to;
    task->problem = (oc__problem){.op = &oc__op_reorder, .in_count = 1, .op_in = 1, .out_count = 1, .in = descs, .out = descs + 1};
    task->in = slots;
    task->out = slots + 1;
    task->derived = plan->slots[to].home == OC_HOME_DERIVED;
    OC_TRY(oc__choose(plan->devices[task->device], &task->problem, plan->params.reference, &task->chosen, err));
    return finish_task(plan, task, err);
}

/* The slot of a value in a layout, made by a reorder if need be; -1: failed. */
static int32_t want_slot(maker *m, const oc_value *value, const oc__layout *layout, oc_error *err) {
    int32_t slot = find_slot(m, value, layout);
    if (slot >= 0)
        return slot;
    int32_t from = m->of_value[value->id].items[0];
    oc__desc desc = m->plan->slots[from].desc;
    bool same = same_memory(&desc.shape, &desc.layout, layout);
    oc__home home = is_fixed(m->plan, from) ? (same ? m->plan->slots[from].home : OC_HOME_DERIVED) : OC_HOME_ARENA;
    desc.layout = *layout;
    slot = add_slot(m, value, &desc, home, err);
    if (slot < 0)
        return -1;
    if (same) {
        m->plan->slots[slot].alias = from;
        return slot;
    }
    return oc__plan_add_reorder(m->plan, from, slot, err) == OC_OK ? slot : -1;
}

static double reorder_seconds(const maker *m, const oc_value *value, const oc__layout *layout, const oc__caps *caps) {
    if (find_slot(m, value, layout) >= 0)
        return 0;
    int32_t from = m->of_value[value->id].items[0];
    const oc__desc *desc = &m->plan->slots[from].desc;
    if (same_memory(&desc->shape, &desc->layout, layout))
        return 0;
    if (is_fixed(m->plan, from) && !m->plan->updates)
        return 0; /* made once */
    oc__desc to = *desc;
    to.layout = *layout;
    double bytes = (double)oc__desc_bytes(desc) + (double)oc__desc_bytes(&to);
    return caps->launch_seconds + bytes / (caps->peak_bytes * 0.25);
}

/* A copy of the problem as this solver wants it laid out. */
static oc_status as_wanted(oc_plan *plan, const oc__problem *now, const oc__solver *solver, oc__problem *out, oc_error *err) {
    OC_TRY(oc__problem_copy(&plan->arena, now, out, err));
    oc__problem_adopt_layouts(out, solver, oc__device_caps(plan->devices[0]));
    return OC_OK;
}

static double total_seconds(const maker *m, const oc_node *node, const oc__problem *wanted, const oc__candidate *candidate,
                            const oc__caps *caps) {
    double seconds = candidate->seconds;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && !((node->op->flags & OC_OP_SHAPE_ONLY) && i >= node->op->like_operand && i < node->op_in))
            seconds += reorder_seconds(m, node->in[i], &wanted->in[i].layout, caps);
    return seconds;
}

/* Chooses among the candidates by estimate and reorders; the ones found wrong are refused and the next is tried. */
static oc_status choose(maker *m, const oc_node *node, const oc__problem *now, oc__task *task, oc_error *err) {
    oc_plan *plan = m->plan;
    oc_device *device = plan->devices[task->device];
    const oc__caps *caps = oc__device_caps(device);
    oc__candidate all[OC_MAX_CANDIDATES];
    oc__problem wanted[OC_MAX_CANDIDATES];
    double seconds[OC_MAX_CANDIDATES];
    int count = oc__candidates(device, now, plan->params.reference, all);
    for (int i = 0; i < count; i++) {
        OC_TRY(as_wanted(plan, now, all[i].solver, &wanted[i], err));
        if (!all[i].refused && all[i].solver->workspace && plan->params.workspace_limit &&
            all[i].solver->workspace(&wanted[i], caps, &all[i].variant) > plan->params.workspace_limit) {
            all[i].refused = true;
            snprintf(all[i].why, OC_WHY, "its workspace exceeds the limit");
        }
        seconds[i] = all[i].refused ? INFINITY : total_seconds(m, node, &wanted[i], &all[i], caps);
    }
    oc_error last = {0};
    for (;;) {
        int best = -1;
        for (int i = 0; i < count; i++)
            if (!all[i].refused && (best < 0 || seconds[i] < seconds[best]))
                best = i;
        if (best < 0)
            break;
        oc_status status = oc__verify(device, &wanted[best], all[best].solver, &all[best].variant, &last);
        if (status == OC_OK) {
            task->all = oc__arena_alloc(&plan->arena, sizeof(*all) * (size_t)count);
            if (!task->all)
                return oc__fail_memory(plan->context, err, sizeof(*all) * (size_t)count);
            memcpy(task->all, all, sizeof(*all) * (size_t)count);
            task->all_count = count;
            task->chosen = all[best];
            task->problem = wanted[best];
            return OC_OK;
        }
        if (status != OC_ERROR_TRUST && status != OC_ERROR_BUILD) {
            if (err)
                *err = last;
            return status;
        }
        oc__log(plan->context, OC_LOG_WARNING, "%s is not used: %s", all[best].solver->name, last.text);
        all[best].refused = true;
        snprintf(all[best].why, OC_WHY, "%.150s", last.text);
    }
    return oc__fail(plan->context, err, last.status ? last.status : OC_ERROR_UNSUPPORTED,
                    "%s%s%s cannot be computed on %s: %s", node->name ? node->name : "", node->name ? ": " : "", node->op->name,
                    oc_device_get_info(device)->name,
                    last.status ? last.text : count ? all[count - 1].why : "the op has no solver");
}

/* An update in place runs last; nothing may read what it gives. */
static oc_status check_operands(maker *m, const oc_node *node, oc_error *err) {
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && !m->of_value[node->in[i]->id].count)
            return oc__fail(m->plan->context, err, OC_ERROR_UNSUPPORTED,
                            "%s%s%s reads the result of an update in place; read the state in the next run instead",
                            node->name ? node->name : "", node->name ? ": " : "", node->op->name);
    return OC_OK;
}

/* The node's problem with the layouts its operands have now. */
static oc_status present_problem(maker *m, const oc_node *node, oc__problem *out, oc_error *err) {
    oc_plan *plan = m->plan;
    oc__desc *descs = oc__arena_alloc(&plan->arena, sizeof(*descs) * (size_t)(node->in_count + node->out_count));
    if (!descs)
        return oc__fail_memory(plan->context, err, sizeof(*descs) * (size_t)node->in_count);
    oc__node_problem(node, descs, out);
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i])
            out->in[i].layout = plan->slots[m->of_value[node->in[i]->id].items[0]].desc.layout;
    for (int i = 1; i < node->out_count; i++)
        if ((node->op->flags & OC_OP_OPTIONAL_OUTPUTS) && !m->uses[node->out[i]->id])
            out->out[i].dtype = OC_DTYPE_NONE;
    return OC_OK;
}

static bool all_fixed(const oc_plan *plan, const oc_node *node, const int32_t *in) {
    if (node->op->flags & OC_OP_RANDOM)
        return false;
    for (int i = 0; i < node->in_count; i++)
        if (in[i] >= 0 && !is_fixed(plan, in[i]))
            return false;
    return true;
}

static oc_status make_outputs(maker *m, const oc_node *node, size_t index, oc_error *err) {
    oc_plan *plan = m->plan;
    oc__task *task = &plan->tasks[index];
    for (int i = 0; i < node->out_count; i++) {
        int alias = node->op->alias ? node->op->alias(&task->problem, i) : -1;
        if (!task->problem.out[i].dtype) {
            task->out[i] = -1;
            continue;
        }
        oc__home home = task->derived ? OC_HOME_DERIVED : OC_HOME_ARENA;
        int32_t slot = add_slot(m, node->out[i], &task->problem.out[i], alias >= 0 ? plan->slots[task->in[alias]].home : home, err);
        if (slot < 0)
            return OC_ERROR_MEMORY;
        task->out[i] = slot;
        if (alias >= 0)
            plan->slots[slot].alias = task->in[alias];
    }
    return OC_OK;
}

static oc_status make_task(maker *m, const oc_node *node, oc_error *err) {
    oc_plan *plan = m->plan;
    oc__problem now;
    oc__task made = {.node = node, .workspace_place = OC_NOWHERE, .device = plan->device_of[node->id]};
    OC_TRY(present_problem(m, node, &now, err));
    OC_TRY(choose(m, node, &now, &made, err));
    made.in = oc__arena_alloc(&plan->arena, sizeof(int32_t) * (size_t)(node->in_count + node->out_count));
    if (!made.in)
        return oc__fail_memory(plan->context, err, sizeof(int32_t) * (size_t)node->in_count);
    made.out = made.in + node->in_count;
    for (int i = 0; i < node->in_count; i++) {
        bool needed = node->in[i] && !((node->op->flags & OC_OP_SHAPE_ONLY) && i >= node->op->like_operand && i < node->op_in);
        made.in[i] = needed ? want_slot(m, node->in[i], &made.problem.in[i].layout, err) : -1;
        if (needed && made.in[i] < 0)
            return err && err->status ? err->status : OC_ERROR_MEMORY;
    }
    if (node->op->flags & OC_OP_GATHERED)
        OC_TRY(oc__plan_gather(plan, &made, err));
    made.derived = !node->op->alias && all_fixed(plan, node, made.in);
    oc__task *task = add_task(plan, err);
    if (!task)
        return OC_ERROR_MEMORY;
    *task = made;
    OC_TRY(finish_task(plan, task, err));
    return make_outputs(m, node, plan->task_count - 1, err);
}

/* A view needs no task: its result is its operand's memory, which must be plain. */
static oc_status make_view(maker *m, const oc_node *node, oc_error *err) {
    oc_plan *plan = m->plan;
    const oc_value *x = node->in[0];
    oc__layout plain = oc__layout_plain(x->shape.rank);
    int32_t from = want_slot(m, x, &plain, err);
    if (from < 0)
        return err && err->status ? err->status : OC_ERROR_MEMORY;
    oc__desc desc = oc__desc_plain(node->out[0]->dtype, &node->out[0]->shape);
    int32_t slot = add_slot(m, node->out[0], &desc, plan->slots[from].home, err);
    if (slot < 0)
        return OC_ERROR_MEMORY;
    plan->slots[slot].alias = from;
    return OC_OK;
}

static oc_status make_leaves(maker *m, oc_error *err) {
    oc_plan *plan = m->plan;
    oc_graph *graph = plan->graph;
    int32_t states = 0;
    for (size_t i = 0; i < graph->value_count; i++) {
        const oc_value *value = graph->values[i];
        if (value->kind == OC_VALUE_NODE)
            continue;
        oc__desc desc = oc__desc_plain(value->dtype, &value->shape);
        oc__home home = value->kind == OC_VALUE_INPUT      ? OC_HOME_ARENA
                        : value->kind == OC_VALUE_CONSTANT ? OC_HOME_CONSTANT
                                                           : OC_HOME_STATE;
        int32_t slot = add_slot(m, value, &desc, home, err);
        if (slot < 0)
            return OC_ERROR_MEMORY;
        plan->slots[slot].kept = home == OC_HOME_ARENA;
        if (home == OC_HOME_STATE) {
            plan->slots[slot].state = states;
            plan->states[states++] = (oc__plan_state){.value = value, .slot = slot, .update = -1};
        }
    }
    return OC_OK;
}

static oc_status make_ends(maker *m, oc_error *err) {
    oc_plan *plan = m->plan;
    oc_graph *graph = plan->graph;
    for (size_t i = 0; i < graph->input_count; i++)
        plan->inputs[i] = (oc__plan_end){graph->inputs[i]->name, graph->inputs[i], m->of_value[graph->inputs[i]->id].items[0]};
    for (size_t i = 0; i < graph->output_count; i++) {
        oc_value *value = graph->outputs[i].value;
        oc__layout plain = oc__layout_plain(value->shape.rank);
        int32_t slot = want_slot(m, value, &plain, err);
        if (slot < 0)
            return err && err->status ? err->status : OC_ERROR_MEMORY;
        plan->outputs[i] = (oc__plan_end){graph->outputs[i].name, value, slot};
        plan->slots[oc__slot_root(plan, slot)].last = INT32_MAX;
    }
    for (size_t i = 0; i < plan->state_count; i++) {
        oc__plan_state *state = &plan->states[i];
        if (!state->value->update)
            continue;
        oc__layout plain = oc__layout_plain(state->value->shape.rank);
        int32_t slot = want_slot(m, state->value->update, &plain, err);
        if (slot < 0)
            return err && err->status ? err->status : OC_ERROR_MEMORY;
        state->updated = true;
        if (oc__slot_root(plan, slot) != state->slot) {
            state->update = slot;
            plan->slots[oc__slot_root(plan, slot)].last = INT32_MAX;
        }
    }
    return OC_OK;
}

static oc_status make_all(maker *m, oc_error *err) {
    oc_graph *graph = m->plan->graph;
    OC_TRY(make_leaves(m, err));
    for (int late = 0; late < 2; late++) { /* updates in place come when everybody has read what they change */
        for (size_t i = 0; i < graph->node_count; i++) {
            const oc_node *node = graph->nodes[i];
            if ((node->op->alias != NULL) != (late == 1))
                continue;
            OC_TRY(check_operands(m, node, err));
            OC_TRY(node->op->flags & OC_OP_VIEW ? make_view(m, node, err) : make_task(m, node, err));
        }
    }
    return make_ends(m, err);
}

static oc_status allocate(oc_plan *plan, oc_error *err) {
    oc_graph *graph = plan->graph;
    size_t states = 0;
    for (size_t i = 0; i < graph->value_count; i++)
        states += graph->values[i]->kind == OC_VALUE_STATE;
    for (size_t i = 0; i < graph->state_count; i++)
        plan->updates = plan->updates || graph->states[i]->update;
    plan->state_count = states;
    plan->input_count = graph->input_count;
    plan->output_count = graph->output_count;
    plan->states = oc__arena_alloc(&plan->arena, sizeof(*plan->states) * OC_MAX(states, (size_t)1));
    plan->inputs = oc__arena_alloc(&plan->arena, sizeof(*plan->inputs) * OC_MAX(graph->input_count, (size_t)1));
    plan->outputs = oc__arena_alloc(&plan->arena, sizeof(*plan->outputs) * OC_MAX(graph->output_count, (size_t)1));
    return plan->states && plan->inputs && plan->outputs ? OC_OK : oc__fail_memory(plan->context, err, states);
}

oc_status oc__plan_make_tasks(oc_plan *plan, oc_error *err) {
    OC_TRY(allocate(plan, err));
    maker m = {.plan = plan};
    size_t values = plan->graph->value_count;
    m.of_value = oc__alloc_array(plan->context, OC_MAX(values, (size_t)1), sizeof(*m.of_value));
    m.uses = oc__use_counts(plan->graph);
    oc_error own = {0};
    oc_status status = m.of_value && m.uses ? make_all(&m, err ? err : &own) : oc__fail_memory(plan->context, err, values);
    for (size_t i = 0; m.of_value && i < values; i++)
        oc__free(plan->context, m.of_value[i].items);
    oc__free(plan->context, m.of_value);
    oc__free(plan->context, m.uses);
    return status;
}
