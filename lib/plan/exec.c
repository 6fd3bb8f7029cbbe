/* SPDX-License-Identifier: Apache-2.0 */
/* Making an exec: its memory, its queue, its kernels with their arguments set. */
#include "plan/team.h"

#include <string.h>

/* Operands of fused updates must lie in the state as the plan was told they do. */
static oc_status check_groups(const oc_exec *exec, oc_error *err) {
    const oc_plan *plan = exec->plan;
    for (size_t g = 0; g < plan->group_count; g++) {
        const oc__plan_group *group = &plan->groups[g];
        const oc__slab *first = &exec->slabs[plan->first_state_slab + group->states[0]];
        for (int i = 1; i < group->count; i++) {
            const oc__slab *slab = &exec->slabs[plan->first_state_slab + group->states[i]];
            if (slab->buffer != first->buffer || slab->base != first->base + group->offsets[i])
                return oc__fail(plan->context, err, OC_ERROR_INVALID,
                                "state %s does not lie behind its neighbours as the fused update needs it: make the state for the "
                                "training graph", plan->states[group->states[i]].value->name);
        }
    }
    return OC_OK;
}

static oc_status bind_states(oc_exec *exec, oc_error *err) {
    const oc_plan *plan = exec->plan;
    for (size_t i = 0; i < plan->state_count; i++) {
        const oc_value *value = plan->states[i].value;
        int64_t index = oc_state_find(exec->state, value->name);
        if (index < 0)
            return oc__fail(plan->context, err, OC_ERROR_NOT_FOUND, "the state has no %s, which the plan uses", value->name);
        const oc__state_entry *entry = &exec->state->entries[index];
        if (entry->dtype != value->dtype || !oc_shape_equal(&entry->shape, &value->shape))
            return oc__fail(plan->context, err, OC_ERROR_SHAPE, "state %s has another type or shape than the plan's", value->name);
        exec->slabs[plan->first_state_slab + (int)i] = (oc__slab){entry->buffer, entry->offset};
    }
    if (plan->updates && exec->state->frozen)
        return oc__fail(plan->context, err, OC_ERROR_INVALID, "the plan updates a state that is frozen");
    return check_groups(exec, err);
}

static oc_status make_memory(oc_exec *exec, oc_error *err) {
    const oc_plan *plan = exec->plan;
    uint8_t zero[4] = {0};
    for (int i = 0; i < plan->arena_slabs; i++) {
        OC_TRY(oc__buffer_create(&exec->arena[i], plan->devices[0], plan->arena_sizes[i], err));
        OC_TRY(oc__queue_fill(exec->queue, exec->arena[i], 0, plan->arena_sizes[i] / 4 * 4, zero, 4, err)); /* touches the pages */
        exec->slabs[i].buffer = exec->arena[i];
    }
    OC_TRY(oc__derived_get(&exec->derived, exec->state, plan, err));
    for (int i = 0; i < plan->derived_slabs; i++)
        exec->slabs[plan->arena_slabs + i].buffer = exec->derived->slabs[i];
    exec->slabs[plan->constant_slab].buffer = plan->constants;
    return OC_OK;
}

static oc_status make_queue(oc_exec *exec, oc_error *err) {
    oc_device *device = exec->plan->devices[0];
    if (!strcmp(oc_device_get_info(device)->id, "adopted")) {
        exec->queue = oc__device_queue(device); /* all work goes to the program's own */
        return OC_OK;
    }
    exec->own_queue = true;
    return oc__queue_create(&exec->queue, device, exec->profiling, err);
}

/* Kernels and arguments. What is derived from a frozen state is made meanwhile, for good. */
static oc_status prepare(oc_exec *exec, oc_error *err) {
    oc_plan *plan = exec->plan;
    size_t slabs = (size_t)plan->slab_count;
    bool frozen = exec->state->frozen && !plan->updates, made = frozen && oc__derived_is_current(exec->derived, exec->state);
    OC_TRY(bind_states(exec, err));
    if (!made)
        OC_TRY(oc__launches_init(&exec->derive_launches, plan->devices[0], &plan->derive_steps, exec->slabs, slabs, err));
    if (frozen && !made) {
        OC_TRY(oc__exec_derive(exec, err));
        OC_TRY(oc__queue_flush(exec->queue, err));
    }
    OC_TRY(oc__launches_init(&exec->launches, plan->devices[0], &plan->steps, exec->slabs, slabs, err));
    if (!frozen || made)
        return OC_OK;
    OC_TRY(oc__queue_finish(exec->queue, err));
    oc__derived_mark(exec->derived, exec->state);
    oc__launches_finish(&exec->derive_launches);
    if (exec->state == plan->state) {
        exec->derived->references++; /* the plan's: it lives as long as the plan's state */
        oc__plan_give_back(plan);
    }
    return OC_OK;
}

static oc_status fill(oc_exec *exec, oc_error *err) {
    const oc_plan *plan = exec->plan;
    oc_context *context = exec->context;
    double start = oc__clock_seconds();
    exec->slabs = oc__alloc_array(context, (size_t)plan->slab_count, sizeof(*exec->slabs));
    exec->arena = oc__alloc_array(context, (size_t)OC_MAX(plan->arena_slabs, 1), sizeof(*exec->arena));
    exec->given = oc__alloc_array(context, OC_MAX(plan->input_count, (size_t)1), sizeof(*exec->given));
    exec->events = oc__alloc_array(context, OC_MAX(plan->steps.count, (size_t)1), sizeof(*exec->events));
    exec->seconds = oc__alloc_array(context, OC_MAX(plan->steps.count, (size_t)1), sizeof(*exec->seconds));
    if (!exec->slabs || !exec->arena || !exec->given || !exec->events || !exec->seconds)
        return oc__fail_memory(context, err, plan->steps.count * sizeof(*exec->events));
    if (!exec->state && plan->updates) {
        OC_TRY(oc_state_create(&exec->state, plan->devices[0], plan->graph, 0, err));
        exec->own_state = true;
    } else if (!exec->state) {
        OC_TRY(oc__plan_own_state(exec->plan, &exec->state, err));
    }
    double state = oc__clock_seconds();
    OC_TRY(make_queue(exec, err));
    OC_TRY(make_memory(exec, err));
    double memory = oc__clock_seconds();
    pthread_mutex_lock(&exec->state->lock);
    oc_status status = prepare(exec, err);
    pthread_mutex_unlock(&exec->state->lock);
    OC_TRY(status);
    oc__log(context, OC_LOG_DEBUG, "prepared %zu steps: states %.1f ms, memory %.1f ms, programs and arguments %.1f ms", plan->steps.count,
            1e3 * (state - start), 1e3 * (memory - state), 1e3 * (oc__clock_seconds() - memory));
    return plan->params.red_zones ? oc__exec_fill_zones(exec, err) : OC_OK;
}

oc_status oc_exec_create(oc_exec **out, const oc_plan *plan, oc_state *state, oc_error *err) {
    oc_context *context = plan->context;
    if (plan->params.forecast)
        return oc__fail(context, err, OC_ERROR_INVALID, "a forecast cannot be run: it was only placed, nothing was built");
    OC_TRY(oc__device_check(plan->devices[0], err));
    if (state && !plan->parts && state->device != plan->devices[0])
        return oc__fail(context, err, OC_ERROR_INVALID, "the state lies on another device than the plan's");
    oc_exec *exec = oc__alloc(context, sizeof(*exec));
    if (!exec)
        return oc__fail_memory(context, err, sizeof(*exec));
    exec->context = context;
    exec->control = &exec->own_control;
    exec->plan = oc__plan_retain((oc_plan *)plan);
    exec->state = state;
    oc_status status = plan->parts ? oc__team_create(exec, err) : fill(exec, err);
    if (status == OC_OK)
        *out = exec;
    else
        oc_exec_destroy(&exec);
    return status;
}

void oc_exec_destroy(oc_exec **handle) {
    if (!handle || !*handle)
        return;
    oc_exec *exec = *handle;
    *handle = NULL;
    oc__team_destroy(exec);
    if (exec->team) { /* a device has not come back and may still touch it */
        pthread_mutex_lock(&exec->context->lock);
        exec->next_lost = exec->context->lost;
        exec->context->lost = exec;
        pthread_mutex_unlock(&exec->context->lock);
        return;
    }
    if (exec->queue)
        (void)oc__queue_finish(exec->queue, NULL);
    oc__launches_finish(&exec->launches);
    oc__launches_finish(&exec->derive_launches);
    for (size_t i = 0; exec->events && i < exec->plan->steps.count; i++)
        oc__event_destroy(&exec->events[i]);
    for (int i = 0; exec->arena && i < exec->plan->arena_slabs; i++)
        oc__buffer_release(&exec->arena[i]);
    if (exec->state)
        oc__derived_put(&exec->derived, exec->state);
    if (exec->own_state)
        oc_state_destroy(&exec->state);
    if (exec->own_queue)
        oc__queue_destroy(&exec->queue);
    oc__free(exec->context, exec->slabs);
    oc__free(exec->context, exec->arena);
    oc__free(exec->context, exec->given);
    oc__free(exec->context, exec->events);
    oc__free(exec->context, exec->seconds);
    oc_plan_destroy(&exec->plan);
    oc__free(exec->context, exec);
}

oc_state *oc_exec_get_state(const oc_exec *exec) {
    if (exec->team && !exec->state && exec->plan->parts->part_count == 1)
        return oc_exec_get_state(exec->team->members[0].exec);
    return exec->state;
}

oc_status oc_exec_set_profiling(oc_exec *exec, bool on, oc_error *err) {
    if (exec->profiling == on)
        return OC_OK;
    for (size_t i = 0; exec->team && i < exec->plan->parts->part_count; i++)
        OC_TRY(oc_exec_set_profiling(exec->team->members[i].exec, on, err));
    if (exec->team) {
        exec->profiling = on;
        return OC_OK;
    }
    if (exec->own_queue) {
        oc__queue *queue = NULL;
        OC_TRY(oc__queue_finish(exec->queue, err));
        OC_TRY(oc__queue_create(&queue, exec->plan->devices[0], on, err));
        oc__queue_destroy(&exec->queue);
        exec->queue = queue;
    }
    exec->profiling = on && oc__queue_profiling(exec->queue);
    return OC_OK;
}

oc_step_time oc_exec_get_step_time(const oc_exec *exec, size_t index) {
    const oc_plan *plan = exec->plan;
    if (exec->team)
        return oc__team_step_time(exec, index);
    for (size_t t = 0; t < plan->task_count; t++) {
        const oc__task *task = &plan->tasks[t];
        if (task->derived || !task->step_count || index-- > 0)
            continue;
        oc_step_time time = {.problem = task->text, .solver = task->chosen.solver->name,
                             .node = task->node && task->node->name ? task->node->name : "", .flops = task->cost.flops,
                             .bytes = task->cost.bytes};
        for (size_t i = task->first_step; i < task->first_step + task->step_count; i++)
            time.seconds += exec->seconds[i];
        return time;
    }
    return (oc_step_time){0};
}
