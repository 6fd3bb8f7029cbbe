/* SPDX-License-Identifier: Apache-2.0 */
/* Running an exec: inputs in, derived values if the state has changed, steps, outputs out. */
#include <string.h>

#include "plan/team.h"
#include "tensor/tensor.h"

static const oc__plan_end *find_end(const oc__plan_end *ends, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(ends[i].name, name))
            return &ends[i];
    return NULL;
}

static oc_status check_binding(const oc_exec *exec, const char *what, const oc_binding *binding, const oc__plan_end *end,
                               oc_error *err) {
    if (!binding->name || !binding->tensor)
        return oc__fail(exec->context, err, OC_ERROR_INVALID, "an %s needs a name and a tensor", what);
    if (!end)
        return oc__fail(exec->context, err, OC_ERROR_NOT_FOUND, "the plan has no %s named %s", what, binding->name);
    oc_device *device = oc_tensor_get_device(binding->tensor);
    if (device && !exec->plan->parts && device != exec->plan->devices[0])
        return oc__fail(exec->context, err, OC_ERROR_INVALID, "%s %s lies on another device than the plan's", what, binding->name);
    if (oc_tensor_get_dtype(binding->tensor) == end->value->dtype &&
        oc_shape_equal(oc_tensor_get_shape(binding->tensor), &end->value->shape))
        return OC_OK;
    char given[OC_SHAPE_TEXT], wanted[OC_SHAPE_TEXT];
    return oc__fail(exec->context, err, OC_ERROR_SHAPE, "%s %s is %s %s; it should be %s %s", what, binding->name,
                    oc_dtype_name(oc_tensor_get_dtype(binding->tensor)), oc__shape_text(oc_tensor_get_shape(binding->tensor), given),
                    oc_dtype_name(end->value->dtype), oc__shape_text(&end->value->shape, wanted));
}

oc_status oc__exec_check_bindings(const oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs,
                                  size_t output_count, oc_error *err) {
    const oc_plan *plan = exec->plan;
    for (size_t i = 0; i < input_count; i++)
        OC_TRY(check_binding(exec, "input", &inputs[i], find_end(plan->inputs, plan->input_count, inputs[i].name), err));
    for (size_t i = 0; i < output_count; i++)
        OC_TRY(check_binding(exec, "output", &outputs[i], find_end(plan->outputs, plan->output_count, outputs[i].name), err));
    return OC_OK;
}

/* Whether it is what oc_exec_get_tensor() gave. */
static bool is_own(const oc__slab *slab, oc__place place, const oc_tensor *tensor) {
    return oc__tensor_get_buffer(tensor) == slab->buffer && oc__tensor_get_offset(tensor) == slab->base + place.offset;
}

/* `wait`: the tensor may be changed after the call. */
static oc_status write_input(oc_exec *exec, const oc_binding *binding, const oc__plan_end *end, bool wait, oc_error *err) {
    oc__place place = exec->plan->slots[end->slot].place;
    uint64_t bytes = oc_tensor_get_bytes(binding->tensor);
    const oc__slab *slab = &exec->slabs[place.slab];
    if (!bytes)
        return OC_OK;
    if (oc__tensor_is_dense(binding->tensor)) {
        const oc__buffer *buffer = oc__tensor_get_buffer(binding->tensor);
        if (is_own(slab, place, binding->tensor))
            return OC_OK;
        if (buffer)
            return oc__queue_copy(exec->queue, buffer, oc__tensor_get_offset(binding->tensor), slab->buffer, slab->base + place.offset,
                                  bytes, err);
        return oc__queue_write(exec->queue, slab->buffer, slab->base + place.offset, oc_tensor_get_data(binding->tensor), bytes, wait,
                               err);
    }
    void *dense = oc__alloc(exec->context, (size_t)bytes);
    if (!dense)
        return oc__fail_memory(exec->context, err, (size_t)bytes);
    oc_status status = oc_tensor_read(binding->tensor, dense, bytes, err);
    if (status == OC_OK)
        status = oc__queue_write(exec->queue, slab->buffer, slab->base + place.offset, dense, bytes, true, err);
    oc__free(exec->context, dense);
    return status;
}

static oc_status write_inputs(oc_exec *exec, const oc_binding *inputs, size_t count, bool wait, oc_error *err) {
    const oc_plan *plan = exec->plan;
    for (size_t i = 0; i < plan->input_count; i++) {
        bool now = false;
        for (size_t k = 0; k < count; k++)
            now = now || !strcmp(inputs[k].name, plan->inputs[i].name);
        if (!now && !exec->given[i])
            return oc__fail(exec->context, err, OC_ERROR_INVALID, "input %s was never given", plan->inputs[i].name);
    }
    for (size_t i = 0; i < count; i++) {
        const oc__plan_end *end = find_end(plan->inputs, plan->input_count, inputs[i].name);
        OC_TRY(write_input(exec, &inputs[i], end, wait, err));
        exec->given[end - plan->inputs] = true;
    }
    return OC_OK;
}

/* A device copy, or a read that goes on after the call; strided tensors are written when the run is done. */
static oc_status read_output(oc_exec *exec, const oc_binding *binding, oc_error *err) {
    const oc__plan_end *end = find_end(exec->plan->outputs, exec->plan->output_count, binding->name);
    oc__place place = exec->plan->slots[end->slot].place;
    const oc__slab *slab = &exec->slabs[place.slab];
    uint64_t bytes = oc_tensor_get_bytes(binding->tensor);
    if (!bytes)
        return OC_OK;
    if (oc__tensor_is_dense(binding->tensor)) {
        oc__buffer *buffer = oc__tensor_get_buffer(binding->tensor);
        if (is_own(slab, place, binding->tensor))
            return OC_OK;
        if (buffer)
            return oc__queue_copy(exec->queue, slab->buffer, slab->base + place.offset, buffer, oc__tensor_get_offset(binding->tensor),
                                  bytes, err);
        return oc__queue_read(exec->queue, slab->buffer, slab->base + place.offset, oc_tensor_get_data(binding->tensor), bytes, false,
                              err);
    }
    void *dense = oc__alloc(exec->context, (size_t)bytes);
    if (!dense)
        return oc__fail_memory(exec->context, err, (size_t)bytes);
    oc_status status = oc__queue_read(exec->queue, slab->buffer, slab->base + place.offset, dense, bytes, true, err);
    if (status == OC_OK)
        status = oc_tensor_write(binding->tensor, dense, bytes, err);
    oc__free(exec->context, dense);
    return status;
}

oc_status oc__exec_read(oc_exec *exec, const char *name, oc_tensor *tensor, oc_error *err) {
    oc_binding binding = {name, tensor};
    OC_TRY(check_binding(exec, "output", &binding, find_end(exec->plan->outputs, exec->plan->output_count, name), err));
    if (exec->team)
        return oc__team_read(exec, name, tensor, err);
    OC_TRY(read_output(exec, &binding, err));
    return oc__queue_finish(exec->queue, err);
}

oc_status oc__exec_derive(oc_exec *exec, oc_error *err) {
    const oc_plan *plan = exec->plan;
    bool *needed;
    OC_TRY(oc__derived_needed(exec->derived, exec->state, plan, &needed, err));
    oc_status status = OC_OK;
    for (size_t t = 0; status == OC_OK && t < plan->task_count; t++)
        if (needed[t])
            status = oc__launches_run(&exec->derive_launches, exec->queue, plan->tasks[t].first_step, plan->tasks[t].step_count, NULL, err);
    if (status == OC_OK && plan->params.half_weights)
        status = oc__exec_check_halves(exec, needed, err);
    oc__free(exec->context, needed);
    return status;
}

/* Execs that share a state and do not change it share its derived values: whoever finds them old makes them, the others wait. */
static oc_status derive(oc_exec *exec, oc_error *err) {
    oc_status status = OC_OK;
    pthread_mutex_lock(&exec->state->lock);
    if (!oc__derived_is_current(exec->derived, exec->state)) {
        status = oc__exec_derive(exec, err);
        if (status == OC_OK && !exec->plan->updates)
            status = oc__queue_finish(exec->queue, err);
        if (status == OC_OK)
            oc__derived_mark(exec->derived, exec->state);
    }
    pthread_mutex_unlock(&exec->state->lock);
    return status;
}

/* Outputs that are there before the first state is changed are read then: what fails does no harm. */
static oc_status read_outputs(oc_exec *exec, const oc_binding *outputs, size_t count, bool early, oc_error *err) {
    for (size_t i = 0; i < count; i++)
        if (find_end(exec->plan->outputs, exec->plan->output_count, outputs[i].name)->early == early)
            OC_TRY(read_output(exec, &outputs[i], err));
    return OC_OK;
}

static oc_status launch(oc_exec *exec, size_t first, size_t last, oc_error *err) {
    return oc__launches_run(&exec->launches, exec->queue, first, last - first, exec->profiling ? exec->events : NULL, err);
}

/* Members of a team stop where replicas meet. */
oc_status oc__exec_run_steps(oc_exec *exec, size_t first, size_t last, oc_error *err) {
    const oc__step *steps = exec->plan->steps.items;
    for (size_t at = first; exec->member_of && at < last; at++) {
        size_t end = at;
        while (end < last && steps[end].kind == OC_STEP_MEET && steps[end].meeting == steps[at].meeting)
            end++;
        if (end == at)
            continue;
        OC_TRY(launch(exec, first, at, err));
        OC_TRY(oc__exec_meet(exec, at, end - at, err));
        first = end;
        at = end - 1;
    }
    return launch(exec, first, last, err);
}

/* The steps that change states, and what is read behind them. */
static oc_status update(oc_exec *exec, const oc_binding *outputs, size_t output_count, oc_error *err) {
    if (exec->plan->updates)
        (void)oc__state_add_version(exec->state, 1);
    oc_status status = oc__exec_run_steps(exec, exec->plan->first_update, exec->launches.count, err);
    if (status == OC_OK)
        status = read_outputs(exec, outputs, output_count, false, err);
    if (status != OC_OK)
        oc__exec_doubt(exec);
    return status;
}

static void collect_times(oc_exec *exec) {
    for (size_t i = 0; i < exec->plan->steps.count; i++) {
        exec->seconds[i] = 0;
        if (exec->events[i])
            (void)oc__event_seconds(exec->events[i], &exec->seconds[i], NULL);
        oc__event_destroy(&exec->events[i]);
    }
}

static oc_status submit(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                        oc_event *const *wait, size_t wait_count, bool keeps_inputs, oc_error *err) {
    const oc_plan *plan = exec->plan;
    OC_TRY(oc__device_check(plan->devices[0], err));
    OC_TRY(oc__exec_check_bindings(exec, inputs, input_count, outputs, output_count, err));
    OC_TRY(oc__state_check(exec->state, err));
    for (size_t i = 0; i < wait_count; i++)
        OC_TRY(oc__queue_wait_event(exec->queue, wait[i], err));
    OC_TRY(write_inputs(exec, inputs, input_count, !keeps_inputs, err));
    OC_TRY(derive(exec, err));
    OC_TRY(oc__exec_run_paced(exec, plan->first_update, keeps_inputs, err));
    OC_TRY(read_outputs(exec, outputs, output_count, true, err));
    return update(exec, outputs, output_count, err);
}

oc_status oc_exec_enqueue(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs,
                          size_t output_count, oc_event *const *wait, size_t wait_count, oc_event **done, oc_error *err) {
    oc__exec_begin(exec, false);
    if (exec->team)
        return oc__team_enqueue(exec, inputs, input_count, outputs, output_count, wait, wait_count, done, err);
    OC_TRY(submit(exec, inputs, input_count, outputs, output_count, wait, wait_count, false, err));
    if (done)
        OC_TRY(oc__queue_mark(exec->queue, done, err));
    return oc__queue_flush(exec->queue, err);
}

oc_status oc_exec_wait(oc_exec *exec, oc_error *err) {
    if (exec->team) {
        oc_error own = {0};
        return oc__team_wait(exec, err ? err : &own);
    }
    oc_status status = oc__queue_finish(exec->queue, err);
    if (status != OC_OK) {
        oc__exec_doubt(exec);
        return status;
    }
    if (exec->profiling)
        collect_times(exec);
    return exec->plan->params.red_zones ? oc__exec_check_zones(exec, err) : OC_OK;
}

oc_status oc_exec_run(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                      oc_error *err) {
    oc__exec_begin(exec, true);
    if (exec->team)
        return oc__team_run(exec, inputs, input_count, outputs, output_count, err);
    oc_status status = submit(exec, inputs, input_count, outputs, output_count, NULL, 0, true, err);
    if (status != OC_OK) {
        (void)oc__queue_finish(exec->queue, NULL); /* nothing may still write to the caller's tensors */
        return status;
    }
    return oc_exec_wait(exec, err);
}

/* Its memory is the exec's own. */
static oc_status check_own(const oc_exec *exec, const oc__plan_end *end, const char *name, oc_error *err) {
    if (!end)
        return oc__fail(exec->context, err, OC_ERROR_NOT_FOUND, "the plan has no input or output named %s", name);
    if (exec->plan->slots[end->slot].home != OC_HOME_ARENA)
        return oc__fail(exec->context, err, OC_ERROR_UNSUPPORTED, "%s is a state or a constant, or made of those: bind a tensor for it",
                        name);
    return OC_OK;
}

oc_status oc_exec_get_tensor(oc_tensor **out, oc_exec *exec, const char *name, oc_error *err) {
    const oc_plan *plan = exec->plan;
    if (exec->team)
        return oc__fail(exec->context, err, OC_ERROR_UNSUPPORTED, "%s: of a plan for several devices, no one device has it", name);
    const oc__plan_end *input = find_end(plan->inputs, plan->input_count, name);
    const oc__plan_end *end = input ? input : find_end(plan->outputs, plan->output_count, name);
    OC_TRY(check_own(exec, end, name, err));
    oc__place place = plan->slots[end->slot].place;
    const oc__slab *slab = &exec->slabs[place.slab];
    OC_TRY(oc__queue_finish(exec->queue, err)); /* memory is still being cleared, and other queues may use it next */
    OC_TRY(oc__tensor_of_buffer(out, oc__buffer_retain(slab->buffer), slab->base + place.offset, end->value->dtype, &end->value->shape,
                                err));
    if (input)
        exec->given[input - plan->inputs] = true;
    return OC_OK;
}
