/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes become tasks: for each the solver that is cheapest with the layouts its operands have now, reorders counted; reorders are
 * inserted where its wishes and the present layouts differ. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plan/maker.h"

/* A copy of the problem as this solver wants it laid out. */
static oc_status as_wanted(oc_plan *plan, const oc__problem *now, const oc__solver *solver, oc__problem *out, oc_error *err) {
    OC_TRY(oc__problem_copy(&plan->arena, now, out, err));
    oc__problem_adopt_layouts(out, solver, oc__device_caps(plan->devices[0]));
    return OC_OK;
}

static double total_seconds(const oc__maker *m, const oc_node *node, const oc__problem *wanted, const oc__candidate *candidate,
                            const oc__caps *caps) {
    double seconds = candidate->seconds;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && !oc__is_shape_only(node->op, node->op_in, i))
            seconds += oc__maker_reorder_seconds(m, node->in[i], &wanted->in[i].layout, caps);
    return seconds;
}

/* What can compute a node, each with its problem laid out as it wants it and the time it is expected to take. */
typedef struct choice {
    oc__candidate all[OC_MAX_CANDIDATES];
    oc__problem wanted[OC_MAX_CANDIDATES];
    double seconds[OC_MAX_CANDIDATES];
    int count;
} choice;

static oc_status find_candidates(const oc__maker *m, const oc_node *node, const oc__problem *now, oc_device *device, choice *c,
                                 oc_error *err) {
    oc_plan *plan = m->plan;
    const oc__caps *caps = oc__device_caps(device);
    uint64_t limit = OC_MIN(plan->params.workspace_limit ? plan->params.workspace_limit : caps->global_mem / 4, caps->max_alloc);
    c->count = oc__candidates(device, now, plan->params.reference, c->all);
    for (int i = 0; i < c->count; i++) {
        oc__candidate *candidate = &c->all[i];
        OC_TRY(as_wanted(plan, now, candidate->solver, &c->wanted[i], err));
        uint64_t workspace = !candidate->refused && candidate->solver->workspace
                                 ? candidate->solver->workspace(&c->wanted[i], caps, &candidate->variant) : 0;
        if (workspace > limit) {
            candidate->refused = true;
            snprintf(candidate->why, OC_WHY, "its workspace of %llu bytes exceeds the limit of %llu", (unsigned long long)workspace,
                     (unsigned long long)limit);
        }
        c->seconds[i] = candidate->refused ? INFINITY : total_seconds(m, node, &c->wanted[i], candidate, caps);
    }
    return OC_OK;
}

static int find_quickest(const choice *c) {
    int best = -1;
    for (int i = 0; i < c->count; i++)
        if (!c->all[i].refused && (best < 0 || c->seconds[i] < c->seconds[best]))
            best = i;
    return best;
}

static oc_status take(oc_plan *plan, const choice *c, int best, oc__task *task, oc_error *err) {
    size_t bytes = sizeof(*c->all) * (size_t)c->count;
    task->all = oc__arena_alloc(&plan->arena, bytes);
    if (!task->all)
        return oc__fail_memory(plan->context, err, bytes);
    memcpy(task->all, c->all, bytes);
    task->all_count = c->count;
    task->chosen = c->all[best];
    task->problem = c->wanted[best];
    return OC_OK;
}

/* Chooses among the candidates by estimate and reorders; the ones found wrong are refused and the next is tried. */
static oc_status choose(oc__maker *m, const oc_node *node, const oc__problem *now, oc__task *task, oc_error *err) {
    oc_plan *plan = m->plan;
    oc_device *device = plan->devices[task->device];
    oc_error last = {0};
    choice c;
    if (plan->tune && !plan->params.reference && !(node->op->flags & OC_OP_GATHERED))
        OC_TRY(oc__tune(device, now, plan->tune, plan->params.tune_limit, err));
    OC_TRY(find_candidates(m, node, now, device, &c, err));
    for (int best = find_quickest(&c); best >= 0; best = find_quickest(&c)) {
        oc_status status = oc__verify(device, &c.wanted[best], c.all[best].solver, &c.all[best].variant, &last);
        if (status == OC_OK)
            return take(plan, &c, best, task, err);
        if (status != OC_ERROR_TRUST && status != OC_ERROR_BUILD) {
            if (err)
                *err = last;
            return status;
        }
        oc__log(plan->context, OC_LOG_WARNING, "%s is not used: %s", c.all[best].solver->name, last.text);
        c.all[best].refused = true;
        snprintf(c.all[best].why, OC_WHY, "%.150s", last.text);
    }
    return oc__fail(plan->context, err, last.status ? last.status : OC_ERROR_UNSUPPORTED,
                    "%s%s%s cannot be computed on %s: %s", node->name ? node->name : "", node->name ? ": " : "", node->op->name,
                    oc_device_get_info(device)->name,
                    last.status ? last.text : c.count ? c.all[c.count - 1].why : "the op has no solver");
}

/* An update in place runs last; nothing may read what it gives. */
static oc_status check_operands(oc__maker *m, const oc_node *node, oc_error *err) {
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && !m->of_value[node->in[i]->id].count)
            return oc__fail(m->plan->context, err, OC_ERROR_UNSUPPORTED,
                            "%s%s%s reads the result of an update in place; read the state in the next run instead",
                            node->name ? node->name : "", node->name ? ": " : "", node->op->name);
    return OC_OK;
}

/* The node's problem with the layouts its operands have now. */
static oc_status present_problem(oc__maker *m, const oc_node *node, oc__problem *out, oc_error *err) {
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
        if (in[i] >= 0 && !oc__slot_is_fixed(plan, in[i]))
            return false;
    return true;
}

static oc_status make_outputs(oc__maker *m, const oc_node *node, size_t index, oc_error *err) {
    oc_plan *plan = m->plan;
    oc__task *task = &plan->tasks[index];
    for (int i = 0; i < node->out_count; i++) {
        int alias = node->op->alias ? node->op->alias(&task->problem, i) : -1;
        if (!task->problem.out[i].dtype) {
            task->out[i] = -1;
            continue;
        }
        oc__home home = task->derived ? OC_HOME_DERIVED : OC_HOME_ARENA;
        int32_t slot = oc__maker_add_slot(m, node->out[i], &task->problem.out[i], alias >= 0 ? plan->slots[task->in[alias]].home : home, err);
        if (slot < 0)
            return OC_ERROR_MEMORY;
        task->out[i] = slot;
        if (alias >= 0)
            plan->slots[slot].alias = task->in[alias];
    }
    return OC_OK;
}

static oc_status make_task(oc__maker *m, const oc_node *node, oc_error *err) {
    oc_plan *plan = m->plan;
    oc__problem now;
    oc__task made = {.node = node, .workspace_place = OC_NOWHERE};
    OC_TRY(present_problem(m, node, &now, err));
    OC_TRY(choose(m, node, &now, &made, err));
    made.in = oc__arena_alloc(&plan->arena, sizeof(int32_t) * (size_t)(node->in_count + node->out_count));
    if (!made.in)
        return oc__fail_memory(plan->context, err, sizeof(int32_t) * (size_t)node->in_count);
    made.out = made.in + node->in_count;
    for (int i = 0; i < node->in_count; i++) {
        bool needed = node->in[i] && !oc__is_shape_only(node->op, node->op_in, i);
        made.in[i] = needed ? oc__maker_want_slot(m, node->in[i], &made.problem.in[i].layout, err) : -1;
        if (needed && made.in[i] < 0)
            return err && err->status ? err->status : OC_ERROR_MEMORY;
    }
    if (node->op->flags & OC_OP_GATHERED)
        OC_TRY(oc__plan_gather(plan, &made, err));
    made.derived = !node->op->alias && all_fixed(plan, node, made.in);
    oc__task *task = oc__plan_add_task(plan, err);
    if (!task)
        return OC_ERROR_MEMORY;
    *task = made;
    OC_TRY(oc__plan_finish_task(plan, task, err));
    return make_outputs(m, node, plan->task_count - 1, err);
}

/* A view needs no task: its result is its operand's memory, which must be plain. */
static oc_status make_view(oc__maker *m, const oc_node *node, oc_error *err) {
    oc_plan *plan = m->plan;
    const oc_value *x = node->in[0];
    oc__layout plain = oc__layout_plain(x->shape.rank);
    int32_t from = oc__maker_want_slot(m, x, &plain, err);
    if (from < 0)
        return err && err->status ? err->status : OC_ERROR_MEMORY;
    oc__desc desc = oc__desc_plain(node->out[0]->dtype, &node->out[0]->shape);
    int32_t slot = oc__maker_add_slot(m, node->out[0], &desc, plan->slots[from].home, err);
    if (slot < 0)
        return OC_ERROR_MEMORY;
    plan->slots[slot].alias = from;
    return OC_OK;
}

static oc_status make_leaves(oc__maker *m, oc_error *err) {
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
        int32_t slot = oc__maker_add_slot(m, value, &desc, home, err);
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

static oc_status make_ends(oc__maker *m, oc_error *err) {
    oc_plan *plan = m->plan;
    oc_graph *graph = plan->graph;
    for (size_t i = 0; i < graph->input_count; i++)
        plan->inputs[i] = (oc__plan_end){graph->inputs[i]->name, graph->inputs[i], m->of_value[graph->inputs[i]->id].items[0]};
    for (size_t i = 0; i < graph->output_count; i++) {
        oc_value *value = graph->outputs[i].value;
        oc__layout plain = oc__layout_plain(value->shape.rank);
        int32_t slot = oc__maker_want_slot(m, value, &plain, err);
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
        int32_t slot = oc__maker_want_slot(m, state->value->update, &plain, err);
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

static oc_status make_all(oc__maker *m, oc_error *err) {
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
    oc__maker m = {.plan = plan};
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
